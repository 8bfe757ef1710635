/* Whether the reasons given for scores hold: do attributions sum to what they explain, and does a case's
 * score move more without the tokens that they name than without others? The latter is the deletion test
 * (Samek et al. 2017, "Evaluating the Visualization of What a Deep Neural Network Has Learned"). */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "model/explain.h"
#include "model/fitted.h"
#include "model/pool.h"

static const size_t REMOVED[CSL_DELETIONS] = {1, 2, 5, 10, 20};

typedef struct token {
    size_t modality, index;
    double size; /* of its attribution to the first label */
} token;

/* What one case gives. */
typedef struct finding_check {
    double miss[CSL_MAX_LABELS]; /* |sum - move| / |move| */
    bool complete[CSL_MAX_LABELS];
    double nodes, shapley;
    double top[CSL_DELETIONS], random[CSL_DELETIONS], alike[CSL_DELETIONS]; /* NaN: it has too few tokens */
} finding_check;

typedef struct checking {
    const csl_model *model;
    const csl_cohort *cohort;
    const size_t *which;
    uint64_t seed;
    csl_workspace **workspaces; /* [jobs] */
    finding_check *out;         /* [count of cases] */
    atomic_bool failed;
} checking;

/* One case under work. */
typedef struct trial {
    const csl_model *model;
    csl_workspace *workspace;
    csl_encoded encoded;
    token *tokens; /* [count], greatest attribution first */
    size_t *draw;  /* [count] */
    size_t count;
    uint8_t *drop[CSL_MAX_MODALITIES];
    double logit;
    csl_rng rng;
} trial;

static int by_size(const void *a, const void *b)
{
    const token *x = a, *y = b;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    if (x->modality != y->modality) return x->modality < y->modality ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

/* |logit - logit without tokens[which[0 .. count)]|, or NaN out of memory. */
static double move_without(trial *t, const size_t *which, size_t count)
{
    const csl_network *n = &t->model->network;
    csl_encoded rest;
    csl_activations out;
    double move = NAN;
    for (size_t m = 0; m < n->modality_count; m++)
        if (t->drop[m]) memset(t->drop[m], 0, t->encoded.modality[m].count);
    for (size_t i = 0; i < count; i++) t->drop[t->tokens[which[i]].modality][t->tokens[which[i]].index] = 1;
    if (csl_encoded_without(n, &t->encoded, t->drop, &rest, NULL) == CSL_OK &&
        csl_network_forward(n, t->model->weights, &rest, CSL_ALL_MODALITIES, t->workspace, &out, NULL) ==
            CSL_OK)
        move = fabs(t->logit - (double)out.logit[CSL_BRANCH_HYBRID][0]);
    csl_encoded_free(&rest);
    return move;
}

/* Draws `count` of the tokens into t->draw: of all, or of each modality as many as tokens[0 .. count) have.
 */
static void draw_tokens(trial *t, size_t count, bool alike)
{
    size_t wanted[CSL_MAX_MODALITIES] = {0}, kept = 0;
    for (size_t i = 0; i < count; i++) wanted[t->tokens[i].modality]++;
    for (size_t i = 0; i < t->count; i++) t->draw[i] = i;
    csl_rng_shuffle(&t->rng, t->draw, t->count);
    for (size_t i = 0; i < t->count && alike; i++) {
        size_t *left = &wanted[t->tokens[t->draw[i]].modality];
        if (!*left) continue;
        --*left;
        t->draw[kept++] = t->draw[i];
    }
}

static bool delete_tokens(trial *t, finding_check *out)
{
    for (size_t k = 0; k < CSL_DELETIONS; k++) {
        size_t count = REMOVED[k];
        out->top[k] = out->random[k] = out->alike[k] = NAN;
        if (count >= t->count) continue;
        out->random[k] = out->alike[k] = 0;
        for (size_t i = 0; i < count; i++) t->draw[i] = i;
        out->top[k] = move_without(t, t->draw, count);
        for (size_t d = 0; d < CSL_DELETION_DRAWS; d++) {
            draw_tokens(t, count, false);
            out->random[k] += move_without(t, t->draw, count) / CSL_DELETION_DRAWS;
            draw_tokens(t, count, true);
            out->alike[k] += move_without(t, t->draw, count) / CSL_DELETION_DRAWS;
        }
        if (isnan(out->top[k] + out->random[k] + out->alike[k])) return false;
    }
    return true;
}

static bool list_tokens(trial *t, const csl_attributions *a)
{
    size_t count = 0;
    for (size_t m = 0; m < CSL_MAX_MODALITIES; m++) count += t->encoded.modality[m].count;
    t->tokens = calloc(count + 1, sizeof *t->tokens);
    t->draw = calloc(count + 1, sizeof *t->draw);
    bool fine = t->tokens && t->draw;
    for (size_t m = 0; m < CSL_MAX_MODALITIES && fine; m++) {
        size_t n = t->encoded.modality[m].count;
        if (n && !(t->drop[m] = calloc(n, 1))) fine = false;
        for (size_t i = 0; i < n && fine; i++)
            t->tokens[t->count++] = (token){m, i, fabs(a->part[m][i])}; /* row 0: the first label */
    }
    if (fine) qsort(t->tokens, t->count, sizeof *t->tokens, by_size);
    return fine;
}

static double shapley_miss(const csl_model *m, csl_modality_set set, csl_workspace *workspace,
                           const double *logit, bool *fine)
{
    const csl_network *n = &m->network;
    double baseline[CSL_MAX_LABELS], worst = 0, contribution[CSL_MAX_LABELS * CSL_MAX_MODALITIES];
    for (size_t l = 0; l < n->label_count; l++) baseline[l] = m->calibration[l].baseline;
    *fine = csl_shapley(n, m->weights, set, workspace, baseline, contribution, NULL) == CSL_OK;
    for (size_t l = 0; l < n->label_count && *fine; l++) {
        double sum = 0;
        for (size_t k = 0; k < n->modality_count; k++) sum += contribution[l * n->modality_count + k];
        worst = fmax(worst, fabs(sum - (logit[l] - baseline[l])));
    }
    return worst;
}

static void check_case(void *context, size_t piece, unsigned job)
{
    checking *c = context;
    const csl_model *m = c->model;
    const csl_network *n = &m->network;
    finding_check *out = &c->out[piece];
    trial t = {.model = m, .workspace = c->workspaces[job]};
    csl_activations a;
    csl_attributions parts = {0};
    double logit[CSL_MAX_LABELS];
    const csl_case *of = c->cohort->cases[c->which[piece]];
    csl_rng_seed_stream(&t.rng, c->seed, c->which[piece]);
    bool fine = csl_preprocess(n, &m->features, of, &t.encoded, NULL) == CSL_OK;
    csl_modality_set set = fine ? csl_encoded_present(n, &t.encoded) : 0;
    fine = fine && csl_network_forward(n, m->weights, &t.encoded, set, t.workspace, &a, NULL) == CSL_OK;
    for (size_t l = 0; l < n->label_count && fine; l++) logit[l] = (double)a.logit[CSL_BRANCH_HYBRID][l];
    if (fine) out->shapley = shapley_miss(m, set, t.workspace, logit, &fine);
    fine =
        fine && csl_integrated_gradients(n, m->weights, &t.encoded, set, t.workspace, &parts, NULL) == CSL_OK;
    for (size_t l = 0; l < n->label_count && fine; l++) {
        out->miss[l] = parts.error_left[l] / fmax(fabs(parts.difference[l]), 1e-6);
        out->complete[l] = parts.error_left[l] <= csl_attribution_tolerance(parts.difference[l]);
    }
    out->nodes = (double)parts.nodes;
    t.logit = fine ? logit[0] : 0;
    fine = fine && list_tokens(&t, &parts) && delete_tokens(&t, out);
    if (!fine) atomic_store(&c->failed, true);
    csl_attributions_free(&parts);
    csl_encoded_free(&t.encoded);
    for (size_t k = 0; k < CSL_MAX_MODALITIES; k++) free(t.drop[k]);
    free(t.tokens);
    free(t.draw);
}

/* ---- over all cases ---- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median, 95 % percentile (the least value that so many do not exceed) and greatest; sorts. */
static void spread(double *values, size_t count, double to[3])
{
    qsort(values, count, sizeof *values, ascending);
    to[0] = values[(count - 1) / 2];
    to[1] = values[(count * 95 + 99) / 100 - 1];
    to[2] = values[count - 1];
}

static csl_interval mean_of(const double *values, size_t count)
{
    double mean = 0, squares = 0;
    for (size_t i = 0; i < count; i++) mean += values[i] / (double)count;
    for (size_t i = 0; i < count; i++) squares += (values[i] - mean) * (values[i] - mean);
    if (!count) return (csl_interval){NAN, NAN, NAN};
    double half = count > 1 ? 1.96 * sqrt(squares / (double)(count - 1) / (double)count) : NAN;
    return (csl_interval){mean, mean - half, mean + half};
}

static void summarise(const finding_check *of, size_t count, size_t labels, double *values, csl_reasons *r)
{
    size_t attributions = 0;
    r->cases = count;
    for (size_t i = 0; i < count; i++) {
        r->shapley = fmax(r->shapley, of[i].shapley);
        for (size_t l = 0; l < labels; l++) {
            r->complete += of[i].complete[l];
            values[attributions++] = of[i].miss[l];
        }
    }
    r->attributions = attributions;
    spread(values, attributions, r->miss);
    for (size_t i = 0; i < count; i++) values[i] = of[i].nodes;
    spread(values, count, r->nodes);
    for (size_t k = 0; k < CSL_DELETIONS; k++) {
        csl_deletion *d = &r->deletion[k];
        csl_interval *const to[] = {&d->top, &d->random, &d->alike, &d->over_random, &d->over_alike};
        d->tokens = REMOVED[k];
        for (size_t j = 0; j < sizeof to / sizeof *to; j++) {
            d->cases = 0;
            for (size_t i = 0; i < count; i++) {
                double top = of[i].top[k], random = of[i].random[k], alike = of[i].alike[k];
                const double value[] = {top, random, alike, top - random, top - alike};
                if (!isnan(top)) values[d->cases++] = value[j];
            }
            *to[j] = mean_of(values, d->cases);
        }
    }
}

csl_status csl_model_check_reasons(const csl_model *model, const csl_cohort *cohort, csl_split split,
                                   unsigned jobs, uint64_t seed, csl_reasons *reasons, csl_error *error)
{
    size_t labels = model->network.label_count, count = 0;
    checking c = {.model = model, .cohort = cohort, .seed = seed};
    csl_pool *pool = NULL;
    *reasons = (csl_reasons){0};
    size_t *which = calloc(cohort->count + 1, sizeof *which);
    double *values = calloc(cohort->count * labels + 1, sizeof *values);
    c.out = calloc(cohort->count + 1, sizeof *c.out);
    csl_status status = csl_pool_new(jobs, &pool, error);
    if (status != CSL_OK) goto done;
    c.workspaces = calloc(csl_pool_jobs(pool), sizeof *c.workspaces);
    bool fine = which && values && c.out && c.workspaces;
    for (unsigned i = 0; fine && i < csl_pool_jobs(pool); i++)
        fine = (c.workspaces[i] = csl_workspace_new()) != NULL;
    for (size_t i = 0; fine && i < cohort->count && status == CSL_OK; i++) {
        csl_encoded encoded; /* says here, with a name, what would only be a failure below */
        if (cohort->split[i] != split) continue;
        status = csl_preprocess(&model->network, &model->features, cohort->cases[i], &encoded, error);
        if (csl_encoded_present(&model->network, &encoded)) which[count++] = i;
        csl_encoded_free(&encoded);
    }
    if (status != CSL_OK) goto done;
    if (fine && !count) {
        status = csl_fail(error, CSL_EUSAGE, NULL,
                          "the cohort has no case with tokens in the split to be checked");
        goto done;
    }
    c.which = which;
    if (fine) csl_pool_run(pool, count, check_case, &c);
    if (!fine || c.failed)
        status = csl_fail(error, CSL_ENOMEM, NULL, "no memory to check the reasons of %zu cases", count);
    else
        summarise(c.out, count, labels, values, reasons);
done:
    for (unsigned i = 0; c.workspaces && i < csl_pool_jobs(pool); i++) csl_workspace_free(c.workspaces[i]);
    csl_pool_free(pool);
    free(c.workspaces);
    free(c.out);
    free(which);
    free(values);
    return status;
}
