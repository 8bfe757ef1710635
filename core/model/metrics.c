#include "model/metrics.h"

#include <math.h>
#include <stdlib.h>

#include "model/ranks.h"

csl_status csl_auc(const double *score, const uint8_t *truth, size_t count, double *auc, csl_error *error)
{
    csl_ranks *ranks;
    csl_status status = csl_ranks_binary(score, truth, count, &ranks, error);
    if (status == CSL_OK) status = csl_ranks_share(ranks, auc, error);
    csl_ranks_free(ranks);
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

double csl_calibration_error(const double *confidence, const uint8_t *right, size_t count)
{
    double excess[CSL_CALIBRATION_BINS] = {0}, sum = 0;
    for (size_t i = 0; i < count; i++) {
        int bin = (int)ceil(confidence[i] * CSL_CALIBRATION_BINS) - 1;
        bin = bin < 0 ? 0 : bin >= CSL_CALIBRATION_BINS ? CSL_CALIBRATION_BINS - 1 : bin;
        excess[bin] += right[i] - confidence[i];
    }
    for (size_t b = 0; b < CSL_CALIBRATION_BINS; b++) sum += fabs(excess[b]);
    return count ? sum / (double)count : NAN;
}

static int by_time(const void *a, const void *b)
{
    const csl_follow_up *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return (int)y->event - (int)x->event; /* who is last seen at the time of an event was at risk of it */
}

/* Kaplan-Meier share of cases still followed after `time` (or up to it, not including what ends there),
 * events being what ends observation of being lost; sorted by time. */
static double followed(const csl_follow_up *sorted, size_t count, double time, bool including)
{
    double share = 1;
    for (size_t i = 0; i < count && (sorted[i].time < time || (including && sorted[i].time == time)); i++)
        if (!sorted[i].event) share *= 1 - 1 / (double)(count - i);
    return share;
}

csl_status csl_brier_by(const double *probability, const csl_follow_up *follow_up, size_t count, double time,
                        double *brier, csl_error *error)
{
    csl_follow_up *sorted = calloc(count + 1, sizeof *sorted);
    if (!sorted) return csl_fail(error, CSL_ENOMEM, NULL, "no memory to measure %zu cases", count);
    for (size_t i = 0; i < count; i++) sorted[i] = follow_up[i];
    qsort(sorted, count, sizeof *sorted, by_time);
    double sum = 0, beyond = followed(sorted, count, time, true);
    for (size_t i = 0; i < count; i++) {
        const csl_follow_up *f = &follow_up[i];
        if (f->time > time)
            sum += probability[i] * probability[i] / beyond;
        else if (f->event)
            sum += (1 - probability[i]) * (1 - probability[i]) / followed(sorted, count, f->time, false);
    }
    free(sorted);
    *brier = count && beyond > 0 ? sum / (double)count : NAN;
    return CSL_OK;
}
