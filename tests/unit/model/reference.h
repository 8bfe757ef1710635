/* The network once more, from the equations of docs/model.md alone: plain loops, double precision, tensors
 * found by name. Slow and independent of core/model's kernels, tapes and layout; what the fast code is held
 * against. */
#ifndef TESTS_MODEL_REFERENCE_H
#define TESTS_MODEL_REFERENCE_H

#include "model/network.h"

/* logit[CSL_BRANCH_COUNT, label_count], gate[3] for the modalities of `set`, all present in `encoded`.
 * `shift`, unless NULL, is added to h0 of modality 0: [n, D]. */
void reference_forward(const csl_network *network, const double *weights, const csl_encoded *encoded,
                       csl_modality_set set, const double *shift, double *logit, double *gate);

/* A small network of three modalities (8 wide, 2 heads, 2 blocks, 3 bottlenecks, 2 labels): "alpha" without
 * codes, "beta" with codes and a coded feature, "gamma" with codes alone and one token; random weights, also
 * where training starts from 0 or 1. */
void reference_small(csl_network *network, float **weights, csl_encoded *encoded);
/* Tokens drawn from the seed; one value in seven is not known. counts[modality_count], 0: not present. */
void reference_case(const csl_network *network, const size_t *counts, uint64_t seed, csl_encoded *encoded);

#endif
