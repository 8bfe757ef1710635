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

static void draw_all(double linked)
{
    for (int i = 0; i < DRAWS; i++) csl_synth_draw(20260101, (uint64_t)i + 1, linked, &drawn[i]);
}

static double oracle(unsigned known, double linked)
{
    for (int i = 0; i < DRAWS; i++)
        list[i] = (scored){csl_synth_oracle(drawn[i].traits, known, linked), drawn[i].malignant};
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

static const char *const names[] = {"",        "image",          "record",          "image, record",
                                    "variant", "image, variant", "record, variant", "all three"};

Test(synth_truth, what_each_set_of_modalities_can_know, .timeout = 120)
{
    draw_all(0);
    double know[ALL + 1] = {0};
    for (unsigned known = 1; known <= ALL; known++) {
        know[known] = oracle(known, 0);
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

/* Averaged over what it does not see, a probability must be the frequency: for every subset, in five bins. */
static void check_calibration(double linked)
{
    draw_all(linked);
    for (unsigned known = 0; known <= ALL; known++) {
        double expected[5] = {0}, seen[5] = {0}, count[5] = {0};
        for (int i = 0; i < DRAWS; i++) {
            double p = csl_synth_oracle(drawn[i].traits, known, linked);
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

Test(synth_truth, linked_modalities_say_more_by_themselves, .timeout = 120)
{
    double last = 0;
    for (int tenths = 0; tenths <= 9; tenths += 3) {
        double linked = tenths / 10.0, image, malignant = 0;
        draw_all(linked);
        for (int i = 0; i < DRAWS; i++) malignant += drawn[i].malignant;
        image = oracle(1, linked);
        cr_log_info("| %.1f | %.3f | %.3f | %.3f | %.3f | %.3f |", linked, malignant / DRAWS, image,
                    oracle(3, linked), oracle(ALL, linked), additive(ALL));
        cr_assert_gt(image, last);
        last = image;
    }
}

Test(synth_truth, the_oracle_is_calibrated)
{
    check_calibration(0);
    check_calibration(0.5);
    check_calibration(0.9);
}

static void check_distributions(double linked)
{
    draw_all(linked);
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
    for (int t = 0; t < CSL_SYNTH_TRAITS; t++)
        for (int u = t + 1; u < CSL_SYNTH_TRAITS; u++) {
            double product = 0, scale = t % 2 ? 1 : 4; /* a sign is 2 t - 1 */
            for (int i = 0; i < DRAWS; i++)
                product +=
                    (drawn[i].traits[t] - (t % 2 ? 0 : 0.5)) * (drawn[i].traits[u] - (u % 2 ? 0 : 0.5));
            bool linked_pair = t % 2 == u % 2;
            if (!linked_pair) scale = 2;
            /* The standard error of a correlation of 100 000 pairs is at most 0.0032. */
            cr_assert_float_eq(scale * product / DRAWS, linked_pair ? linked : 0, 0.016, "%d %d", t, u);
        }
}

Test(synth_truth, traits_have_the_stated_distributions)
{
    check_distributions(0);
    check_distributions(0.7);
    draw_all(0);
    int malignant = 0;
    for (int i = 0; i < DRAWS; i++) malignant += drawn[i].malignant;
    cr_log_info("prevalence %.3f", (double)malignant / DRAWS);
    cr_assert(malignant > DRAWS * 4 / 10 && malignant < DRAWS * 6 / 10);
}

/* The log likelihood ratio of two modalities' traits under the link against independence. */
static double likeness(const csl_synth_truth *one, const csl_synth_truth *other, double linked)
{
    double a = 2 * one->traits[0] - 1, r = 2 * other->traits[2] - 1, d = one->traits[1], u = other->traits[3];
    return log(1 + linked * a * r) -
           (linked * linked * (d * d + u * u) - 2 * linked * d * u) / (2 * (1 - linked * linked));
}

/* Who knows the traits exactly ranks 200 records for each image; docs/synth.md has the lines that it logs.
 */
Test(synth_truth, what_retrieval_can_reach)
{
    enum { COHORT = 200, COHORTS = 50 };
    const double links[] = {0, 0.5, 0.8, 0.9, 0.95};
    double first_of_all = 0;
    for (size_t k = 0; k < sizeof links / sizeof *links; k++) {
        double hits[3] = {0}, median = 0;
        draw_all(links[k]);
        for (int c = 0; c < COHORTS; c++) {
            const csl_synth_truth *patient = drawn + c * COHORT;
            int ranks[COHORT + 2] = {0}, below = 0, middle = 0;
            for (int i = 0; i < COHORT; i++) {
                double own = likeness(&patient[i], &patient[i], links[k]);
                int rank = 1;
                for (int j = 0; j < COHORT; j++) rank += likeness(&patient[i], &patient[j], links[k]) > own;
                if (links[k] == 0) rank = i + 1; /* all alike: any order */
                ranks[rank]++;
                hits[0] += rank <= 1;
                hits[1] += rank <= 5;
                hits[2] += rank <= 10;
            }
            while (below < COHORT / 2) below += ranks[++middle];
            median += middle;
        }
        for (int h = 0; h < 3; h++) hits[h] /= COHORT * COHORTS;
        cr_log_info("| %.2f | %.3f | %.3f | %.3f | %.0f |", links[k], hits[0], hits[1], hits[2],
                    median / COHORTS);
        if (k == 0) first_of_all = hits[2];
        cr_assert(k == 0 || hits[2] > first_of_all);
    }
    cr_assert_float_eq(first_of_all, 0.05, 1e-9); /* chance */
}
