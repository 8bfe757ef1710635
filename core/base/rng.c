#include "base/rng.h"

#include <math.h>

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

void csl_rng_seed(csl_rng *rng, uint64_t seed)
{
    for (int i = 0; i < 4; i++) rng->state[i] = splitmix(&seed);
}

void csl_rng_seed_stream(csl_rng *rng, uint64_t seed, uint64_t stream)
{
    uint64_t mixed = splitmix(&seed) ^ (stream * 0xd1342543de82ef95u + 1);
    csl_rng_seed(rng, splitmix(&mixed));
}

uint64_t csl_rng_next(csl_rng *rng)
{
    uint64_t *s = rng->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double csl_rng_uniform(csl_rng *rng)
{
    return (double)(csl_rng_next(rng) >> 11) * 0x1.0p-53;
}

double csl_rng_normal(csl_rng *rng)
{
    double u = 1.0 - csl_rng_uniform(rng), v = csl_rng_uniform(rng);
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586476925 * v);
}

uint64_t csl_rng_below(csl_rng *rng, uint64_t bound)
{
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound, x;
    do x = csl_rng_next(rng);
    while (x >= limit);
    return x % bound;
}

void csl_rng_shuffle(csl_rng *rng, size_t *items, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)csl_rng_below(rng, i), swap = items[i - 1];
        items[i - 1] = items[j];
        items[j] = swap;
    }
}
