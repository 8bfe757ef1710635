/* Attention of one head, without the product of all queries and keys: a few queries at a time against all
 * keys, the queries side by side in the processor's lanes, so that a softmax runs down the keys and all its
 * steps are vertical. */
#ifndef CSL_MODEL_ATTEND_H
#define CSL_MODEL_ATTEND_H

#include <stddef.h>

#include "model/split.h"

/* Attention's other side: rows of keys and values, one segment a modality, and their gradients in backward.
 * In a cross block keys and values are both x, and the gradients both dt. */
typedef struct csl_segment {
    const float *k, *v;
    float *dk, *dv;
    size_t rows;
} csl_segment;

/* o[row] = softmax(scale q[row] k^T) v for `rows` rows, over the keys of all segments; `head` columns of
 * each. No share is under e^-60 of the greatest. total[rows] keeps the logarithms of the sums of
 * exponentials. ldq, ldkv, ldo are distances in floats between rows. scratch: csl_attend_scratch(keys, head)
 * floats, aligned to 64 bytes. */
void csl_attend(const float *q, size_t ldq, size_t rows, const csl_segment *segments, size_t count,
                size_t ldkv, size_t head, float scale, float *o, size_t ldo, float *total, float *scratch);
size_t csl_attend_scratch(size_t keys, size_t head);

/* From d_o, the gradient by o; scores are made again from queries, keys and kept totals (Dao et al. 2022). dq
 * is written, the segments' dk and dv are added to. `parts` says how many bits of a number enter. scratch:
 * csl_attend_back_scratch(keys) floats. */
void csl_attend_back(csl_split_parts parts, const float *q, size_t ldq, size_t rows,
                     const csl_segment *segments, size_t count, size_t ldkv, size_t head, float scale,
                     const float *d_o, size_t ldo, const float *total, float *dq, float *scratch);
size_t csl_attend_back_scratch(size_t keys);

/* The same of rows among themselves, as many queries as keys: where the processor has a matrix unit its
 * products are split.h's. This also reads o. scratch: csl_attend_self_back_scratch(rows, head) floats,
 * aligned to 64 bytes. */
void csl_attend_self_back(csl_split_parts parts, const float *q, size_t ldq, const csl_segment *self,
                          size_t ldkv, size_t head, float scale, const float *o, const float *d_o, size_t ldo,
                          const float *total, float *dq, float *scratch);
size_t csl_attend_self_back_scratch(size_t rows, size_t head);

#endif
