#include "order.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HALF 65536u

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

bool csl_order(const float *values, size_t count, const size_t *ranks, size_t rank_count, float *out)
{
    /* One histogram of the upper halves of the keys, then one of the lower halves for each upper half that a
     * rank fell into. */
    uint32_t *high = calloc(HALF, sizeof *high);
    uint16_t *slot = calloc(HALF, sizeof *slot); /* of an upper half: 1 + which histogram */
    uint32_t *low = calloc(HALF * rank_count, sizeof *low);
    const bool ok = high && slot && low;
    if (ok) {
        uint32_t upper[CSL_ORDER_MAX];
        size_t within[CSL_ORDER_MAX];
        uint16_t slots = 0;
        for (size_t i = 0; i < count; i++) high[key_of(values[i]) >> 16]++;
        for (size_t k = 0; k < rank_count; k++) {
            within[k] = ranks[k];
            upper[k] = locate(high, &within[k]);
            if (!slot[upper[k]]) slot[upper[k]] = ++slots;
        }
        for (size_t i = 0; i < count; i++) {
            const uint32_t key = key_of(values[i]);
            if (slot[key >> 16]) low[(slot[key >> 16] - 1u) * HALF + (key & 0xffffu)]++;
        }
        for (size_t k = 0; k < rank_count; k++)
            out[k] = value_of(upper[k] << 16 | locate(low + (slot[upper[k]] - 1u) * HALF, &within[k]));
    }
    free(high);
    free(slot);
    free(low);
    return ok;
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
