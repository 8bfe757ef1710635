/* The one door to oneDNN: matrix products on the calling thread. One thread adds in one order: the same call
 * gives the same bits. Only product.c passes through it. */
#ifndef CSL_MODEL_DNN_H
#define CSL_MODEL_DNN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "model/model.h"

/* As csl_gemm. */
void csl_dnn_gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha,
                  const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc);

/* Weights [n, k] of a linear layer in the order in which oneDNN multiplies them fastest, rounded to a
 * precision. Read-only once made; threads may share it. Free with csl_dnn_weights_free, which takes NULL. */
typedef struct csl_dnn_weights csl_dnn_weights;
csl_status csl_dnn_weights_new(csl_precision precision, const float *weight, size_t n, size_t k,
                               csl_dnn_weights **weights, csl_error *error);
void csl_dnn_weights_free(csl_dnn_weights *weights);

/* oneDNN's kernels by shape, made as shapes come; at most CSL_DNN_KERNELS_MAX, then all are dropped and made
 * anew. One thread's own. */
enum { CSL_DNN_KERNELS_MAX = 512 };
typedef struct csl_dnn_products csl_dnn_products;
csl_dnn_products *csl_dnn_products_new(void); /* NULL: no memory */
void csl_dnn_products_free(csl_dnn_products *products);

/* As csl_product, csl_products_warm and csl_precision_here. */
bool csl_dnn_product(csl_dnn_products *products, const csl_dnn_weights *weights, const float *bias,
                     const float *x, size_t rows, const float *residual, float *y);
bool csl_dnn_products_warm(csl_dnn_products *products, const csl_dnn_weights *weights, bool residual);
bool csl_dnn_precision_here(csl_precision precision);

#endif
