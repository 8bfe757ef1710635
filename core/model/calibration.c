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

/* Cases of one task, as csl_calibrate has them. */
typedef struct sample {
    const csl_task *task;
    const float *logit, *target;
    size_t count, stride;
} sample;

static bool usable(const sample *s, size_t i)
{
    for (size_t k = 0; k < s->task->count; k++)
        if (!isfinite(s->logit[i * s->stride + k])) return false;
    return csl_task_known(s->task, s->target + i * s->stride);
}

static double total_loss(const sample *s, double temperature)
{
    double sum = 0;
    for (size_t i = 0; i < s->count; i++)
        if (usable(s, i))
            sum += csl_task_loss(s->task, NULL, s->logit + i * s->stride, s->target + i * s->stride,
                                 temperature, NULL);
    return sum;
}

static double best_temperature(const sample *s)
{
    const double golden = (sqrt(5.0) - 1) / 2;
    double low = log(0.05), high = log(20.0);
    double a = high - golden * (high - low), b = low + golden * (high - low);
    double at_a = total_loss(s, exp(a)), at_b = total_loss(s, exp(b));
    while (high - low > 1e-6) {
        if (at_a <= at_b) {
            high = b, b = a, at_b = at_a;
            a = high - golden * (high - low);
            at_a = total_loss(s, exp(a));
        } else {
            low = a, a = b, at_a = at_b;
            b = low + golden * (high - low);
            at_b = total_loss(s, exp(b));
        }
    }
    return exp((low + high) / 2);
}

static size_t count_known(const sample *s)
{
    size_t known = 0;
    for (size_t i = 0; i < s->count; i++) known += usable(s, i);
    return known;
}

static bool has_both_kinds(const sample *s)
{
    for (size_t k = 0; k < s->task->count; k++) {
        size_t seen[2] = {0};
        for (size_t i = 0; i < s->count; i++) {
            float y = s->target[i * s->stride + k];
            if (!isnan(y)) seen[y > 0.5f]++;
        }
        if (seen[0] && seen[1]) return true;
    }
    return false;
}

/* Output k's pairs, sorted; pairs[count] is scratch. */
static csl_status keep_pairs(const sample *s, size_t k, csl_label_calibration *c, pair *pairs,
                             csl_error *error)
{
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++) {
        const float *logit = s->logit + i * s->stride;
        float outcome[CSL_MAX_LABELS];
        double score[CSL_MAX_LABELS];
        csl_task_outcome(s->task, s->target + i * s->stride, outcome);
        if (isnan(outcome[k]) || !usable(s, i)) continue;
        csl_scores(s->task, c, logit, score);
        pairs[n++] = (pair){.logit = (float)score[k], .truth = outcome[k] > 0.5f};
    }
    qsort(pairs, n, sizeof *pairs, by_logit);
    c->logit = calloc(n + 1, sizeof *c->logit);
    c->truth = calloc(n + 1, sizeof *c->truth);
    if (!c->logit || !c->truth)
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory to calibrate on %zu cases", n);
    for (c->count = 0; c->count < n; c->count++) {
        c->logit[c->count] = pairs[c->count].logit;
        c->truth[c->count] = pairs[c->count].truth;
    }
    return CSL_OK;
}

csl_status csl_calibrate(const csl_task *task, const float *logit, const float *target, size_t count,
                         size_t stride, csl_label_calibration *calibration, double *loss, size_t *known,
                         csl_error *error)
{
    sample s = {task, logit, target, count, stride};
    pair *pairs = calloc(count + 1, sizeof *pairs);
    csl_status status =
        pairs ? CSL_OK : csl_fail(error, CSL_ENOMEM, NULL, "no memory to calibrate on %zu cases", count);
    *known = count_known(&s);
    double temperature = *known >= LEAST_CASES && has_both_kinds(&s) ? best_temperature(&s) : 1;
    *loss = total_loss(&s, temperature);
    for (size_t k = 0; k < task->count; k++)
        calibration[k] = (csl_label_calibration){.temperature = temperature};
    for (size_t k = 0; k < task->count && status == CSL_OK; k++)
        status = keep_pairs(&s, k, &calibration[k], pairs, error);
    for (size_t k = 0; k < task->count && status != CSL_OK; k++) csl_label_calibration_free(&calibration[k]);
    free(pairs);
    return status;
}

void csl_scores(const csl_task *task, const csl_label_calibration *calibration, const float *logit,
                double *score)
{
    csl_task_odds(task, logit, calibration->temperature, score);
    for (size_t k = 0; k < task->count; k++)
        score[k] = task->kind == CSL_TASK_BINARY ? (double)logit[k] : calibration->temperature * score[k];
}

void csl_label_calibration_free(csl_label_calibration *calibration)
{
    free(calibration->logit);
    free(calibration->truth);
    *calibration = (csl_label_calibration){0};
}

double csl_calibrated(const csl_label_calibration *calibration, double score)
{
    double z = score / calibration->temperature;
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

csl_status csl_venn_abers(const csl_label_calibration *calibration, double score, double *low, double *high,
                          csl_error *error)
{
    *low = 0;
    *high = 1;
    if (!calibration->count) return CSL_OK;
    pool *pools = calloc(calibration->count + 1, sizeof *pools);
    if (!pools)
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory for an interval over %zu cases",
                        calibration->count);
    *low = isotonic_with(calibration, (float)score, 0, pools);
    *high = isotonic_with(calibration, (float)score, 1, pools);
    free(pools);
    return CSL_OK;
}
