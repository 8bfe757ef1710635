/* Hides modalities of a cohort's cases, to see what a model makes of the rest. */
#ifndef CSL_CLI_MISSING_H
#define CSL_CLI_MISSING_H

#include "model/model.h"

typedef struct csl_missing {
    double probability;
    size_t modality; /* index in the model; SIZE_MAX: any */
    size_t lacking;  /* cases that lack a modality of the model afterwards */
} csl_missing;

/* `what` is P or MODALITY=P, P from 0 to 1: each of the model's modalities that a case has, or the one that
 * is named, is hidden with probability P, drawn by seed and case; one always stays. What one P hides a
 * greater P hides too. CSL_EUSAGE where `what` is neither. */
csl_status csl_hide_modalities(const csl_model *model, csl_cohort *cohort, const char *what, uint64_t seed,
                               csl_missing *missing, csl_error *error);

#endif
