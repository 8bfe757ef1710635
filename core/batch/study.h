/* Inside batch: what a case holds of a DICOM study, as adapters state it (CSL_FACT_STUDY). */
#ifndef CSL_BATCH_STUDY_H
#define CSL_BATCH_STUDY_H

#include <jansson.h>

#include "audit/audit.h"

enum { STUDY_UID = 64 + 1 /* PS3.5 section 9.1 */ };

typedef struct study {
    char uid[STUDY_UID], sop_class[STUDY_UID];
    unsigned instances; /* 1 .. 999,999,999 */
} study;

/* Two UIDs and a number, as the fact has them; false for anything else. */
bool study_read(const char *fact, study *s);

/* The studies of facts that study_read takes, as objects of the log, each with all its SOP classes;
 * malloc'ed, and so is each detail. NULL out of memory. */
csl_audit_object *study_objects(const json_t *facts, size_t *count);
void study_objects_free(csl_audit_object *objects, size_t count);

#endif
