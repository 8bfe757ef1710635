/* What `consilium eval` says of an evaluation. */
#ifndef CSL_CLI_EVAL_TABLES_H
#define CSL_CLI_EVAL_TABLES_H

#include <jansson.h>

#include "model/model.h"

/* The branches that eval measures, by name; NULL past the last. */
const char *csl_fusion_name(size_t index);
csl_branch csl_fusion_branch(size_t index);

/* docs/train.md, "Evaluation"; null where a number is not known. NULL without memory. */
json_t *csl_evaluation_json(const csl_model *model, const csl_evaluation *evaluation);
/* fusion: the name of the branch that labels and modalities measure. */
void csl_print_evaluation(const csl_model *model, const csl_evaluation *evaluation, const char *fusion);

/* Of --novel; null for NULL. */
json_t *csl_strangeness_json(const csl_strangeness *strangeness);
void csl_print_strangeness(const csl_strangeness *strangeness);

#endif
