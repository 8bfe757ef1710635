/* Which cases of a cohort a model learns from and which choose its epoch and calibrate. Private to
 * core/model.
 */
#ifndef CSL_MODEL_DIVISION_H
#define CSL_MODEL_DIVISION_H

#include "model/model.h"

typedef struct csl_division {
    size_t *train, *valid; /* indices into the cohort; of train those with a label come first */
    size_t train_count, labelled_count, valid_count;
} csl_division;

/* Cases of the train split that have a token, and of the valid split those that have a known label too; where
 * no case is marked valid, 15 % of the labelled others for each answer to the first task, drawn by the seed.
 * CSL_EUSAGE where a label could not be learned from what remains. Free with csl_division_free, also after
 * failure. */
csl_status csl_divide(const csl_cohort *cohort, uint64_t seed, csl_division *division, csl_error *error);
/* What kind of case it is by the first task: its answer, or whether it had the event; 0 where that is not
 * known. At most CSL_MAX_ANSWERS. */
size_t csl_stratum(const csl_cohort *cohort, const csl_task *first, size_t index);
/* Whether any modality of the case has a token, and any label of it is known. */
bool csl_can_be_scored(const csl_cohort *cohort, size_t index);
void csl_division_free(csl_division *division);

#endif
