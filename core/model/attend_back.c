#include "model/attend.h"
#include "model/product.h"
#include "model/kernel.h"

/* A tile of scores: at least one row, else about a quarter megabyte, so that it stays in the second-level
 * cache. */
enum { SCORES = 65536 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Rows of scores are padded to whole vectors: the loops over them have no remainders. */
static size_t padded(size_t keys)
{
    return (keys + 15) / 16 * 16;
}

static void pad(float *scores, size_t rows, size_t keys, float value)
{
    size_t row = padded(keys);
    for (size_t r = 0; r < rows && row > keys; r++)
        for (size_t i = keys; i < row; i++) scores[r * row + i] = value;
}

static size_t tile_rows(size_t keys)
{
    size_t row = padded(keys);
    return row < SCORES ? SCORES / row : 1;
}

size_t csl_attend_back_scratch(size_t keys)
{
    return 2 * tile_rows(keys) * padded(keys);
}

/* The product of split.h, or oneDNN's. */
static void gemm(csl_split_parts parts, bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
                 const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc)
{
    if (parts == CSL_SPLIT_EXACT)
        csl_gemm(transpose_a, transpose_b, m, n, k, 1.0f, a, lda, b, ldb, beta, c, ldc);
    else
        csl_gemm_gradient(transpose_a, transpose_b, m, n, k, a, lda, b, ldb, beta, c, ldc);
}

void csl_attend_back(csl_split_parts parts, const float *q, size_t ldq, size_t rows,
                     const csl_segment *segments, size_t count, size_t ldkv, size_t head, float scale,
                     const float *d_o, size_t ldo, const float *total, float *dq, float *scratch)
{
    size_t keys = 0;
    for (size_t i = 0; i < count; i++) keys += segments[i].rows;
    size_t tile = tile_rows(keys), row = padded(keys);
    float *scores = scratch, *dscores = scratch + tile * row;
    for (size_t start = 0; start < rows; start += tile) {
        size_t now = least(tile, rows - start), column = 0;
        const float *q_tile = q + start * ldq, *do_tile = d_o + start * ldo;
        for (size_t i = 0; i < count; column += segments[i++].rows) {
            gemm(parts, false, true, now, segments[i].rows, head, q_tile, ldq, segments[i].k, ldkv, 0.0f,
                 scores + column, row);
            gemm(parts, false, true, now, segments[i].rows, head, do_tile, ldo, segments[i].v, ldkv, 0.0f,
                 dscores + column, row);
        }
        pad(scores, now, keys, -1e30f);
        pad(dscores, now, keys, 0.0f);
        csl_kernel_softmax_again(scores, now, row, scale, total + start);
        column = 0;
        for (size_t i = 0; i < count; column += segments[i++].rows)
            csl_gemm(true, false, segments[i].rows, head, now, 1.0f, scores + column, row, do_tile, ldo, 1.0f,
                     segments[i].dv, ldkv);
        csl_kernel_softmax_back(dscores, scores, now, row, scale);
        column = 0;
        for (size_t i = 0; i < count; column += segments[i++].rows) {
            gemm(parts, false, false, now, head, segments[i].rows, dscores + column, row, segments[i].k, ldkv,
                 i ? 1.0f : 0.0f, dq + start * ldq, ldq);
            csl_gemm(true, false, segments[i].rows, head, now, 1.0f, dscores + column, row, q_tile, ldq, 1.0f,
                     segments[i].dk, ldkv);
        }
    }
}
