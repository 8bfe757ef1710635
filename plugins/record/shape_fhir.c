/* FHIR R4: of each resource and datatype what is read. What only other releases have is there too: version.c
 * tells them by it. */
#include "shapes.h"

PRIMITIVE(any, "any", REC_ANY);
PRIMITIVE(string, "string", REC_STRING);
PRIMITIVE(prose, "markdown", REC_PROSE);
PRIMITIVE(code, "code", REC_CODE);
PRIMITIVE(decimal, "decimal", REC_DECIMAL);
PRIMITIVE(integer, "integer", REC_INTEGER);
PRIMITIVE(boolean, "boolean", REC_BOOLEAN);
PRIMITIVE(date, "date", REC_DATE);
PRIMITIVE(date_time, "dateTime", REC_DATETIME);
PRIMITIVE(instant, "instant", REC_INSTANT);

#define CODE(name_, codes_)                                                                                  \
    {                                                                                                        \
        .name = name_, .type = &code, .codes = codes_                                                        \
    }

TYPE(coding, "Coding", ONE("system", string), ONE("code", string), ONE("display", string));
TYPE(concept, "CodeableConcept", MANY("coding", coding));
TYPE(quantity, "Quantity", ONE("value", decimal), CODE("comparator", "< <= >= >"), ONE("unit", string),
     ONE("code", string));
TYPE(range, "Range", ONE("low", quantity), ONE("high", quantity));
TYPE(ratio, "Ratio", ONE("numerator", quantity), ONE("denominator", quantity));
TYPE(period, "Period", ONE("start", date_time));
TYPE(timing, "Timing", MANY("event", date_time));
TYPE(reference, "Reference", ONE("reference", string));
TYPE(identifier, "Identifier", ONE("system", string), ONE("value", string));
TYPE(human_name, "HumanName", CODE("use", "usual official temp nickname anonymous old maiden"),
     ONE("family", string), MANY("given", string));

TYPE(annotation, "Annotation", ONE("time", date_time), ONE("text", prose));
TYPE(attachment, "Attachment", ONE("contentType", string), ONE("data", prose));

#define RESOURCE(id, name_, ...)                                                                             \
    static rec_element id##_elements[] = {                                                                   \
        ONE("resourceType", string),    ONE("id", string), MANY("contained", rec_shape_resource),            \
        MANY("modifierExtension", any), __VA_ARGS__,       {.name = NULL}};                                  \
    static rec_type id = {.name = name_, .form = REC_RESOURCE, .elements = id##_elements}
#define STATUS(codes_)                                                                                       \
    {                                                                                                        \
        .name = "status", .type = &code, .codes = codes_, .needed = 's', .decides = true                     \
    }
#define NOTE MANY("note", annotation)
#define MEDICATION                                                                                           \
    NEEDED("medicationCodeableConcept", concept, 'm'), NEEDED("medicationReference", reference, 'm')

/* Those that are not read may contain some that are. */
static rec_element other_elements[] = {ONE("resourceType", string),
                                       ONE("id", string),
                                       ONE("status", string),
                                       MANY("contained", rec_shape_resource),
                                       {.name = NULL}};
rec_type rec_shape_resource = {.name = "Resource", .form = REC_RESOURCE, .elements = other_elements};

TYPE(entry, "Bundle.entry", ONE("fullUrl", string), ONE("resource", rec_shape_resource));
RESOURCE(bundle, "Bundle",
         CODE("type",
              "document message transaction transaction-response batch batch-response history searchset "
              "collection"),
         MANY("entry", entry));

RESOURCE(patient, "Patient", MANY("identifier", identifier), MANY("name", human_name),
         CODE("gender", "male female other unknown"), ONE("birthDate", date),
         ONE("deceasedDateTime", date_time), ONE("animal", any));

RESOURCE(specimen, "Specimen", MANY("identifier", identifier), ONE("accessionIdentifier", identifier),
         {.name = "status",
          .type = &code,
          .codes = "available unavailable unsatisfactory entered-in-error",
          .decides = true},
         ONE("subject", reference));

RESOURCE(medication, "Medication", ONE("code", concept));

RESOURCE(condition, "Condition", NOTE, DECIDES("clinicalStatus", concept),
         DECIDES("verificationStatus", concept), ONE("code", concept), ONE("subject", reference),
         ONE("onsetDateTime", date_time), ONE("onsetPeriod", period), ONE("recordedDate", date_time),
         ONE("dateRecorded", any), ONE("patient", any), ONE("assertedDate", any), ONE("context", any));

TYPE(reaction, "AllergyIntolerance.reaction", ONE("substance", concept));
RESOURCE(allergy, "AllergyIntolerance", NOTE, DECIDES("clinicalStatus", concept),
         DECIDES("verificationStatus", concept), CODE("type", "allergy intolerance"), ONE("code", concept),
         ONE("patient", reference), ONE("onsetDateTime", date_time), ONE("onsetPeriod", period),
         ONE("recordedDate", date_time), ONE("lastOccurrence", date_time), MANY("reaction", reaction),
         ONE("substance", any), ONE("assertedDate", any));

RESOURCE(medication_request, "MedicationRequest", NOTE,
         STATUS("active on-hold cancelled completed entered-in-error stopped draft unknown"),
         DECIDES("doNotPerform", boolean), MEDICATION, ONE("subject", reference),
         ONE("authoredOn", date_time), ONE("context", any), ONE("medication", any));

RESOURCE(medication_statement, "MedicationStatement", NOTE,
         STATUS("active completed entered-in-error intended stopped on-hold unknown not-taken"), MEDICATION,
         ONE("subject", reference), ONE("effectiveDateTime", date_time), ONE("effectivePeriod", period),
         ONE("dateAsserted", date_time), ONE("taken", any), ONE("wasNotTaken", any), ONE("patient", any),
         ONE("medication", any));

TYPE(dosage, "MedicationAdministration.dosage", ONE("rateQuantity", quantity), ONE("rateRatio", ratio));
RESOURCE(medication_administration, "MedicationAdministration", NOTE,
         STATUS("in-progress not-done on-hold completed entered-in-error stopped unknown"), MEDICATION,
         ONE("subject", reference), ONE("effectiveDateTime", date_time), ONE("effectivePeriod", period),
         ONE("dosage", dosage), ONE("wasNotGiven", any), ONE("notGiven", any), ONE("medication", any));

RESOURCE(
    medication_dispense, "MedicationDispense", NOTE,
    STATUS("preparation in-progress cancelled on-hold completed entered-in-error stopped declined unknown"),
    MEDICATION, ONE("subject", reference), ONE("whenPrepared", date_time), ONE("whenHandedOver", date_time),
    ONE("medication", any));

/* What an observation and its components have alike. */
#define FINDING                                                                                              \
    NEEDED("code", concept, 'c'), ONE("valueQuantity", quantity), ONE("valueCodeableConcept", concept),      \
        ONE("valueString", any), ONE("valueBoolean", boolean), ONE("valueInteger", integer),                 \
        ONE("valueRange", range), ONE("valueRatio", ratio), ONE("valueSampledData", any),                    \
        ONE("valueTime", any), ONE("valueDateTime", any), ONE("valuePeriod", any),                           \
        ONE("dataAbsentReason", concept), MANY("interpretation", concept),                                   \
        MANY("referenceRange", reference_range)

TYPE(reference_range, "Observation.referenceRange", ONE("low", quantity), ONE("high", quantity),
     ONE("type", concept));
TYPE(component, "Observation.component", FINDING);
RESOURCE(observation, "Observation", NOTE,
         STATUS("registered preliminary final amended corrected cancelled entered-in-error unknown"), FINDING,
         ONE("subject", reference), MANY("focus", any), ONE("effectiveDateTime", date_time),
         ONE("effectivePeriod", period), ONE("effectiveTiming", timing), ONE("effectiveInstant", instant),
         ONE("issued", instant), MANY("hasMember", any), MANY("component", component), ONE("comments", any),
         ONE("comment", any), MANY("related", any), ONE("context", any), MANY("triggeredBy", any),
         ONE("bodyStructure", any));

RESOURCE(procedure, "Procedure", NOTE,
         STATUS("preparation in-progress not-done on-hold stopped completed entered-in-error unknown"),
         ONE("code", concept), ONE("subject", reference), ONE("performedDateTime", date_time),
         ONE("performedPeriod", period), ONE("notPerformed", any), ONE("notDone", any), ONE("context", any),
         ONE("occurrenceDateTime", any), ONE("occurrencePeriod", any));

RESOURCE(immunization, "Immunization", NOTE, STATUS("completed entered-in-error not-done"),
         NEEDED("vaccineCode", concept, 'v'), ONE("patient", reference), ONE("occurrenceDateTime", date_time),
         ONE("recorded", date_time), ONE("wasNotGiven", any), ONE("notGiven", any), ONE("date", any));

/* In R5 the class is a CodeableConcept, hence `coding`. */
TYPE(encounter_class, "Coding", ONE("system", string), ONE("code", string), ONE("display", string),
     ONE("coding", any));
RESOURCE(encounter, "Encounter",
         STATUS("planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown"),
         ONE("class", encounter_class), MANY("type", concept), ONE("subject", reference),
         ONE("period", period), ONE("actualPeriod", any));

TYPE(relative, "FamilyMemberHistory.condition", NEEDED("code", concept, 'c'));
RESOURCE(family_history, "FamilyMemberHistory", STATUS("partial completed entered-in-error health-unknown"),
         ONE("patient", reference), ONE("date", date_time), ONE("relationship", concept),
         MANY("condition", relative));

/* Resources that are notes or hold them. What they rely on is the text alone. */
TYPE(document_content, "DocumentReference.content", ONE("attachment", attachment));
TYPE(document_context, "DocumentReference.context", ONE("period", period));
RESOURCE(document_reference, "DocumentReference", STATUS("current superseded entered-in-error"),
         {.name = "docStatus",
          .type = &code,
          .codes = "preliminary final amended entered-in-error",
          .decides = true},
         ONE("type", concept), ONE("subject", reference), ONE("date", instant),
         MANY("content", document_content), ONE("context", document_context));
RESOURCE(
    diagnostic_report, "DiagnosticReport",
    STATUS(
        "registered partial preliminary final amended corrected appended cancelled entered-in-error unknown"),
    ONE("code", concept), ONE("subject", reference), ONE("effectiveDateTime", date_time),
    ONE("effectivePeriod", period), ONE("issued", instant), ONE("conclusion", prose),
    MANY("presentedForm", attachment));
TYPE(narrative, "Narrative", CODE("status", "generated extensions additional empty"), ONE("div", prose));
static rec_type composition_section;
TYPE(composition_section, "Composition.section", ONE("code", concept), ONE("text", narrative),
     MANY("entry", any), MANY("section", composition_section));
RESOURCE(composition, "Composition", STATUS("preliminary final amended entered-in-error"),
         ONE("type", concept), ONE("subject", reference), ONE("date", date_time),
         MANY("section", composition_section));
RESOURCE(clinical_impression, "ClinicalImpression", STATUS("in-progress completed entered-in-error"),
         ONE("description", prose), ONE("subject", reference), ONE("effectiveDateTime", date_time),
         ONE("effectivePeriod", period), ONE("date", date_time), ONE("summary", prose), NOTE);
RESOURCE(binary, "Binary", ONE("contentType", string), ONE("data", prose));

#define RESOURCES                                                                                            \
    &observation, &condition, &encounter, &procedure, &immunization, &medication_request,                    \
        &medication_statement, &medication_administration, &medication_dispense, &allergy, &patient,         \
        &medication, &specimen, &family_history, &bundle, &document_reference, &diagnostic_report,           \
        &composition, &clinical_impression, &binary

rec_type *const rec_fhir_resources[] = {RESOURCES, NULL};
rec_type *const rec_fhir_types[] = {RESOURCES,
                                    &annotation,
                                    &attachment,
                                    &document_content,
                                    &document_context,
                                    &narrative,
                                    &composition_section,
                                    &rec_shape_resource,
                                    &coding,
                                    &concept,
                                    &quantity,
                                    &range,
                                    &ratio,
                                    &period,
                                    &timing,
                                    &reference,
                                    &identifier,
                                    &human_name,
                                    &entry,
                                    &reaction,
                                    &dosage,
                                    &reference_range,
                                    &component,
                                    &encounter_class,
                                    &relative,
                                    NULL};
