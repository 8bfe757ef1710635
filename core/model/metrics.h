/* How good are probabilities: accuracy, Brier score, expected calibration error; and the area under the ROC
 * curve alone. Scores are finite; model/ranks.h has intervals and the other kinds of order. Pure. */
#ifndef CSL_MODEL_METRICS_H
#define CSL_MODEL_METRICS_H

#include "model/model.h"

/* The area of model/ranks.h for a binary task; truth[i] is 0 or 1. NaN if a class is missing. */
csl_status csl_auc(const double *score, const uint8_t *truth, size_t count, double *auc, csl_error *error);

/* Mean squared difference of probability and truth (Brier 1950); NaN without cases. */
double csl_brier(const double *probability, const uint8_t *truth, size_t count);
/* Share of cases where (probability >= 0.5) is the truth; NaN without cases. */
double csl_accuracy(const double *probability, const uint8_t *truth, size_t count);

enum { CSL_CALIBRATION_BINS = 15 };
/* Expected calibration error (Guo et al. 2017): cases in 15 bins of equal width by the confidence in the
 * likeliest answer, ((b - 1) / 15, b / 15]; the mean over cases of the bin's |share of right answers - mean
 * confidence|. right[i] is 0 or 1. NaN without cases. */
double csl_calibration_error(const double *confidence, const uint8_t *right, size_t count);

/* Brier score of the probability of an event by `time`, cases lost before then made up for by the inverse
 * probability of being followed that long (Graf et al. 1999, Kaplan-Meier estimate of the censoring
 * distribution): mean of (1 - p)^2 / G(T-) for an event at T <= time, p^2 / G(time) for who was followed
 * longer. NaN without cases, or where nobody was followed beyond `time`. */
csl_status csl_brier_by(const double *probability, const csl_follow_up *follow_up, size_t count, double time,
                        double *brier, csl_error *error);

#endif
