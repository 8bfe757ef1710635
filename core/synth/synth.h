/* A synthetic cohort: real DICOM, FHIR and VCF files with planted truth. docs/synth.md says what is planted
 * where. */
#ifndef CSL_SYNTH_SYNTH_H
#define CSL_SYNTH_SYNTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "host/host.h"

typedef struct csl_synth_options {
    size_t cases;
    uint64_t seed;
    double linked;   /* correlation of modalities' traits, truth.h; 0 to below 1 */
    bool notes;      /* the records' 0/1 trait stands in a clinical note alone */
    double missing;  /* probability that a modality of a case is left out; at least one stays */
    const char *out; /* cohort folder: OUT/cases/CASE/..., OUT/labels.csv; must be new or empty */
    void (*progress)(void *context, size_t done, size_t total); /* may be NULL */
    void *context;
} csl_synth_options;

/* Asks every loaded plugin that has CSL_EXT_SYNTH. Same options and plugins: same bytes. */
csl_status csl_synth_cohort(csl_registry *registry, const csl_synth_options *options, csl_error *error);

#endif
