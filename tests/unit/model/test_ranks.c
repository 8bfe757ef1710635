#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "model/ranks.h"

/* Takes both. */
static csl_interval interval_of(csl_ranks *ranks, csl_ranks *less)
{
    csl_interval interval;
    cr_assert_eq(csl_ranks_interval(ranks, less, 9, &interval, NULL), CSL_OK);
    csl_ranks_free(ranks);
    csl_ranks_free(less);
    return interval;
}

static csl_ranks *ranked(const double *score, const uint8_t *truth, size_t count)
{
    csl_ranks *ranks;
    cr_assert_eq(csl_ranks_binary(score, truth, count, &ranks, NULL), CSL_OK);
    return ranks;
}

/* Takes it. */
static double share_of(csl_ranks *ranks)
{
    double share;
    cr_assert_eq(csl_ranks_share(ranks, &share, NULL), CSL_OK);
    csl_ranks_free(ranks);
    return share;
}

/* Scores of two normal distributions, `apart` standard deviations apart. */
static void draw(csl_rng *rng, size_t count, double apart, double *score, uint8_t *truth)
{
    for (size_t i = 0; i < count; i++) {
        truth[i] = (uint8_t)(i % 2);
        score[i] = csl_rng_normal(rng) + apart * truth[i];
    }
}

Test(ranks, interval_has_the_width_theory_gives)
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
        interval = interval_of(ranked(score, truth, N), NULL);
        cr_assert(interval.low < interval.value && interval.value < interval.high);
        width += (interval.high - interval.low) / 20;
        value += interval.value / 20;
    }
    cr_assert_float_eq(value, A, 0.03);
    cr_assert_float_eq(width, 2 * 1.96 * se, 0.15 * width);
}

Test(ranks, gain_is_paired_and_seeded)
{
    enum { N = 100 };
    double a[N], b[N];
    uint8_t truth[N];
    csl_rng rng;
    csl_rng_seed(&rng, 4);
    draw(&rng, N, 1.5, a, truth);
    csl_interval gain, again;
    gain = interval_of(ranked(a, truth, N), ranked(a, truth, N));
    cr_assert(gain.value == 0 && gain.low == 0 &&
              gain.high == 0); /* of a score over itself: nothing, on every resample */
    for (size_t i = 0; i < N; i++) b[i] = csl_rng_normal(&rng);
    gain = interval_of(ranked(a, truth, N), ranked(b, truth, N));
    again = interval_of(ranked(a, truth, N), ranked(b, truth, N));
    cr_assert(gain.low > 0);
    cr_assert(gain.low == again.low && gain.high == again.high);
}

Test(ranks, nothing_to_tell_apart)
{
    const double score[] = {1, 2};
    const uint8_t truth[] = {1, 1};
    csl_interval interval = interval_of(ranked(score, truth, 2), NULL);
    cr_assert(isnan(interval.value) && isnan(interval.low) && isnan(interval.high));
    double share = share_of(ranked(score, truth, 0));
    cr_assert(isnan(share));
}

Test(ranks, classes_are_the_mean_of_one_against_the_rest)
{
    /* Class 0: 0.8 0.4 against 0.3 0.5 0.2: 5 of 6. Class 1: 0.6 0.5 against 0.1 0.5 0.4: 2 + 1 + 1 + (1/2 +
     * 1) of 6 = 5.5 / 6. Class 2: 0.4 against 0.1 0.1 0.1 0.0: 1. Class 3 has no case. */
    const double score[] = {0.8, 0.1, 0.1, 0,   0.4, 0.5, 0.1, 0,   0.3, 0.6,
                            0.1, 0,   0.5, 0.5, 0.0, 0,   0.2, 0.4, 0.4, 0};
    const uint8_t truth[] = {0, 0, 1, 1, 2};
    csl_ranks *ranks;
    cr_assert_eq(csl_ranks_classes(score, truth, 5, 4, &ranks, NULL), CSL_OK);
    double share = share_of(ranks); /* the macro names its argument twice */
    cr_assert_float_eq(share, (5.0 / 6 + 5.5 / 6 + 1) / 3, 1e-12);
}

/* ---- concordance ---- */

static csl_ranks *outlasting(const double *risk, const csl_follow_up *seen, size_t count)
{
    csl_ranks *ranks;
    cr_assert_eq(csl_ranks_event(risk, seen, count, &ranks, NULL), CSL_OK);
    return ranks;
}

Test(ranks, concordance_worked_by_hand)
{
    /* 1 event at 2, 2 lost at 2, 3 event at 4, 4 event at 4, 5 lost at 3, 6 seen at 9. Pairs: 1 before 2
     * (lost at the same time), 3, 4, 5, 6; 3 before 6; 4 before 6. Not 3 and 4 (both at 4), not 5 with 3 or 4
     * (lost before). Risks 5 3 5 6 7 5: 1 over 2 yes, 3 tie, 4 no, 5 no, 6 tie; 3 and 6 tie; 4 over 6 yes: (2
     * + 3/2) / 7. */
    const csl_follow_up seen[] = {{2, true}, {2, false}, {4, true}, {4, true}, {3, false}, {9, false}};
    const double risk[] = {5, 3, 5, 6, 7, 5};
    double share = share_of(outlasting(risk, seen, 6));
    cr_assert_float_eq(share, 3.5 / 7, 1e-12);
}

Test(ranks, concordance_agrees_with_all_pairs_counted)
{
    csl_rng rng;
    csl_rng_seed(&rng, 2);
    for (int round = 0; round < 100; round++) {
        csl_follow_up seen[30];
        double risk[30], wins = 0, pairs = 0;
        for (int i = 0; i < 30; i++) {
            seen[i] = (csl_follow_up){(double)csl_rng_below(&rng, 10), csl_rng_below(&rng, 3) > 0};
            risk[i] = (double)csl_rng_below(&rng, 8) - 0.3 * seen[i].time;
        }
        for (int i = 0; i < 30; i++)
            for (int j = 0; j < 30; j++) {
                bool before = seen[i].time < seen[j].time || (seen[i].time == seen[j].time && !seen[j].event);
                if (!seen[i].event || !before) continue;
                wins += risk[i] > risk[j] ? 1 : risk[i] == risk[j] ? 0.5 : 0;
                pairs++;
            }
        double share = share_of(outlasting(risk, seen, 30));
        cr_assert_float_eq(share, wins / pairs, 1e-12);
    }
}

Test(ranks, concordance_is_that_of_r)
{
    /* The leukaemia trial `aml` of R's survival package: times with events and losses at one time, and a
     * predictor of two values. R 4.2.2, survival 3.5-3: concordance(Surv(time, status) ~ (x == "Maintained"),
     * aml) counts 81 concordant, 31 discordant, 98 tied in x: 0.61904761904761907. */
    static const csl_follow_up seen[] = {
        {9, true},   {13, true}, {13, false},  {18, true}, {23, true}, {28, false}, {31, true}, {34, true},
        {45, false}, {48, true}, {161, false}, {5, true},  {5, true},  {8, true},   {8, true},  {12, true},
        {16, false}, {23, true}, {27, true},   {30, true}, {33, true}, {43, true},  {45, true}};
    double risk[23];
    for (size_t i = 0; i < 23; i++) risk[i] = i < 11 ? 0 : 1;
    double share = share_of(outlasting(risk, seen, 23));
    cr_assert_float_eq(share, 0.61904761904761907, 1e-15);

    /* The first 30 rows of `lung`, risk minus ph.karno: 207 concordant, 147 discordant, 80 tied:
     * 0.56912442396313367. */
    static const double time[] = {306, 455, 1010, 210, 883, 1022, 310, 361, 218, 166, 170, 654, 728, 71,  567,
                                  144, 613, 707,  61,  88,  301,  81,  624, 371, 394, 520, 574, 118, 390, 12};
    static const double karno[] = {90, 90, 90, 90, 100, 50, 70,  60, 70, 70, 80, 70,  90, 60, 80,
                                   80, 90, 50, 60, 90,  80, 100, 70, 90, 90, 90, 100, 60, 80, 70};
    csl_follow_up lung[30];
    double slow[30];
    for (size_t i = 0; i < 30; i++) {
        lung[i] = (csl_follow_up){time[i], i != 2 && i != 5};
        slow[i] = -karno[i];
    }
    share = share_of(outlasting(slow, lung, 30));
    cr_assert_float_eq(share, 0.56912442396313367, 1e-15);
}
