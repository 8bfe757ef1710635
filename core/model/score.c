#include "model/score.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

typedef struct scoring {
    const csl_network *network;
    const float *weights, *baseline;
    const csl_encoded *encoded;
    const size_t *which;
    const csl_modality_set *sets;
    size_t set_count;
    csl_workspace **workspaces; /* [jobs] */
    float *logit;
    atomic_bool failed;
} scoring;

static void score_case(void *context, size_t piece, unsigned job)
{
    scoring *s = context;
    const csl_network *n = s->network;
    const csl_encoded *e = &s->encoded[s->which[piece]];
    size_t row = CSL_BRANCH_COUNT * n->label_count;
    csl_modality_set present = csl_encoded_present(n, e), wanted = 0;
    csl_activations a;
    for (size_t k = 0; k < s->set_count; k++) wanted |= s->sets[k] & present;
    if (wanted && csl_network_infer(n, s->weights, e, wanted, s->workspaces[job], &a, NULL) != CSL_OK) {
        atomic_store(&s->failed, true);
        return;
    }
    for (size_t k = 0; k < s->set_count; k++) {
        csl_modality_set set = s->sets[k] & present;
        float *to = s->logit + (piece * s->set_count + k) * row;
        if (set) csl_network_fuse(n, s->weights, set, s->workspaces[job], &a);
        for (size_t b = 0; b < CSL_BRANCH_COUNT; b++)
            memcpy(to + b * n->label_count, set ? a.logit[b] : s->baseline, n->label_count * sizeof *to);
    }
}

csl_status csl_score_cases(const csl_network *network, const float *weights, const csl_encoded *encoded,
                           const size_t *which, size_t count, const csl_modality_set *sets, size_t set_count,
                           const float *baseline, csl_pool *pool, float *logit, csl_error *error)
{
    unsigned jobs = csl_pool_jobs(pool);
    scoring s = {.network = network,
                 .weights = weights,
                 .baseline = baseline,
                 .encoded = encoded,
                 .which = which,
                 .sets = sets,
                 .set_count = set_count,
                 .workspaces = calloc(jobs, sizeof *s.workspaces),
                 .logit = logit};
    bool fine = s.workspaces != NULL;
    for (unsigned i = 0; i < jobs && fine; i++) fine = (s.workspaces[i] = csl_workspace_new()) != NULL;
    if (fine) csl_pool_run(pool, count, score_case, &s);
    fine = fine && !s.failed;
    for (unsigned i = 0; i < jobs && s.workspaces; i++) csl_workspace_free(s.workspaces[i]);
    free(s.workspaces);
    return fine ? CSL_OK : csl_fail(error, CSL_ENOMEM, NULL, "no memory to score %zu cases", count);
}
