/* Inside cli: columns of labels.csv made into tasks. */
#ifndef CSL_CLI_LABEL_TASKS_H
#define CSL_CLI_LABEL_TASKS_H

#include <jansson.h>

#include "cli/labels.h"

/* Fills task, label, column and time_column of a table whose CSV is read: from labels.json (NULL: there is
 * none), or as the model has them, borrowing from it. */
csl_status csl_label_tasks_find(csl_label_table *table, const json_t *root, csl_error *error);
csl_status csl_label_tasks_take(csl_label_table *table, const csl_model *model, csl_error *error);

/* labels.c */
const char *csl_label_cell(const csl_label_table *table, size_t row, int column);
csl_status csl_label_split(const csl_label_table *table, size_t row, csl_split *split, csl_error *error);
/* Time NaN where the label is not known. */
csl_status csl_label_follow_up(const csl_label_table *table, size_t row, int column, int time_column,
                               csl_follow_up *follow_up, csl_error *error);

#endif
