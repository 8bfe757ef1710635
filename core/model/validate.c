#include "model/validate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/metrics.h"
#include "model/score.h"

/* Cross-entropy and AUC of one label over its calibration pairs. An epoch is judged after temperature
 * scaling: late ones rank better and are too sure of it, and the temperature takes that away in the end. */
static csl_status judge_label(const csl_label_calibration *pairs, double *loss, double *auc, csl_error *error)
{
    double *score = calloc(pairs->count + 1, sizeof *score);
    if (!score) return csl_fail(error, CSL_ENOMEM, NULL, "no memory to validate on %zu cases", pairs->count);
    for (size_t i = 0; i < pairs->count; i++) {
        double z = (double)pairs->logit[i] / pairs->temperature;
        score[i] = z;
        *loss += log1p(exp(-fabs(z))) + (z > 0 ? z : 0) - z * pairs->truth[i];
    }
    csl_status status = csl_auc(score, pairs->truth, pairs->count, auc, error);
    free(score);
    return status;
}

csl_status csl_validate(const csl_network *n, const float *weights, const csl_encoded *encoded,
                        const csl_division *d, const float *odds, csl_pool *pool, float *valid_logit,
                        const float *valid_truth, csl_label_calibration *calibration, csl_verdict *v,
                        csl_error *error)
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
    for (size_t l = 0; l < labels && status == CSL_OK; l++) {
        double auc;
        csl_label_calibration_free(&calibration[l]);
        status = csl_label_calibration_fit(valid_logit + l, valid_truth + l, count, labels, &calibration[l],
                                           error);
        calibration[l].baseline = (double)odds[l];
        if (status == CSL_OK) status = judge_label(&calibration[l], &v->loss, &auc, error);
        if (status != CSL_OK) break;
        known += calibration[l].count;
        if (isnan(auc)) continue;
        v->auc += auc;
        ranked++;
    }
    v->loss = known ? v->loss / (double)known : 0;
    v->auc = ranked ? v->auc / (double)ranked : NAN;
    free(logit);
    return status;
}
