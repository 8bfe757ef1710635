/* Why a score is what it is: which modality moved it, and which token. Private to core/model. */
#ifndef CSL_MODEL_EXPLAIN_H
#define CSL_MODEL_EXPLAIN_H

#include "model/network.h"

/* Exact Shapley values (Shapley 1953) of the hybrid logits over the modalities of `set`, which the last
 * forward on the workspace used: contribution[label_count, modality_count], 0 where not in the set. The empty
 * set is worth baseline[label_count]; over modalities they sum to logit - baseline. Runs the fusion 2^|set|
 * times, no encoder. */
csl_status csl_shapley(const csl_network *network, const float *weights, csl_modality_set set,
                       csl_workspace *workspace, const double *baseline, double *contribution,
                       csl_error *error);

/* Integrated gradients (Sundararajan, Taly, Yan 2017) of the hybrid logit of `label` by the token embeddings
 * h0, along the straight line from all tokens of a modality being their mean. attribution[m][n] for each
 * modality of the set; they sum to the logit minus that of the case with mean tokens, but for an *error_left
 * of at most 1 % of that difference or 0.01, whichever is more, where 8, 16 or at most 32 Gauss-Legendre
 * nodes reach it. Costs a forward and half a backward pass for each node. */
csl_status csl_integrated_gradients(const csl_network *network, const float *weights,
                                    const csl_encoded *encoded, csl_modality_set set, size_t label,
                                    csl_workspace *workspace, double *const *attribution, double *error_left,
                                    csl_error *error);

#endif
