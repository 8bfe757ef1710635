#include "model/learner.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "model/contrast.h"
#include "model/deal.h"
#include "model/kernel.h"
#include "model/prepared.h"
#include "model/tape.h"

static const uint64_t STREAM_DECODERS = UINT64_MAX - 3; /* far from those of cases: epoch * cases + case */

/* One thread's own. */
typedef struct desk {
    csl_workspace *workspace;
    csl_hand hand;  /* what a case shows */
    float *scratch; /* of the decoders */
} desk;

struct csl_learner_memory {
    csl_network network; /* the caller's, with the weights of this learner prepared */
    float *gradients;    /* [CSL_LEARNER_SLICES, weight_count] */
    double loss[CSL_LEARNER_SLICES];
    desk *desks; /* [jobs] */
    /* of the step under way */
    const size_t *batch;
    size_t count;
    unsigned epoch;
    bool labelled;
    atomic_bool failed;
    /* The batch in the space that modalities share: [count, modalities, J] vectors and the loss's gradient by
     * them, which modalities each case shows, and scratch; grown to the largest batch. */
    float *shared, *dshared, *scratch;
    csl_modality_set *shown;
    size_t room; /* cases */
};

static float *slice_gradient(const csl_learner *l, size_t slice)
{
    return l->memory->gradients + slice * l->count;
}

/* ---- loss ---- */

/* Adds to *loss that of all branches, a mean over known tasks; dlogit is its gradient times scale. */
static void task_losses(const csl_learner *l, const csl_activations *a, const float *target, double scale,
                        float *dlogit, double *loss)
{
    const csl_objective *o = l->objective;
    size_t labels = l->network->label_count, known = 0;
    for (size_t t = 0; t < o->task_count; t++)
        known += csl_task_known(&o->task[t], target + o->task[t].first);
    for (size_t b = 0; b < CSL_BRANCH_COUNT; b++)
        for (size_t t = 0; t < o->task_count; t++) {
            size_t first = o->task[t].first;
            double weight = known ? l->recipe->branch[b] * scale / (double)known : 0;
            float *d = dlogit + b * labels + first;
            *loss += weight * csl_task_loss(&o->task[t], o, a->logit[b] + first, target + first, 1, d);
            for (size_t i = 0; i < o->task[t].count; i++) d[i] *= (float)weight;
        }
}

/* Adds the divergence of the gates from equal weights, KL(1/3 | g). The branch that learns the training cases
 * by heart first would else take all the weight, and the hybrid opinion be as unreliable as that branch. */
static void even_gates(const csl_learner *l, const float *gate, double scale, float *dgate_logit,
                       double *loss)
{
    double weight = l->recipe->even_gates * scale;
    for (size_t b = 0; b < 3; b++) {
        *loss -= weight / 3 * log(fmax(3 * (double)gate[b], 1e-30));
        dgate_logit[b] = (float)(weight * ((double)gate[b] - 1.0 / 3));
    }
}

/* Adds the loss of telling the hidden tokens from the embeddings of those seen, and its gradient by the
 * embeddings. Blur and thrift together leave length only to directions of an embedding that tell something:
 * of what differs between cases the greatest part comes to stand in few directions, which few labels suffice
 * to read. */
static void tell(const csl_learner *l, desk *d, csl_modality_set set, double scale, csl_rng *rng,
                 float *gradient, double *loss)
{
    size_t weights = l->network->weight_count, width = l->network->width;
    double thrift = l->recipe->thrift;
    float blurred[CSL_NETWORK_MAX_WIDTH];
    scale /= (double)__builtin_popcount(set);
    for (size_t m = 0; m < l->network->modality_count; m++) {
        if (!(set >> m & 1)) continue;
        csl_encoder_tape *tape = &d->workspace->encoder[m];
        for (size_t i = 0; i < width; i++) {
            blurred[i] = tape->e[i] + (float)(l->recipe->blur * csl_rng_normal(rng));
            tape->de[i] += (float)(scale * thrift) * tape->e[i];
            *loss += scale * thrift / 2 * (double)(tape->e[i] * tape->e[i]);
        }
        *loss += scale * csl_decoder_learn(&l->decoders.modality[m], l->weights + weights,
                                           &d->hand.hidden.modality[m], blurred, scale, rng, d->scratch,
                                           gradient + weights, tape->de);
    }
}

/* What a case shows in this step, dealt out on the desk; the same whenever it is asked, as all chance up to
 * here comes first from the case's own stream. 0: no memory. */
static csl_modality_set look(const csl_learner *l, size_t index, desk *d, csl_rng *rng)
{
    const struct csl_learner_memory *memory = l->memory;
    csl_rng_seed_stream(rng, l->seed, (uint64_t)memory->epoch * l->cases + index);
    return csl_deal(l->network, l->recipe, &l->encoded[index], memory->labelled, rng, &d->hand);
}

/* ---- across modalities, by gradient caching ---- */

static float *shared_row(const csl_learner *l, float *rows, size_t at, size_t modality)
{
    return rows + (at * l->network->modality_count + modality) * l->network->projection;
}

/* Case `at` of the batch into the space that modalities share. */
static void embed_case(void *context, size_t at, unsigned job)
{
    const csl_learner *l = context;
    struct csl_learner_memory *memory = l->memory;
    const csl_network *n = l->network;
    desk *d = &memory->desks[job];
    csl_rng rng;
    csl_modality_set set = memory->shown[at] = look(l, memory->batch[at], d, &rng);
    if (!set || csl_network_encode(n, l->weights, &d->hand.seen, set, d->workspace, NULL) != CSL_OK) {
        atomic_store(&memory->failed, true);
        return;
    }
    for (size_t m = 0; m < n->modality_count; m++)
        if (set >> m & 1)
            csl_contrast_project(n, l->weights, m, d->workspace->encoder[m].e,
                                 shared_row(l, memory->shared, at, m));
}

static bool reserve(struct csl_learner_memory *m, const csl_network *n, size_t cases)
{
    size_t vectors = cases * n->modality_count * n->projection;
    if (cases <= m->room) return true;
    free(m->shared);
    free(m->dshared);
    free(m->scratch);
    free(m->shown);
    m->shared = calloc(vectors, sizeof *m->shared);
    m->dshared = calloc(vectors, sizeof *m->dshared);
    m->scratch = calloc(csl_contrast_scratch(cases, n->projection), sizeof *m->scratch);
    m->shown = calloc(cases, sizeof *m->shown);
    m->room = m->shared && m->dshared && m->scratch && m->shown ? cases : 0;
    return m->room;
}

/* The loss of the whole batch depends on all its cases at once, whose tapes would not fit into memory
 * together: so the batch is embedded first, and its gradient by the projections then goes back through one
 * case after the other, each run again (Gao et al. 2021). Leaves it, times the loss's weight, in dshared. */
static void contrast(csl_learner *l, double *loss, double *dlog_scale)
{
    struct csl_learner_memory *memory = l->memory;
    const csl_network *n = l->network;
    *loss = *dlog_scale = 0;
    if (!reserve(memory, n, memory->count)) {
        atomic_store(&memory->failed, true);
        return;
    }
    csl_pool_run(l->pool, memory->count, embed_case, l);
    if (memory->failed) return;
    *loss = csl_contrast_loss(memory->shared, memory->shown, memory->count, n->modality_count, n->projection,
                              (double)l->weights[n->layout->log_scale], memory->scratch, memory->dshared,
                              dlog_scale);
    *loss *= l->recipe->contrast;
    *dlog_scale *= l->recipe->contrast;
    csl_kernel_scale(memory->dshared, (float)l->recipe->contrast,
                     memory->count * n->modality_count * n->projection);
}

static void learn_case(const csl_learner *l, size_t at, desk *d, float *gradient, double *loss)
{
    struct csl_learner_memory *memory = l->memory;
    const csl_network *n = l->network;
    size_t index = memory->batch[at];
    csl_rng rng;
    csl_activations a;
    csl_modality_set set = look(l, index, d, &rng);
    csl_status status =
        set ? csl_network_encode(n, l->weights, &d->hand.seen, set, d->workspace, NULL) : CSL_ENOMEM;
    if (status != CSL_OK) {
        atomic_store(&memory->failed, true);
        return;
    }
    double scale = 1 / (double)memory->count;
    float dlogit[CSL_BRANCH_COUNT * CSL_MAX_LABELS], dgate[3];
    if (memory->labelled) {
        csl_network_fuse(n, l->weights, set, d->workspace, &a);
        task_losses(l, &a, l->labels + index * n->label_count, scale, dlogit, loss);
        even_gates(l, a.gate, scale, dgate, loss);
        csl_fusion_backward(n, l->weights, gradient, dlogit, dgate, d->workspace);
    } else
        csl_fusion_silence(n, d->workspace);
    double telling = memory->labelled ? l->recipe->telling : 1;
    if (telling > 0) tell(l, d, set, scale * telling, &rng, gradient, loss);
    for (size_t m = 0; m < n->modality_count; m++) {
        csl_encoder_tape *tape = &d->workspace->encoder[m];
        if (!(set >> m & 1)) continue;
        if (l->recipe->contrast > 0 && n->modality_count > 1)
            csl_contrast_project_back(n, l->weights, m, tape->e, shared_row(l, memory->dshared, at, m),
                                      gradient, tape->de);
        csl_encoder_backward(n, l->weights, gradient, m, &d->hand.seen.modality[m], tape, d->workspace);
    }
}

/* ---- a step ---- */

static void learn_slice(void *context, size_t slice, unsigned job)
{
    const csl_learner *l = context;
    struct csl_learner_memory *memory = l->memory;
    float *gradient = slice_gradient(l, slice);
    memset(gradient, 0, l->count * sizeof *gradient);
    memory->loss[slice] = 0;
    for (size_t i = slice; i < memory->count; i += CSL_LEARNER_SLICES)
        learn_case(l, i, &memory->desks[job], gradient, &memory->loss[slice]);
}

static void renew(void *context, size_t layer, unsigned job)
{
    (void)job;
    csl_prepared_renew(context, layer);
}

enum { REDUCE_FLOATS = 16384 };

/* Adds a stretch of all slices to the first, in order. */
static void reduce(void *context, size_t piece, unsigned job)
{
    const csl_learner *l = context;
    (void)job;
    size_t from = piece * REDUCE_FLOATS, to = from + REDUCE_FLOATS;
    if (to > l->count) to = l->count;
    float *sum = slice_gradient(l, 0);
    for (size_t s = 1; s < CSL_LEARNER_SLICES; s++) {
        const float *next = slice_gradient(l, s);
        for (size_t i = from; i < to; i++) sum[i] += next[i];
    }
}

/* Of the tensors between a modality's tokens and its embedding. */
static bool is_encoder(const csl_network *n, const csl_parameter *p)
{
    for (size_t m = 0; m < n->modality_count; m++)
        if (p->offset >= n->layout->modality[m].unknown && p->offset <= n->layout->modality[m].pool.bias)
            return true;
    return false;
}

static void update_average(csl_learner *l)
{
    /* Early on the average follows the weights closely, else it would remember their random start. */
    double step = (double)l->optimiser.step, limit = (1 + step) / (10 + step);
    float keep = (float)(l->recipe->average < limit ? l->recipe->average : limit), take = 1 - keep;
    for (size_t i = 0; i < l->network->weight_count; i++)
        l->average[i] = keep * l->average[i] + take * l->weights[i];
}

csl_status csl_learner_step(csl_learner *l, const size_t *batch, size_t count, bool labelled, unsigned epoch,
                            double rate, double *loss, csl_error *error)
{
    const csl_network *n = l->network;
    l->memory->batch = batch;
    l->memory->count = count;
    l->memory->epoch = epoch;
    l->memory->labelled = labelled;
    csl_pool_run(l->pool, csl_prepared_count(n->prepared), renew, n->prepared);
    double across = 0, dlog_scale = 0;
    if (l->recipe->contrast > 0 && n->modality_count > 1) contrast(l, &across, &dlog_scale);
    if (!l->memory->failed) csl_pool_run(l->pool, CSL_LEARNER_SLICES, learn_slice, l);
    if (l->memory->failed)
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory to learn from a batch of %zu cases", count);
    csl_pool_run(l->pool, (l->count + REDUCE_FLOATS - 1) / REDUCE_FLOATS, reduce, l);
    *loss = across;
    for (size_t s = 0; s < CSL_LEARNER_SLICES; s++) *loss += l->memory->loss[s];

    float *gradient = slice_gradient(l, 0), *log_scale = &l->weights[n->layout->log_scale];
    gradient[n->layout->log_scale] += (float)dlog_scale;
    double norm = csl_clip_norm(gradient, l->count, l->recipe->clip);
    if (!isfinite(norm) || !isfinite(*loss))
        return csl_fail(error, CSL_EINTERNAL, NULL,
                        "learning diverged in epoch %u (loss %g); a lower learning rate may help", epoch + 1,
                        *loss);
    csl_adamw_begin(&l->optimiser);
    for (size_t i = 0; i < n->parameter_count; i++) {
        const csl_parameter *p = &n->parameters[i];
        double share = labelled && is_encoder(n, p) ? l->recipe->encoder_rate : 1;
        csl_adamw_update(&l->optimiser, share * rate, p->decay ? l->recipe->decay : 0, p->offset, p->count,
                         l->weights, gradient);
    }
    csl_adamw_update(&l->optimiser, rate, l->recipe->decay, n->weight_count, l->decoders.weight_count,
                     l->weights, gradient);
    *log_scale = fmaxf(0, fminf(*log_scale, CSL_CONTRAST_MOST));
    update_average(l);
    return CSL_OK;
}

csl_status csl_learner_new(const csl_network *network, const csl_recipe *recipe,
                           const csl_objective *objective, const csl_encoded *encoded, const float *labels,
                           size_t cases, uint64_t seed, csl_pool *pool, const float *initial, csl_learner *l,
                           csl_error *error)
{
    csl_decoders decoders;
    csl_decoders_layout(network, &decoders);
    size_t weights = network->weight_count + decoders.weight_count, scratch = 0;
    unsigned jobs = csl_pool_jobs(pool);
    *l = (csl_learner){.network = network,
                       .decoders = decoders,
                       .count = weights,
                       .recipe = recipe,
                       .objective = objective,
                       .encoded = encoded,
                       .labels = labels,
                       .cases = cases,
                       .seed = seed,
                       .pool = pool,
                       .weights = malloc(weights * sizeof(float)),
                       .average = malloc(weights * sizeof(float)),
                       .memory = calloc(1, sizeof *l->memory)};
    if (!l->weights || !l->average || !l->memory) goto no_memory;
    l->memory->network = *network;
    l->network = &l->memory->network;
    if (csl_prepare_learning(network, l->weights, &l->memory->network.prepared, NULL) != CSL_OK)
        goto no_memory;
    for (size_t m = 0; m < network->modality_count; m++)
        if (csl_decoder_scratch(&decoders.modality[m]) > scratch)
            scratch = csl_decoder_scratch(&decoders.modality[m]);
    l->memory->gradients = calloc(CSL_LEARNER_SLICES * weights, sizeof(float));
    l->memory->desks = calloc(jobs, sizeof *l->memory->desks);
    if (!l->memory->gradients || !l->memory->desks) goto no_memory;
    for (unsigned i = 0; i < jobs; i++)
        if (!(l->memory->desks[i].workspace = csl_workspace_new()) ||
            !(l->memory->desks[i].scratch = calloc(scratch + 1, sizeof(float))))
            goto no_memory;
    if (csl_adamw_new(weights, &l->optimiser, NULL) != CSL_OK) goto no_memory;
    csl_rng rng;
    csl_rng_seed_stream(&rng, seed, STREAM_DECODERS);
    memcpy(l->weights, initial, network->weight_count * sizeof(float));
    csl_decoders_init(&decoders, network->modality_count, &rng, l->weights + network->weight_count);
    memcpy(l->average, l->weights, weights * sizeof(float));
    return CSL_OK;
no_memory:
    csl_learner_free(l);
    return csl_fail(error, CSL_ENOMEM, NULL, "no memory to learn %zu weights", weights);
}

void csl_learner_free(csl_learner *l)
{
    for (unsigned i = 0; l->memory && l->memory->desks && i < csl_pool_jobs(l->pool); i++) {
        csl_workspace_free(l->memory->desks[i].workspace);
        csl_hand_free(&l->memory->desks[i].hand);
        free(l->memory->desks[i].scratch);
    }
    if (l->memory) {
        csl_prepared_free(l->memory->network.prepared);
        free(l->memory->gradients);
        free(l->memory->shared);
        free(l->memory->dshared);
        free(l->memory->scratch);
        free(l->memory->shown);
        free(l->memory->desks);
    }
    free(l->memory);
    free(l->weights);
    free(l->average);
    csl_adamw_free(&l->optimiser);
    *l = (csl_learner){0};
}
