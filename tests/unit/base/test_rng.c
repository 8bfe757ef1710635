#include <criterion/criterion.h>
#include <math.h>

#include "base/rng.h"

/* First outputs of the authors' reference xoshiro256starstar.c with state {1, 2, 3, 4}: 5*2 rotated by 7,
 * times 9 = 11520, then 0 (state[1] is 0 after the first step), then 1509978240: worked by hand from the
 * published algorithm. */
Test(rng, follows_the_published_algorithm)
{
    csl_rng r = {{1, 2, 3, 4}};
    cr_assert_eq(csl_rng_next(&r), 11520);
    cr_assert_eq(csl_rng_next(&r), 0);
    cr_assert_eq(csl_rng_next(&r), 1509978240);
}

Test(rng, moments_are_those_of_the_distributions)
{
    csl_rng r;
    csl_rng_seed(&r, 42);
    double u = 0, n = 0, n2 = 0;
    enum { COUNT = 200000 };
    for (int i = 0; i < COUNT; i++) {
        u += csl_rng_uniform(&r);
        double x = csl_rng_normal(&r);
        n += x;
        n2 += x * x;
    }
    /* Five standard errors of each mean: 5 * sqrt(1/12 / COUNT), 5 / sqrt(COUNT), 5 * sqrt(2 / COUNT). */
    cr_assert_lt(fabs(u / COUNT - 0.5), 5 * sqrt(1.0 / 12 / COUNT));
    cr_assert_lt(fabs(n / COUNT), 5 / sqrt(COUNT));
    cr_assert_lt(fabs(n2 / COUNT - 1), 5 * sqrt(2.0 / COUNT));
}

Test(rng, streams_differ_and_repeat)
{
    csl_rng a, b, c;
    csl_rng_seed_stream(&a, 1, 0);
    csl_rng_seed_stream(&b, 1, 1);
    csl_rng_seed_stream(&c, 1, 0);
    uint64_t x = csl_rng_next(&a);
    cr_assert_neq(x, csl_rng_next(&b));
    cr_assert_eq(x, csl_rng_next(&c));
}

Test(rng, a_shuffle_is_a_permutation)
{
    csl_rng r;
    csl_rng_seed(&r, 3);
    size_t items[100], seen[100] = {0};
    for (size_t i = 0; i < 100; i++) items[i] = i;
    csl_rng_shuffle(&r, items, 100);
    for (size_t i = 0; i < 100; i++) seen[items[i]]++;
    for (size_t i = 0; i < 100; i++) cr_assert_eq(seen[i], 1);
}
