/* Logits of many cases at once. */
#ifndef CSL_MODEL_SCORE_H
#define CSL_MODEL_SCORE_H

#include "model/network.h"
#include "model/pool.h"

/* Of cases which[0 .. count) of encoded, each for sets[0 .. set_count) of modalities:
 * logit[count, set_count, CSL_BRANCH_COUNT, label_count]. Where a case has none of a set's modalities all
 * branches get baseline[label_count]. CSL_ENOMEM is the only error. */
csl_status csl_score_cases(const csl_network *network, const float *weights, const csl_encoded *encoded,
                           const size_t *which, size_t count, const csl_modality_set *sets, size_t set_count,
                           const float *baseline, csl_pool *pool, float *logit, csl_error *error);

#endif
