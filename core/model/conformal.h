/* Sets of answers that hold the true one with a stated probability, whatever the model is worth:
 * split-conformal prediction (Vovk, Gammerman, Shafer 2005; Angelopoulos and Bates 2021), for cases drawn as
 * the calibration cases were.
 *
 * With n calibration cases whose answer is known, scored s = 1 - probability of the true answer, a set holds
 * every answer whose score is at most the ceil((n + 1) coverage)-th smallest: coverage then lies, over draws
 * of calibration and new cases, between the level asked and that plus 1 / (n + 1). For one draw of
 * calibration cases it varies as Beta(k, n + 1 - k), k = ceil((n + 1) coverage). A set may be empty: no
 * answer is as likely as the true one usually is. Cases whose answer is not known (lost to follow-up) are no
 * part of it. Private to core/model. */
#ifndef CSL_MODEL_CONFORMAL_H
#define CSL_MODEL_CONFORMAL_H

#include "model/task.h"

typedef struct csl_conformity {
    size_t count;
    float *probability; /* [count], ascending: of the true answer, calibrated, for the calibration cases */
} csl_conformity;

/* logit and target as csl_calibrate has them. Free with csl_conformity_free, which is allowed on a zeroed
 * one. */
csl_status csl_conformity_fit(const csl_task *task, double temperature, const float *logit,
                              const float *target, size_t count, size_t stride, csl_conformity *conformity,
                              csl_error *error);
void csl_conformity_free(csl_conformity *conformity);

/* Coverage at a level when `divisions` random halves of the cases, by seed, calibrate sets for the others:
 * its mean over divisions and its deviation between them. NaN with fewer than 4 cases. probability[count] is
 * of the true answers, in any order. */
csl_status csl_conformal_halves(const float *probability, size_t count, double coverage, size_t divisions,
                                uint64_t seed, double *mean, double *deviation, csl_error *error);

/* An answer is in the set if its probability is at least this. 0 where the cases are too few for the level.
 */
double csl_conformal_least(const csl_conformity *conformity, double coverage);

#endif
