/* Alignment: do the files of one case belong to one patient and one time?
 *
 * Facts are compared between inputs; an unknown value contradicts nothing. docs/alignment.md states every
 * rule and why it is as it is. Everything found lives in the case's arena.
 */
#ifndef CSL_ALIGN_ALIGN_H
#define CSL_ALIGN_ALIGN_H

#include "base/error.h"
#include "case/case.h"

typedef enum csl_identity { CSL_IDENTITY_STRICT = 0, CSL_IDENTITY_WARN, CSL_IDENTITY_OFF } csl_identity;

typedef struct csl_align_options {
    unsigned window_days; /* greatest distance between the study times of two modalities; 0: 366 */
    const char *today;    /* YYYY-MM-DD, what is later lies in the future; NULL: the clock's day in UTC */
} csl_align_options;

/* Two facts that cannot both be true of one patient at one time. */
typedef struct csl_contradiction {
    const char
        *rule; /* "patient_id", "patient_name", "birth_date", "sex", "sample", "genome_build", "dates" */
    const csl_case_fact *first,
        *second;      /* into c->facts; second is NULL where the clock is what contradicts */
    const char *text; /* both values and both sources, for people; holds patient data */
} csl_contradiction;

enum { CSL_MAX_CONTRADICTIONS = 32 }; /* found in one case; more of them say nothing new */

typedef struct csl_alignment {
    csl_contradiction *items; /* in c->arena, in the order of docs/alignment.md */
    size_t count;
} csl_alignment;

/* Finds the contradictions among the facts of c. options may be NULL: all defaults. CSL_EUSAGE if today is no
 * date. */
csl_status csl_align(csl_case *c, const csl_align_options *options, csl_alignment *alignment,
                     csl_error *error);

/* "strict", "warn" or "off"; CSL_EUSAGE names the three. */
csl_status csl_identity_parse(const char *text, csl_identity *identity, csl_error *error);
const char *csl_identity_name(csl_identity identity);

#endif
