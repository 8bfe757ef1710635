/* What `consilium retrieve` was asked, and what its two answers share. Private to the verb. */
#ifndef CSL_CLI_RETRIEVE_H
#define CSL_CLI_RETRIEVE_H

#include <jansson.h>

#include "cli/cohort.h"

enum { CSL_MOST_DESCRIPTIONS = 64 };

typedef struct csl_descriptions {
    char *path[CSL_MOST_DESCRIPTIONS];
    csl_case *cases[CSL_MOST_DESCRIPTIONS];
    size_t count;
} csl_descriptions;

typedef struct csl_retrieve_request {
    const char *model_path, *from, *to, *label;
    csl_descriptions describe, against;
    csl_cohort_options source;
    uint64_t seed;
    bool json;
    /* opened */
    csl_model *model;
    csl_cohort_read read;
    json_t *result;
} csl_retrieve_request;

/* CSL_EUSAGE names those that the model has. */
csl_status csl_retrieve_modality(const csl_retrieve_request *request, const char *name, size_t *modality,
                                 csl_error *error);
/* The vectors of all cases by a modality, [count, shared size]; the caller frees both, also after failure. */
csl_status csl_retrieve_embed(const csl_retrieve_request *request, csl_case *const *cases, size_t count,
                              size_t modality, float **shared, bool **has, csl_error *error);
/* How well each case fits the descriptions, printed or into request->result. */
csl_status csl_retrieve_score(csl_retrieve_request *request, csl_error *error);

#endif
