/* A cohort folder as a csl_cohort in memory: cases/, and what cli/labels.h says of labels.csv and
 * labels.json. */
#ifndef CSL_CLI_COHORT_H
#define CSL_CLI_COHORT_H

#include "cli/labels.h"
#include "cli/verb.h"
#include "model/model.h"

typedef struct csl_cohort_options {
    const char *verb, *folder, *cache; /* verb: for the progress line */
    csl_registry_options plugins;
    unsigned jobs;
    size_t limit;           /* most cases, in the order of labels.csv; 0: all */
    const csl_model *model; /* take its labels, in its order; NULL: take all of labels.csv */
    bool no_labels;         /* take none; without a labels.csv every case is of the train split */
    unsigned splits;        /* bit 1 << csl_split for each that is to be read */
    bool split_optional;    /* where labels.csv has no split column, read all */
    bool as_test;           /* call the cases that were read the test split, whatever they are */
} csl_cohort_options;

typedef struct csl_cohort_read {
    csl_cohort cohort; /* its tasks and labels point into `labels` */
    csl_label_table labels;
    size_t failed; /* cases that could not be read, each with a line on stderr */
} csl_cohort_read;

/* Reads tokens with the adapters, in workers, with progress on stderr. Free with csl_cohort_read_free, which
 * is allowed on a zeroed struct and after failure. CSL_EFORMAT names file and line. */
csl_status csl_cohort_open(const csl_cohort_options *options, csl_cohort_read *read, csl_error *error);
void csl_cohort_read_free(csl_cohort_read *read);

#endif
