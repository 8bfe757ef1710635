/* What describe.c and compare.c share. Private to core/model. */
#ifndef CSL_MODEL_DESCRIBE_H
#define CSL_MODEL_DESCRIBE_H

#include <jansson.h>

#include "model/safetensors.h"

/* [extents]; NULL without memory. */
json_t *csl_tensor_shape(const csl_tensor *tensor);

#endif
