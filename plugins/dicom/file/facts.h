/* Facts of a case: each distinct one once, however many files repeat it. */
#ifndef CSL_PLUGIN_DICOM_FACTS_H
#define CSL_PLUGIN_DICOM_FACTS_H

#include "file/dcm.h"

typedef struct csl_facts csl_facts;

csl_facts *csl_facts_new(void); /* NULL: out of memory */
void csl_facts_free(csl_facts *facts);

/* Emits what this header adds: patient identifier with its issuer, name, birth date, sex, study date. Values
 * that are not what their kind asks for (an impossible date, a sex that is not M, F or O) are left out.
 * Returns what the sink says, or CSL_PLUGIN_NO_MEMORY. */
int32_t csl_facts_emit(csl_facts *facts, const csl_dcm_header *header, uint32_t input, const csl_sink *sink);

/* Emits how many instances of each study and SOP class the headers were of, as far as both have a UID. */
int32_t csl_facts_emit_studies(const csl_facts *facts, const csl_sink *sink);

/* DICOM DA (YYYYMMDD, or YYYY.MM.DD as before 1993) to YYYY-MM-DD; false if that day never was. */
bool csl_date_of(const char *da, char date[11]);
/* DICOM TM (HHMM, HHMMSS, fractions ignored) to HH:MM:SS; false if there is no such time. */
bool csl_time_of(const char *tm, char time[9]);

#endif
