/* Learning across modalities as CLIP does it (Radford et al. 2021): what two modalities say of one patient is
 * more alike than what they say of two. Each modality's embedding is projected to a vector of unit length in
 * a space that all modalities share; docs/model.md, "Across modalities", has the equations.
 *
 * Nothing here allocates or fails. Private to core/model.
 */
#ifndef CSL_MODEL_CONTRAST_H
#define CSL_MODEL_CONTRAST_H

#include "model/network.h"

/* The logarithm of what cosines are multiplied by: its start, and the greatest that training lets it reach,
 * both as in CLIP. */
#define CSL_CONTRAST_START 2.6592600f /* log(1 / 0.07) */
#define CSL_CONTRAST_MOST  4.6051702f /* log(100) */

/* v[J] = p / |p|, p = linear(e; m.project). A p of length 0 gives 0. */
void csl_contrast_project(const csl_network *network, const float *weights, size_t modality, const float *e,
                          float *v);
/* From the gradient by v[J]: adds to the weights' gradient and to de[D]. */
void csl_contrast_project_back(const csl_network *network, const float *weights, size_t modality,
                               const float *e, const float *dv, float *gradient, float *de);

/* Symmetric InfoNCE (van den Oord et al. 2018; Radford et al. 2021) over all pairs of modalities. Of case i,
 * v[i, m, dimension] is there if bit m of set[i] says so. For each pair a, b with at least two cases that
 * have both, n of them, S_ij = exp(log_scale) v[i, a] . v[j, b]:
 *     loss_ab = - 1 / 2n sum_i (log softmax_j(S_ij)_i + log softmax_j(S_ji)_i)
 * Returns the mean over these pairs, 0 if there is none. dv, of v's shape, becomes the gradient by v, 0 where
 * nothing is; *dlog_scale that by log_scale. scratch has csl_contrast_scratch(cases, dimension) floats: this
 * part of memory grows with the square of the batch. */
size_t csl_contrast_scratch(size_t cases, size_t dimension);
double csl_contrast_loss(const float *v, const csl_modality_set *set, size_t cases, size_t modalities,
                         size_t dimension, double log_scale, float *scratch, float *dv, double *dlog_scale);

#endif
