/* Dates as FHIR writes them (2024-03, 2024-03-02T09:30:00+01:00) and as HL7 version 3 does
 * (20240302093000+0100). */
#ifndef RECORD_DATE_H
#define RECORD_DATE_H

#include <stdbool.h>

enum { REC_DATE_TEXT = 11 }; /* "2024-03-02" with the terminating 0 */

/* year is 0 in a date that is not known, month and day are 0 where not given. The calendar fields are those
 * that were written; `days` is the instant in days since 1970-01-01 UTC. A date without an offset is taken as
 * UTC, and one without day or month as the first of its month or year. */
typedef struct rec_date {
    int year, month, day;
    double days;
} rec_date;

/* The type dateTime, date or instant of FHIR R4, section 2.24.0.1. False, with *date unknown, for anything
 * else. */
bool rec_date_fhir(const char *text, rec_date *date);
/* TS of HL7 version 3: YYYY[MM[DD[HH[MM[SS[.F]]]]]][+-ZZZZ]. */
bool rec_date_hl7(const char *text, rec_date *date);
/* YYYY, YYYY-MM or YYYY-MM-DD; "" for an unknown date. */
void rec_date_text(const rec_date *date, char out[REC_DATE_TEXT]);

#endif
