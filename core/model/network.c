#include "model/network.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/product.h"
#include "model/stem.h"
#include "model/tape.h"

enum { ALIGN = 16 /* floats: one cache line */ };

csl_workspace *csl_workspace_new(void)
{
    return calloc(1, sizeof(csl_workspace));
}

void csl_workspace_clear(csl_workspace *workspace)
{
    free(workspace->memory);
    workspace->memory = NULL;
    workspace->capacity = 0;
}

void csl_workspace_free(csl_workspace *workspace)
{
    if (!workspace) return;
    csl_products_free(workspace->products);
    free(workspace->memory);
    free(workspace);
}

csl_modality_set csl_encoded_present(const csl_network *network, const csl_encoded *encoded)
{
    csl_modality_set set = 0;
    for (size_t m = 0; m < network->modality_count; m++)
        if (encoded->modality[m].count) set |= (csl_modality_set)1 << m;
    return set;
}

/* Hands out pieces of the workspace; without memory it only counts them. */
typedef struct plan {
    float *memory;
    size_t used, peak;
    bool reuse; /* memory of what only a backward pass or the encoder under way needs */
} plan;

static float *take(plan *p, size_t rows, size_t width)
{
    float *at = p->memory ? p->memory + p->used : NULL;
    p->used += (rows * width + ALIGN - 1) / ALIGN * ALIGN;
    if (p->used > p->peak) p->peak = p->used;
    return at;
}

static size_t most(size_t a, size_t b)
{
    return a > b ? a : b;
}

static void plan_block(plan *p, const csl_network *n, csl_block_tape *t, size_t rows, bool cross)
{
    size_t width = n->width, hidden = width * n->mlp_ratio;
    t->a = take(p, rows, width);
    t->stat1 = take(p, rows, 2);
    t->q = take(p, rows, cross ? width : 3 * width);
    t->o = take(p, rows, width);
    t->total = take(p, rows, n->heads);
    if (cross) {
        t->folded = take(p, rows, n->heads * width);
        t->mixed = take(p, rows, n->heads * width);
    }
    t->mid = take(p, rows, width);
    t->c = p->reuse ? t->a : take(p, rows, width);
    t->stat2 = take(p, rows, 2);
    t->pre = take(p, rows, hidden);
    t->act = p->reuse ? t->pre : take(p, rows, hidden);
    t->out = p->reuse ? t->in : take(p, rows, width);
}

static void plan_encoder(plan *p, const csl_network *n, csl_encoder_tape *t, size_t count, size_t inputs)
{
    size_t width = n->width;
    t->n = count;
    t->rows = count + 1;
    t->e = take(p, 1, width);
    t->late = take(p, 1, n->label_count);
    t->pair = take(p, 1, width);
    t->early = take(p, 1, width);
    t->x = take(p, t->rows, width);
    size_t kept = p->used; /* what follows fusion does not read */
    t->u = take(p, count, inputs);
    t->h = take(p, t->rows, width);
    for (size_t i = 0; i < n->blocks; i++) {
        if (p->reuse && i) {
            t->block[i] = t->block[0];
            continue;
        }
        t->block[i].in = i ? t->block[i - 1].out : t->h;
        plan_block(p, n, &t->block[i], t->rows, false);
    }
    t->stat = take(p, t->rows, 2);
    t->t = take(p, t->rows, width);
    t->pooled = take(p, 3, width);
    t->peak_total = take(p, 1, width);
    t->mean_h = take(p, 1, width);
    if (p->reuse) {
        p->used = kept;
        return;
    }
    t->dt = take(p, t->rows, width);
    t->dh = take(p, t->rows, width);
    t->de = take(p, 1, width);
    t->dearly = take(p, 1, width);
}

static void plan_fusion(plan *p, const csl_network *n, csl_fusion_tape *t)
{
    size_t width = n->width, all = n->modality_count * width, k = n->bottlenecks;
    t->early_in = take(p, 1, all);
    t->early_pre = take(p, 1, width);
    t->early_act = take(p, 1, width);
    float *in = take(p, k, width);
    for (size_t i = 0; i < n->cross_blocks; i++) {
        t->block[i].in = i ? t->block[i - 1].out : in;
        plan_block(p, n, &t->block[i], k, true);
    }
    t->normed = take(p, k, width);
    t->stat = take(p, k, 2);
    t->mix_in = take(p, 1, all);
    t->mix_pre = take(p, 2, width);
    t->mix_act = take(p, 2, width);
    t->pair_sum = take(p, 1, width);
    t->pair_product = take(p, 1, width);
    t->z = take(p, 1, width);
    t->gate = take(p, 1, 3);
    t->logit = take(p, CSL_BRANCH_COUNT, n->label_count);
}

static size_t plan_all(const csl_network *n, const csl_encoded *encoded, csl_modality_set set,
                       csl_workspace *s, float *memory, bool reuse)
{
    plan p = {.memory = memory, .reuse = reuse};
    size_t rows = n->bottlenecks, keys = 0, stem = 0, attention = 0, wide = most(3, n->mlp_ratio) * n->width,
           vector = wide;
    for (size_t m = 0; m < n->modality_count; m++) {
        if (!(set >> m & 1)) continue;
        size_t count = encoded->modality[m].count, inputs = n->layout->modality[m].embed.inputs;
        plan_encoder(&p, n, &s->encoder[m], count, inputs);
        rows = most(rows, count + 1);
        keys += count + 1;
        if (!reuse) attention = most(attention, csl_attend_self_back_scratch(count + 1, n->width / n->heads));
        wide = most(wide, inputs);
        stem = most(stem, csl_stem_room(n, m, &encoded->modality[m]));
        vector = most(vector, inputs);
    }
    if (reuse) p.used = p.peak;
    plan_fusion(&p, n, &s->fusion);
    attention = most(attention, csl_attend_scratch(keys, n->width));
    s->attention = take(&p, 1, reuse ? attention : most(attention, csl_attend_back_scratch(keys)));
    s->row = take(&p, 1, most(vector, (n->modality_count + 2) * n->width));
    s->stem = take(&p, 1, stem);
    if (reuse) return p.peak;
    s->wide = take(&p, rows, wide);
    s->narrow = take(&p, rows, n->width);
    s->flow = take(&p, rows, n->width);
    s->dfolded = take(&p, n->bottlenecks, n->heads * n->width);
    s->dmixed = take(&p, n->bottlenecks, n->heads * n->width);
    s->dz = take(&p, 1, n->width);
    return p.peak;
}

static csl_status reserve(csl_workspace *s, size_t floats, csl_error *error)
{
    if (floats <= s->capacity) return CSL_OK;
    free(s->memory);
    s->capacity = 0;
    s->memory = csl_memory_wide(floats * sizeof(float));
    if (!s->memory)
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory for the network's %zu bytes of activations",
                        floats * sizeof(float));
    s->capacity = floats;
    return CSL_OK;
}

static void activations(const csl_network *n, const csl_workspace *s, csl_activations *out)
{
    *out = (csl_activations){.gate = s->fusion.gate, .joint = s->fusion.z};
    for (size_t b = 0; b < CSL_BRANCH_COUNT; b++) out->logit[b] = s->fusion.logit + b * n->label_count;
    for (size_t m = 0; m < n->modality_count; m++) {
        if (!(s->fusion.set >> m & 1)) continue;
        out->embedding[m] = s->encoder[m].e;
        out->late_logit[m] = s->encoder[m].late;
    }
}

static csl_status encode(const csl_network *network, const float *weights, const csl_encoded *encoded,
                         csl_modality_set use, bool reuse, csl_workspace *workspace, csl_error *error)
{
    csl_modality_set set = use & csl_encoded_present(network, encoded);
    if (!set)
        return csl_fail(error, CSL_EFORMAT, NULL,
                        "the case has none of the modalities that the model was asked to use");
    csl_status status = reserve(workspace, plan_all(network, encoded, set, workspace, NULL, reuse), error);
    if (status) return status;
    plan_all(network, encoded, set, workspace, workspace->memory, reuse);
    workspace->encoded = set;
    for (size_t m = 0; m < network->modality_count; m++) {
        if (!(set >> m & 1)) continue;
        csl_encoder_embed(network, weights, m, &encoded->modality[m], &workspace->encoder[m], workspace);
        csl_encoder_run(network, weights, m, &workspace->encoder[m], workspace);
    }
    return CSL_OK;
}

csl_status csl_network_encode(const csl_network *network, const float *weights, const csl_encoded *encoded,
                              csl_modality_set use, csl_workspace *workspace, csl_error *error)
{
    return encode(network, weights, encoded, use, false, workspace, error);
}

csl_status csl_network_infer(const csl_network *network, const float *weights, const csl_encoded *encoded,
                             csl_modality_set use, csl_workspace *workspace, csl_activations *out,
                             csl_error *error)
{
    csl_status status = encode(network, weights, encoded, use, true, workspace, error);
    if (status == CSL_OK) csl_network_fuse(network, weights, use, workspace, out);
    return status;
}

csl_status csl_network_forward(const csl_network *network, const float *weights, const csl_encoded *encoded,
                               csl_modality_set use, csl_workspace *workspace, csl_activations *out,
                               csl_error *error)
{
    csl_status status = csl_network_encode(network, weights, encoded, use, workspace, error);
    if (status == CSL_OK) csl_network_fuse(network, weights, use, workspace, out);
    return status;
}

void csl_network_fuse(const csl_network *network, const float *weights, csl_modality_set set,
                      csl_workspace *workspace, csl_activations *out)
{
    csl_fusion_run(network, weights, set & workspace->encoded, workspace);
    activations(network, workspace, out);
}

void csl_network_backward_to(const csl_network *network, const float *weights, const csl_encoded *encoded,
                             csl_workspace *workspace, const float *dlogit, float *gradient)
{
    csl_fusion_backward(network, weights, gradient, dlogit, NULL, workspace);
    for (size_t m = 0; m < network->modality_count; m++)
        if (workspace->fusion.set >> m & 1)
            csl_encoder_backward(network, weights, gradient, m, &encoded->modality[m], &workspace->encoder[m],
                                 workspace);
}

void csl_network_backward(const csl_network *network, const float *weights, const csl_encoded *encoded,
                          csl_workspace *workspace, const float *dlogit, float *gradient)
{
    csl_network_backward_to(network, weights, encoded, workspace, dlogit, gradient);
}
