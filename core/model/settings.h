/* The settings of a training by name, for the model card and to tell whether a checkpoint is of this
 * training. Private to core/model. */
#ifndef CSL_MODEL_SETTINGS_H
#define CSL_MODEL_SETTINGS_H

#include <jansson.h>

#include "model/learner.h"

/* {"seed", each member of the recipe by its name, "width", "heads", "blocks", "bottlenecks"}: all that
 * decides what is learned from given cases. NULL out of memory. */
json_t *csl_settings(const csl_recipe *recipe, const csl_network *network, uint64_t seed);

#endif
