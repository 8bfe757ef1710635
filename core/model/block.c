#include <math.h>
#include <string.h>

#include "model/dnn.h"
#include "model/kernel.h"
#include "model/tape.h"

void csl_linear_forward(const float *w, const csl_linear *l, const float *x, size_t rows,
                        const float *residual, float *y)
{
    csl_kernel_rows(y, residual, rows, l->outputs, w + l->bias);
    csl_gemm(false, true, rows, l->outputs, l->inputs, 1.0f, x, l->inputs, w + l->weight, l->inputs, 1.0f, y,
             l->outputs);
}

void csl_linear_gelu(const float *w, const csl_linear *l, const float *x, size_t rows, float *pre, float *act)
{
    csl_gemm(false, true, rows, l->outputs, l->inputs, 1.0f, x, l->inputs, w + l->weight, l->inputs, 0.0f,
             pre, l->outputs);
    csl_kernel_gelu(pre, rows, l->outputs, w + l->bias, act);
}

void csl_linear_backward(const float *w, float *gradient, const csl_linear *l, const float *x,
                         const float *dy, size_t rows, float *dx, bool accumulate)
{
    if (gradient) {
        csl_gemm(true, false, l->outputs, l->inputs, rows, 1.0f, dy, l->outputs, x, l->inputs, 1.0f,
                 gradient + l->weight, l->inputs);
        csl_kernel_sum_rows(dy, rows, l->outputs, gradient + l->bias);
    }
    if (dx)
        csl_gemm(false, false, rows, l->inputs, l->outputs, 1.0f, dy, l->outputs, w + l->weight, l->inputs,
                 accumulate ? 1.0f : 0.0f, dx, l->inputs);
}

static size_t segment_rows(const csl_segment *segments, size_t count)
{
    size_t rows = 0;
    for (size_t i = 0; i < count; i++) rows += segments[i].rows;
    return rows;
}

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
    return row < CSL_ATTENTION_TILE ? CSL_ATTENTION_TILE / row : 1;
}

/* Multi-head attention (Vaswani et al. 2017), a tile of query rows at a time, so that no full score matrix is
 * ever stored. */
static void attention(const csl_network *n, const float *q, size_t ldq, size_t rows,
                      const csl_segment *segments, size_t count, size_t ldkv, float *o, float *total,
                      csl_workspace *s)
{
    size_t width = n->width, head = width / n->heads, keys = segment_rows(segments, count);
    size_t tile = tile_rows(keys), row = padded(keys);
    float scale = 1.0f / sqrtf((float)head);
    for (size_t start = 0; start < rows; start += tile) {
        size_t now = least(tile, rows - start);
        for (size_t h = 0; h < n->heads; h++) {
            size_t at = h * head, column = 0;
            for (size_t i = 0; i < count; column += segments[i++].rows)
                csl_gemm(false, true, now, segments[i].rows, head, 1.0f, q + start * ldq + at, ldq,
                         segments[i].k + at, ldkv, 0.0f, s->scores + column, row);
            pad(s->scores, now, keys, -1e30f);
            csl_kernel_softmax(s->scores, now, row, scale, total + h * rows + start);
            column = 0;
            for (size_t i = 0; i < count; column += segments[i++].rows)
                csl_gemm(false, false, now, head, segments[i].rows, 1.0f, s->scores + column, row,
                         segments[i].v + at, ldkv, i ? 1.0f : 0.0f, o + start * width + at, width);
        }
    }
}

/* Scores are made again from the queries, keys and kept totals (Dao et al. 2022). dq is written, dk and dv
 * are added to. */
static void attention_back(const csl_network *n, const float *q, size_t ldq, size_t rows,
                           const csl_segment *segments, size_t count, size_t ldkv, const float *total,
                           const float *d_o, float *dq, csl_workspace *s)
{
    size_t width = n->width, head = width / n->heads, keys = segment_rows(segments, count);
    size_t tile = tile_rows(keys), row = padded(keys);
    float scale = 1.0f / sqrtf((float)head);
    for (size_t start = 0; start < rows; start += tile) {
        size_t now = least(tile, rows - start);
        for (size_t h = 0; h < n->heads; h++) {
            size_t at = h * head, column = 0;
            const float *q_tile = q + start * ldq + at, *do_tile = d_o + start * width + at;
            for (size_t i = 0; i < count; column += segments[i++].rows) {
                csl_gemm(false, true, now, segments[i].rows, head, 1.0f, q_tile, ldq, segments[i].k + at,
                         ldkv, 0.0f, s->scores + column, row);
                csl_gemm(false, true, now, segments[i].rows, head, 1.0f, do_tile, width, segments[i].v + at,
                         ldkv, 0.0f, s->dscores + column, row);
            }
            pad(s->scores, now, keys, -1e30f);
            pad(s->dscores, now, keys, 0.0f);
            csl_kernel_softmax_again(s->scores, now, row, scale, total + h * rows + start);
            column = 0;
            for (size_t i = 0; i < count; column += segments[i++].rows)
                csl_gemm(true, false, segments[i].rows, head, now, 1.0f, s->scores + column, row, do_tile,
                         width, 1.0f, segments[i].dv + at, ldkv);
            csl_kernel_softmax_back(s->dscores, s->scores, now, row, scale);
            column = 0;
            for (size_t i = 0; i < count; column += segments[i++].rows) {
                csl_gemm(false, false, now, head, segments[i].rows, 1.0f, s->dscores + column, row,
                         segments[i].k + at, ldkv, i ? 1.0f : 0.0f, dq + start * ldq + at, ldq);
                csl_gemm(true, false, segments[i].rows, head, now, 1.0f, s->dscores + column, row, q_tile,
                         ldq, 1.0f, segments[i].dk + at, ldkv);
            }
        }
    }
}

void csl_block_forward(const csl_network *n, const float *w, const csl_block *l, csl_block_tape *tape,
                       size_t rows, const csl_segment *segments, size_t segment_count, csl_workspace *s)
{
    size_t width = n->width;
    csl_kernel_norm(tape->in, rows, width, w + l->norm1.weight, w + l->norm1.bias, tape->a, tape->stat1);
    if (segments) {
        csl_linear_forward(w, &l->q, tape->a, rows, NULL, tape->q);
        attention(n, tape->q, width, rows, segments, segment_count, 2 * width, tape->o, tape->total, s);
    } else {
        csl_segment self = {.k = tape->q + width, .v = tape->q + 2 * width, .rows = rows};
        csl_linear_forward(w, &l->qkv, tape->a, rows, NULL, tape->q);
        attention(n, tape->q, 3 * width, rows, &self, 1, 3 * width, tape->o, tape->total, s);
    }
    csl_linear_forward(w, &l->out, tape->o, rows, tape->in, tape->mid);
    csl_kernel_norm(tape->mid, rows, width, w + l->norm2.weight, w + l->norm2.bias, tape->c, tape->stat2);
    csl_linear_gelu(w, &l->up, tape->c, rows, tape->pre, tape->act);
    csl_linear_forward(w, &l->down, tape->act, rows, tape->mid, tape->out);
}

void csl_block_backward(const csl_network *n, const float *w, float *gradient, const csl_block *l,
                        const csl_block_tape *tape, size_t rows, const csl_segment *segments,
                        size_t segment_count, float *dh, csl_workspace *s)
{
    size_t width = n->width;
    float *norm1 = gradient ? gradient + l->norm1.weight : NULL,
          *norm2 = gradient ? gradient + l->norm2.weight : NULL;
    float *bias1 = gradient ? gradient + l->norm1.bias : NULL,
          *bias2 = gradient ? gradient + l->norm2.bias : NULL;
    csl_linear_backward(w, gradient, &l->down, tape->act, dh, rows, s->wide, false);
    csl_kernel_gelu_back(s->wide, tape->pre, rows * l->up.outputs);
    csl_linear_backward(w, gradient, &l->up, tape->c, s->wide, rows, s->narrow, false);
    csl_kernel_norm_back(s->narrow, tape->mid, rows, width, w + l->norm2.weight, tape->stat2, dh, norm2,
                         bias2);

    csl_linear_backward(w, gradient, &l->out, tape->o, dh, rows, s->narrow, false);
    if (segments) {
        attention_back(n, tape->q, width, rows, segments, segment_count, 2 * width, tape->total, s->narrow,
                       s->wide, s);
        csl_linear_backward(w, gradient, &l->q, tape->a, s->wide, rows, s->narrow, false);
    } else {
        memset(s->wide, 0, rows * 3 * width * sizeof *s->wide);
        csl_segment self = {.k = tape->q + width, .v = tape->q + 2 * width, .rows = rows};
        self.dk = s->wide + width;
        self.dv = s->wide + 2 * width;
        attention_back(n, tape->q, 3 * width, rows, &self, 1, 3 * width, tape->total, s->narrow, s->wide, s);
        csl_linear_backward(w, gradient, &l->qkv, tape->a, s->wide, rows, s->narrow, false);
    }
    csl_kernel_norm_back(s->narrow, tape->in, rows, width, w + l->norm1.weight, tape->stat1, dh, norm1,
                         bias1);
}
