#include "text/text.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

/* Bytes of the UTF-8 character at `at` (RFC 3629), 0 if it is none or is cut. */
static size_t character(const unsigned char *at, size_t length)
{
    size_t size = at[0] < 0x80   ? 1
                  : at[0] < 0xc2 ? 0
                  : at[0] < 0xe0 ? 2
                  : at[0] < 0xf0 ? 3
                  : at[0] < 0xf5 ? 4
                                 : 0;
    if (size > length) return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xc0) != 0x80) return 0;
    bool overlong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90);
    bool beyond =
        (at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf4 && at[1] > 0x8f); /* surrogates, above U+10FFFF */
    if (size > 2 && (overlong || beyond)) return 0;
    return size;
}

void variant_copy(char *out, size_t size, const char *text, size_t length)
{
    size_t used = 0;
    for (size_t at = 0; at < length;) {
        const unsigned char *c = (const unsigned char *)text + at;
        size_t bytes = character(c, length - at);
        if (used + (bytes ? bytes : 1) > size - 1) break;
        if (!bytes || c[0] < 0x20 || c[0] == 0x7f) {
            out[used++] = '?';
            at++;
            continue;
        }
        memcpy(out + used, c, bytes);
        used += bytes;
        at += bytes;
    }
    out[used] = 0;
}

double variant_number(variant_span text)
{
    static const double tens[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6, 1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14};
    enum {
        EXACT_DIGITS = 15
    }; /* a whole number of so many digits over a power of ten is rounded once only */
    uint64_t digits = 0;
    size_t i = text.length && *text.at == '-', count = 0, decimals = 0;
    bool point = false;
    for (; i < text.length && count < EXACT_DIGITS; i++) {
        char c = text.at[i];
        if (c >= '0' && c <= '9') {
            digits = digits * 10 + (uint64_t)(c - '0');
            count++;
            decimals += point;
        } else if (c == '.' && !point) {
            point = true;
        } else {
            break;
        }
    }
    if (i == text.length && count && decimals < EXACT_DIGITS) {
        double value = (double)digits / tens[decimals];
        return *text.at == '-' ? -value : value;
    }
    char copy[64], *end;
    if (!text.length || text.length >= sizeof copy) return NAN;
    memcpy(copy, text.at, text.length);
    copy[text.length] = 0;
    double value = strtod(copy, &end);
    return end == copy || *end || *copy == ' ' ? NAN : value;
}
