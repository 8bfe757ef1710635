/* The one door to oneDNN: single-precision matrix products on the calling thread. */
#ifndef CSL_MODEL_DNN_H
#define CSL_MODEL_DNN_H

#include <stdbool.h>
#include <stddef.h>

/* C[m, n] = alpha * op(A)[m, k] op(B)[k, n] + beta * C, row-major; op transposes where the flag says so. lda,
 * ldb, ldc are the distances in floats between stored rows. With beta 0 the old content of C is not read. m,
 * n, k > 0. */
void csl_gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a,
              size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc);

#endif
