#include "order.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BINS 2048u /* 11 bits of a key at a time, the last time 10 */

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

/* Bucket of a histogram that the rank falls into; the rank becomes that within the bucket. */
static uint32_t locate(const uint32_t *counts, size_t *rank)
{
    uint32_t bucket = 0;
    while (*rank >= counts[bucket]) *rank -= counts[bucket++];
    return bucket;
}

/* Histograms of the next bits of the keys, one for each prefix that a rank fell into. */
typedef struct refinement {
    uint32_t counts[CSL_ORDER_MAX][BINS];
    uint8_t slot[CSL_ORDER_MAX]
                [BINS]; /* of a prefix of the round before and 11 more bits: 1 + its histogram */
} refinement;

bool csl_order(const float *values, size_t count, const size_t *ranks, size_t rank_count, float *out)
{
    static const int shift[3] = {21, 10, 0};
    refinement *const round = calloc(3, sizeof *round);
    if (!round) return false;
    size_t within[CSL_ORDER_MAX];
    uint32_t key[CSL_ORDER_MAX] = {0}, slot[CSL_ORDER_MAX] = {0};
    memcpy(within, ranks, rank_count * sizeof *within);
    for (int r = 0; r < 3; r++) {
        for (size_t i = 0; i < count; i++) {
            const uint32_t k = key_of(values[i]);
            uint32_t of = 1;
            for (int earlier = 0; earlier < r && of; earlier++)
                of = round[earlier].slot[of - 1][k >> shift[earlier] & (BINS - 1)];
            if (of) round[r].counts[of - 1][k >> shift[r] & (r < 2 ? BINS - 1 : BINS / 2 - 1)]++;
        }
        uint8_t slots = 0;
        for (size_t k = 0; k < rank_count; k++) {
            const uint32_t bin = locate(round[r].counts[slot[k]], &within[k]);
            key[k] |= bin << shift[r];
            uint8_t *const taken = &round[r].slot[slot[k]][bin];
            if (!*taken) *taken = ++slots;
            slot[k] = *taken - 1u;
        }
    }
    for (size_t k = 0; k < rank_count; k++) out[k] = value_of(key[k]);
    free(round);
    return true;
}

bool csl_quantiles(const float *values, size_t count, const double *q, size_t q_count, double *out)
{
    size_t ranks[CSL_ORDER_MAX] = {0};
    float found[CSL_ORDER_MAX];
    for (size_t k = 0; k < q_count; k++) {
        ranks[2 * k] = (size_t)(q[k] * (double)(count - 1));
        ranks[2 * k + 1] = ranks[2 * k] + (ranks[2 * k] + 1 < count);
    }
    if (!csl_order(values, count, ranks, 2 * q_count, found)) return false;
    for (size_t k = 0; k < q_count; k++) {
        const double part = q[k] * (double)(count - 1) - (double)ranks[2 * k];
        out[k] = found[2 * k] + part * ((double)found[2 * k + 1] - found[2 * k]);
    }
    return true;
}
