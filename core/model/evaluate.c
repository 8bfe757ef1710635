#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/fitted.h"
#include "model/metrics.h"
#include "model/score.h"

enum { MAX_SUBSETS = 255 };

/* Cases of the split, and their logits for every set of modalities. */
typedef struct scored {
    size_t *which; /* [count] indices into the cohort */
    size_t count, set_count;
    csl_modality_set sets[MAX_SUBSETS]; /* the last one holds all modalities */
    float *logit;                       /* [count, set_count, CSL_BRANCH_COUNT, labels] */
    double *score, *other;              /* [count], of the pairs under work */
    uint8_t *truth;                     /* [count] */
} scored;

static const float *logits_of(const csl_model *m, const scored *s, size_t i, size_t set, csl_branch branch)
{
    size_t labels = m->network.label_count;
    return s->logit + ((i * s->set_count + set) * CSL_BRANCH_COUNT + (size_t)branch) * labels;
}

static const csl_task *task_of(const csl_model *m, size_t label)
{
    const csl_task *task = m->tasks;
    while (label >= task->first + task->count) task++;
    return task;
}

/* Scores and outcomes of the cases for which the output's outcome is known. */
static size_t pairs(const csl_model *m, const csl_cohort *cohort, const scored *s, size_t set,
                    csl_branch branch, size_t label, double *score)
{
    const csl_task *task = task_of(m, label);
    size_t count = 0, first = task->first;
    for (size_t i = 0; i < s->count; i++) {
        float outcome[CSL_MAX_LABELS];
        double all[CSL_MAX_LABELS];
        csl_task_outcome(task, cohort->labels + s->which[i] * cohort->label_count + first, outcome);
        if (isnan(outcome[label - first])) continue;
        csl_scores(task, &m->calibration[first], logits_of(m, s, i, set, branch) + first, all);
        score[count] = all[label - first];
        s->truth[count++] = outcome[label - first] > 0.5f;
    }
    return count;
}

static csl_status measure(const csl_model *m, const csl_cohort *cohort, scored *s, csl_branch branch,
                          size_t label, uint64_t seed, csl_label_metrics *out, csl_error *error)
{
    size_t count = pairs(m, cohort, s, s->set_count - 1, branch, label, s->score);
    *out = (csl_label_metrics){0};
    csl_status status = csl_auc_interval(s->score, s->truth, count, seed, &out->auc, error);
    for (size_t i = 0; i < count; i++) {
        s->score[i] = csl_calibrated(&m->calibration[label], s->score[i]);
        out->positives += s->truth[i];
    }
    out->negatives = count - out->positives;
    out->accuracy = csl_accuracy(s->score, s->truth, count);
    out->brier = csl_brier(s->score, s->truth, count);
    return status;
}

static csl_status gain(const csl_model *m, const csl_cohort *cohort, scored *s, csl_branch over,
                       uint64_t seed, csl_interval *out, csl_error *error)
{
    size_t all = s->set_count - 1;
    pairs(m, cohort, s, all, over, 0, s->other);
    size_t count = pairs(m, cohort, s, all, CSL_BRANCH_HYBRID, 0, s->score);
    return csl_auc_gain(s->score, s->other, s->truth, count, seed, out, error);
}

static csl_status score_split(const csl_model *m, const csl_cohort *cohort, csl_split split, unsigned jobs,
                              scored *s, csl_error *error)
{
    size_t labels = m->network.label_count, row = CSL_BRANCH_COUNT * labels, floats;
    csl_pool *pool = NULL;
    csl_status status = CSL_OK;
    float baseline[CSL_MAX_LABELS];
    csl_encoded *encoded = calloc(cohort->count + 1, sizeof *encoded);
    s->which = calloc(cohort->count + 1, sizeof *s->which);
    for (size_t i = 0; i < cohort->count && s->which; i++)
        if (cohort->split[i] == split) s->which[s->count++] = i;
    s->score = calloc(s->count + 1, sizeof *s->score);
    s->other = calloc(s->count + 1, sizeof *s->other);
    s->truth = calloc(s->count + 1, sizeof *s->truth);
    if (__builtin_mul_overflow(s->count * s->set_count, row, &floats) ||
        !(s->logit = calloc(floats + 1, sizeof *s->logit)) || !encoded || !s->which || !s->score ||
        !s->other || !s->truth) {
        status = csl_fail(error, CSL_ENOMEM, NULL, "no memory to evaluate %zu cases", s->count);
        goto done;
    }
    if (!s->count) {
        status = csl_fail(error, CSL_EUSAGE, NULL, "the cohort has no case in the split to be evaluated");
        goto done;
    }
    for (size_t i = 0; i < s->count && status == CSL_OK; i++)
        status = csl_preprocess(&m->network, &m->features, cohort->cases[s->which[i]], &encoded[s->which[i]],
                                error);
    for (size_t l = 0; l < labels; l++) baseline[l] = (float)m->calibration[l].baseline;
    if (status == CSL_OK) status = csl_pool_new(jobs, &pool, error);
    if (status == CSL_OK)
        status = csl_score_cases(&m->network, m->weights, encoded, s->which, s->count, s->sets, s->set_count,
                                 baseline, pool, s->logit, error);
done:
    csl_pool_free(pool);
    for (size_t i = 0; i < cohort->count && encoded; i++) csl_encoded_free(&encoded[i]);
    free(encoded);
    return status;
}

static csl_status check_labels(const csl_model *m, const csl_cohort *cohort, csl_error *error)
{
    if (cohort->label_count != m->network.label_count)
        return csl_fail(error, CSL_EMISMATCH, NULL, "the model has %zu labels, the cohort %zu",
                        m->network.label_count, cohort->label_count);
    for (size_t l = 0; l < cohort->label_count; l++)
        if (strcmp(cohort->label[l].name, m->labels[l].name) != 0)
            return csl_fail(error, CSL_EMISMATCH, NULL,
                            "label %zu is \"%s\" in the model and \"%s\" in the cohort", l + 1,
                            m->labels[l].name, cohort->label[l].name);
    return CSL_OK;
}

/* As csl_evaluation.subset says. */
static void list_subsets(size_t modalities, scored *s)
{
    csl_modality_set all = (csl_modality_set)((1ull << modalities) - 1);
    for (size_t size = 1; size < modalities; size++) {
        if (size > 1 && modalities > 8) break;
        for (csl_modality_set set = 1; set < all; set++)
            if ((size_t)__builtin_popcount(set) == size) s->sets[s->set_count++] = set;
    }
    s->sets[s->set_count++] = all;
}

csl_status csl_model_evaluate(const csl_model *model, const csl_cohort *cohort, csl_split split,
                              csl_branch branch, unsigned jobs, uint64_t seed, csl_evaluation *evaluation,
                              csl_error *error)
{
    *evaluation = (csl_evaluation){.label_count = model->network.label_count};
    csl_status status = check_labels(model, cohort, error);
    if (status != CSL_OK) return status;
    scored *s = calloc(1, sizeof *s);
    if (!s) return csl_fail(error, CSL_ENOMEM, NULL, "no memory to evaluate");
    list_subsets(model->features.count, s);
    status = score_split(model, cohort, split, jobs, s, error);
    for (size_t l = 0; l < evaluation->label_count && status == CSL_OK; l++)
        status = measure(model, cohort, s, branch, l, seed, &evaluation->label[l], error);
    for (size_t b = 0; b < CSL_BRANCH_COUNT && status == CSL_OK; b++)
        status = measure(model, cohort, s, (csl_branch)b, 0, seed, &evaluation->fusion[b], error);
    evaluation->subset_count = s->set_count;
    for (size_t k = 0; k < s->set_count && status == CSL_OK; k++) {
        size_t count = pairs(model, cohort, s, k, branch, 0, s->score);
        evaluation->subset[k].set = s->sets[k];
        status = csl_auc_interval(s->score, s->truth, count, seed, &evaluation->subset[k].auc, error);
    }
    if (status == CSL_OK)
        status = gain(model, cohort, s, CSL_BRANCH_EARLY, seed, &evaluation->gain_over_early, error);
    if (status == CSL_OK)
        status = gain(model, cohort, s, CSL_BRANCH_LATE, seed, &evaluation->gain_over_late, error);
    free(s->which);
    free(s->logit);
    free(s->score);
    free(s->other);
    free(s->truth);
    free(s);
    return status;
}
