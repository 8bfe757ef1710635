#include "model/dnn.h"

#include <omp.h>
#include <oneapi/dnnl/dnnl.h>

/* dnnl_sgemm alone: it has the same form in oneDNN 2.6 (Debian 12) and 3.7 (Debian 13), whose primitives
 * differ. */

void csl_gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a,
              size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc)
{
    /* Work is parallel over cases, never inside one; and one thread adds in one order. The setting is the
     * thread's own. */
    static _Thread_local bool single;
    if (!single) {
        omp_set_num_threads(1);
        single = true;
    }
    /* It fails only on impossible dimensions and leading dimensions, which csl_network_layout has ruled out.
     */
    (void)dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', (dnnl_dim_t)m, (dnnl_dim_t)n,
                     (dnnl_dim_t)k, alpha, a, (dnnl_dim_t)lda, b, (dnnl_dim_t)ldb, beta, c, (dnnl_dim_t)ldc);
}
