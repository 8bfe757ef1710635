/* Matrix products on the calling thread, by the processor's matrix unit (split.h) where it has one and oneDNN
 * elsewhere. Work is parallel over cases, never inside a product, and one thread adds in one order: the same
 * call gives the same bits. */
#ifndef CSL_MODEL_PRODUCT_H
#define CSL_MODEL_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "model/model.h"

/* C[m, n] = alpha * op(A)[m, k] op(B)[k, n] + beta * C, row-major; op transposes where the flag says so. lda,
 * ldb, ldc are the distances in floats between stored rows. With beta 0 the old content of C is not read. m,
 * n, k > 0. */
void csl_gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a,
              size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc);
/* The same with alpha 1, for gradients: of each number 16 bits enter where that is faster. */
void csl_gemm_gradient(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const float *a,
                       size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc);

/* ---- products with weights that stay ---- */

/* Weights [n, k] of a linear layer in the order in which they are multiplied fastest, rounded to a precision.
 * Read-only once made; threads may share it. Free with csl_packed_free, which takes NULL. */
typedef struct csl_packed csl_packed;
csl_status csl_packed_new(csl_precision precision, const float *weight, size_t n, size_t k,
                          csl_packed **packed, csl_error *error);
void csl_packed_free(csl_packed *packed);
/* `next` is what will be multiplied by after this, and must live as long: it is fetched in time. */
void csl_packed_followed(csl_packed *packed, const csl_packed *next);

/* Weights that change from step to step, for products with them and back, where csl_split_here() alone;
 * csl_packed_renew lays them out once they have changed. */
csl_status csl_packed_learning(size_t n, size_t k, csl_packed **packed, csl_error *error);
void csl_packed_renew(csl_packed *packed, const float *weight);

/* What one thread needs to multiply by packed weights. */
typedef struct csl_products csl_products;
csl_products *csl_products_new(void); /* NULL: no memory */
void csl_products_free(csl_products *products);

/* y[rows, n] = x[rows, k] weight^T + bias (+ residual[rows, n] unless NULL; not y itself). x is rounded to
 * the weights' precision; sums are float32. False: no memory, y is undefined. */
bool csl_product(csl_products *products, const csl_packed *packed, const float *bias, const float *x,
                 size_t rows, const float *residual, float *y);
/* dx[rows, k] = dy[rows, n] weight, of numbers of 16 bits. False: no memory, or weights that do not learn. */
bool csl_product_back(csl_products *products, const csl_packed *packed, const float *dy, size_t rows,
                      float *dx);

/* Makes what any number of rows may need, so that a forked child finds it. */
bool csl_products_warm(csl_products *products, const csl_packed *packed, bool residual);

/* Whether processor and library multiply in this precision faster than in float32. */
bool csl_precision_here(csl_precision precision);

#endif
