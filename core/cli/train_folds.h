/* What `consilium train --folds` does and prints. */
#ifndef CSL_CLI_TRAIN_FOLDS_H
#define CSL_CLI_TRAIN_FOLDS_H

#include "cli/cohort.h"

/* Cross-validates and prints tables, or one JSON object. `folds` is a number from 2 to CSL_MAX_FOLDS, or 0
 * for those of the column `fold` of labels.csv. */
csl_status csl_train_folds(const csl_cohort_read *read, const csl_training *training, unsigned folds,
                           bool json, csl_error *error);

#endif
