#include "batch/text.h"

#include <string.h>

/* Bytes of the well-formed character at text, 0 if there is none. */
static size_t character(const unsigned char *text, size_t length)
{
    unsigned char c = text[0];
    if (c < 0x80) return 1;
    size_t bytes = c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
    if (!bytes || bytes > length) return 0;
    for (size_t i = 1; i < bytes; i++)
        if ((text[i] & 0xc0) != 0x80) return 0;
    if ((c == 0xe0 && text[1] < 0xa0) || (c == 0xed && text[1] >= 0xa0)) return 0; /* overlong; surrogate */
    if ((c == 0xf0 && text[1] < 0x90) || (c == 0xf4 && text[1] >= 0x90))
        return 0; /* overlong; past U+10FFFF */
    return bytes;
}

static bool control(unsigned char c)
{
    return c < 0x20 || c == 0x7f;
}

bool text_is_clean(const char *text, size_t length)
{
    const unsigned char *at = (const unsigned char *)text;
    for (size_t i = 0, step; i < length; i += step) {
        step = character(at + i, length - i);
        if (!step || control(at[i])) return false;
    }
    return true;
}

static void clean(char *text, size_t length, const char *allowed)
{
    unsigned char *at = (unsigned char *)text;
    for (size_t i = 0, step; i < length; i += step) {
        step = character(at + i, length - i);
        if (!step || (control(at[i]) && !(at[i] && strchr(allowed, at[i])))) {
            at[i] = '?';
            step = 1;
        }
    }
}

void text_clean(char *text)
{
    clean(text, strlen(text), "");
}

void text_clean_lines(char *text, size_t length)
{
    clean(text, length, "\t\n");
}
