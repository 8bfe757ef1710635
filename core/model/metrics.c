#include "model/metrics.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

/* Cases by ascending score, so that the AUC of any resample is one pass. */
typedef struct ranked {
    size_t *order; /* [count], case at each rank */
    bool *tied;    /* [count], the case at this rank has the score of the one before */
    const uint8_t *truth;
    size_t count;
} ranked;

typedef struct keyed {
    double score;
    size_t index;
} keyed;

static int by_score(const void *a, const void *b)
{
    const keyed *x = a, *y = b;
    if (x->score != y->score) return x->score < y->score ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static void ranked_free(ranked *r)
{
    free(r->order);
    free(r->tied);
}

static csl_status ranked_make(const double *score, const uint8_t *truth, size_t count, ranked *r,
                              csl_error *error)
{
    keyed *keys = calloc(count + 1, sizeof *keys);
    *r = (ranked){.order = calloc(count + 1, sizeof *r->order),
                  .tied = calloc(count + 1, sizeof *r->tied),
                  .truth = truth,
                  .count = count};
    if (!keys || !r->order || !r->tied) {
        free(keys);
        ranked_free(r);
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory to rank %zu scores", count);
    }
    for (size_t i = 0; i < count; i++) keys[i] = (keyed){score[i], i};
    qsort(keys, count, sizeof *keys, by_score);
    for (size_t i = 0; i < count; i++) {
        r->order[i] = keys[i].index;
        r->tied[i] = i > 0 && keys[i].score == keys[i - 1].score;
    }
    free(keys);
    return CSL_OK;
}

/* Case i counts weight[i] times. NaN if a class is missing. */
static double weighted_auc(const ranked *r, const uint32_t *weight)
{
    double below = 0, positives = 0, wins = 0, group_positives = 0, group_negatives = 0;
    for (size_t i = 0; i <= r->count; i++) {
        if (i == r->count || !r->tied[i]) {
            wins += group_positives * (below + group_negatives / 2);
            below += group_negatives;
            positives += group_positives;
            group_positives = group_negatives = 0;
        }
        if (i == r->count) break;
        double w = weight[r->order[i]];
        if (r->truth[r->order[i]])
            group_positives += w;
        else
            group_negatives += w;
    }
    return positives > 0 && below > 0 ? wins / (positives * below) : NAN;
}

csl_status csl_auc(const double *score, const uint8_t *truth, size_t count, double *auc, csl_error *error)
{
    ranked r;
    uint32_t *ones = calloc(count + 1, sizeof *ones);
    if (!ones) return csl_fail(error, CSL_ENOMEM, NULL, "no memory to rank %zu scores", count);
    for (size_t i = 0; i < count; i++) ones[i] = 1;
    csl_status status = ranked_make(score, truth, count, &r, error);
    if (status == CSL_OK) {
        *auc = weighted_auc(&r, ones);
        ranked_free(&r);
    }
    free(ones);
    return status;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(const double *sorted, size_t count, double share)
{
    double at = share * (double)(count - 1);
    size_t low = (size_t)at, high = low + 1 < count ? low + 1 : low;
    return sorted[low] + (at - (double)low) * (sorted[high] - sorted[low]);
}

/* Interval of AUC(a), or of AUC(a) - AUC(b) where b is not NULL. */
static csl_status bootstrap(const ranked *a, const ranked *b, uint64_t seed, csl_interval *interval,
                            csl_error *error)
{
    size_t count = a->count;
    csl_rng rng;
    csl_rng_seed(&rng, seed);
    double *drawn = calloc(CSL_BOOTSTRAP_RESAMPLES, sizeof *drawn);
    uint32_t *weight = calloc(count + 1, sizeof *weight);
    if (!drawn || !weight) {
        free(drawn);
        free(weight);
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory for a bootstrap over %zu cases", count);
    }
    for (size_t i = 0; i < count; i++) weight[i] = 1;
    double value = weighted_auc(a, weight) - (b ? weighted_auc(b, weight) : 0);
    *interval = (csl_interval){value, NAN, NAN};
    if (!isnan(value)) {
        for (size_t k = 0; k < CSL_BOOTSTRAP_RESAMPLES;) {
            memset(weight, 0, count * sizeof *weight);
            for (size_t i = 0; i < count; i++) weight[csl_rng_below(&rng, count)]++;
            drawn[k] = weighted_auc(a, weight) - (b ? weighted_auc(b, weight) : 0);
            if (!isnan(drawn[k])) k++;
        }
        qsort(drawn, CSL_BOOTSTRAP_RESAMPLES, sizeof *drawn, by_value);
        interval->low = percentile(drawn, CSL_BOOTSTRAP_RESAMPLES, 0.025);
        interval->high = percentile(drawn, CSL_BOOTSTRAP_RESAMPLES, 0.975);
    }
    free(drawn);
    free(weight);
    return CSL_OK;
}

csl_status csl_auc_interval(const double *score, const uint8_t *truth, size_t count, uint64_t seed,
                            csl_interval *interval, csl_error *error)
{
    ranked r;
    csl_status status = ranked_make(score, truth, count, &r, error);
    if (status != CSL_OK) return status;
    status = bootstrap(&r, NULL, seed, interval, error);
    ranked_free(&r);
    return status;
}

csl_status csl_auc_gain(const double *a, const double *b, const uint8_t *truth, size_t count, uint64_t seed,
                        csl_interval *gain, csl_error *error)
{
    ranked first, second;
    csl_status status = ranked_make(a, truth, count, &first, error);
    if (status != CSL_OK) return status;
    status = ranked_make(b, truth, count, &second, error);
    if (status == CSL_OK) {
        status = bootstrap(&first, &second, seed, gain, error);
        ranked_free(&second);
    }
    ranked_free(&first);
    return status;
}

double csl_brier(const double *probability, const uint8_t *truth, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (probability[i] - truth[i]) * (probability[i] - truth[i]);
    return count ? sum / (double)count : NAN;
}

double csl_accuracy(const double *probability, const uint8_t *truth, size_t count)
{
    size_t right = 0;
    for (size_t i = 0; i < count; i++) right += (probability[i] >= 0.5) == (truth[i] == 1);
    return count ? (double)right / (double)count : NAN;
}
