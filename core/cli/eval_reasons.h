/* What `consilium eval --reasons` prints. */
#ifndef CSL_CLI_EVAL_REASONS_H
#define CSL_CLI_EVAL_REASONS_H

#include <stdbool.h>

#include "model/model.h"

/* Tables, or one JSON object. False where it could not be written. */
bool csl_print_reasons(const csl_model *model, const csl_reasons *reasons, bool json);

#endif
