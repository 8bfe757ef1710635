#include "model/contrast.h"

#include <math.h>
#include <string.h>

#include "model/product.h"
#include "model/kernel.h"
#include "model/tape.h"

/* ---- into the shared space ---- */

/* p = linear(e; m.project); returns 1 / |p|, or 0. */
static float project(const csl_network *n, const float *w, size_t modality, const float *e, float *p)
{
    double square = 0;
    csl_linear_forward(w, &n->layout->modality[modality].project, e, 1, NULL, p);
    for (size_t j = 0; j < n->projection; j++) square += (double)p[j] * (double)p[j];
    return square > 0 ? (float)(1 / sqrt(square)) : 0.0f;
}

void csl_contrast_project(const csl_network *n, const float *w, size_t modality, const float *e, float *v)
{
    csl_kernel_scale(v, project(n, w, modality, e, v), n->projection);
}

void csl_contrast_project_back(const csl_network *n, const float *w, size_t modality, const float *e,
                               const float *dv, float *gradient, float *de)
{
    float v[CSL_NETWORK_MAX_WIDTH], dp[CSL_NETWORK_MAX_WIDTH], along = 0.0f;
    float inverse = project(n, w, modality, e, v);
    csl_kernel_scale(v, inverse, n->projection);
    for (size_t j = 0; j < n->projection; j++) along += v[j] * dv[j];
    for (size_t j = 0; j < n->projection; j++) dp[j] = inverse * (dv[j] - along * v[j]);
    csl_linear_backward(w, gradient, &n->layout->modality[modality].project, e, dp, 1, de, true);
}

/* ---- the loss ---- */

/* Pieces of scratch for the cases that have both modalities of a pair. */
typedef struct pair {
    size_t n, dimension;
    float *a, *b;   /* [n, dimension] */
    float *s, *ds;  /* [n, n]: similarities, and the gradient by them */
    float *da, *db; /* [n, dimension] */
} pair;

size_t csl_contrast_scratch(size_t cases, size_t dimension)
{
    return 2 * cases * cases + 4 * cases * dimension;
}

static pair lay_out(float *scratch, size_t cases, size_t dimension)
{
    float *rows = scratch + 2 * cases * cases;
    size_t block = cases * dimension;
    return (pair){.dimension = dimension,
                  .s = scratch,
                  .ds = scratch + cases * cases,
                  .a = rows,
                  .b = rows + block,
                  .da = rows + 2 * block,
                  .db = rows + 3 * block};
}

/* Adds -log softmax of one line of s, at its own place, and to ds the gradient times scale; `step` walks a
 * row (1) or a column (n). */
static double line(const float *s, float *ds, size_t n, size_t step, size_t own, double scale)
{
    double greatest = -INFINITY, total = 0;
    for (size_t j = 0; j < n; j++) greatest = fmax(greatest, (double)s[j * step]);
    for (size_t j = 0; j < n; j++) total += exp((double)s[j * step] - greatest);
    for (size_t j = 0; j < n; j++) {
        double share = exp((double)s[j * step] - greatest) / total;
        ds[j * step] += (float)(scale * (share - (j == own ? 1 : 0)));
    }
    return scale * (log(total) + greatest - (double)s[own * step]);
}

/* The loss of a pair times weight, with the gradients by a and b in da and db; adds to *dlog_scale. */
static double learn_pair(pair *p, double weight, double log_scale, double *dlog_scale)
{
    size_t n = p->n, width = p->dimension;
    float scale = (float)exp(log_scale);
    double loss = 0, share = weight / (2 * (double)n);
    csl_gemm(false, true, n, n, width, scale, p->a, width, p->b, width, 0, p->s, n);
    memset(p->ds, 0, n * n * sizeof *p->ds);
    for (size_t i = 0; i < n; i++) {
        loss += line(p->s + i * n, p->ds + i * n, n, 1, i, share);
        loss += line(p->s + i, p->ds + i, n, n, i, share);
    }
    for (size_t i = 0; i < n * n; i++) *dlog_scale += (double)p->s[i] * (double)p->ds[i];
    csl_gemm(false, false, n, width, n, scale, p->ds, n, p->b, width, 0, p->da, width);
    csl_gemm(true, false, n, width, n, scale, p->ds, n, p->a, width, 0, p->db, width);
    return loss;
}

static bool has(csl_modality_set set, size_t a, size_t b)
{
    return (set >> a & 1) && (set >> b & 1);
}

static size_t count_both(const csl_modality_set *set, size_t cases, size_t a, size_t b)
{
    size_t n = 0;
    for (size_t i = 0; i < cases; i++) n += has(set[i], a, b);
    return n;
}

double csl_contrast_loss(const float *v, const csl_modality_set *set, size_t cases, size_t modalities,
                         size_t dimension, double log_scale, float *scratch, float *dv, double *dlog_scale)
{
    pair p = lay_out(scratch, cases, dimension);
    size_t pairs = 0, bytes = dimension * sizeof *v;
    double loss = 0;
    memset(dv, 0, cases * modalities * bytes);
    *dlog_scale = 0;
    for (size_t a = 0; a < modalities; a++)
        for (size_t b = a + 1; b < modalities; b++) pairs += count_both(set, cases, a, b) > 1;
    for (size_t a = 0; a < modalities; a++)
        for (size_t b = a + 1; b < modalities; b++) {
            if (count_both(set, cases, a, b) < 2) continue;
            p.n = 0;
            for (size_t i = 0; i < cases; i++) {
                if (!has(set[i], a, b)) continue;
                memcpy(p.a + p.n * dimension, v + (i * modalities + a) * dimension, bytes);
                memcpy(p.b + p.n++ * dimension, v + (i * modalities + b) * dimension, bytes);
            }
            loss += learn_pair(&p, 1 / (double)pairs, log_scale, dlog_scale);
            for (size_t i = 0, at = 0; i < cases; i++) {
                if (!has(set[i], a, b)) continue;
                csl_kernel_add(dv + (i * modalities + a) * dimension, p.da + at * dimension, dimension);
                csl_kernel_add(dv + (i * modalities + b) * dimension, p.db + at++ * dimension, dimension);
            }
        }
    return loss;
}
