/* Training with every setting in the open; csl_model_train fills them with defaults. Private to core/model.
 */
#ifndef CSL_MODEL_TRAIN_H
#define CSL_MODEL_TRAIN_H

#include "model/learner.h"
#include "model/model.h"

/* `training`, with what it leaves open set by what the cohort shows: pictures alone are learned with labels
 * only, in enough steps; one modality alone that is no picture with a weight decay of 0.2. */
csl_training csl_training_for(const csl_cohort *cohort, const csl_training *training);
/* The defaults, with what `training` sets put over them. */
csl_recipe csl_recipe_for(const csl_training *training);
csl_status csl_model_train_by(const csl_cohort *cohort, const csl_training *training,
                              const csl_recipe *recipe, csl_model **model, csl_error *error);

#endif
