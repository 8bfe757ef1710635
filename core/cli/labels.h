/* What a cohort's cases are asked, and what is known of each: labels.csv, and labels.json where there is one.
 *
 *   labels.csv    case,LABEL,...[,split][,fold]   split is train, valid, test or empty (train); fold any name
 *   labels.json   {"LABEL": {...}, ...}, for labels of which more is to be said:
 *     {"code": "363346000", "system": "http://snomed.info/sct"}    0, 1 or empty (not known), with a code
 *     {"task": "classes", "classes": [NAME, ...], "codes": {NAME: {"code", "system"}}}
 *                                   a class's name or empty; without "classes" all that stand in the column
 *     {"task": "event", "time": COLUMN, "edges": [...], "unit": "d", "code", "system"}
 *                                   1 event, 0 last seen without it; COLUMN has the time of either. Edges end
 *                                   the intervals; without them they are quantiles of the training cases'
 *                                   event times, 10 events an interval or more, at most 8 intervals
 */
#ifndef CSL_CLI_LABELS_H
#define CSL_CLI_LABELS_H

#include "base/arena.h"
#include "base/csv.h"
#include "model/model.h"

typedef struct csl_label_table {
    csl_csv csv;
    int case_column, split_column, fold_column; /* -1: without labels.csv; where there is none */
    csl_task task[CSL_MAX_LABELS];
    csl_label label[CSL_MAX_LABELS]; /* outputs */
    size_t task_count, label_count;
    int column[CSL_MAX_LABELS], time_column[CSL_MAX_LABELS]; /* of each task; -1: none */
    const char *path;
    char sha256[65];  /* of labels.csv */
    csl_arena *texts; /* what labels and tasks point into */
} csl_label_table;

/* With a model its tasks are read, classes and edges being the model's; without one every column but case,
 * split, fold and times of events is a label. With `none` no label is read, and labels.csv may be missing.
 * CSL_EFORMAT names file, line and what would be right. Free with csl_labels_close, also after failure. */
csl_status csl_labels_open(const char *folder, const csl_model *model, bool none, csl_label_table *table,
                           csl_error *error);
void csl_labels_close(csl_label_table *table);

/* A row's split, targets[label_count] as csl_cohort has them, and follow_up[task_count]. */
csl_status csl_labels_row(const csl_label_table *table, size_t row, csl_split *split, float *targets,
                          csl_follow_up *follow_up, csl_error *error);

#endif
