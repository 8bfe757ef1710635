/* Which release of FHIR is it? No resource says so: elements that another release has, or shapes differently,
 * tell. From the change logs of R4 and R5 (the pages of each resource, "R3 Diff" and "R4 Diff") and of STU3.
 */
#include <string.h>

#include "reader.h"

typedef enum shape {
    PRESENT, /* the element is there */
    TEXT,    /* it is a primitive; a concept in R4 */
    CONCEPT  /* it has elements, or codings: a code or a Coding in R4 */
} shape;

static const struct {
    const char *type, *element;
    shape shape;
    const char *release;
} signs[] = {
    {"Patient", "animal", PRESENT, "DSTU2 or STU3"},
    {"Condition", "dateRecorded", PRESENT, "DSTU2"},
    {"Condition", "patient", PRESENT, "DSTU2"},
    {"Condition", "assertedDate", PRESENT, "STU3"},
    {"Condition", "context", PRESENT, "STU3"},
    {"Condition", "clinicalStatus", TEXT, "DSTU2 or STU3"},
    {"Condition", "verificationStatus", TEXT, "DSTU2 or STU3"},
    {"AllergyIntolerance", "substance", PRESENT, "DSTU2"},
    {"AllergyIntolerance", "assertedDate", PRESENT, "STU3"},
    {"AllergyIntolerance", "clinicalStatus", TEXT, "STU3"},
    {"AllergyIntolerance", "verificationStatus", TEXT, "STU3"},
    {"AllergyIntolerance", "type", CONCEPT, "R5"},
    {"Observation", "comments", PRESENT, "DSTU2"},
    {"Observation", "comment", PRESENT, "STU3"},
    {"Observation", "related", PRESENT, "DSTU2 or STU3"},
    {"Observation", "context", PRESENT, "STU3"},
    {"Observation", "triggeredBy", PRESENT, "R5"},
    {"Observation", "bodyStructure", PRESENT, "R5"},
    {"MedicationOrder", "resourceType", PRESENT, "DSTU2"},
    {"DiagnosticOrder", "resourceType", PRESENT, "DSTU2"},
    {"ProcedureRequest", "resourceType", PRESENT, "DSTU2 or STU3"},
    {"MedicationRequest", "context", PRESENT, "STU3"},
    {"MedicationRequest", "medication", PRESENT, "R5"},
    {"MedicationStatement", "taken", PRESENT, "STU3"},
    {"MedicationStatement", "wasNotTaken", PRESENT, "DSTU2"},
    {"MedicationStatement", "patient", PRESENT, "DSTU2"},
    {"MedicationStatement", "medication", PRESENT, "R5"},
    {"MedicationAdministration", "wasNotGiven", PRESENT, "DSTU2"},
    {"MedicationAdministration", "notGiven", PRESENT, "STU3"},
    {"MedicationAdministration", "medication", PRESENT, "R5"},
    {"MedicationDispense", "medication", PRESENT, "R5"},
    {"Procedure", "notPerformed", PRESENT, "DSTU2"},
    {"Procedure", "notDone", PRESENT, "STU3"},
    {"Procedure", "context", PRESENT, "STU3"},
    {"Procedure", "occurrenceDateTime", PRESENT, "R5"},
    {"Procedure", "occurrencePeriod", PRESENT, "R5"},
    {"Immunization", "wasNotGiven", PRESENT, "DSTU2"},
    {"Immunization", "notGiven", PRESENT, "STU3"},
    {"Immunization", "date", PRESENT, "DSTU2 or STU3"},
    {"Encounter", "class", TEXT, "DSTU2"},
    {"Encounter", "class", CONCEPT, "R5"},
    {"Encounter", "actualPeriod", PRESENT, "R5"},
};

bool rec_fhir_is_r4(rec_record *record, const rec_node *resource, const char *type)
{
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (!rec_same(signs[i].type, type)) continue;
        const rec_node *element = rec_child(resource, signs[i].element);
        if (!element || (signs[i].shape == TEXT && !element->value) ||
            (signs[i].shape == CONCEPT && !(element->marks & REC_OBJECT) && !rec_child(element, "coding")))
            continue;
        rec_fail(record, element, "FHIR %s, as %s.%s tells; FHIR R4 is read here: export or convert to it",
                 signs[i].release, type, signs[i].element);
        return false;
    }
    return true;
}
