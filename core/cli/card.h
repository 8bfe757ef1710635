/* A model card as Markdown: Mitchell et al., "Model Cards for Model Reporting", 2019. */
#ifndef CSL_CLI_CARD_H
#define CSL_CLI_CARD_H

#include <stdio.h>

#include "base/error.h"

struct json_t;

/* The card of the model file at `path`. `tested` is what csl_model_survey says of a test cohort, whose name
 * is `cohort`; NULL: there is none. All texts are escaped: nothing in a model file can be markup. */
csl_status csl_print_card(FILE *out, const char *path, const struct json_t *tested, const char *cohort,
                          csl_error *error);

#endif
