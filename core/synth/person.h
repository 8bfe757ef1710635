/* Who a synthetic patient is: what all of a case's files must agree on. */
#ifndef CSL_SYNTH_PERSON_H
#define CSL_SYNTH_PERSON_H

#include <stdint.h>

typedef struct csl_synth_person {
    char patient_id[24]; /* SYN-000017; also the case's name */
    char sample[32];     /* SYN-000017-S1 */
    const char *family, *given, *sex;
    char birth_date[40], study_time[80]; /* YYYY-MM-DD, and with THH:MM:SS */
} csl_synth_person;

/* number: 1-based. Names are invented, as DICOM and FHIR test patients have them. */
void csl_synth_person_draw(uint64_t seed, uint64_t number, csl_synth_person *person);

#endif
