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
    cr_assert_eq(csl_auc(score, truth, 2, &auc, NULL), CSL_OK);
    cr_assert(isnan(auc));
    cr_assert_eq(csl_auc(score, truth, 0, &auc, NULL), CSL_OK);
    cr_assert(isnan(auc));
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

Test(metrics, brier_and_accuracy_worked_by_hand)
{
    /* (0.1^2 + 0.5^2 + 0.2^2 + 0.7^2) / 4 = 0.79 / 4; right: 0.9 and 0.2; 0.5 counts as positive */
    const double probability[] = {0.9, 0.5, 0.2, 0.3};
    const uint8_t truth[] = {1, 0, 0, 1};
    cr_assert_float_eq(csl_brier(probability, truth, 4), 0.1975, 1e-12);
    cr_assert_float_eq(csl_accuracy(probability, truth, 4), 0.5, 1e-12);
    cr_assert(isnan(csl_brier(probability, truth, 0)));
}

Test(metrics, calibration_error_worked_by_hand)
{
    /* Bins of width 1/15: 0.5 and 0.53 fall into the eighth (7/15 = 0.4667, 8/15 = 0.5333], 0.9 and 0.93 into
     * the fourteenth (13/15 = 0.8667, 14/15 = 0.9333], 1 into the last. Excess: |1 - 1.03| + |2 - 1.83| + |0
     * - 1| = 1.2 over 5 cases. */
    const double confidence[] = {0.5, 0.53, 0.9, 0.93, 1};
    const uint8_t right[] = {1, 0, 1, 1, 0};
    cr_assert_float_eq(csl_calibration_error(confidence, right, 5), 0.24, 1e-12);
    cr_assert(isnan(csl_calibration_error(confidence, right, 0)));
}

Test(metrics, brier_by_a_time_without_censoring_is_the_plain_one)
{
    const csl_follow_up seen[] = {{1, true}, {5, true}, {2, true}, {9, false}};
    const double p[] = {0.9, 0.5, 0.2, 0.3};
    double brier;
    /* By time 4 the first and third have had it: 0.01, 0.25, 0.64 and 0.09 over 4. */
    cr_assert_eq(csl_brier_by(p, seen, 4, 4, &brier, NULL), CSL_OK);
    cr_assert_float_eq(brier, 0.99 / 4, 1e-12);
    cr_assert_eq(csl_brier_by(p, seen, 4, 9, &brier, NULL), CSL_OK);
    cr_assert(isnan(brier), "nobody was followed beyond");
}
