/* The planted truth: what each set of modalities can know, by Monte Carlo. The table of docs/synth.md is this
 * test's log
 * (`unit_synth --verbose`). */
#include <criterion/criterion.h>
#include <criterion/logging.h>
#include <math.h>
#include <stdlib.h>

#include "synth/truth.h"

enum { DRAWS = 100000, ALL = 7 };

typedef struct scored {
    double score;
    int label;
} scored;

static csl_synth_truth drawn[DRAWS];
static scored list[DRAWS];

static int by_score(const void *a, const void *b)
{
    double x = ((const scored *)a)->score, y = ((const scored *)b)->score;
    return x < y ? -1 : x > y;
}

/* Area under the ROC curve from ranks (Mann and Whitney), ties counted half. */
static double auc(void)
{
    qsort(list, DRAWS, sizeof *list, by_score);
    double ranks = 0, positives = 0;
    for (int i = 0; i < DRAWS;) {
        int j = i, here = 0;
        for (; j < DRAWS && list[j].score == list[i].score; j++) here += list[j].label;
        ranks += here * (i + 1 + j) / 2.0;
        positives += here;
        i = j;
    }
    return (ranks - positives * (positives + 1) / 2) / (positives * (DRAWS - positives));
}

static void draw_all(void)
{
    for (int i = 0; i < DRAWS; i++) csl_synth_draw(20260101, (uint64_t)i + 1, &drawn[i]);
}

static double oracle(unsigned known)
{
    for (int i = 0; i < DRAWS; i++)
        list[i] = (scored){csl_synth_oracle(drawn[i].traits, known), drawn[i].malignant};
    return auc();
}

/* The best sum of one opinion a modality: all three play the same part, so one weight between sign and real
 * trait is free. */
static double additive(unsigned known)
{
    double best = 0;
    for (int step = 0; step <= 20; step++) {
        for (int i = 0; i < DRAWS; i++) {
            double sum = 0;
            for (unsigned m = 0; m < 3; m++)
                if (known >> m & 1)
                    sum += 0.2 * step * (2 * drawn[i].traits[2 * m] - 1) + drawn[i].traits[2 * m + 1];
            list[i] = (scored){sum, drawn[i].malignant};
        }
        best = fmax(best, auc());
    }
    return best;
}

Test(synth_truth, what_each_set_of_modalities_can_know, .timeout = 120)
{
    static const char *const names[] = {"",        "image",          "record",          "image, record",
                                        "variant", "image, variant", "record, variant", "all three"};
    draw_all();
    double know[ALL + 1] = {0};
    for (unsigned known = 1; known <= ALL; known++) {
        know[known] = oracle(known);
        cr_log_info("| %s | %.3f | %.3f |", names[known], know[known], additive(known));
    }
    double sum_only = additive(ALL);
    for (unsigned m = 1; m <= 4; m *= 2) cr_assert_leq(know[m], 0.70);
    cr_assert_geq(know[3], fmax(know[1], know[2]) + 0.08);
    cr_assert_geq(know[5], fmax(know[1], know[4]) + 0.08);
    cr_assert_geq(know[6], fmax(know[2], know[4]) + 0.08);
    cr_assert_geq(know[ALL], 0.93);
    cr_assert_leq(sum_only, know[ALL] - 0.08);
}

Test(synth_truth, the_oracle_is_calibrated)
{
    /* Averaged over what it does not see, a probability must be the frequency: for every subset, in five
     * bins. */
    draw_all();
    for (unsigned known = 0; known <= ALL; known++) {
        double expected[5] = {0}, seen[5] = {0}, count[5] = {0};
        for (int i = 0; i < DRAWS; i++) {
            double p = csl_synth_oracle(drawn[i].traits, known);
            int bin = (int)fmin(4, p * 5);
            expected[bin] += p;
            seen[bin] += drawn[i].malignant;
            count[bin]++;
        }
        for (int bin = 0; bin < 5; bin++) {
            if (count[bin] < 100) continue;
            double p = expected[bin] / count[bin];
            /* Five standard errors of a binomial share. */
            cr_assert_float_eq(seen[bin] / count[bin], p, 5 * sqrt(p * (1 - p) / count[bin]), "set %u bin %d",
                               known, bin);
        }
    }
}

Test(synth_truth, traits_have_the_stated_distributions)
{
    draw_all();
    for (int t = 0; t < CSL_SYNTH_TRAITS; t++) {
        double sum = 0, square = 0;
        for (int i = 0; i < DRAWS; i++) {
            sum += drawn[i].traits[t];
            square += drawn[i].traits[t] * drawn[i].traits[t];
        }
        double mean = sum / DRAWS, variance = square / DRAWS - mean * mean;
        /* Means of 0.5 (a coin) and 0 (normal), variances 0.25 and 1; five standard errors of a mean are
         * below 0.016. */
        cr_assert_float_eq(mean, t % 2 ? 0 : 0.5, 0.016);
        cr_assert_float_eq(variance, t % 2 ? 1 : 0.25, 0.025);
    }
    int malignant = 0;
    for (int i = 0; i < DRAWS; i++) malignant += drawn[i].malignant;
    cr_log_info("prevalence %.3f", (double)malignant / DRAWS);
    cr_assert(malignant > DRAWS * 4 / 10 && malignant < DRAWS * 6 / 10);
}
