/* What stands in a model's file for its card: settings, what cases it learned from, and how it does on those
 * that chose its epoch. Private to core/model. */
#ifndef CSL_MODEL_CARD_H
#define CSL_MODEL_CARD_H

#include "model/division.h"
#include "model/fitted.h"
#include "model/learner.h"

/* Fills model->card, as metadata.h has it, when all else of the model is done. */
csl_status csl_card_write(csl_model *model, const csl_cohort *cohort, const csl_division *division,
                          const csl_recipe *recipe, const csl_training *training, csl_error *error);

#endif
