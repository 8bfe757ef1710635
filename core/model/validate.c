#include "model/validate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/metrics.h"
#include "model/score.h"

static csl_status add_auc(const csl_label_calibration *pairs, csl_verdict *v, size_t *ranked,
                          csl_error *error)
{
    double auc, *score = calloc(pairs->count + 1, sizeof *score);
    if (!score) return csl_fail(error, CSL_ENOMEM, NULL, "no memory to validate on %zu cases", pairs->count);
    for (size_t i = 0; i < pairs->count; i++) score[i] = (double)pairs->logit[i];
    csl_status status = csl_auc(score, pairs->truth, pairs->count, &auc, error);
    free(score);
    if (status != CSL_OK || isnan(auc)) return status;
    v->auc += auc;
    ++*ranked;
    return CSL_OK;
}

/* An epoch is judged after temperature scaling: late ones rank better and are too sure of it, and the
 * temperature takes that away in the end. */
csl_status csl_validate(const csl_network *n, const float *weights, const csl_objective *objective,
                        const csl_encoded *encoded, const csl_division *d, const float *odds, csl_pool *pool,
                        float *valid_logit, const float *valid_truth, csl_label_calibration *calibration,
                        csl_verdict *v, csl_error *error)
{
    const csl_modality_set all = CSL_ALL_MODALITIES;
    size_t labels = n->label_count, row = CSL_BRANCH_COUNT * labels, count = d->valid_count, known = 0,
           ranked = 0;
    *v = (csl_verdict){.auc = 0};
    float *logit = calloc(count * row + 1, sizeof *logit);
    if (!logit) return csl_fail(error, CSL_ENOMEM, NULL, "no memory to validate on %zu cases", count);
    csl_status status =
        csl_score_cases(n, weights, encoded, d->valid, count, &all, 1, odds, pool, logit, error);
    for (size_t i = 0; i < count; i++)
        memcpy(valid_logit + i * labels, logit + i * row + CSL_BRANCH_HYBRID * labels,
               labels * sizeof *logit);
    for (size_t t = 0; t < objective->task_count && status == CSL_OK; t++) {
        const csl_task *task = &objective->task[t];
        size_t first = task->first, cases;
        double loss;
        for (size_t l = first; l < first + task->count; l++) csl_label_calibration_free(&calibration[l]);
        status = csl_calibrate(task, valid_logit + first, valid_truth + first, count, labels,
                               &calibration[first], &loss, &cases, error);
        if (status != CSL_OK) break;
        v->loss += loss;
        known += cases;
        for (size_t l = first; l < first + task->count && status == CSL_OK; l++) {
            calibration[l].baseline = (double)odds[l];
            status = add_auc(&calibration[l], v, &ranked, error);
        }
    }
    v->loss = known ? v->loss / (double)known : 0;
    v->auc = ranked ? v->auc / (double)ranked : NAN;
    free(logit);
    return status;
}
