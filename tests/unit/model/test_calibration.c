#include <criterion/criterion.h>
#include <math.h>

#include "base/rng.h"
#include "model/calibration.h"

static const csl_task BINARY = {.name = "ill", .kind = CSL_TASK_BINARY, .count = 1};

Test(calibration, temperature_where_the_optimum_is_known)
{
    /* Ten cases at logit +-ln 9, 8 of 10 right. With one magnitude of logit the cross-entropy is least where
     * the probability equals the share of right cases: sigmoid(ln 9 / T) = 0.8, so ln 9 / T = ln 4 and T = ln
     * 9 / ln 4. */
    float l = (float)log(9.0);
    float logit[] = {l, l, l, l, l, -l, -l, -l, -l, -l};
    float truth[] = {1, 1, 1, 1, 0, 0, 0, 0, 0, 1};
    csl_label_calibration c;
    double loss;
    size_t known;
    cr_assert_eq(csl_calibrate(&BINARY, logit, truth, 10, 1, &c, &loss, &known, NULL), CSL_OK);
    cr_assert_float_eq(c.temperature, log(9.0) / log(4.0), 1e-4);
    cr_assert_float_eq(csl_calibrated(&c, l), 0.8, 1e-4);
    cr_assert_float_eq(csl_calibrated(&c, -l), 0.2, 1e-4);
    csl_label_calibration_free(&c);
}

Test(calibration, too_few_cases_or_one_class_leave_temperature_one)
{
    float logit[12] = {3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3}, all[12], few[12];
    for (int i = 0; i < 12; i++) {
        all[i] = 1;
        few[i] = i < 4 ? (float)(i % 2) : NAN; /* not known: left out */
    }
    csl_label_calibration c;
    double loss;
    size_t known;
    cr_assert_eq(csl_calibrate(&BINARY, logit, all, 12, 1, &c, &loss, &known, NULL), CSL_OK);
    cr_assert_eq(c.temperature, 1);
    csl_label_calibration_free(&c);
    cr_assert_eq(csl_calibrate(&BINARY, logit, few, 12, 1, &c, &loss, &known, NULL), CSL_OK);
    cr_assert_eq(c.temperature, 1);
    cr_assert_eq(c.count, 4);
    csl_label_calibration_free(&c);
}

Test(calibration, venn_abers_worked_by_hand)
{
    /* Calibration: (1, 0) (2, 1) (3, 0) (4, 1).
     * At 2.5 with 0: 0 | 1 0 0 | 1 pools to 1/3; with 1: 0 | 1 1 0 | 1 pools to 2/3.
     * At 5 with 0: 0 | 1 0 | 1 0: pools 0, 1/2, 1/2, merged 1/2; with 1: 1.
     * At 1 (a tie) with 0: {0 0} = 0; with 1: {0 1} = 1/2, then 1 0 = 1/2, then 1: 1/2.
     * At 0 with 0: 0; with 1: 1 0 | 1 0 | 1: 1/2. */
    const struct {
        double at, low, high;
    } table[] = {{2.5, 1.0 / 3, 2.0 / 3}, {5, 0.5, 1}, {1, 0, 0.5}, {0, 0, 0.5}};
    float logit[] = {3, 1, 4, 2}, truth[] = {0, 0, 1, 1};
    csl_label_calibration c;
    double loss;
    size_t known;
    cr_assert_eq(csl_calibrate(&BINARY, logit, truth, 4, 1, &c, &loss, &known, NULL), CSL_OK);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        double low, high;
        cr_assert_eq(csl_venn_abers(&c, table[i].at, &low, &high, NULL), CSL_OK);
        cr_assert_float_eq(low, table[i].low, 1e-12, "low at %g is %g", table[i].at, low);
        cr_assert_float_eq(high, table[i].high, 1e-12, "high at %g is %g", table[i].at, high);
    }
    csl_label_calibration_free(&c);
}

Test(calibration, venn_abers_without_cases_knows_nothing)
{
    csl_label_calibration c = {.temperature = 1};
    double low = -1, high = -1;
    cr_assert_eq(csl_venn_abers(&c, 0.3, &low, &high, NULL), CSL_OK);
    cr_assert_eq(low, 0);
    cr_assert_eq(high, 1);
}

/* The value at one of n points by the min-max formula of isotonic regression (Barlow et al. 1972):
 * max over a <= i of min over b >= i of mean(y[a..b]); an oracle with nothing in common with pooling. */
static double isotonic_oracle(const float *x, const double *y, size_t n, float at)
{
    double best = -1;
    for (size_t a = 0; a < n; a++) {
        if (x[a] > at) continue;
        double least = 2;
        for (size_t b = 0; b < n; b++) {
            if (x[b] < at) continue;
            double sum = 0, weight = 0;
            for (size_t k = 0; k < n; k++)
                if (x[k] >= x[a] && x[k] <= x[b]) sum += y[k], weight += 1;
            if (sum / weight < least) least = sum / weight;
        }
        if (least > best) best = least;
    }
    return best;
}

Test(calibration, venn_abers_agrees_with_the_min_max_formula)
{
    csl_rng rng;
    csl_rng_seed(&rng, 5);
    for (int round = 0; round < 200; round++) {
        float logit[21], truth[21];
        double y[21];
        size_t n = 1 + (size_t)csl_rng_below(&rng, 20);
        for (size_t i = 0; i < n; i++) {
            logit[i] = (float)csl_rng_below(&rng, 8); /* many ties */
            truth[i] = (float)(csl_rng_uniform(&rng) < 0.2 + 0.08 * (double)logit[i]);
            y[i] = (double)truth[i];
        }
        csl_label_calibration c;
        double loss;
        size_t known;
        cr_assert_eq(csl_calibrate(&BINARY, logit, truth, n, 1, &c, &loss, &known, NULL), CSL_OK);
        float at = (float)csl_rng_below(&rng, 16) / 2;
        double low, high;
        cr_assert_eq(csl_venn_abers(&c, (double)at, &low, &high, NULL), CSL_OK);
        logit[n] = at;
        y[n] = 0;
        cr_assert_float_eq(low, isotonic_oracle(logit, y, n + 1, at), 1e-12);
        y[n] = 1;
        cr_assert_float_eq(high, isotonic_oracle(logit, y, n + 1, at), 1e-12);
        csl_label_calibration_free(&c);
    }
}
