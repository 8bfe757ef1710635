/* Cross-validation: Stone, "Cross-Validatory Choice and Assessment of Statistical Predictions", 1974. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "model/division.h"
#include "model/fitted.h"
#include "model/metrics.h"
#include "model/ranks.h"

static const uint64_t STREAM_FOLDS = UINT64_MAX - 4; /* of the seed */
static const double COVERAGE = 0.9;                  /* of the sets of answers */

csl_status csl_deal_folds(const csl_cohort *cohort, unsigned folds, uint64_t seed, unsigned *fold,
                          csl_error *error)
{
    csl_task tasks[CSL_MAX_LABELS];
    size_t *order = calloc(cohort->count + 1, sizeof *order), count = 0, dealt = 0;
    csl_rng rng;
    if (!order) return csl_fail(error, CSL_ENOMEM, NULL, "no memory for %zu cases", cohort->count);
    csl_cohort_tasks(cohort, tasks);
    for (size_t i = 0; i < cohort->count; i++) {
        fold[i] = 0;
        if (cohort->split[i] != CSL_SPLIT_TEST && csl_can_be_scored(cohort, i)) order[count++] = i;
    }
    csl_rng_seed_stream(&rng, seed, STREAM_FOLDS);
    csl_rng_shuffle(&rng, order, count);
    /* One deal goes on from stratum to stratum, so that the folds' sizes differ by one case at most. */
    for (size_t s = 0; s <= CSL_MAX_ANSWERS; s++)
        for (size_t i = 0; i < count; i++)
            if (csl_stratum(cohort, &tasks[0], order[i]) == s)
                fold[order[i]] = (unsigned)(dealt++ % folds) + 1;
    free(order);
    if (count >= folds) return CSL_OK;
    return csl_fail(error, CSL_EUSAGE, NULL,
                    "%u folds need as many cases with a label and tokens; there are %zu", folds, count);
}

/* ---- scores of cases that a model did not see ---- */

typedef struct pool_of_scores {
    double *score, *probability; /* [count, labels]; score: the log odds of probability */
    float *outcome;              /* [count, labels], NaN: not known or not scored */
    double *column, *other;      /* [count], of the label under work */
    uint8_t *truth;              /* [count] */
    size_t count, labels;
} pool_of_scores;

static void free_scores(pool_of_scores *p)
{
    free(p->score);
    free(p->probability);
    free(p->outcome);
    free(p->column);
    free(p->other);
    free(p->truth);
}

static csl_status make_scores(size_t count, size_t labels, pool_of_scores *p, csl_error *error)
{
    *p = (pool_of_scores){.score = calloc(count * labels + 1, sizeof *p->score),
                          .probability = calloc(count * labels + 1, sizeof *p->probability),
                          .outcome = calloc(count * labels + 1, sizeof *p->outcome),
                          .column = calloc(count + 1, sizeof *p->column),
                          .other = calloc(count + 1, sizeof *p->other),
                          .truth = calloc(count + 1, sizeof *p->truth),
                          .count = count,
                          .labels = labels};
    if (!p->score || !p->probability || !p->outcome || !p->column || !p->other || !p->truth)
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory for the scores of %zu cases", count);
    for (size_t i = 0; i < count * labels; i++) p->outcome[i] = NAN;
    return CSL_OK;
}

static csl_status score_case(const csl_model *m, csl_workspace *workspace, const csl_cohort *cohort, size_t i,
                             pool_of_scores *p, csl_error *error)
{
    float logit[CSL_MAX_LABELS];
    csl_status status =
        csl_model_logits(m, workspace, cohort->cases[i], CSL_ALL_MODALITIES, CSL_BRANCH_HYBRID, logit, error);
    if (status == CSL_EFORMAT) { /* it has only modalities that no training case of this fold had */
        for (size_t l = 0; l < p->labels; l++) logit[l] = (float)m->calibration[l].baseline;
        status = CSL_OK;
    }
    for (size_t t = 0; t < m->task_count && status == CSL_OK; t++) {
        const csl_task *task = &m->tasks[t];
        const csl_label_calibration *calibration = &m->calibration[task->first];
        double *score = p->score + i * p->labels + task->first;
        csl_scores(task, calibration, logit + task->first, score);
        csl_task_outcome(task, cohort->labels + i * p->labels + task->first,
                         p->outcome + i * p->labels + task->first);
        for (size_t k = 0; k < task->count; k++) {
            p->probability[i * p->labels + task->first + k] = csl_calibrated(&calibration[k], score[k]);
            score[k] /= calibration[k].temperature;
        }
    }
    return status;
}

/* One output over all folds. */
static csl_status measure(pool_of_scores *p, size_t label, uint64_t seed, csl_label_metrics *out,
                          csl_error *error)
{
    size_t count = 0;
    csl_ranks *ranks;
    for (size_t i = 0; i < p->count; i++) {
        size_t at = i * p->labels + label;
        if (isnan(p->outcome[at])) continue;
        p->column[count] = p->score[at];
        p->other[count] = p->probability[at];
        p->truth[count] = p->outcome[at] > 0.5f;
        out->positives += p->truth[count++];
    }
    out->negatives = count - out->positives;
    out->accuracy = csl_accuracy(p->other, p->truth, count);
    out->brier = csl_brier(p->other, p->truth, count);
    csl_status status = csl_ranks_binary(p->column, p->truth, count, &ranks, error);
    if (status == CSL_OK) status = csl_ranks_interval(ranks, NULL, seed, &out->auc, error);
    csl_ranks_free(ranks);
    return status;
}

/* The cohort with the fold's cases as test split. To train, those of the cohort's own test split are there
 * too. */
static void split_for(const csl_cohort *cohort, const unsigned *fold, unsigned k, bool to_train,
                      csl_split *split)
{
    for (size_t i = 0; i < cohort->count; i++) {
        bool own = cohort->split[i] == CSL_SPLIT_TEST;
        split[i] = (own ? to_train : fold[i] == k) ? CSL_SPLIT_TEST : CSL_SPLIT_TRAIN;
    }
}

static csl_status run_fold(const csl_cohort *cohort, const csl_training *training, const unsigned *fold,
                           unsigned k, csl_fold_metrics *out, pool_of_scores *p, csl_error *error)
{
    csl_model *m = NULL;
    csl_workspace *workspace = csl_workspace_new();
    csl_evaluation *e = calloc(1, sizeof *e);
    csl_status status = CSL_OK;
    csl_cohort view = *cohort;
    view.split = calloc(cohort->count + 1, sizeof *view.split);
    if (!view.split || !workspace || !e) {
        status = csl_fail(error, CSL_ENOMEM, NULL, "no memory for fold %u", k);
        goto done;
    }
    split_for(cohort, fold, k, true, view.split);
    if ((status = csl_model_train(&view, training, &m, error)) != CSL_OK) goto done;
    csl_model_summary s = csl_model_trained(m);
    out->train = s.cases;
    out->valid = s.valid_cases;
    split_for(cohort, fold, k, false, view.split);
    for (size_t i = 0; i < cohort->count && status == CSL_OK; i++) {
        if (view.split[i] != CSL_SPLIT_TEST || !csl_can_be_scored(cohort, i)) continue;
        out->test++;
        status = score_case(m, workspace, cohort, i, p, error);
    }
    if (status == CSL_OK)
        status = csl_model_evaluate(m, &view, CSL_SPLIT_TEST, CSL_BRANCH_HYBRID, COVERAGE, training->jobs,
                                    training->seed, e, error);
    if (status == CSL_OK) memcpy(out->task, e->task, sizeof out->task);
done:
    if (status != CSL_OK && error && !error->place[0])
        snprintf(error->place, sizeof error->place, "fold %u", k);
    free(view.split);
    free(e);
    csl_workspace_free(workspace);
    csl_model_free(m);
    return status;
}

csl_status csl_cross_validate(const csl_cohort *cohort, const csl_training *training, const unsigned *fold,
                              unsigned folds, void (*begin)(void *context, unsigned fold),
                              csl_cross_validation *result, csl_error *error)
{
    pool_of_scores p;
    csl_task tasks[CSL_MAX_LABELS];
    *result = (csl_cross_validation){
        .label_count = cohort->label_count, .task_count = csl_cohort_tasks(cohort, tasks), .folds = folds};
    if (folds < 2 || folds > CSL_MAX_FOLDS)
        return csl_fail(error, CSL_EUSAGE, NULL, "cross-validation takes 2 to %d folds, not %u",
                        CSL_MAX_FOLDS, folds);
    if (!(result->fold = calloc(folds, sizeof *result->fold)))
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory for %u folds", folds);
    csl_status status = make_scores(cohort->count, cohort->label_count, &p, error);
    for (unsigned k = 1; k <= folds && status == CSL_OK; k++) {
        if (begin) begin(training->context, k);
        status = run_fold(cohort, training, fold, k, &result->fold[k - 1], &p, error);
    }
    for (size_t l = 0; l < cohort->label_count && status == CSL_OK; l++)
        status = measure(&p, l, training->seed, &result->pooled[l], error);
    free_scores(&p);
    return status;
}

void csl_cross_validation_free(csl_cross_validation *result)
{
    free(result->fold);
    *result = (csl_cross_validation){0};
}
