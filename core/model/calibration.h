/* From raw logits to probabilities that mean what they say, learned on cases the weights were not fitted to.
 *
 * Temperature scaling, one temperature a task: Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural
 * Networks", 2017. Interval: inductive Venn-Abers predictor, Vovk and Petej, "Venn-Abers Predictors", 2014.
 *
 * The score of an output is its temperature times the log odds of its calibrated probability; for a binary
 * task that is the raw logit.
 */
#ifndef CSL_MODEL_CALIBRATION_H
#define CSL_MODEL_CALIBRATION_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/task.h"

typedef struct csl_label_calibration {
    double
        temperature; /* > 0, the same for all outputs of a task; probability = sigmoid(score / temperature) */
    double baseline; /* the output's raw logit when nothing is known */
    size_t count;    /* calibration cases whose outcome is known; may be 0 */
    float *logit;    /* [count], ascending: scores */
    uint8_t *truth;  /* [count], 0 or 1 */
} csl_label_calibration;

/* Of one task: calibration[task->count] from the cases whose target is known. logit and target point at the
 * task's first output of the first case, `stride` floats lie between one case and the next. The temperature
 * minimises the mean loss (golden section over log temperature in [log 0.05, log 20]); with fewer than 10
 * cases, or where no output has targets of both kinds, it is 1. *loss becomes the sum over the *known cases
 * of the loss at that temperature. The caller sets baseline. Free each with csl_label_calibration_free. */
csl_status csl_calibrate(const csl_task *task, const float *logit, const float *target, size_t count,
                         size_t stride, csl_label_calibration *calibration, double *loss, size_t *known,
                         csl_error *error);
void csl_label_calibration_free(csl_label_calibration *calibration); /* a zeroed one is allowed */

/* The probability that a score stands for. */
double csl_calibrated(const csl_label_calibration *calibration, double score);
/* score[task->count] from the raw logits; finite. */
void csl_scores(const csl_task *task, const csl_label_calibration *calibration, const float *logit,
                double *score);

/* p0 and p1 of Venn-Abers: the isotonic regression of the calibration pairs together with (score, 0), and
 * with (score, 1), at score. low <= high, both in [0, 1]; [0, 1] when there are no calibration cases. */
csl_status csl_venn_abers(const csl_label_calibration *calibration, double score, double *low, double *high,
                          csl_error *error);

#endif
