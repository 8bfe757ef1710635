#include "hash.h"

#include <string.h>

static inline uint32_t rotate(uint32_t x, int by)
{
    return x << by | x >> (32 - by);
}

static inline uint32_t scramble(uint32_t k)
{
    return rotate(k * 0xcc9e2d51u, 15) * 0x1b873593u;
}

uint32_t note_hash(const char *text, size_t length)
{
    uint32_t h = 0, k = 0;
    size_t i = 0;
    for (; i + 4 <= length; i += 4) {
        const unsigned char *b = (const unsigned char *)text + i; /* little-endian on any machine */
        k = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
        h = rotate(h ^ scramble(k), 13) * 5 + 0xe6546b64u;
    }
    k = 0;
    for (size_t j = length; j > i; j--) k = k << 8 | (unsigned char)text[j - 1];
    h ^= scramble(k) ^ (uint32_t)length;
    h = (h ^ h >> 16) * 0x85ebca6bu;
    h = (h ^ h >> 13) * 0xc2b2ae35u;
    return h ^ h >> 16;
}
