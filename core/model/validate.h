/* How good weights are on the cases that choose the epoch, and the calibration that those cases give. Private
 * to core/model. */
#ifndef CSL_MODEL_VALIDATE_H
#define CSL_MODEL_VALIDATE_H

#include "model/calibration.h"
#include "model/division.h"
#include "model/network.h"
#include "model/pool.h"

typedef struct csl_verdict {
    double loss; /* of the hybrid branch, once each task has its own temperature: a mean over known targets */
    double auc;  /* of the hybrid branch's scores; the mean over outputs that have outcomes of both kinds, NaN
                    if  none has */
} csl_verdict;

/* Scores the valid split by the hybrid branch; outputs' calibrations, [label_count] zeroed ones or those of
 * an earlier call, become those of these weights. odds[label_count] are the logits of no modality at all.
 * valid_logit and valid_truth: [valid_count, label_count]. */
csl_status csl_validate(const csl_network *network, const float *weights, const csl_objective *objective,
                        const csl_encoded *encoded, const csl_division *division, const float *odds,
                        csl_pool *pool, float *valid_logit, const float *valid_truth,
                        csl_label_calibration *calibration, csl_verdict *verdict, csl_error *error);

#endif
