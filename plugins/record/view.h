/* A file's bytes as one character each, before any parser sees them. UTF-16 loses what is beyond ASCII, which
 * is nowhere where we look. */
#ifndef RECORD_VIEW_H
#define RECORD_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct rec_view {
    const uint8_t *bytes; /* of the first character, the low byte in UTF-16 */
    size_t length, step;  /* characters; bytes a character: 2 in UTF-16 */
    int high;             /* UTF-16: where the high byte is from the low one */
} rec_view;

/* Past a byte order mark; UTF-16 is known by its mark, or by the zero beside the first character. */
static inline rec_view rec_look(const uint8_t *bytes, size_t n)
{
    if (n >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3)) return (rec_view){bytes + 3, n - 3, 1, 0};
    if (n >= 4 && !memcmp(bytes, "\xff\xfe", 2)) return (rec_view){bytes + 2, (n - 2) / 2, 2, 1};
    if (n >= 4 && !memcmp(bytes, "\xfe\xff", 2)) return (rec_view){bytes + 3, (n - 2) / 2, 2, -1};
    if (n >= 4 && bytes[0] && !bytes[1] && bytes[2] && !bytes[3]) return (rec_view){bytes, n / 2, 2, 1};
    if (n >= 4 && !bytes[0] && bytes[1] && !bytes[2] && bytes[3]) return (rec_view){bytes + 1, n / 2, 2, -1};
    return (rec_view){bytes, n, 1, 0};
}

/* -1 past the end. */
static inline int rec_at(const rec_view *v, size_t i)
{
    if (i >= v->length) return -1;
    const uint8_t *at = v->bytes + i * v->step;
    return v->high && at[v->high] ? 0x80 : *at;
}

static inline bool rec_is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline size_t rec_skip_blank(const rec_view *v, size_t i)
{
    while (rec_is_blank(rec_at(v, i))) i++;
    return i;
}

static inline bool rec_starts(const rec_view *v, size_t i, const char *text)
{
    for (; *text; text++, i++)
        if (rec_at(v, i) != (unsigned char)*text) return false;
    return true;
}

/* The place after the next `text`, or past the end. */
static inline size_t rec_after(const rec_view *v, size_t i, const char *text)
{
    size_t length = strlen(text), last = length - 1;
    for (size_t end = i + last; v->step == 1; end++) { /* its last character is looked for */
        const uint8_t *at = end < v->length ? memchr(v->bytes + end, text[last], v->length - end) : NULL;
        if (!at) return v->length + length;
        end = (size_t)(at - v->bytes);
        if (!memcmp(at - last, text, last)) return end + 1;
    }
    while (rec_at(v, i) >= 0 && !rec_starts(v, i, text)) i++;
    return i + length;
}

#endif
