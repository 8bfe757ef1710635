#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "model/novelty.h"

enum { SIZE = 12, CASES = 200 };

/* Correlated normal numbers: each of the twelve is one of three causes plus a tenth of its own, times 10. */
static void draw(csl_rng *rng, float *x)
{
    double cause[3];
    for (size_t i = 0; i < 3; i++) cause[i] = csl_rng_normal(rng);
    for (size_t j = 0; j < SIZE; j++) x[j] = (float)(10 * (cause[j % 3] + 0.1 * csl_rng_normal(rng)) + 5);
}

static csl_gauge fitted(csl_rng *rng, size_t count)
{
    float *x = calloc(count * SIZE, sizeof *x);
    csl_gauge gauge;
    for (size_t i = 0; i < count; i++) draw(rng, x + i * SIZE);
    cr_assert_eq(csl_gauge_fit(x, count, SIZE, &gauge, NULL), CSL_OK);
    free(x);
    return gauge;
}

Test(novelty, known_cases_are_rare_as_often_as_the_p_value_says)
{
    csl_rng rng;
    csl_rng_seed(&rng, 1);
    csl_gauge gauge = fitted(&rng, CASES);
    cr_assert_eq(gauge.distance_count, CASES);
    enum { NEW = 5000 };
    const double levels[] = {0.5, 0.1, 0.02};
    size_t rarer[3] = {0};
    for (size_t i = 0; i < NEW; i++) {
        float x[SIZE];
        draw(&rng, x);
        double p = csl_gauge_rarity(&gauge, csl_gauge_distance(&gauge, x));
        for (size_t k = 0; k < 3; k++) rarer[k] += p <= levels[k];
    }
    /* For one draw of 200 cases the share spreads as a beta: 4 of its deviations and of the new cases'
     * together. */
    for (size_t k = 0; k < 3; k++) {
        double v = levels[k] * (1 - levels[k]);
        cr_expect_float_eq((double)rarer[k] / NEW, levels[k], 4 * sqrt(v / CASES + v / NEW), "%g: %zu",
                           levels[k], rarer[k]);
    }
    csl_gauge_free(&gauge);
}

Test(novelty, what_breaks_a_correlation_is_seen_though_each_number_is_usual)
{
    csl_rng rng;
    csl_rng_seed(&rng, 2);
    csl_gauge gauge = fitted(&rng, CASES);
    float x[SIZE];
    for (size_t j = 0; j < SIZE; j++) x[j] = 5 + (j < 6 ? 10.0f : -10.0f); /* one deviation each */
    cr_expect_lt(csl_gauge_rarity(&gauge, csl_gauge_distance(&gauge, x)), 1e-3);
    for (size_t j = 0; j < SIZE; j++) x[j] = 15;
    cr_expect_gt(csl_gauge_rarity(&gauge, csl_gauge_distance(&gauge, x)), 0.1);
    csl_gauge_free(&gauge);
}

Test(novelty, the_tail_goes_on_where_the_cases_end_and_falls)
{
    csl_rng rng;
    csl_rng_seed(&rng, 3);
    csl_gauge gauge = fitted(&rng, CSL_GAUGE_LEAST_CASES);
    double farthest = (double)gauge.distance[CSL_GAUGE_LEAST_CASES - 1];
    cr_expect_float_eq(csl_gauge_rarity(&gauge, farthest), 2.0 / 21, 1e-12);
    cr_expect_float_eq(csl_gauge_rarity(&gauge, farthest * (1 + 1e-9)), 1.0 / 21, 1e-6);
    double last = 1.0 / 21;
    for (double times = 1.5; times < 100; times *= 2) {
        double p = csl_gauge_rarity(&gauge, farthest * times);
        cr_expect(p < last && p > 0, "%g times: %g", times, p);
        last = p;
    }
    cr_expect_lt(last, 0.001);
    csl_gauge_free(&gauge);
}

Test(novelty, the_same_and_too_few_cases)
{
    float same[30 * 2], other[] = {1, 2.5f};
    csl_gauge gauge;
    for (size_t i = 0; i < 30; i++) {
        same[2 * i] = 1;
        same[2 * i + 1] = 2;
    }
    cr_assert_eq(csl_gauge_fit(same, 30, 2, &gauge, NULL), CSL_OK);
    cr_expect_eq(csl_gauge_rarity(&gauge, csl_gauge_distance(&gauge, same)), 1);
    cr_expect_leq(csl_gauge_rarity(&gauge, csl_gauge_distance(&gauge, other)), 1.0 / 31);
    csl_gauge_free(&gauge);
    cr_assert_eq(csl_gauge_fit(same, CSL_GAUGE_LEAST_CASES - 1, 2, &gauge, NULL), CSL_OK);
    cr_expect_eq(gauge.size, 0);
    cr_expect_eq(csl_gauge_rarity(&gauge, csl_gauge_distance(&gauge, other)), 1);
}

Test(novelty, a_portrait_worked_by_hand)
{
    /* Two features and one axis; three tokens, one number not known, one at the limit; a code's row, a
     * system's default, none. */
    csl_code codes[] = {{.code = "a|"}, {.code = "a|1"}};
    const csl_modality_features features = {
        .feature_count = 2, .position_count = 1, .codes = codes, .code_count = 2};
    float x[] = {1, 10, 0, 3, 0, 0, 5, 2, 0};
    uint8_t known[] = {1, 1, 1, 1, 0, 1, 1, 1, 1};
    uint32_t code[] = {2, 1, 0};
    const csl_encoded_modality tokens = {.count = 3, .x = x, .known = known, .code = code};
    const double wanted[] = {3, sqrt(8.0 / 3), 6, 4, 0, 0, log(3), 1.0 / 9, 1.0 / 9, 1.0 / 3, 1.0 / 3};
    float portrait[11];
    cr_assert_eq(csl_portrait_size(&features), 11);
    csl_portrait(&features, &tokens, portrait);
    for (size_t j = 0; j < 11; j++) cr_expect_float_eq((double)portrait[j], wanted[j], 1e-6, "number %zu", j);
}
