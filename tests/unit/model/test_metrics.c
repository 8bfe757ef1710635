#include <criterion/criterion.h>
#include <math.h>

#include "base/rng.h"
#include "model/metrics.h"

Test(metrics, auc_worked_by_hand)
{
    /* Positives against negatives: wins count 1, ties 1/2.
     * 1: 0.35 0.8 against 0.1 0.4: (1 + 0) + (1 + 1) of 4 = 0.75
     * 2: all apart: 1; 3: turned round: 0; 4: all equal: 1/2
     * 5: 2 2 against 1 2: (1 + 1/2) * 2 of 4 = 0.75 */
    const struct {
        double score[4];
        uint8_t truth[4];
        double auc;
    } table[] = {{{0.1, 0.4, 0.35, 0.8}, {0, 0, 1, 1}, 0.75},
                 {{-3, 1, 2, -5}, {0, 1, 1, 0}, 1},
                 {{-3, 1, 2, -5}, {1, 0, 0, 1}, 0},
                 {{7, 7, 7, 7}, {0, 1, 1, 0}, 0.5},
                 {{2, 1, 2, 2}, {1, 0, 0, 1}, 0.75}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        double auc;
        cr_assert_eq(csl_auc(table[i].score, table[i].truth, 4, &auc, NULL), CSL_OK);
        cr_assert_float_eq(auc, table[i].auc, 1e-12, "row %zu gives %g", i + 1, auc);
    }
}

Test(metrics, auc_of_one_class_is_not_known)
{
    double score[] = {1, 2}, auc;
    uint8_t truth[] = {1, 1};
    csl_interval interval;
    cr_assert_eq(csl_auc(score, truth, 2, &auc, NULL), CSL_OK);
    cr_assert(isnan(auc));
    cr_assert_eq(csl_auc(score, truth, 0, &auc, NULL), CSL_OK);
    cr_assert(isnan(auc));
    cr_assert_eq(csl_auc_interval(score, truth, 2, 1, &interval, NULL), CSL_OK);
    cr_assert(isnan(interval.value) && isnan(interval.low) && isnan(interval.high));
}

Test(metrics, auc_agrees_with_all_pairs_counted)
{
    csl_rng rng;
    csl_rng_seed(&rng, 1);
    for (int round = 0; round < 100; round++) {
        double score[40], wins = 0, pairs = 0, auc;
        uint8_t truth[40];
        for (int i = 0; i < 40; i++) {
            truth[i] = (uint8_t)(i < 2 ? i : (int)csl_rng_below(&rng, 2));
            score[i] = (double)csl_rng_below(&rng, 12) + truth[i];
        }
        for (int i = 0; i < 40; i++)
            for (int j = 0; j < 40; j++)
                if (truth[i] && !truth[j]) {
                    wins += score[i] > score[j] ? 1 : score[i] == score[j] ? 0.5 : 0;
                    pairs += 1;
                }
        cr_assert_eq(csl_auc(score, truth, 40, &auc, NULL), CSL_OK);
        cr_assert_float_eq(auc, wins / pairs, 1e-12);
    }
}

/* Scores of two normal distributions, `apart` standard deviations apart. */
static void draw(csl_rng *rng, size_t count, double apart, double *score, uint8_t *truth)
{
    for (size_t i = 0; i < count; i++) {
        truth[i] = (uint8_t)(i % 2);
        score[i] = csl_rng_normal(rng) + apart * truth[i];
    }
}

Test(metrics, interval_has_the_width_theory_gives)
{
    /* Hanley and McNeil 1982, with A = Phi(1 / sqrt 2) = 0.760, Q1 = A / (2 - A), Q2 = 2 A^2 / (1 + A) and
     * 100 of each class: SE^2 = (A (1 - A) + 99 (Q1 - A^2) + 99 (Q2 - A^2)) / 10000; the interval is about 2
     * * 1.96 SE wide. */
    enum { N = 200 };
    double score[N], A = 0.5 * erfc(-0.5), q1 = A / (2 - A), q2 = 2 * A * A / (1 + A), width = 0, value = 0;
    double se = sqrt((A * (1 - A) + 99 * (q1 - A * A) + 99 * (q2 - A * A)) / 10000);
    uint8_t truth[N];
    csl_rng rng;
    csl_rng_seed(&rng, 3);
    for (int round = 0; round < 20; round++) {
        csl_interval interval;
        draw(&rng, N, 1, score, truth);
        cr_assert_eq(csl_auc_interval(score, truth, N, 9, &interval, NULL), CSL_OK);
        cr_assert(interval.low < interval.value && interval.value < interval.high);
        width += (interval.high - interval.low) / 20;
        value += interval.value / 20;
    }
    cr_assert_float_eq(value, A, 0.03);
    cr_assert_float_eq(width, 2 * 1.96 * se, 0.15 * width);
}

Test(metrics, gain_is_paired_and_seeded)
{
    enum { N = 100 };
    double a[N], b[N];
    uint8_t truth[N];
    csl_rng rng;
    csl_rng_seed(&rng, 4);
    draw(&rng, N, 1.5, a, truth);
    csl_interval gain, again;
    cr_assert_eq(csl_auc_gain(a, a, truth, N, 9, &gain, NULL), CSL_OK);
    cr_assert(gain.value == 0 && gain.low == 0 &&
              gain.high == 0); /* of a score over itself: nothing, on every resample */
    for (size_t i = 0; i < N; i++) b[i] = csl_rng_normal(&rng);
    cr_assert_eq(csl_auc_gain(a, b, truth, N, 9, &gain, NULL), CSL_OK);
    cr_assert_eq(csl_auc_gain(a, b, truth, N, 9, &again, NULL), CSL_OK);
    cr_assert(gain.low > 0);
    cr_assert(gain.low == again.low && gain.high == again.high);
}

Test(metrics, brier_and_accuracy_worked_by_hand)
{
    /* (0.1^2 + 0.5^2 + 0.2^2 + 0.7^2) / 4 = 0.79 / 4; right: 0.9 and 0.2; 0.5 counts as positive */
    const double probability[] = {0.9, 0.5, 0.2, 0.3};
    const uint8_t truth[] = {1, 0, 0, 1};
    cr_assert_float_eq(csl_brier(probability, truth, 4), 0.1975, 1e-12);
    cr_assert_float_eq(csl_accuracy(probability, truth, 4), 0.5, 1e-12);
    cr_assert(isnan(csl_brier(probability, truth, 0)));
}
