/* Alignment: do the files of one case belong to one patient and one time?
 *
 * Facts are compared between inputs; an unknown value contradicts nothing. docs/alignment.md states every
 * rule.
 */
#ifndef CSL_ALIGN_ALIGN_H
#define CSL_ALIGN_ALIGN_H

#include "base/error.h"
#include "case/case.h"

typedef enum csl_identity { CSL_IDENTITY_STRICT = 0, CSL_IDENTITY_WARN, CSL_IDENTITY_OFF } csl_identity;

/* Two facts that cannot both be true of one patient at one time. */
typedef struct csl_contradiction {
    const char *rule; /* "patient_id", "birth_date", "sex", "sample", "genome_build", "dates" */
    const csl_case_fact *first, *second; /* into c->facts */
    const char *text; /* "patient_id 1CT1 ((0010,0020) PatientID of ct.dcm) is not among ..." */
} csl_contradiction;

typedef struct csl_alignment {
    csl_contradiction *items; /* in c->arena */
    size_t count;
} csl_alignment;

/* Finds every contradiction among the facts of c. The window for dates is a maximum distance in days between
 * the study times of two modalities; 0 asks for the default, 366. */
csl_status csl_align(csl_case *c, unsigned window_days, csl_alignment *alignment, csl_error *error);

/* "strict", "warn" or "off"; CSL_EUSAGE names the three. */
csl_status csl_identity_parse(const char *text, csl_identity *identity, csl_error *error);

#endif
