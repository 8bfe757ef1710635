/* Text from a file, which is hostile, into fixed buffers. */
#ifndef VARIANT_TEXT_H
#define VARIANT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct variant_span {
    const char *at;
    size_t length;
} variant_span;

/* Copies what fits into size - 1 bytes. UTF-8 stays; control characters and bytes that are not UTF-8 become
 * '?'. */
void variant_copy(char *out, size_t size, const char *text, size_t length);

/* The number that is the whole text, NaN if it is none ('.', empty, words). */
double variant_number(variant_span text);
static inline bool variant_is(variant_span text, const char *word)
{
    size_t length = strlen(word);
    return text.length == length && !memcmp(text.at, word, length);
}

/* Puts a NUL behind a text that lies in memory of ours, over whatever separates it from the next. */
static inline char *variant_terminate(variant_span text)
{
    char *start = (char *)(uintptr_t)text.at;
    start[text.length] = 0;
    return start;
}

/* The part of *rest before the next `separator`, and *rest moved behind it; rest->at is NULL after the last
 * part. */
static inline variant_span variant_split(variant_span *rest, char separator)
{
    const char *stop = memchr(rest->at, separator, rest->length);
    variant_span part = {rest->at, stop ? (size_t)(stop - rest->at) : rest->length};
    *rest = stop ? (variant_span){stop + 1, rest->length - part.length - 1} : (variant_span){NULL, 0};
    return part;
}

#endif
