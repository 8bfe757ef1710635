/* The parts of the FHIR reader. What they make lives in the arena, which is dropped with the document. */
#ifndef RECORD_FHIR_H
#define RECORD_FHIR_H

#include "code.h"
#include "event.h"

/* A CodeableConcept or, as Encounter.class is one, a Coding; the best of its codings for the kind. */
rec_coding rec_fhir_concept(rec_arena *arena, rec_kind kind, const rec_node *concept);
/* True if the code of any coding of a concept is one of the words. */
bool rec_fhir_coded(const rec_node *concept, const char *words);

/* Adds an observation and each of its components. `base` has its time and status. */
void rec_fhir_observation(rec_record *record, rec_arena *arena, const rec_event *base,
                          const rec_node *observation);

/* Facts of a Patient, and of identifiers under `place`. */
void rec_fhir_patient(rec_record *record, rec_arena *arena, const rec_node *patient);
void rec_fhir_identifiers(rec_record *record, rec_arena *arena, const rec_node *identifier, uint32_t kind,
                          const char *place);

#endif
