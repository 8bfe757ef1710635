#include "model/adamw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/vector.h"

csl_status csl_adamw_new(size_t count, csl_adamw *optimiser, csl_error *error)
{
    *optimiser = (csl_adamw){.beta1 = 0.9,
                             .beta2 = 0.999,
                             .epsilon = 1e-8,
                             .count = count,
                             .first = calloc(count, sizeof(float)),
                             .second = calloc(count, sizeof(float))};
    if (optimiser->first && optimiser->second) return CSL_OK;
    csl_adamw_free(optimiser);
    return csl_fail(error, CSL_ENOMEM, NULL, "no memory for the moments of %zu weights", count);
}

void csl_adamw_free(csl_adamw *optimiser)
{
    free(optimiser->first);
    free(optimiser->second);
    *optimiser = (csl_adamw){0};
}

void csl_adamw_reset(csl_adamw *optimiser)
{
    optimiser->step = 0;
    memset(optimiser->first, 0, optimiser->count * sizeof *optimiser->first);
    memset(optimiser->second, 0, optimiser->count * sizeof *optimiser->second);
}

void csl_adamw_begin(csl_adamw *optimiser)
{
    optimiser->step++;
}

VECTOR void csl_adamw_update(csl_adamw *optimiser, double rate, double decay, size_t offset, size_t count,
                             float *weights, const float *gradient)
{
    float *first = optimiser->first, *second = optimiser->second;
    const float beta1 = (float)optimiser->beta1, beta2 = (float)optimiser->beta2,
                epsilon = (float)optimiser->epsilon;
    const float rest1 = (float)(1 - optimiser->beta1), rest2 = (float)(1 - optimiser->beta2);
    const float correct1 = (float)(1 / (1 - pow(optimiser->beta1, (double)optimiser->step)));
    const float correct2 = (float)(1 / (1 - pow(optimiser->beta2, (double)optimiser->step)));
    const float keep = (float)(1 - rate * decay), step = (float)rate;
#pragma omp simd
    for (size_t i = offset; i < offset + count; i++) {
        float g = gradient[i];
        float m = first[i] = beta1 * first[i] + rest1 * g;
        float v = second[i] = beta2 * second[i] + rest2 * g * g;
        weights[i] = keep * weights[i] - step * (m * correct1) / (sqrtf(v * correct2) + epsilon);
    }
}

double csl_schedule(uint64_t step, uint64_t steps, uint64_t warm_up, double peak, double floor)
{
    if (step < warm_up) return peak * (double)(step + 1) / (double)warm_up;
    if (step >= steps || steps <= warm_up + 1) return step >= steps ? floor * peak : peak;
    double share = (double)(step - warm_up) / (double)(steps - 1 - warm_up);
    return peak * (floor + (1 - floor) * 0.5 * (1 + cos(3.14159265358979323846 * share)));
}

double csl_clip_norm(float *gradient, size_t count, double limit)
{
    double squares = 0;
    for (size_t i = 0; i < count; i++) squares += (double)gradient[i] * (double)gradient[i];
    double norm = sqrt(squares);
    if (norm > limit) {
        float scale = (float)(limit / norm);
        for (size_t i = 0; i < count; i++) gradient[i] *= scale;
    }
    return norm;
}
