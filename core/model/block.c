#include <math.h>
#include <string.h>

#include "model/kernel.h"
#include "model/prepared.h"
#include "model/product.h"
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

/* Gradients by weights are sums over many rows and cases, of which 16 bits are plenty. A gradient by the
 * tokens alone explains a score, and is exact. */
static csl_split_parts parts_of(const float *gradient)
{
    return gradient ? CSL_SPLIT_SHORT : CSL_SPLIT_EXACT;
}

static void weights_backward(float *gradient, const csl_linear *l, const float *x, const float *dy,
                             size_t rows)
{
    if (!gradient) return;
    csl_gemm_gradient(true, false, l->outputs, l->inputs, rows, dy, l->outputs, x, l->inputs, 1.0f,
                      gradient + l->weight, l->inputs);
    csl_kernel_sum_rows(dy, rows, l->outputs, gradient + l->bias);
}

static void inputs_backward(const float *w, const float *gradient, const csl_linear *l, const float *dy,
                            size_t rows, float *dx, bool accumulate)
{
    float beta = accumulate ? 1.0f : 0.0f;
    if (gradient)
        csl_gemm_gradient(false, false, rows, l->inputs, l->outputs, dy, l->outputs, w + l->weight, l->inputs,
                          beta, dx, l->inputs);
    else
        csl_gemm(false, false, rows, l->inputs, l->outputs, 1.0f, dy, l->outputs, w + l->weight, l->inputs,
                 beta, dx, l->inputs);
}

void csl_linear_backward(const float *w, float *gradient, const csl_linear *l, const float *x,
                         const float *dy, size_t rows, float *dx, bool accumulate)
{
    weights_backward(gradient, l, x, dy, rows);
    if (dx) inputs_backward(w, gradient, l, dy, rows, dx, accumulate);
}

void csl_linear_rows_backward(const csl_network *n, const float *w, float *gradient, const csl_linear *l,
                              const float *x, const float *dy, size_t rows, float *dx, csl_workspace *s)
{
    const csl_packed *packed = gradient ? csl_prepared_layer(n->prepared, w, l) : NULL;
    weights_backward(gradient, l, x, dy, rows);
    if (dx && !(packed && s->products && csl_product_back(s->products, packed, dy, rows, dx)))
        inputs_backward(w, gradient, l, dy, rows, dx, false);
}

/* `heads` attentions side by side: head h reads columns h * head .. of queries, keys and values, and writes
 * those of o. */
typedef struct heads {
    size_t heads, head; /* head: columns of one */
    float scale;
} heads;

static csl_segment columns_from(const csl_segment *s, size_t at)
{
    return (csl_segment){s->k + at, s->v + at, s->dk ? s->dk + at : NULL, s->dv ? s->dv + at : NULL, s->rows};
}

/* Multi-head attention (Vaswani et al. 2017). */
static void attention(heads a, const float *q, size_t ldq, size_t rows, const csl_segment *segments,
                      size_t count, size_t ldkv, float *o, float *total, csl_workspace *s)
{
    csl_segment part[CSL_MAX_MODALITIES];
    for (size_t h = 0; h < a.heads; h++) {
        size_t at = h * a.head;
        for (size_t i = 0; i < count; i++) part[i] = columns_from(&segments[i], at);
        csl_attend(q + at, ldq, rows, part, count, ldkv, a.head, a.scale, o + at, a.heads * a.head,
                   total + h * rows, s->attention);
    }
}

static void attention_back(heads a, const float *q, size_t ldq, size_t rows, const csl_segment *segments,
                           size_t count, size_t ldkv, csl_split_parts parts, const float *total,
                           const float *d_o, float *dq, csl_workspace *s)
{
    csl_segment part[CSL_MAX_MODALITIES];
    for (size_t h = 0; h < a.heads; h++) {
        size_t at = h * a.head;
        for (size_t i = 0; i < count; i++) part[i] = columns_from(&segments[i], at);
        csl_attend_back(parts, q + at, ldq, rows, part, count, ldkv, a.head, a.scale, d_o + at,
                        a.heads * a.head, total + h * rows, dq + at, s->attention);
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
static void self_attention_back(const csl_network *n, const csl_block_tape *t, size_t rows,
                                csl_split_parts parts, const float *d_o, float *dqkv, csl_workspace *s)
{
    size_t width = n->width;
    heads a = heads_of(n);
    memset(dqkv, 0, rows * 3 * width * sizeof *dqkv);
    for (size_t h = 0; h < a.heads; h++) {
        size_t at = h * a.head;
        const float *q = t->q + at;
        float *dq = dqkv + at;
        csl_segment self = {q + width, q + 2 * width, dq + width, dq + 2 * width, rows};
        csl_attend_self_back(parts, q, 3 * width, &self, 3 * width, a.head, a.scale, t->o + at, d_o + at,
                             width, t->total + h * rows, dq, s->attention);
    }
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
    attention_back(one_wide_head(n), t->folded, width, n->heads * rows, segments, count, width,
                   parts_of(gradient), t->total, s->dmixed, s->dfolded, s);
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
    csl_linear_rows_backward(n, w, gradient, &l->down, tape->act, dh, rows, s->wide, s);
    csl_kernel_gelu_back(s->wide, tape->pre, rows * l->up.outputs);
    csl_linear_rows_backward(n, w, gradient, &l->up, tape->c, s->wide, rows, s->narrow, s);
    csl_kernel_norm_back(s->narrow, tape->mid, rows, width, w + l->norm2.weight, tape->stat2, dh, norm2,
                         bias2);

    csl_linear_rows_backward(n, w, gradient, &l->out, tape->o, dh, rows, s->narrow, s);
    if (segments) {
        cross_attention_back(n, w, gradient, &l->kv, tape, rows, segments, segment_count, s->narrow, s->wide,
                             s);
        csl_linear_rows_backward(n, w, gradient, &l->q, tape->a, s->wide, rows, s->narrow, s);
    } else {
        self_attention_back(n, tape, rows, parts_of(gradient), s->narrow, s->wide, s);
        csl_linear_rows_backward(n, w, gradient, &l->qkv, tape->a, s->wide, rows, s->narrow, s);
    }
    csl_kernel_norm_back(s->narrow, tape->in, rows, width, w + l->norm1.weight, tape->stat1, dh, norm1,
                         bias1);
}
