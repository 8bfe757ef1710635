#include <math.h>
#include <string.h>

#include "model/dnn.h"
#include "model/kernel.h"
#include "model/prepared.h"
#include "model/tape.h"

void csl_linear_forward(const float *w, const csl_linear *l, const float *x, size_t rows,
                        const float *residual, float *y)
{
    csl_kernel_rows(y, residual, rows, l->outputs, w + l->bias);
    csl_gemm(false, true, rows, l->outputs, l->inputs, 1.0f, x, l->inputs, w + l->weight, l->inputs, 1.0f, y,
             l->outputs);
}

/* Without memory for oneDNN's kernels it is the plain product. */
static bool prepared_rows(const csl_network *n, const float *w, const csl_linear *l, const float *x,
                          size_t rows, const float *residual, float *y, csl_workspace *s)
{
    const csl_packed *packed = csl_prepared_layer(n->prepared, w, l);
    if (!packed || (!s->products && !(s->products = csl_products_new()))) return false;
    return csl_product(s->products, packed, w + l->bias, x, rows, residual, y);
}

void csl_linear_rows(const csl_network *n, const float *w, const csl_linear *l, const float *x, size_t rows,
                     const float *residual, float *y, csl_workspace *s)
{
    if (!prepared_rows(n, w, l, x, rows, residual, y, s)) csl_linear_forward(w, l, x, rows, residual, y);
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

/* `heads` attentions side by side: head h reads columns h * head .. of queries, keys and values, and writes
 * those of o. */
typedef struct heads {
    size_t heads, head; /* head: columns of one */
    float scale;
} heads;

/* Multi-head attention (Vaswani et al. 2017). */
static void attention(heads a, const float *q, size_t ldq, size_t rows, const csl_segment *segments,
                      size_t count, size_t ldkv, float *o, float *total, csl_workspace *s)
{
    csl_segment part[CSL_MAX_MODALITIES];
    for (size_t h = 0; h < a.heads; h++) {
        size_t at = h * a.head;
        for (size_t i = 0; i < count; i++)
            part[i] =
                (csl_segment){.k = segments[i].k + at, .v = segments[i].v + at, .rows = segments[i].rows};
        csl_attend(q + at, ldq, rows, part, count, ldkv, a.head, a.scale, o + at, a.heads * a.head,
                   total + h * rows, s->scores);
    }
}

/* Scores are made again from the queries, keys and kept totals (Dao et al. 2022). dq is written, dk and dv
 * are added to. */
static void attention_back(heads a, const float *q, size_t ldq, size_t rows, const csl_segment *segments,
                           size_t count, size_t ldkv, const float *total, const float *d_o, float *dq,
                           csl_workspace *s)
{
    size_t ldo = a.heads * a.head, keys = segment_rows(segments, count);
    size_t tile = tile_rows(keys), row = padded(keys);
    for (size_t start = 0; start < rows; start += tile) {
        size_t now = least(tile, rows - start);
        for (size_t h = 0; h < a.heads; h++) {
            size_t at = h * a.head, column = 0;
            const float *q_tile = q + start * ldq + at, *do_tile = d_o + start * ldo + at;
            for (size_t i = 0; i < count; column += segments[i++].rows) {
                csl_gemm(false, true, now, segments[i].rows, a.head, 1.0f, q_tile, ldq, segments[i].k + at,
                         ldkv, 0.0f, s->scores + column, row);
                csl_gemm(false, true, now, segments[i].rows, a.head, 1.0f, do_tile, ldo, segments[i].v + at,
                         ldkv, 0.0f, s->dscores + column, row);
            }
            pad(s->scores, now, keys, -1e30f);
            pad(s->dscores, now, keys, 0.0f);
            csl_kernel_softmax_again(s->scores, now, row, a.scale, total + h * rows + start);
            column = 0;
            for (size_t i = 0; i < count; column += segments[i++].rows)
                csl_gemm(true, false, segments[i].rows, a.head, now, 1.0f, s->scores + column, row, do_tile,
                         ldo, 1.0f, segments[i].dv + at, ldkv);
            csl_kernel_softmax_back(s->dscores, s->scores, now, row, a.scale);
            column = 0;
            for (size_t i = 0; i < count; column += segments[i++].rows) {
                csl_gemm(false, false, now, a.head, segments[i].rows, 1.0f, s->dscores + column, row,
                         segments[i].k + at, ldkv, i ? 1.0f : 0.0f, dq + start * ldq + at, ldq);
                csl_gemm(true, false, segments[i].rows, a.head, now, 1.0f, s->dscores + column, row, q_tile,
                         ldq, 1.0f, segments[i].dk + at, ldkv);
            }
        }
    }
}

static heads heads_of(const csl_network *n)
{
    size_t head = n->width / n->heads;
    return (heads){n->heads, head, 1.0f / sqrtf((float)head)};
}

static void self_attention(const csl_network *n, csl_block_tape *t, size_t rows, csl_workspace *s)
{
    size_t width = n->width;
    csl_segment self = {.k = t->q + width, .v = t->q + 2 * width, .rows = rows};
    attention(heads_of(n), t->q, 3 * width, rows, &self, 1, 3 * width, t->o, t->total, s);
}

/* dqkv [rows, 3D] from d_o */
static void self_attention_back(const csl_network *n, const csl_block_tape *t, size_t rows, const float *d_o,
                                float *dqkv, csl_workspace *s)
{
    size_t width = n->width;
    csl_segment self = {
        .k = t->q + width, .v = t->q + 2 * width, .dk = dqkv + width, .dv = dqkv + 2 * width, .rows = rows};
    memset(dqkv, 0, rows * 3 * width * sizeof *dqkv);
    attention_back(heads_of(n), t->q, 3 * width, rows, &self, 1, 3 * width, t->total, d_o, dqkv, s);
}

/* A few queries against many rows x: keys and values of all rows would cost far more than the attention
 * itself. As q (x K^T + k)^T = (q K) x^T + a number of the row, which its softmax does not see, and p (x V^T
 * + v) = (p x) V^T + v, the queries are folded with K, attend to x itself, and what they mix goes through V.
 * Head by head: folded_h = q_h K_h, mixed_h = softmax(scale folded_h x^T) x, o_h = mixed_h V_h^T + v_h. */
static heads one_wide_head(const csl_network *n)
{
    return (heads){1, n->width, heads_of(n).scale};
}

static void cross_attention(const csl_network *n, const float *w, const csl_linear *kv, csl_block_tape *t,
                            size_t rows, const csl_segment *segments, size_t count, csl_workspace *s)
{
    size_t width = n->width, head = width / n->heads, part = rows * width;
    const float *keys = w + kv->weight, *values = keys + width * width;
    for (size_t h = 0; h < n->heads; h++)
        csl_gemm(false, false, rows, width, head, 1.0f, t->q + h * head, width, keys + h * head * width,
                 width, 0.0f, t->folded + h * part, width);
    attention(one_wide_head(n), t->folded, width, n->heads * rows, segments, count, width, t->mixed, t->total,
              s);
    csl_kernel_rows(t->o, NULL, rows, width, w + kv->bias + width);
    for (size_t h = 0; h < n->heads; h++)
        csl_gemm(false, true, rows, head, width, 1.0f, t->mixed + h * part, width, values + h * head * width,
                 width, 1.0f, t->o + h * head, width);
}

/* dq [rows, D] from d_o; the bias of the keys has no gradient. */
static void cross_attention_back(const csl_network *n, const float *w, float *gradient, const csl_linear *kv,
                                 const csl_block_tape *t, size_t rows, const csl_segment *segments,
                                 size_t count, const float *d_o, float *dq, csl_workspace *s)
{
    size_t width = n->width, head = width / n->heads, part = rows * width;
    const float *keys = w + kv->weight, *values = keys + width * width;
    for (size_t h = 0; h < n->heads; h++)
        csl_gemm(false, false, rows, width, head, 1.0f, d_o + h * head, width, values + h * head * width,
                 width, 0.0f, s->dmixed + h * part, width);
    attention_back(one_wide_head(n), t->folded, width, n->heads * rows, segments, count, width, t->total,
                   s->dmixed, s->dfolded, s);
    for (size_t h = 0; h < n->heads; h++)
        csl_gemm(false, true, rows, head, width, 1.0f, s->dfolded + h * part, width, keys + h * head * width,
                 width, 0.0f, dq + h * head, width);
    if (!gradient) return;
    float *dkeys = gradient + kv->weight, *dvalues = dkeys + width * width;
    for (size_t h = 0; h < n->heads; h++) {
        csl_gemm(true, false, head, width, rows, 1.0f, t->q + h * head, width, s->dfolded + h * part, width,
                 1.0f, dkeys + h * head * width, width);
        csl_gemm(true, false, head, width, rows, 1.0f, d_o + h * head, width, t->mixed + h * part, width,
                 1.0f, dvalues + h * head * width, width);
    }
    csl_kernel_sum_rows(d_o, rows, width, gradient + kv->bias + width);
}

void csl_block_forward(const csl_network *n, const float *w, const csl_block *l, csl_block_tape *tape,
                       size_t rows, const csl_segment *segments, size_t segment_count, csl_workspace *s)
{
    size_t width = n->width;
    csl_kernel_norm(tape->in, rows, width, w + l->norm1.weight, w + l->norm1.bias, tape->a, tape->stat1);
    if (segments) {
        csl_linear_rows(n, w, &l->q, tape->a, rows, NULL, tape->q, s);
        cross_attention(n, w, &l->kv, tape, rows, segments, segment_count, s);
    } else {
        csl_linear_rows(n, w, &l->qkv, tape->a, rows, NULL, tape->q, s);
        self_attention(n, tape, rows, s);
    }
    csl_linear_rows(n, w, &l->out, tape->o, rows, tape->in, tape->mid, s);
    csl_kernel_norm(tape->mid, rows, width, w + l->norm2.weight, w + l->norm2.bias, tape->c, tape->stat2);
    if (prepared_rows(n, w, &l->up, tape->c, rows, NULL, tape->pre, s))
        csl_kernel_gelu(tape->pre, rows, l->up.outputs, NULL, tape->act);
    else
        csl_linear_gelu(w, &l->up, tape->c, rows, tape->pre, tape->act);
    csl_linear_rows(n, w, &l->down, tape->act, rows, tape->mid, tape->out, s);
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
        cross_attention_back(n, w, gradient, &l->kv, tape, rows, segments, segment_count, s->narrow, s->wide,
                             s);
        csl_linear_backward(w, gradient, &l->q, tape->a, s->wide, rows, s->narrow, false);
    } else {
        self_attention_back(n, tape, rows, s->narrow, s->wide, s);
        csl_linear_backward(w, gradient, &l->qkv, tape->a, s->wide, rows, s->narrow, false);
    }
    csl_kernel_norm_back(s->narrow, tape->in, rows, width, w + l->norm1.weight, tape->stat1, dh, norm1,
                         bias1);
}
