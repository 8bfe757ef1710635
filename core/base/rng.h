/* Seedable random numbers: xoshiro256** 1.0 (Blackman and Vigna 2021), seeded by splitmix64. Same seed, same
 * sequence, on every machine. Not for keys. */
#ifndef CSL_BASE_RNG_H
#define CSL_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

typedef struct csl_rng {
    uint64_t state[4];
} csl_rng;

void csl_rng_seed(csl_rng *rng, uint64_t seed);
/* An independent stream for (seed, stream): for a case, an epoch, a tensor. */
void csl_rng_seed_stream(csl_rng *rng, uint64_t seed, uint64_t stream);
uint64_t csl_rng_next(csl_rng *rng);
double csl_rng_uniform(csl_rng *rng);                 /* [0, 1), 53 bits */
double csl_rng_normal(csl_rng *rng);                  /* mean 0, deviation 1; Box-Muller, cosine branch */
uint64_t csl_rng_below(csl_rng *rng, uint64_t bound); /* [0, bound), without bias; bound > 0 */
void csl_rng_shuffle(csl_rng *rng, size_t *items, size_t count); /* Fisher-Yates */

#endif
