/* The one door to oneDNN: matrix products on the calling thread. Work is parallel over cases, never inside a
 * product, and one thread adds in one order: the same call gives the same bits. */
#ifndef CSL_MODEL_DNN_H
#define CSL_MODEL_DNN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "model/model.h"

/* C[m, n] = alpha * op(A)[m, k] op(B)[k, n] + beta * C, row-major; op transposes where the flag says so. lda,
 * ldb, ldc are the distances in floats between stored rows. With beta 0 the old content of C is not read. m,
 * n, k > 0. */
void csl_gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a,
              size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc);

/* ---- products with weights that stay ---- */

/* Weights [n, k] of a linear layer in the order in which oneDNN multiplies them fastest, rounded to a
 * precision. Read-only once made; threads may share it. Free with csl_packed_free, which takes NULL. */
typedef struct csl_packed csl_packed;
csl_status csl_packed_new(csl_precision precision, const float *weight, size_t n, size_t k,
                          csl_packed **packed, csl_error *error);
void csl_packed_free(csl_packed *packed);

/* What one thread needs to multiply by packed weights: oneDNN's kernels by shape, made as shapes come; at
 * most CSL_PRODUCTS_MAX, then all are dropped and made anew. */
enum { CSL_PRODUCTS_MAX = 512 };
typedef struct csl_products csl_products;
csl_products *csl_products_new(void); /* NULL: no memory */
void csl_products_free(csl_products *products);

/* y[rows, n] = x[rows, k] weight^T + bias (+ residual[rows, n] unless NULL; not y itself). x is rounded to
 * the weights' precision; sums are float32. False: oneDNN had no memory, y is undefined. */
bool csl_product(csl_products *products, const csl_packed *packed, const float *bias, const float *x,
                 size_t rows, const float *residual, float *y);

/* Makes the kernels that any number of rows may need, so that a forked child finds them. */
bool csl_products_warm(csl_products *products, const csl_packed *packed, bool residual);

/* Whether processor and library multiply in this precision faster than in float32. */
bool csl_precision_here(csl_precision precision);

#endif
