#include <string.h>

#include "model/kernel.h"
#include "model/product.h"
#include "model/stem.h"
#include "model/tape.h"

static void substitute(const float *unknown, const csl_encoded_modality *in, size_t inputs, float *u)
{
    for (size_t i = 0; i < in->count; i++)
        csl_kernel_choose(in->known + i * inputs, in->x + i * inputs, unknown, inputs, u + i * inputs);
}

void csl_encoder_embed(const csl_network *n, const float *w, size_t modality, const csl_encoded_modality *in,
                       csl_encoder_tape *tape, csl_workspace *s)
{
    const csl_network_modality *m = &n->modality[modality];
    const csl_modality_layout *l = &n->layout->modality[modality];
    size_t width = n->width, inputs = l->embed.inputs;
    substitute(w + l->unknown, in, inputs, tape->u);
    memcpy(tape->h, w + l->class_token, width * sizeof *tape->h);
    csl_linear_rows(n, w, &l->embed, tape->u, in->count, NULL, tape->h + width, s);
    for (size_t i = 0; i < in->count && l->code != CSL_NO_TENSOR; i++) {
        float *h = tape->h + (i + 1) * width;
        csl_kernel_add(h, w + l->code + in->code[i] * width, width);
        if (l->code_scale == CSL_NO_TENSOR) continue;
        float value = in->x[i * inputs + (size_t)m->coded_feature];
        csl_kernel_add_scaled(h, w + l->code_scale + in->code[i] * width, value, width);
    }
    memset(tape->mean_h, 0, width * sizeof *tape->mean_h);
    csl_kernel_sum_rows(tape->h + width, in->count, width, tape->mean_h);
    csl_kernel_scale(tape->mean_h, 1.0f / (float)in->count, width);
    csl_linear_forward(w, &l->early, tape->mean_h, 1, NULL, tape->early);
    csl_stem_forward(n, w, modality, in, tape->h + width, s->stem);
}

void csl_encoder_run(const csl_network *n, const float *w, size_t modality, csl_encoder_tape *tape,
                     csl_workspace *s)
{
    const csl_modality_layout *l = &n->layout->modality[modality];
    size_t width = n->width, rows = tape->rows;
    for (size_t i = 0; i < n->blocks; i++)
        csl_block_forward(n, w, &l->blocks[i], &tape->block[i], rows, NULL, 0, s);
    csl_kernel_norm(tape->block[n->blocks - 1].out, rows, width, w + l->norm.weight, w + l->norm.bias,
                    tape->t, tape->stat);

    memcpy(tape->pooled, tape->t, width * sizeof *tape->pooled);
    csl_kernel_pool(tape->t + width, tape->n, width, tape->pooled + width, tape->pooled + 2 * width,
                    tape->peak_total);
    csl_linear_forward(w, &l->pool, tape->pooled, 1, NULL, tape->e);
    if (n->label_count) csl_linear_forward(w, &l->late, tape->e, 1, NULL, tape->late);
    csl_linear_forward(w, &l->pair, tape->e, 1, NULL, tape->pair);

    csl_kernel_rows(tape->x, tape->t, rows, width, w + l->joint_modality);
}

static void embed_backward(const csl_network *n, const float *w, float *gradient, size_t modality,
                           const csl_encoded_modality *in, csl_encoder_tape *tape, csl_workspace *s)
{
    const csl_network_modality *m = &n->modality[modality];
    const csl_modality_layout *l = &n->layout->modality[modality];
    size_t width = n->width, inputs = l->embed.inputs, cells = in->count * inputs;
    float *dh = tape->dh + width;
    csl_kernel_add(gradient + l->class_token, tape->dh, width);
    csl_stem_backward(n, w, gradient, modality, in, dh, s->stem);
    csl_linear_backward(w, gradient, &l->early, tape->mean_h, tape->dearly, 1, s->row, false);
    csl_kernel_scale(s->row, 1.0f / (float)in->count, width);
    csl_kernel_add_row(dh, in->count, width, s->row);
    for (size_t i = 0; i < in->count && l->code != CSL_NO_TENSOR; i++) {
        csl_kernel_add(gradient + l->code + in->code[i] * width, dh + i * width, width);
        if (l->code_scale == CSL_NO_TENSOR) continue;
        float value = in->x[i * inputs + (size_t)m->coded_feature];
        csl_kernel_add_scaled(gradient + l->code_scale + in->code[i] * width, dh + i * width, value, width);
    }
    bool all_known = !memchr(in->known, 0, cells);
    csl_linear_rows_backward(n, w, gradient, &l->embed, tape->u, dh, in->count, all_known ? NULL : s->wide,
                             s);
    if (!all_known) csl_kernel_sum_others(in->known, s->wide, in->count, inputs, gradient + l->unknown);
}

void csl_encoder_backward(const csl_network *n, const float *w, float *gradient, size_t modality,
                          const csl_encoded_modality *in, csl_encoder_tape *tape, csl_workspace *s)
{
    const csl_modality_layout *l = &n->layout->modality[modality];
    size_t width = n->width, rows = tape->rows;
    float *dpooled = s->row;
    csl_linear_backward(w, gradient, &l->pool, tape->pooled, tape->de, 1, dpooled, false);
    csl_kernel_add(tape->dt, dpooled, width);
    csl_kernel_pool_back(tape->t + width, tape->n, width, tape->pooled + 2 * width, tape->peak_total,
                         dpooled + width, dpooled + 2 * width, tape->dt + width);

    memset(tape->dh, 0, rows * width * sizeof *tape->dh);
    csl_kernel_norm_back(tape->dt, tape->block[n->blocks - 1].out, rows, width, w + l->norm.weight,
                         tape->stat, tape->dh, gradient ? gradient + l->norm.weight : NULL,
                         gradient ? gradient + l->norm.bias : NULL);
    for (size_t i = n->blocks; i-- > 0;)
        csl_block_backward(n, w, gradient, &l->blocks[i], &tape->block[i], rows, NULL, 0, tape->dh, s);
    if (gradient) embed_backward(n, w, gradient, modality, in, tape, s);
}
