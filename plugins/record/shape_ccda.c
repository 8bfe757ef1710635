/* C-CDA: of each act and datatype of CDA R2 what is read. Names of types are those of HL7 version 3. */
#include "shapes.h"

PRIMITIVE(any, "any", REC_ANY);
PRIMITIVE(text, "ST", REC_STRING);
PRIMITIVE(narrative, "StrucDoc.Text", REC_PROSE);
PRIMITIVE(code, "cs", REC_CODE);
PRIMITIVE(number, "real", REC_DECIMAL);
PRIMITIVE(boolean, "bl", REC_BOOLEAN);
PRIMITIVE(timestamp, "ts", REC_TIMESTAMP);

#define NULL_FLAVOR                                                                                          \
    {                                                                                                        \
        .name = "@nullFlavor", .type = &code,                                                                \
        .codes = "NI INV DER OTH NINF PINF UNC MSK NA UNK ASKU NAV NASK QS TRC NP NAVU"                      \
    }

TYPE(instance_id, "II", ONE("@root", text), ONE("@extension", text));
TYPE(translation, "CD", ONE("@code", text), ONE("@codeSystem", text), ONE("@displayName", text),
     ONE("@value", number), ONE("originalText", text));
TYPE(concept, "CD", ONE("@code", text), ONE("@codeSystem", text), ONE("@displayName", text),
     MANY("translation", translation));
TYPE(act_status, "CS",
     {.name = "@code",
      .type = &code,
      .codes = "normal aborted active cancelled completed held new suspended nullified "
               "obsolete"});
TYPE(plain_code, "CE", ONE("@code", text));

TYPE(point, "TS", ONE("@value", timestamp), NULL_FLAVOR);
TYPE(interval, "IVL_TS", ONE("@value", timestamp), ONE("low", point), ONE("center", point),
     ONE("high", point));

TYPE(bound, "IVXB_PQ", ONE("@value", text), ONE("@unit", text), ONE("@inclusive", boolean),
     MANY("translation", translation));
/* What "value" is depends on the type: rec_ccda_check_value looks. */
static rec_element value_elements[] = {
    ONE("@type", text), ONE("@value", text),      ONE("@unit", text),        NULL_FLAVOR,
    ONE("@code", text), ONE("@codeSystem", text), ONE("@displayName", text), MANY("translation", translation),
    ONE("low", bound),  ONE("high", bound),       ONE("numerator", bound),   ONE("denominator", bound),
    {.name = NULL}};
rec_type rec_shape_value = {.name = "ANY", .form = REC_COMPLEX, .elements = value_elements};

TYPE(observation_range, "ObservationRange", ONE("value", rec_shape_value),
     ONE("interpretationCode", plain_code));
TYPE(reference_range, "referenceRange", ONE("observationRange", observation_range));
TYPE(related_subject, "RelatedSubject", ONE("code", concept));
TYPE(subject, "Subject", ONE("relatedSubject", related_subject));
TYPE(specimen_role, "SpecimenRole", MANY("id", instance_id));
TYPE(specimen, "Specimen", ONE("specimenRole", specimen_role));
TYPE(playing_entity, "PlayingEntity", ONE("code", concept));
TYPE(participant_role, "ParticipantRole", ONE("playingEntity", playing_entity));
TYPE(participant, "Participant2", ONE("@typeCode", text), ONE("participantRole", participant_role));
TYPE(material, "Material", ONE("code", concept));
TYPE(product, "ManufacturedProduct", ONE("manufacturedMaterial", material));
TYPE(consumable, "Consumable", ONE("manufacturedProduct", product));

TYPE(rate, "IVL_PQ", ONE("@value", text), ONE("@unit", text));

static rec_type statement; /* statements hold statements */
#define STATEMENTS                                                                                           \
    MANY("act", statement), MANY("organizer", statement), MANY("observation", statement),                    \
        MANY("substanceAdministration", statement), MANY("procedure", statement),                            \
        MANY("encounter", statement)
TYPE(relation, "EntryRelationship", ONE("@inversionInd", boolean), STATEMENTS);
TYPE(statement, "ClinicalStatement",
     {.name = "@moodCode", .type = &code, .codes = "INT APT ARQ DEF EVN EVN.CRT GOL PRMS PRP RQO OPT"},
     DECIDES("@negationInd", boolean), NULL_FLAVOR, MANY("templateId", instance_id), ONE("code", concept),
     ONE("statusCode", act_status), MANY("effectiveTime", interval), MANY("value", rec_shape_value),
     MANY("interpretationCode", plain_code), MANY("referenceRange", reference_range),
     MANY("subject", subject), MANY("specimen", specimen), MANY("participant", participant),
     MANY("consumable", consumable), ONE("rateQuantity", rate), MANY("entryRelationship", relation),
     MANY("component", relation));

TYPE(entry, "Entry", STATEMENTS);
static rec_type section;
TYPE(section_component, "Component5", MANY("section", section));
TYPE(author, "Author", ONE("time", point));
TYPE(section, "Section", NULL_FLAVOR, ONE("text", narrative), MANY("author", author),
     MANY("templateId", instance_id), ONE("code", concept), ONE("subject", any), MANY("entry", entry),
     MANY("component", section_component));
TYPE(body, "StructuredBody", MANY("component", section_component));
/* A document that is one text. */
static rec_element text_elements[] = {ONE("@mediaType", text), ONE("@representation", text), {.name = NULL}};
static rec_type whole_text = {.name = "ED", .form = REC_PROSE, .elements = text_elements};
TYPE(text_body, "NonXMLBody", ONE("text", whole_text));
TYPE(document_component, "Component2", ONE("structuredBody", body), ONE("nonXMLBody", text_body));

TYPE(person_name, "PN", ONE("@use", text), MANY("family", text), MANY("given", text));
TYPE(person, "Patient", MANY("name", person_name), ONE("administrativeGenderCode", plain_code),
     ONE("birthTime", point), ONE("deceasedTime", point));
TYPE(patient_role, "PatientRole", MANY("id", instance_id), ONE("patient", person));
TYPE(record_target, "RecordTarget", NEEDED("patientRole", patient_role, 'p'));
static rec_element document_elements[] = {
    {.name = "recordTarget", .type = &record_target, .needed = 'r', .many = true},
    ONE("component", document_component),
    ONE("code", plain_code),
    ONE("effectiveTime", point),
    MANY("author", author),
    {.name = NULL}};
rec_type rec_shape_document = {
    .name = "ClinicalDocument", .form = REC_COMPLEX, .elements = document_elements};

rec_type *const rec_ccda_types[] = {&rec_shape_document,
                                    &instance_id,
                                    &translation,
                                    &concept,
                                    &act_status,
                                    &plain_code,
                                    &point,
                                    &interval,
                                    &bound,
                                    &rec_shape_value,
                                    &observation_range,
                                    &reference_range,
                                    &related_subject,
                                    &subject,
                                    &specimen_role,
                                    &specimen,
                                    &playing_entity,
                                    &participant_role,
                                    &participant,
                                    &material,
                                    &product,
                                    &consumable,
                                    &rate,
                                    &relation,
                                    &statement,
                                    &entry,
                                    &section_component,
                                    &author,
                                    &whole_text,
                                    &text_body,
                                    &section,
                                    &body,
                                    &document_component,
                                    &person_name,
                                    &person,
                                    &patient_role,
                                    &record_target,
                                    NULL};
