#include "model/conformal.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

csl_status csl_conformity_fit(const csl_task *task, double temperature, const float *logit,
                              const float *target, size_t count, size_t stride, csl_conformity *c,
                              csl_error *error)
{
    double probability[CSL_MAX_ANSWERS];
    *c = (csl_conformity){.probability = calloc(count + 1, sizeof *c->probability)};
    if (!c->probability)
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory to calibrate on %zu cases", count);
    for (size_t i = 0; i < count; i++) {
        int answer = csl_task_answer(task, target + i * stride);
        if (answer < 0) continue;
        csl_task_answer_probabilities(task, logit + i * stride, temperature, probability);
        if (isfinite(probability[answer])) c->probability[c->count++] = (float)probability[answer];
    }
    qsort(c->probability, c->count, sizeof *c->probability, ascending);
    return CSL_OK;
}

void csl_conformity_free(csl_conformity *c)
{
    free(c->probability);
    *c = (csl_conformity){0};
}

double csl_conformal_least(const csl_conformity *c, double coverage)
{
    /* Less a rounding error, so that 0.9 of 10 is 9. */
    double k = ceil((double)(c->count + 1) * coverage - 1e-9);
    return k > (double)c->count ? 0 : (double)c->probability[c->count - (size_t)k];
}

csl_status csl_conformal_halves(const float *probability, size_t count, double coverage, size_t divisions,
                                uint64_t seed, double *mean, double *deviation, csl_error *error)
{
    size_t half = count / 2;
    float *drawn = calloc(half + 1, sizeof *drawn);
    size_t *order = calloc(count + 1, sizeof *order);
    csl_rng rng;
    double sum = 0, squares = 0;
    csl_rng_seed(&rng, seed);
    *mean = *deviation = NAN;
    csl_status status =
        drawn && order ? CSL_OK : csl_fail(error, CSL_ENOMEM, NULL, "no memory to divide %zu cases", count);
    for (size_t i = 0; status == CSL_OK && i < count; i++) order[i] = i;
    for (size_t d = 0; status == CSL_OK && half >= 2 && d < divisions; d++) {
        csl_conformity c = {half, drawn};
        size_t held = 0;
        csl_rng_shuffle(&rng, order, count);
        for (size_t i = 0; i < half; i++) drawn[i] = probability[order[i]];
        qsort(drawn, half, sizeof *drawn, ascending);
        double least = csl_conformal_least(&c, coverage);
        for (size_t i = half; i < count; i++) held += (double)probability[order[i]] >= least;
        double share = (double)held / (double)(count - half);
        sum += share;
        squares += share * share;
    }
    if (status == CSL_OK && half >= 2) {
        *mean = sum / (double)divisions;
        *deviation = sqrt(fmax(0, squares / (double)divisions - *mean * *mean));
    }
    free(drawn);
    free(order);
    return status;
}
