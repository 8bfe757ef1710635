/* How good are scores: area under the ROC curve, Brier score, accuracy, and intervals by the bootstrap.
 *
 * truth[i] is 0 or 1; scores are finite. All functions are pure; the bootstrap is seeded.
 */
#ifndef CSL_MODEL_METRICS_H
#define CSL_MODEL_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/model.h"

enum { CSL_BOOTSTRAP_RESAMPLES = 2000 };

/* Share of (positive, negative) pairs in which the positive scores higher, ties counting half: the statistic
 * of Mann and Whitney (1947) over its maximum. NaN if a class is missing. */
csl_status csl_auc(const double *score, const uint8_t *truth, size_t count, double *auc, csl_error *error);

/* The AUC with the 2.5 % and 97.5 % percentiles (Efron 1979; linear interpolation between order statistics)
 * over resamples of cases; a resample with one class only is drawn again. With one class in truth all three
 * are NaN. */
csl_status csl_auc_interval(const double *score, const uint8_t *truth, size_t count, uint64_t seed,
                            csl_interval *interval, csl_error *error);

/* AUC of a minus AUC of b, both on the same resamples of cases. */
csl_status csl_auc_gain(const double *a, const double *b, const uint8_t *truth, size_t count, uint64_t seed,
                        csl_interval *gain, csl_error *error);

/* Mean squared difference of probability and truth (Brier 1950); NaN without cases. */
double csl_brier(const double *probability, const uint8_t *truth, size_t count);
/* Share of cases where (probability >= 0.5) is the truth; NaN without cases. */
double csl_accuracy(const double *probability, const uint8_t *truth, size_t count);

#endif
