/* How fast a medicine runs in. */
#ifndef RECORD_RATE_H
#define RECORD_RATE_H

#include "event.h"

/* A rate of mass: ug/min or, where *per_kg, ug/kg/min. `unit` as UCUM or hospitals write it: ug/kg/min,
 * mcg/min, mg/h, ng/(kg.min). NaN: of anything else, as mL/h. */
double rec_rate(double value, const char *unit, bool *per_kg);

/* Of MedicationAdministration.dosage, and of a C-CDA substanceAdministration; nothing where none is told. */
void rec_fhir_rate(const rec_node *administration, rec_event *e);
void rec_ccda_rate(const rec_node *administration, rec_event *e);

#endif
