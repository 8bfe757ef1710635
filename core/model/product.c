#include "model/product.h"

#include <stdint.h>
#include <stdlib.h>

#include "model/dnn.h"
#include "model/kernel.h"
#include "model/split.h"

/* Whether splitting the operands takes less time than it saves. */
static bool pays(csl_split_parts parts, size_t m, size_t n, size_t k)
{
    size_t least = parts == CSL_SPLIT_EXACT ? 64 : 32;
    return m >= least && n >= least && k >= least && (parts != CSL_SPLIT_EXACT || m * n * k >= 1 << 20) &&
           csl_split_here();
}

static bool by_split(csl_split_parts parts, bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
                     const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc)
{
    return pays(parts, m, n, k) && (beta == 0.0f || beta == 1.0f) &&
           csl_split_gemm(parts, transpose_a, transpose_b, m, n, k, a, lda, b, ldb, beta == 1.0f, c, ldc);
}

void csl_gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a,
              size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc)
{
    if (alpha != 1.0f ||
        !by_split(CSL_SPLIT_EXACT, transpose_a, transpose_b, m, n, k, a, lda, b, ldb, beta, c, ldc))
        csl_dnn_gemm(transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void csl_gemm_gradient(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const float *a,
                       size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc)
{
    if (!by_split(CSL_SPLIT_SHORT, transpose_a, transpose_b, m, n, k, a, lda, b, ldb, beta, c, ldc))
        csl_dnn_gemm(transpose_a, transpose_b, m, n, k, 1.0f, a, lda, b, ldb, beta, c, ldc);
}

/* ---- weights ---- */

struct csl_packed {
    size_t n, k;
    /* split.h's right operands, of products and, while learning, of those back; */
    uint32_t *parts, *parts_back;
    const csl_packed *next;
    csl_dnn_weights *weights; /* or oneDNN's */
};

static uint32_t *room_for(csl_split_parts parts, size_t outer, size_t depth)
{
    return aligned_alloc(64, csl_split_bytes(parts, outer, depth));
}

void csl_packed_renew(csl_packed *p, const float *weight)
{
    if (p->parts) csl_split_right(CSL_SPLIT_EXACT, weight, p->k, true, p->k, p->n, p->parts);
    if (p->parts_back) csl_split_right(CSL_SPLIT_SHORT, weight, p->k, false, p->n, p->k, p->parts_back);
}

csl_status csl_packed_learning(size_t n, size_t k, csl_packed **packed, csl_error *error)
{
    csl_packed *p = *packed = calloc(1, sizeof *p);
    if (p)
        *p = (csl_packed){.n = n,
                          .k = k,
                          .parts = room_for(CSL_SPLIT_EXACT, n, k),
                          .parts_back = room_for(CSL_SPLIT_SHORT, k, n)};
    if (p && p->parts && p->parts_back) return CSL_OK;
    csl_packed_free(p);
    *packed = NULL;
    return csl_fail(error, CSL_ENOMEM, NULL, "no memory for weights of %zu x %zu that learn", n, k);
}

csl_status csl_packed_new(csl_precision precision, const float *weight, size_t n, size_t k,
                          csl_packed **packed, csl_error *error)
{
    csl_packed *p = *packed = calloc(1, sizeof *p);
    if (!p) return csl_fail(error, CSL_ENOMEM, NULL, "no memory for weights of %zu x %zu", n, k);
    *p = (csl_packed){.n = n, .k = k};
    if (precision == CSL_PRECISION_F32 && csl_split_here() && (p->parts = room_for(CSL_SPLIT_EXACT, n, k))) {
        csl_packed_renew(p, weight);
        return CSL_OK;
    }
    csl_status status = csl_dnn_weights_new(precision, weight, n, k, &p->weights, error);
    if (!status) return CSL_OK;
    csl_packed_free(p);
    *packed = NULL;
    return status;
}

void csl_packed_followed(csl_packed *p, const csl_packed *next)
{
    p->next = next;
}

void csl_packed_free(csl_packed *p)
{
    if (!p) return;
    free(p->parts);
    free(p->parts_back);
    csl_dnn_weights_free(p->weights);
    free(p);
}

/* ---- products ---- */

struct csl_products {
    csl_dnn_products *dnn;
    uint32_t *split; /* x in split.h's parts */
    size_t split_bytes;
};

csl_products *csl_products_new(void)
{
    csl_products *products = calloc(1, sizeof *products);
    if (products && (products->dnn = csl_dnn_products_new())) return products;
    free(products);
    return NULL;
}

void csl_products_free(csl_products *products)
{
    if (!products) return;
    csl_dnn_products_free(products->dnn);
    free(products->split);
    free(products);
}

enum { SPLIT_ROWS = 256 /* of a panel that stays in the cache */ };

static bool reserve(csl_products *products, size_t depth)
{
    size_t bytes = csl_split_bytes(CSL_SPLIT_EXACT, SPLIT_ROWS, depth);
    if (bytes <= products->split_bytes) return true;
    free(products->split);
    products->split_bytes = 0;
    products->split = aligned_alloc(64, bytes);
    if (products->split) products->split_bytes = bytes;
    return products->split;
}

bool csl_products_warm(csl_products *products, const csl_packed *w, bool residual)
{
    return w->parts ? reserve(products, w->k) : csl_dnn_products_warm(products->dnn, w->weights, residual);
}

static bool multiply_split(csl_products *products, const csl_packed *w, const float *bias, const float *x,
                           size_t rows, const float *residual, float *y)
{
    if (!reserve(products, w->k)) return false;
    for (size_t done = 0; done < rows; done += SPLIT_ROWS) {
        size_t now = rows - done < SPLIT_ROWS ? rows - done : SPLIT_ROWS, at = done * w->n;
        if (residual) csl_kernel_rows(y + at, residual + at, now, w->n, bias);
        csl_split_left(CSL_SPLIT_EXACT, x + done * w->k, w->k, false, now, w->k, products->split);
        csl_split_multiply(CSL_SPLIT_EXACT, products->split, w->parts, now, w->n, w->k,
                           residual ? y + at : bias, residual ? w->n : 0, y + at, w->n,
                           w->next ? w->next->parts : NULL);
    }
    return true;
}

bool csl_product_back(csl_products *products, const csl_packed *w, const float *dy, size_t rows, float *dx)
{
    if (!w->parts_back || !reserve(products, w->n)) return false;
    for (size_t done = 0; done < rows; done += SPLIT_ROWS) {
        size_t now = rows - done < SPLIT_ROWS ? rows - done : SPLIT_ROWS;
        csl_split_left(CSL_SPLIT_SHORT, dy + done * w->n, w->n, false, now, w->n, products->split);
        csl_split_multiply(CSL_SPLIT_SHORT, products->split, w->parts_back, now, w->k, w->n, NULL, 0,
                           dx + done * w->k, w->k, NULL);
    }
    return true;
}

bool csl_product(csl_products *products, const csl_packed *w, const float *bias, const float *x, size_t rows,
                 const float *residual, float *y)
{
    return w->parts ? multiply_split(products, w, bias, x, rows, residual, y)
                    : csl_dnn_product(products->dnn, w->weights, bias, x, rows, residual, y);
}

bool csl_precision_here(csl_precision precision)
{
    return csl_dnn_precision_here(precision);
}
