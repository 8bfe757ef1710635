/* Code systems under one name each, the choice among several codings of one thing, and codes that say "there
 * is none". */
#ifndef RECORD_CODE_H
#define RECORD_CODE_H

#include <stdbool.h>

#include "event.h"

#define REC_LOINC     "http://loinc.org"
#define REC_SNOMED    "http://snomed.info/sct"
#define REC_RXNORM    "http://www.nlm.nih.gov/research/umls/rxnorm"
#define REC_ATC       "http://www.whocc.no/atc"
#define REC_CPT       "http://www.ama-assn.org/go/cpt"
#define REC_ICD10_PCS "http://www.cms.gov/Medicare/Coding/ICD10"
#define REC_CVX       "http://hl7.org/fhir/sid/cvx"

typedef struct rec_coding {
    const char *system, *code, *display; /* each may be NULL; system is a URI */
} rec_coding;

/* FHIR's URI for a code system or identifier namespace given as URI, urn:oid: or bare OID. An OID without a
 * name of its own becomes urn:oid:...; NULL for NULL. */
const char *rec_system(rec_arena *arena, const char *given);

/* True for the published systems, of which a code and its display say nothing of who uses them. */
bool rec_system_published(const char *system);

/* Keeps in *best the better of the two for this kind of event: the system that the kind is best known by
 * (LOINC for observations, SNOMED CT for conditions, RxNorm, CVX), then any known system, then any; the first
 * among equals. */
void rec_coding_prefer(rec_kind kind, rec_coding *best, const rec_coding *candidate);

/* True for a code whose meaning is that nothing of the kind is known ("No known allergy"). */
bool rec_coding_negative(const rec_coding *coding);
/* 1 for yes, positive, present, detected; 0 for their opposites; NaN for any other answer. */
double rec_coding_answer(const rec_coding *coding);

/* -1, 0 or 1 for an interpretation code of HL7 (v3 ObservationInterpretation, v2 table 0078); NaN where it
 * names no direction. */
double rec_interpretation(const char *code);

/* Adds an observation. Where *answer is a code that rec_coding_answer makes no number of, it is something
 * that the patient has
 * ("Never smoker"), and an event under its own code follows. range_unit and at as in rec_event_add. */
void rec_finding_add(rec_record *record, const rec_event *finding, const rec_coding *answer,
                     const char *range_unit, const rec_node *at);

/* Adds what a relative has, as an observation under a code of its own: REC_FAMILY and the condition's system,
 * so that it can never count as the patient's. `base` has the time. */
#define REC_FAMILY "urn:consilium:family-history:"
void rec_family_add(rec_record *record, const rec_event *base, const rec_coding *relative,
                    const rec_coding *condition, const rec_node *at);

#endif
