#include <math.h>
#include <string.h>

#include "model/kernel.h"
#include "model/product.h"
#include "model/tape.h"

static bool within(csl_modality_set set, size_t modality)
{
    return set >> modality & 1;
}

static void copy(float *to, const float *from, size_t count)
{
    memcpy(to, from, count * sizeof *to);
}

static void early(const csl_network *n, const float *w, csl_workspace *s)
{
    const csl_layout *l = n->layout;
    csl_fusion_tape *f = &s->fusion;
    for (size_t m = 0; m < n->modality_count; m++)
        copy(f->early_in + m * n->width,
             within(f->set, m) ? s->encoder[m].early : w + l->modality[m].early_missing, n->width);
    csl_linear_gelu(w, &l->early_up, f->early_in, 1, f->early_pre, f->early_act);
    csl_linear_forward(w, &l->early_down, f->early_act, 1, NULL,
                       f->logit + CSL_BRANCH_EARLY * n->label_count);
}

static size_t set_size(csl_modality_set set)
{
    return (size_t)__builtin_popcount(set);
}

static void late(const csl_network *n, csl_workspace *s)
{
    float *logit = s->fusion.logit + CSL_BRANCH_LATE * n->label_count;
    memset(logit, 0, n->label_count * sizeof *logit);
    for (size_t m = 0; m < n->modality_count; m++)
        if (within(s->fusion.set, m)) csl_kernel_add(logit, s->encoder[m].late, n->label_count);
    csl_kernel_scale(logit, 1.0f / (float)set_size(s->fusion.set), n->label_count);
}

/* What the cross blocks read: every modality's x. */
static size_t segments(const csl_network *n, csl_workspace *s, csl_segment *out)
{
    size_t count = 0;
    for (size_t m = 0; m < n->modality_count; m++) {
        if (!within(s->fusion.set, m)) continue;
        const csl_encoder_tape *e = &s->encoder[m];
        out[count++] = (csl_segment){.k = e->x, .v = e->x, .dk = e->dt, .dv = e->dt, .rows = e->rows};
    }
    return count;
}

/* Half of (sum^2 - sum of squares) is the sum of the products of all pairs (Rendle 2010). */
static void pair_products(const csl_network *n, csl_fusion_tape *f, const csl_encoder_tape *encoder)
{
    for (size_t j = 0; j < n->width; j++) {
        float sum = 0.0f, squares = 0.0f;
        for (size_t m = 0; m < n->modality_count; m++) {
            if (!within(f->set, m)) continue;
            float r = encoder[m].pair[j];
            sum += r;
            squares += r * r;
        }
        f->pair_sum[j] = sum;
        f->pair_product[j] = 0.5f * (sum * sum - squares);
    }
}

static void joint(const csl_network *n, const float *w, csl_workspace *s)
{
    const csl_layout *l = n->layout;
    csl_fusion_tape *f = &s->fusion;
    size_t width = n->width, k = n->bottlenecks;
    csl_segment segment[CSL_MAX_MODALITIES];
    size_t count = segments(n, s, segment);
    copy(f->block[0].in, w + l->bottleneck, k * width);
    for (size_t i = 0; i < n->cross_blocks; i++)
        csl_block_forward(n, w, &l->cross[i], &f->block[i], k, segment, count, s);
    csl_kernel_norm(f->block[n->cross_blocks - 1].out, k, width, w + l->norm.weight, w + l->norm.bias,
                    f->normed, f->stat);

    for (size_t m = 0; m < n->modality_count; m++)
        copy(f->mix_in + m * width, within(f->set, m) ? s->encoder[m].e : w + l->modality[m].joint_missing,
             width);
    csl_linear_gelu(w, &l->mix_up, f->mix_in, 1, f->mix_pre, f->mix_act);
    pair_products(n, f, s->encoder);

    memset(f->z, 0, width * sizeof *f->z);
    csl_kernel_sum_rows(f->normed, k, width, f->z);
    csl_kernel_scale(f->z, 1.0f / (float)k, width);
    csl_linear_forward(w, &l->mix_down, f->mix_act, 1, f->z, s->row);
    csl_linear_forward(w, &l->pair, f->pair_product, 1, s->row, f->z);
    csl_linear_forward(w, &l->head, f->z, 1, NULL, f->logit + CSL_BRANCH_JOINT * n->label_count);
}

static void hybrid(const csl_network *n, const float *w, csl_fusion_tape *f)
{
    size_t labels = n->label_count;
    float total, *logit = f->logit;
    csl_linear_forward(w, &n->layout->gate, f->z, 1, NULL, f->gate);
    csl_kernel_softmax(f->gate, 1, 3, 1.0f, &total);
    memset(logit, 0, labels * sizeof *logit);
    for (size_t b = 0; b < 3; b++) csl_kernel_add_scaled(logit, logit + (b + 1) * labels, f->gate[b], labels);
}

void csl_fusion_run(const csl_network *n, const float *w, csl_modality_set set, csl_workspace *s)
{
    s->fusion.set = set;
    early(n, w, s);
    late(n, s);
    joint(n, w, s);
    hybrid(n, w, &s->fusion);
}

/* What a concatenation's gradient [MD] means for its parts: `to(m)` where m is in the set, else the learned
 * vector. */
static void scatter_missing(const csl_network *n, const csl_fusion_tape *f, const float *d, bool is_early,
                            float *gradient)
{
    for (size_t m = 0; m < n->modality_count && gradient; m++) {
        const csl_modality_layout *l = &n->layout->modality[m];
        if (!within(f->set, m))
            csl_kernel_add(gradient + (is_early ? l->early_missing : l->joint_missing), d + m * n->width,
                           n->width);
    }
}

static void early_backward(const csl_network *n, const float *w, float *gradient, const float *dlogit,
                           csl_workspace *s)
{
    const csl_layout *l = n->layout;
    const csl_fusion_tape *f = &s->fusion;
    float *dact = s->row, *din = s->row + n->width;
    csl_linear_backward(w, gradient, &l->early_down, f->early_act, dlogit, 1, dact, false);
    csl_kernel_gelu_back(dact, f->early_pre, n->width);
    csl_linear_backward(w, gradient, &l->early_up, f->early_in, dact, 1, din, false);
    scatter_missing(n, f, din, true, gradient);
    for (size_t m = 0; m < n->modality_count; m++)
        if (within(f->set, m)) copy(s->encoder[m].dearly, din + m * n->width, n->width);
}

static void mix_backward(const csl_network *n, const float *w, float *gradient, const float *dz,
                         csl_workspace *s)
{
    const csl_layout *l = n->layout;
    const csl_fusion_tape *f = &s->fusion;
    size_t width = n->width;
    float *dact = s->row, *din = s->row + 2 * width;
    csl_linear_backward(w, gradient, &l->mix_down, f->mix_act, dz, 1, dact, false);
    csl_kernel_gelu_back(dact, f->mix_pre, 2 * width);
    csl_linear_backward(w, gradient, &l->mix_up, f->mix_in, dact, 1, din, false);
    scatter_missing(n, f, din, false, gradient);
    for (size_t m = 0; m < n->modality_count; m++)
        if (within(f->set, m)) copy(s->encoder[m].de, din + m * width, width);

    float *dproduct = s->row, *dpair = s->row + width;
    csl_linear_backward(w, gradient, &l->pair, f->pair_product, dz, 1, dproduct, false);
    for (size_t m = 0; m < n->modality_count; m++) {
        if (!within(f->set, m)) continue;
        const csl_encoder_tape *e = &s->encoder[m];
        for (size_t j = 0; j < width; j++) dpair[j] = dproduct[j] * (f->pair_sum[j] - e->pair[j]);
        csl_linear_backward(w, gradient, &l->modality[m].pair, e->e, dpair, 1, e->de, true);
    }
}

static void late_backward(const csl_network *n, const float *w, float *gradient, const float *dlogit,
                          csl_workspace *s)
{
    float *share = s->row;
    copy(share, dlogit, n->label_count);
    csl_kernel_scale(share, 1.0f / (float)set_size(s->fusion.set), n->label_count);
    for (size_t m = 0; m < n->modality_count; m++)
        if (within(s->fusion.set, m))
            csl_linear_backward(w, gradient, &n->layout->modality[m].late, s->encoder[m].e, share, 1,
                                s->encoder[m].de, true);
}

static void cross_backward(const csl_network *n, const float *w, float *gradient, const float *dz,
                           csl_workspace *s)
{
    const csl_layout *l = n->layout;
    csl_fusion_tape *f = &s->fusion;
    size_t width = n->width, k = n->bottlenecks;
    csl_segment segment[CSL_MAX_MODALITIES];
    size_t count = segments(n, s, segment);
    for (size_t i = 0; i < count; i++) memset(segment[i].dk, 0, segment[i].rows * width * sizeof(float));
    copy(s->row, dz, width);
    csl_kernel_scale(s->row, 1.0f / (float)k, width);
    csl_kernel_rows(s->narrow, NULL, k, width, s->row);
    memset(s->flow, 0, k * width * sizeof *s->flow);
    csl_kernel_norm_back(s->narrow, f->block[n->cross_blocks - 1].out, k, width, w + l->norm.weight, f->stat,
                         s->flow, gradient ? gradient + l->norm.weight : NULL,
                         gradient ? gradient + l->norm.bias : NULL);
    for (size_t i = n->cross_blocks; i-- > 0;)
        csl_block_backward(n, w, gradient, &l->cross[i], &f->block[i], k, segment, count, s->flow, s);
    if (!gradient) return;
    csl_kernel_add(gradient + l->bottleneck, s->flow, k * width);
    for (size_t m = 0; m < n->modality_count; m++)
        if (within(f->set, m))
            csl_kernel_sum_rows(s->encoder[m].dt, s->encoder[m].rows, width,
                                gradient + l->modality[m].joint_modality);
}

void csl_fusion_backward(const csl_network *n, const float *w, float *gradient, const float *dlogit,
                         const float *dgate_logit, csl_workspace *s)
{
    const csl_layout *l = n->layout;
    const csl_fusion_tape *f = &s->fusion;
    size_t labels = n->label_count;
    float dbranch[3][CSL_MAX_LABELS], dgate[3], *dz = s->dz;
    for (size_t b = 0; b < 3; b++) {
        dgate[b] = 0.0f;
        for (size_t i = 0; i < labels; i++) {
            dbranch[b][i] = dlogit[(b + 1) * labels + i] + f->gate[b] * dlogit[i];
            dgate[b] += dlogit[i] * f->logit[(b + 1) * labels + i];
        }
    }
    csl_kernel_softmax_back(dgate, f->gate, 1, 3, 1.0f);
    for (size_t b = 0; dgate_logit && b < 3; b++) dgate[b] += dgate_logit[b];
    csl_linear_backward(w, gradient, &l->gate, f->z, dgate, 1, dz, false);
    csl_linear_backward(w, gradient, &l->head, f->z, dbranch[CSL_BRANCH_JOINT - 1], 1, dz, true);
    early_backward(n, w, gradient, dbranch[CSL_BRANCH_EARLY - 1], s);
    mix_backward(n, w, gradient, dz, s);
    late_backward(n, w, gradient, dbranch[CSL_BRANCH_LATE - 1], s);
    cross_backward(n, w, gradient, dz, s);
}

void csl_fusion_silence(const csl_network *n, csl_workspace *s)
{
    for (size_t m = 0; m < n->modality_count; m++) {
        if (!within(s->encoded, m)) continue;
        csl_encoder_tape *e = &s->encoder[m];
        memset(e->de, 0, n->width * sizeof *e->de);
        memset(e->dearly, 0, n->width * sizeof *e->dearly);
        memset(e->dt, 0, e->rows * n->width * sizeof *e->dt);
    }
}
