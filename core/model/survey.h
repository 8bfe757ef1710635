/* What cases a cohort has, and how a model does on them by sex and age, for its card: counts and measures,
 * nothing of any one patient. Private to core/model; csl_model_survey is what others call. */
#ifndef CSL_MODEL_SURVEY_H
#define CSL_MODEL_SURVEY_H

#include <jansson.h>

#include "model/model.h"

/* Groups of fewer cases than this are not reported: their numbers would tell of patients, and mean little. */
enum { CSL_SURVEY_LEAST = 10 };

/* As csl_model_survey; without `measure` all "measures" are null and nothing is scored. NULL with *error
 * filled.
 */
json_t *csl_survey(const csl_model *model, const csl_cohort *cohort, csl_split split, bool measure,
                   unsigned jobs, uint64_t seed, csl_error *error);

#endif
