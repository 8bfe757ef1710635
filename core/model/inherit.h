/* Learning that goes on from a model instead of from chance: `train --from`. Private to core/model. */
#ifndef CSL_MODEL_INHERIT_H
#define CSL_MODEL_INHERIT_H

#include "model/fitted.h"

/* Moves what `parent` knows of its modalities into `model`, and the sizes of its network. CSL_EUSAGE where
 * the training asks for another size or batch of modalities: a case has a modality that the parent has not
 * learned. `name` is the parent's, for messages. */
csl_status csl_inherit_shape(csl_model *parent, const char *name, const csl_cohort *cohort,
                             const csl_training *training, csl_model *model, csl_error *error);
/* Copies its weights, heads only where the labels are the same; what is not copied stays as it is. */
void csl_inherit_weights(const csl_model *parent, csl_model *model);

#endif
