#include "cli/missing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

static csl_status read_what(const csl_model *model, const char *what, csl_missing *missing, csl_error *error)
{
    const char *equals = strchr(what, '='), *number = equals ? equals + 1 : what;
    char *end;
    *missing = (csl_missing){.modality = SIZE_MAX};
    for (size_t m = 0; equals && m < csl_model_modality_count(model); m++) {
        const char *name = csl_model_modality(model, m);
        if (strlen(name) == (size_t)(equals - what) && strncmp(name, what, strlen(name)) == 0)
            missing->modality = m;
    }
    if (equals && missing->modality == SIZE_MAX)
        return csl_fail(error, CSL_EUSAGE, NULL, "--missing names '%.*s', which is no modality of the model",
                        (int)(equals - what), what);
    errno = 0;
    missing->probability = strtod(number, &end);
    if (errno || end == number || *end || !(missing->probability >= 0 && missing->probability <= 1))
        return csl_fail(error, CSL_EUSAGE, NULL,
                        "--missing takes P or MODALITY=P with a probability from 0 to 1, not '%.60s'", what);
    return CSL_OK;
}

csl_status csl_hide_modalities(const csl_model *model, csl_cohort *cohort, const char *what, uint64_t seed,
                               csl_missing *missing, csl_error *error)
{
    csl_status status = read_what(model, what, missing, error);
    for (size_t i = 0; i < cohort->count && status == CSL_OK; i++) {
        csl_case_modality *has[CSL_MAX_MODALITIES];
        double draw[CSL_MAX_MODALITIES];
        size_t stays = SIZE_MAX, left = 0;
        csl_rng rng;
        csl_rng_seed_stream(&rng, seed, i);
        for (size_t m = 0; m < csl_model_modality_count(model); m++) {
            bool meant = missing->modality == SIZE_MAX || missing->modality == m;
            double drawn = csl_rng_uniform(&rng);
            has[m] =
                (csl_case_modality *)(uintptr_t)csl_case_find(cohort->cases[i], csl_model_modality(model, m));
            if (has[m] && !has[m]->count) has[m] = NULL;
            draw[m] = meant ? drawn : 1;
            if (has[m] && (stays == SIZE_MAX || draw[m] > draw[stays])) stays = m;
        }
        for (size_t m = 0; m < csl_model_modality_count(model); m++) {
            if (has[m] && m != stays && draw[m] < missing->probability) has[m]->count = 0;
            left += has[m] && has[m]->count;
        }
        missing->lacking += left < csl_model_modality_count(model);
    }
    return status;
}
