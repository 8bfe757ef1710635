#include "order.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 3
#define BINS   2048u /* 11 bits of a key in a round, 10 in the last */

/* Unsigned numbers in the order of the floats. */
static uint32_t key_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static float value_of(uint32_t key)
{
    const uint32_t bits = key & 0x80000000u ? key & 0x7fffffffu : ~key;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Radix sort, from the least bits on (Knuth, The Art of Computer Programming 3, 5.2.5 R). A round in which
 * all keys have the same bits, as whole numbers do in their least ones, is left out. */
bool csl_sort(float *values, size_t count)
{
    uint32_t *keys = malloc((count + 1) * sizeof *keys), *sorted = malloc((count + 1) * sizeof *sorted);
    uint32_t(*const counts)[BINS] = calloc(ROUNDS, sizeof *counts);
    const bool ok = keys && sorted && counts;
    for (size_t i = 0; ok && i < count; i++) {
        keys[i] = key_of(values[i]);
        for (int r = 0; r < ROUNDS; r++) counts[r][keys[i] >> 11 * r & (BINS - 1)]++;
    }
    for (int r = 0; ok && count && r < ROUNDS; r++) {
        uint32_t *const next = counts[r];
        uint32_t before = 0;
        if (next[keys[0] >> 11 * r & (BINS - 1)] == count) continue;
        for (uint32_t bin = 0; bin < BINS; bin++) {
            const uint32_t in_bin = next[bin];
            next[bin] = before;
            before += in_bin;
        }
        for (size_t i = 0; i < count; i++) sorted[next[keys[i] >> 11 * r & (BINS - 1)]++] = keys[i];
        uint32_t *const swapped = keys;
        keys = sorted;
        sorted = swapped;
    }
    for (size_t i = 0; ok && i < count; i++) values[i] = value_of(keys[i]);
    free(keys);
    free(sorted);
    free(counts);
    return ok;
}
