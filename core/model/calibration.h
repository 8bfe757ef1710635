/* From raw logits to probabilities that mean what they say, learned on cases the weights were not fitted to.
 *
 * Temperature scaling, one temperature a label: Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern
 * Neural Networks", 2017. Interval: inductive Venn-Abers predictor, Vovk and Petej, "Venn-Abers Predictors",
 * 2014.
 */
#ifndef CSL_MODEL_CALIBRATION_H
#define CSL_MODEL_CALIBRATION_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct csl_label_calibration {
    double temperature; /* > 0; probability = sigmoid(logit / temperature) */
    double baseline;    /* log odds of the label in training: the logit when nothing is known */
    size_t count;       /* calibration cases with a known label; may be 0 */
    float *logit;       /* [count], ascending, raw */
    uint8_t *truth;     /* [count], 0 or 1 */
} csl_label_calibration;

/* Sorts a copy of the pairs in and finds the temperature that minimises the mean cross-entropy (golden
 * section over log temperature in [log 0.05, log 20]). Pairs whose truth is NaN are left out; with fewer than
 * 10 of them, or with one class only, the temperature is 1. stride: distance in floats between one case and
 * the next in both arrays. The caller sets baseline. Free with csl_label_calibration_free. */
csl_status csl_label_calibration_fit(const float *logit, const float *truth, size_t count, size_t stride,
                                     csl_label_calibration *calibration, csl_error *error);
void csl_label_calibration_free(csl_label_calibration *calibration); /* a zeroed one is allowed */

double csl_calibrated(const csl_label_calibration *calibration, double logit);

/* p0 and p1 of Venn-Abers: the isotonic regression of the calibration pairs together with (logit, 0), and
 * with (logit, 1), at logit. low <= high, both in [0, 1]; [0, 1] when there are no calibration cases. */
csl_status csl_venn_abers(const csl_label_calibration *calibration, double logit, double *low, double *high,
                          csl_error *error);

#endif
