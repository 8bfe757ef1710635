#include "model/calibration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_CASES = 10 };

typedef struct pair {
    float logit;
    uint8_t truth;
} pair;

static int by_logit(const void *a, const void *b)
{
    const pair *x = a, *y = b;
    if (x->logit != y->logit) return x->logit < y->logit ? -1 : 1;
    return (int)x->truth - (int)y->truth;
}

/* Mean cross-entropy of sigmoid(logit * inverse): log(1 + exp(-z)) for a positive, with z's sign turned for a
 * negative. */
static double cross_entropy(const pair *pairs, size_t count, double inverse)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        double z = pairs[i].logit * inverse * (pairs[i].truth ? 1 : -1);
        sum += z > 0 ? log1p(exp(-z)) : log1p(exp(z)) - z;
    }
    return sum / (double)count;
}

static double best_temperature(const pair *pairs, size_t count)
{
    const double golden = (sqrt(5.0) - 1) / 2;
    double low = log(0.05), high = log(20.0);
    double a = high - golden * (high - low), b = low + golden * (high - low);
    double at_a = cross_entropy(pairs, count, exp(-a)), at_b = cross_entropy(pairs, count, exp(-b));
    while (high - low > 1e-6) {
        if (at_a <= at_b) {
            high = b, b = a, at_b = at_a;
            a = high - golden * (high - low);
            at_a = cross_entropy(pairs, count, exp(-a));
        } else {
            low = a, a = b, at_a = at_b;
            b = low + golden * (high - low);
            at_b = cross_entropy(pairs, count, exp(-b));
        }
    }
    return exp((low + high) / 2);
}

csl_status csl_label_calibration_fit(const float *logit, const float *truth, size_t count, size_t stride,
                                     csl_label_calibration *calibration, csl_error *error)
{
    *calibration = (csl_label_calibration){.temperature = 1};
    pair *pairs = calloc(count + 1, sizeof *pairs);
    if (!pairs) return csl_fail(error, CSL_ENOMEM, NULL, "no memory to calibrate on %zu cases", count);
    size_t n = 0, positives = 0;
    for (size_t i = 0; i < count; i++) {
        if (isnan(truth[i * stride]) || !isfinite(logit[i * stride])) continue;
        pairs[n] = (pair){.logit = logit[i * stride], .truth = truth[i * stride] > 0.5f};
        positives += pairs[n++].truth;
    }
    qsort(pairs, n, sizeof *pairs, by_logit);
    calibration->logit = calloc(n + 1, sizeof *calibration->logit);
    calibration->truth = calloc(n + 1, sizeof *calibration->truth);
    if (!calibration->logit || !calibration->truth) {
        free(pairs);
        csl_label_calibration_free(calibration);
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory to calibrate on %zu cases", count);
    }
    calibration->count = n;
    for (size_t i = 0; i < n; i++) {
        calibration->logit[i] = pairs[i].logit;
        calibration->truth[i] = pairs[i].truth;
    }
    if (n >= LEAST_CASES && positives > 0 && positives < n)
        calibration->temperature = best_temperature(pairs, n);
    free(pairs);
    return CSL_OK;
}

void csl_label_calibration_free(csl_label_calibration *calibration)
{
    free(calibration->logit);
    free(calibration->truth);
    *calibration = (csl_label_calibration){0};
}

double csl_calibrated(const csl_label_calibration *calibration, double logit)
{
    double z = logit / calibration->temperature;
    return z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z));
}

/* A run of neighbouring cases that isotonic regression gives one value: sum / weight. */
typedef struct pool {
    double sum, weight;
    size_t end; /* groups up to here, exclusive */
} pool;

/* Adds a group of equal logits to the pools, merging while the means would fall (pool adjacent violators). */
static void pool_add(pool *pools, size_t *count, pool next)
{
    while (*count && pools[*count - 1].sum * next.weight >= next.sum * pools[*count - 1].weight) {
        next.sum += pools[*count - 1].sum;
        next.weight += pools[*count - 1].weight;
        --*count;
    }
    pools[(*count)++] = next;
}

/* Value at `logit` of the isotonic regression of the pairs and of (logit, truth); pools[count + 1] is
 * scratch. */
static double isotonic_with(const csl_label_calibration *c, float logit, double truth, pool *pools)
{
    size_t count = 0, groups = 0, mine = 0, i = 0;
    int placed = 0;
    while (i < c->count || !placed) {
        pool group = {0};
        float value = logit;
        if (i < c->count && (placed || c->logit[i] < logit)) value = c->logit[i];
        for (; i < c->count && c->logit[i] == value; i++) {
            group.sum += c->truth[i];
            group.weight += 1;
        }
        if (!placed && value == logit) {
            group.sum += truth;
            group.weight += 1;
            mine = groups;
            placed = 1;
        }
        group.end = ++groups;
        pool_add(pools, &count, group);
    }
    size_t at = 0;
    while (pools[at].end <= mine) at++;
    return pools[at].sum / pools[at].weight;
}

csl_status csl_venn_abers(const csl_label_calibration *calibration, double logit, double *low, double *high,
                          csl_error *error)
{
    *low = 0;
    *high = 1;
    if (!calibration->count) return CSL_OK;
    pool *pools = calloc(calibration->count + 1, sizeof *pools);
    if (!pools)
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory for an interval over %zu cases",
                        calibration->count);
    *low = isotonic_with(calibration, (float)logit, 0, pools);
    *high = isotonic_with(calibration, (float)logit, 1, pools);
    free(pools);
    return CSL_OK;
}
