#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "model/conformal.h"

static const csl_task BINARY = {.name = "ill", .kind = CSL_TASK_BINARY, .count = 1},
                      CLASSES = {.name = "kind", .kind = CSL_TASK_CLASSES, .count = 3};

Test(conformal, the_quantile_worked_by_hand)
{
    /* Nine probabilities of the true answer, 0.1 to 0.9: scores 0.9 to 0.1. At 0.8 the ceil(10 * 0.8) = 8th
     * smallest score is 0.8, so answers of 0.2 and more are in; at 0.9 the ninth, 0.1; at 0.95 a tenth would
     * be needed: all answers are in. */
    float probability[] = {0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f, 0.8f, 0.9f};
    const csl_conformity c = {9, probability};
    cr_expect_eq(csl_conformal_least(&c, 0.8), (double)0.2f);
    cr_expect_eq(csl_conformal_least(&c, 0.9), (double)0.1f);
    cr_expect_eq(csl_conformal_least(&c, 0.95), 0);
    cr_expect_eq(csl_conformal_least(&(csl_conformity){0}, 0.5), 0);
}

Test(conformal, scores_are_of_the_true_answer_where_it_is_known)
{
    const float logit[] = {logf(3), logf(3), -logf(4), 0}, target[] = {1, 0, 0, NAN};
    csl_conformity c;
    cr_assert_eq(csl_conformity_fit(&BINARY, 1, logit, target, 4, 1, &c, NULL), CSL_OK);
    cr_assert_eq(c.count, 3);
    cr_expect_float_eq(c.probability[0], 0.25f, 1e-6f);
    cr_expect_float_eq(c.probability[1], 0.75f, 1e-6f);
    cr_expect_float_eq(c.probability[2], 0.8f, 1e-6f);
    csl_conformity_free(&c);
}

/* A case of three classes: logits that know something, temperatures that are off on purpose. */
static void draw(csl_rng *rng, float *logit, float *target)
{
    size_t truth = csl_rng_below(rng, 3);
    for (size_t k = 0; k < 3; k++) {
        target[k] = k == truth;
        logit[k] = (float)(3 * csl_rng_normal(rng) + (k == truth ? 3 : 0));
    }
}

Test(conformal, coverage_is_what_was_asked_and_varies_as_a_beta)
{
    /* 2000 draws of n = 50 calibration cases, each with one new case: the mean coverage is k / (n + 1), k =
     * ceil(51 * 0.9) = 46, within 4 standard errors of a share. The coverage that one draw has (over 200 new
     * cases here) spreads as Beta(46, 5): deviation sqrt(46 * 5 / (51^2 * 52)), to which the new cases add
     * theirs. */
    enum { DRAWS = 2000, CASES = 50, NEW = 200 };
    csl_rng rng;
    csl_rng_seed(&rng, 8);
    double sum = 0, squares = 0;
    for (int d = 0; d < DRAWS; d++) {
        float logit[CASES * 3], target[CASES * 3];
        csl_conformity c;
        for (size_t i = 0; i < CASES; i++) draw(&rng, logit + 3 * i, target + 3 * i);
        cr_assert_eq(csl_conformity_fit(&CLASSES, 2, logit, target, CASES, 3, &c, NULL), CSL_OK);
        double least = csl_conformal_least(&c, 0.9), held = 0;
        for (size_t i = 0; i < NEW; i++) {
            float z[3], y[3];
            double p[CSL_MAX_ANSWERS];
            draw(&rng, z, y);
            csl_task_answer_probabilities(&CLASSES, z, 2, p);
            held += p[csl_task_answer(&CLASSES, y)] >= least;
        }
        sum += held / NEW;
        squares += held / NEW * (held / NEW);
        csl_conformity_free(&c);
    }
    double mean = sum / DRAWS, deviation = sqrt(squares / DRAWS - mean * mean), expected = 46.0 / 51;
    double beta = 46.0 * 5 / (51.0 * 51 * 52), binomial = expected * (1 - expected) / NEW;
    cr_expect_float_eq(mean, expected, 4 * sqrt((beta + binomial) / DRAWS), "mean %g", mean);
    cr_expect_float_eq(deviation, sqrt(beta + binomial), 0.1 * deviation, "deviation %g", deviation);
}

Test(conformal, halves_cover_what_was_asked)
{
    /* 400 cases of any distribution: halves of 200 have the mean coverage ceil(201 * 0.9) / 201 = 181 / 201,
     * and one division spreads about it as Beta(181, 20) and 200 new cases do, to which fixed cases do not
     * add. */
    enum { CASES = 400 };
    float probability[CASES];
    double mean, deviation, again, beta = 181.0 * 20 / (201.0 * 201 * 202), binomial = 0.9 * 0.1 / 200;
    csl_rng rng;
    csl_rng_seed(&rng, 4);
    for (size_t i = 0; i < CASES; i++) probability[i] = (float)pow(csl_rng_uniform(&rng), 0.3);
    cr_assert_eq(csl_conformal_halves(probability, CASES, 0.9, 1000, 5, &mean, &deviation, NULL), CSL_OK);
    cr_expect_float_eq(mean, 181.0 / 201, 4 * sqrt((beta + binomial) / 1000), "%g", mean);
    cr_expect_float_eq(deviation, sqrt(beta + binomial), 0.15 * deviation, "%g", deviation);
    cr_assert_eq(csl_conformal_halves(probability, CASES, 0.9, 1000, 5, &again, &deviation, NULL), CSL_OK);
    cr_expect_eq(mean, again);
    cr_assert_eq(csl_conformal_halves(probability, 3, 0.9, 10, 5, &mean, &deviation, NULL), CSL_OK);
    cr_expect(isnan(mean));
}
