#include <math.h>
#include <stdlib.h>

#include "model/fitted.h"
#include "model/ranks.h"

/* Minus the logarithm of the p-values of a cohort's cases behind score[from ..]; how many there are then. */
static csl_status add(const csl_model *m, const csl_cohort *cohort, bool all, csl_split split, double *score,
                      size_t *count, csl_error *error)
{
    double rarity[CSL_MAX_MODALITIES], novelty;
    csl_status status = CSL_OK;
    for (size_t i = 0; i < cohort->count && status == CSL_OK; i++) {
        csl_encoded encoded;
        if (!all && cohort->split[i] != split) continue;
        status = csl_preprocess(&m->network, &m->features, cohort->cases[i], &encoded, error);
        if (status == CSL_OK)
            status = csl_novelty(&m->network, &m->features, m->gauges, &encoded, rarity, &novelty, error);
        if (status == CSL_OK && csl_encoded_present(&m->network, &encoded)) score[(*count)++] = -log(novelty);
        csl_encoded_free(&encoded);
    }
    return status;
}

static double share_above(const double *score, size_t count, double limit)
{
    size_t above = 0;
    for (size_t i = 0; i < count; i++) above += score[i] > limit;
    return count ? (double)above / (double)count : NAN;
}

csl_status csl_model_strangeness(const csl_model *model, const csl_cohort *cohort, csl_split split,
                                 const csl_cohort *others, double level, uint64_t seed, csl_strangeness *s,
                                 csl_error *error)
{
    size_t most = cohort->count + others->count + 1, count = 0;
    double *score = calloc(most, sizeof *score);
    uint8_t *truth = calloc(most, sizeof *truth);
    csl_ranks *ranks = NULL;
    *s = (csl_strangeness){.level = level};
    csl_status status =
        score && truth ? CSL_OK : csl_fail(error, CSL_ENOMEM, NULL, "no memory for %zu cases", most);
    if (status == CSL_OK && !model->gauges)
        status = csl_fail(error, CSL_EMISMATCH, NULL, "the model does not know what its cases were like");
    if (status == CSL_OK) status = add(model, cohort, false, split, score, &count, error);
    s->cases = count;
    if (status == CSL_OK) status = add(model, others, true, split, score, &count, error);
    s->others = count - s->cases;
    for (size_t i = s->cases; status == CSL_OK && i < count; i++) truth[i] = 1;
    if (status == CSL_OK) status = csl_ranks_binary(score, truth, count, &ranks, error);
    if (status == CSL_OK) status = csl_ranks_interval(ranks, NULL, seed, &s->auc, error);
    if (status == CSL_OK) {
        s->flagged = share_above(score, s->cases, -log(level));
        s->others_flagged = share_above(score + s->cases, s->others, -log(level));
    }
    csl_ranks_free(ranks);
    free(score);
    free(truth);
    return status;
}
