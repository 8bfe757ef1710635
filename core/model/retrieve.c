/* What two modalities say of one patient, found by how alike it is: retrieval and descriptions. */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "consilium/plugin.h"
#include "model/contrast.h"
#include "model/product.h"
#include "model/fitted.h"
#include "model/pool.h"
#include "model/ranks.h"
#include "model/tape.h"

const size_t csl_recall_at[CSL_RECALLS] = {1, 5, 10};

int csl_model_find_modality(const csl_model *model, const char *name)
{
    return csl_features_find(&model->features, name);
}

size_t csl_model_shared_size(const csl_model *model)
{
    return model->network.projection;
}

double csl_model_shared_scale(const csl_model *model)
{
    return exp((double)model->weights[model->network.layout->log_scale]);
}

/* ---- cases into the shared space ---- */

typedef struct sharing {
    const csl_model *model;
    csl_case *const *cases;
    size_t modality;
    csl_workspace **workspaces; /* [jobs] */
    float *shared;
    bool *has;
    atomic_size_t failed; /* the first case that failed, in their order; else SIZE_MAX */
} sharing;

static csl_status share(const sharing *s, size_t i, csl_workspace *workspace, csl_error *error)
{
    const csl_network *n = &s->model->network;
    const csl_modality_set set = (csl_modality_set)1 << s->modality;
    csl_encoded encoded;
    csl_status status = csl_preprocess(n, &s->model->features, s->cases[i], &encoded, error);
    s->has[i] = status == CSL_OK && (csl_encoded_present(n, &encoded) & set);
    memset(s->shared + i * n->projection, 0, n->projection * sizeof *s->shared);
    if (s->has[i]) status = csl_network_encode(n, s->model->weights, &encoded, set, workspace, error);
    if (s->has[i] && status == CSL_OK)
        csl_contrast_project(n, s->model->weights, s->modality, workspace->encoder[s->modality].e,
                             s->shared + i * n->projection);
    csl_encoded_free(&encoded);
    return status;
}

static void share_case(void *context, size_t i, unsigned job)
{
    sharing *s = context;
    if (share(s, i, s->workspaces[job], NULL) == CSL_OK) return;
    size_t first = atomic_load(&s->failed);
    while (i < first && !atomic_compare_exchange_weak(&s->failed, &first, i)) {
    }
}

csl_status csl_model_shared(const csl_model *model, csl_case *const *cases, size_t count, size_t modality,
                            unsigned jobs, float *shared, bool *has, csl_error *error)
{
    csl_pool *pool = NULL;
    csl_status status = csl_pool_new(jobs, &pool, error);
    if (status != CSL_OK) return status;
    jobs = csl_pool_jobs(pool);
    sharing s = {.model = model,
                 .cases = cases,
                 .modality = modality,
                 .workspaces = calloc(jobs, sizeof *s.workspaces),
                 .shared = shared,
                 .has = has};
    atomic_init(&s.failed, SIZE_MAX);
    bool fine = s.workspaces != NULL;
    for (unsigned i = 0; i < jobs && fine; i++) fine = (s.workspaces[i] = csl_workspace_new()) != NULL;
    if (!fine)
        status = csl_fail(error, CSL_ENOMEM, NULL, "no memory to embed %zu cases", count);
    else
        csl_pool_run(pool, count, share_case, &s);
    size_t failed = atomic_load(&s.failed);
    if (failed != SIZE_MAX) { /* again, to hear why */
        status = share(&s, failed, s.workspaces[0], error);
        if (status == CSL_OK)
            status = csl_fail(error, CSL_ENOMEM, NULL, "no memory to embed %zu cases", count);
    }
    for (unsigned i = 0; i < jobs && s.workspaces; i++) csl_workspace_free(s.workspaces[i]);
    free(s.workspaces);
    csl_pool_free(pool);
    return status;
}

/* ---- ranks ---- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double middle(const double *sorted, size_t count)
{
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

csl_status csl_retrieve(const float *a, const float *b, size_t count, size_t dimension, csl_retrieval *r,
                        csl_error *error)
{
    *r = (csl_retrieval){.count = count};
    if (count < 2)
        return csl_fail(error, CSL_EUSAGE, NULL,
                        "%zu cases have both modalities; at least 2 are needed to tell one from another",
                        count);
    float *cosine = calloc(count, sizeof *cosine);
    double *rank = calloc(count, sizeof *rank);
    if (!cosine || !rank) {
        free(cosine);
        free(rank);
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory to rank %zu cases", count);
    }
    for (size_t i = 0; i < count; i++) {
        size_t above = 0, equal = 0; /* the own is among the equals */
        csl_gemm(false, true, 1, count, dimension, 1.0f, a + i * dimension, dimension, b, dimension, 0.0f,
                 cosine, count);
        for (size_t j = 0; j < count; j++) {
            above += cosine[j] > cosine[i];
            equal += cosine[j] == cosine[i];
        }
        rank[i] = (double)above + (double)(equal + 1) / 2;
        for (size_t k = 0; k < CSL_RECALLS; k++) {
            /* Of the places that equals take, those within the first so many. */
            double within = (double)csl_recall_at[k] - (double)above;
            r->recall[k] += fmax(0, fmin(1, within / (double)equal)) / (double)count;
        }
    }
    qsort(rank, count, sizeof *rank, ascending);
    r->median_rank = middle(rank, count);
    free(cosine);
    free(rank);
    return CSL_OK;
}

csl_retrieval csl_retrieve_by_chance(size_t count)
{
    csl_retrieval r = {.count = count, .median_rank = ((double)count + 1) / 2};
    for (size_t k = 0; k < CSL_RECALLS; k++) r.recall[k] = fmin(1, (double)csl_recall_at[k] / (double)count);
    return r;
}

/* ---- descriptions ---- */

csl_status csl_model_case_of_codes(const csl_model *model, size_t modality, const char *const *code,
                                   const double *value, size_t count, csl_case **out, csl_error *error)
{
    const csl_modality_features *m = &model->features.modalities[modality];
    csl_modality_spec spec = {.modality = m->modality,
                              .plugin_id = m->plugin_id,
                              .plugin_version = m->plugin_version,
                              .feature_count = m->feature_count,
                              .position_count = m->position_count,
                              .coded_feature = m->coded_feature,
                              .feature_names = (const char *const *)m->feature_names,
                              .feature_units = (const char *const *)m->feature_units,
                              .position_names = (const char *const *)m->position_names};
    static const csl_digest none;
    float features[CSL_MAX_FEATURES];
    double position[CSL_MAX_POSITION];
    csl_case_modality *to;
    csl_case *c = csl_case_new("description", (size_t)1 << 24);
    *out = NULL;
    if (!c) return csl_fail(error, CSL_ENOMEM, NULL, "no memory for a description");
    csl_status status = csl_case_add_input(c, "codes", 0, &none, error);
    if (status == CSL_OK) status = csl_case_modality_for(c, &spec, &to, error);
    for (size_t i = 0; i < CSL_MAX_FEATURES; i++) features[i] = NAN;
    for (size_t i = 0; i < CSL_MAX_POSITION; i++) position[i] = NAN;
    for (size_t i = 0; i < count && status == CSL_OK; i++) {
        if (!csl_features_code(m, code[i]))
            status = csl_fail(error, CSL_EMISMATCH, code[i],
                              "the model has not seen this code as %s, nor enough others of its system",
                              m->modality);
        if (status == CSL_OK && !isnan(value[i]) && m->coded_feature < 0)
            status = csl_fail(error, CSL_EMISMATCH, code[i], "codes of %s have no value", m->modality);
        if (m->coded_feature >= 0) features[m->coded_feature] = (float)value[i];
        if (status == CSL_OK)
            status = csl_case_add_token(c, to, 0, features, position, code[i], code[i], error);
    }
    if (status == CSL_OK)
        *out = c;
    else
        csl_case_free(c);
    return status;
}

csl_status csl_measure_auc(const double *score, const uint8_t *truth, size_t count, uint64_t seed,
                           csl_interval *auc, csl_error *error)
{
    csl_ranks *ranks = NULL;
    csl_status status = csl_ranks_binary(score, truth, count, &ranks, error);
    if (status == CSL_OK) status = csl_ranks_interval(ranks, NULL, seed, auc, error);
    csl_ranks_free(ranks);
    return status;
}
