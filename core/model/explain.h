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

/* Which token moved which logit: integrals of the hybrid logits' gradients along one path. */
typedef struct csl_attributions {
    double *part[CSL_MAX_MODALITIES]; /* [label_count, n] for each modality of the set, else NULL */
    /* [label_count] */
    double difference[CSL_MAX_LABELS]; /* logit minus that of the case with mean tokens */
    double error_left[CSL_MAX_LABELS]; /* |sum of the label's parts - difference| */
    size_t nodes;                      /* at which gradients were taken */
} csl_attributions;

/* What error_left may be at most: 1 % of the difference, or 0.001 where that is more. Logits are sums of
 * float terms and good to about 0.00001. */
double csl_attribution_tolerance(double difference);

enum { CSL_ATTRIBUTION_NODES = 8, CSL_ATTRIBUTION_MOST_NODES = 512 };

/* Integrated gradients (Sundararajan, Taly, Yan 2017) of each label's hybrid logit by the token embeddings
 * h0, along the straight line from all tokens of a modality being their mean. The line begins as four
 * stretches, the integral over each being Gauss-Legendre with CSL_ATTRIBUTION_NODES nodes; one that misses a
 * label's difference between its ends by more than a quarter of the tolerance is halved, and so on, until
 * CSL_ATTRIBUTION_MOST_NODES are spent. A node costs a forward pass and for each label half a backward pass.
 * Free with csl_attributions_free, also after failure. */
csl_status csl_integrated_gradients(const csl_network *network, const float *weights,
                                    const csl_encoded *encoded, csl_modality_set set,
                                    csl_workspace *workspace, csl_attributions *attributions,
                                    csl_error *error);
void csl_attributions_free(csl_attributions *attributions);

#endif
