/* What the model knows of each modality's tokens before the first weight: which features, in what scale,
 * which codes.
 *
 * Fitted once on the training cases and kept in the model file. Everything is malloc'ed and owned by the
 * csl_features; after fitting or loading it is read-only.
 *
 * The vocabulary of a modality has rows 0 .. code_count: row 0 stands for a token without a code or of an
 * unknown code system, row i + 1 for codes[i]. An item "SYSTEM|" (nothing behind the bar) is the system's
 * default: it stands for every code of that system which too few training cases had.
 */
#ifndef CSL_MODEL_FEATURES_H
#define CSL_MODEL_FEATURES_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "case/case.h"

enum {
    CSL_MAX_CODES = 65535,     /* vocabulary of one modality */
    CSL_CODE_MIN_CASES = 3,    /* training cases that must have a code for it to get a row of its own */
    CSL_NORMALISED_LIMIT = 10, /* normalised features are cut to [-10, 10] */
};

typedef struct csl_code {
    char *code;            /* "http://loinc.org|2160-0", or a system's default "http://loinc.org|" */
    uint64_t cases;        /* training cases that had it (for a default: any of the codes it stands for) */
    float mean, deviation; /* of the coded feature over training tokens with this code */
} csl_code;

typedef struct csl_modality_features {
    char *modality, *plugin_id, *plugin_version; /* the version is for people, it need not match */
    size_t feature_count, position_count;        /* F, P */
    int coded_feature;                           /* -1 if none */
    size_t patch_feature, patch_side;            /* see plugin.h; its pixels share one mean and deviation */
    char **feature_names, **feature_units;       /* [F] */
    float *mean, *deviation;                     /* [F], over training tokens, NaN ignored; deviation > 0 */
    char **position_names;                       /* [P] */
    double *position_mean, *position_deviation;  /* [P], likewise */
    csl_code *codes;                             /* [code_count], sorted by bytes of the code */
    size_t code_count;
} csl_modality_features;

typedef struct csl_features {
    csl_modality_features *modalities; /* [count], sorted by name */
    size_t count;
} csl_features;

/* From the chosen cases, which[0 .. count). Modalities are the union over these cases; CSL_EMISMATCH if two
 * cases disagree about one modality's features, CSL_EFORMAT if no case has any token. Free with
 * csl_features_free. */
csl_status csl_features_fit(csl_case *const *cases, const size_t *which, size_t count, csl_features *features,
                            csl_error *error);
void csl_features_free(csl_features *features); /* a zeroed one is allowed */

/* Index of a modality by name, -1 if the model does not know it. */
int csl_features_find(const csl_features *features, const char *modality);
/* CSL_EMISMATCH unless plugin id, coded feature, and names and units of all features, and names of all
 * positions are those of training.
 */
csl_status csl_features_match(const csl_modality_features *m, const csl_modality_spec *spec,
                              csl_error *error);

/* Row of the vocabulary for a token's code (NULL allowed): its own, else its system's default, else 0. */
uint32_t csl_features_code(const csl_modality_features *m, const char *code);

/* (value - mean) / deviation for each of F features, cut to +-CSL_NORMALISED_LIMIT; the coded feature by its
 * code's mean and deviation if row > 0. NaN stays NaN. */
void csl_features_normalise(const csl_modality_features *m, const float *features, uint32_t row,
                            float *normalised);

#endif
