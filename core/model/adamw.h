/* AdamW: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019, algorithm 2, with the learning
 * rate as the schedule multiplier; its schedule; and clipping of the gradient's norm (Pascanu, Mikolov,
 * Bengio 2013). */
#ifndef CSL_MODEL_ADAMW_H
#define CSL_MODEL_ADAMW_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct csl_adamw {
    double beta1, beta2, epsilon; /* 0.9, 0.999, 1e-8 after csl_adamw_new */
    uint64_t step;
    size_t count;
    float *first, *second; /* [count], moments */
} csl_adamw;

csl_status csl_adamw_new(size_t count, csl_adamw *optimiser, csl_error *error);
void csl_adamw_free(csl_adamw *optimiser);
/* Back to step 0 without moments, for another loss: weights that had no gradient so far have second moments
 * near 0, which the late steps' bias correction would no longer make up for, and would leap. */
void csl_adamw_reset(csl_adamw *optimiser);

/* Once before the updates of a step. */
void csl_adamw_begin(csl_adamw *optimiser);
/* weights[offset .. offset + count) of the arrays:
 *     w -= rate * decay * w + rate * m_hat / (sqrt(v_hat) + epsilon) */
void csl_adamw_update(csl_adamw *optimiser, double rate, double decay, size_t offset, size_t count,
                      float *weights, const float *gradient);

/* Rate of step (0-based) of `steps`: linear from peak / warm_up to peak over the first warm_up steps, then
 * half a cosine down to floor * peak. */
double csl_schedule(uint64_t step, uint64_t steps, uint64_t warm_up, double peak, double floor);

/* Scales the gradient so that its Euclidean norm is at most `limit`; returns the norm it had. */
double csl_clip_norm(float *gradient, size_t count, double limit);

#endif
