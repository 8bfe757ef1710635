/* Who a FHIR Patient is. */
#include "fhir.h"

static void name_fact(rec_record *record, const rec_node *patient)
{
    const rec_node *best = NULL;
    for (const rec_node *n = rec_child(patient, "name"); n; n = rec_again(n)) {
        if (!rec_get(n, "family") || rec_among(rec_get(n, "use"), "old maiden nickname")) continue;
        if (!best || (rec_is(rec_child(n, "use"), "official") && !rec_is(rec_child(best, "use"), "official")))
            best = n;
    }
    if (!best) return;
    const char *given = rec_get(best, "given");
    char *name = rec_format(&record->arena, "%s^%s", rec_get(best, "family"), given ? given : "");
    rec_fact_add(record, CSL_FACT_PATIENT_NAME, name, NULL, "Patient.name");
}

void rec_fhir_identifiers(rec_record *record, rec_arena *arena, const rec_node *identifier, uint32_t kind,
                          const char *place)
{
    int index = 0;
    for (const rec_node *i = identifier; i && index < REC_FACTS_MAX; i = rec_again(i), index++) {
        const char *system = rec_get(i, "system");
        rec_fact_add(record, kind, rec_get(i, "value"), rec_system(&record->arena, system),
                     rec_format(arena, "%s[%d]", place, index));
    }
}

void rec_fhir_patient(rec_record *record, rec_arena *arena, const rec_node *patient)
{
    rec_date date;
    record->persons[record->input].known = true;
    rec_fhir_identifiers(record, arena, rec_child(patient, "identifier"), CSL_FACT_PATIENT_ID,
                         "Patient.identifier");
    name_fact(record, patient);
    const rec_node *birth = rec_child(patient, "birthDate"), *death = rec_child(patient, "deceasedDateTime");
    if (birth && rec_date_fhir(birth->value, &date)) rec_person_birth(record, &date, "Patient.birthDate");
    if (death && rec_date_fhir(death->value, &date))
        rec_person_death(record, &date, "Patient.deceasedDateTime");
    rec_person_sex(record, rec_get(patient, "gender"), "Patient.gender");
}
