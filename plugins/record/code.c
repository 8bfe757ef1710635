#include "code.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tree.h"

/* HL7's registrations of OIDs and the URIs that FHIR R4 gives the same systems (section 4.3, terminology
 * systems). */
static const struct {
    const char *oid, *uri;
} systems[] = {
    {"2.16.840.1.113883.6.1", REC_LOINC},
    {"2.16.840.1.113883.6.96", REC_SNOMED},
    {"2.16.840.1.113883.6.88", REC_RXNORM},
    {"2.16.840.1.113883.6.90", "http://hl7.org/fhir/sid/icd-10-cm"},
    {"2.16.840.1.113883.6.3", "http://hl7.org/fhir/sid/icd-10"},
    {"2.16.840.1.113883.6.103", "http://hl7.org/fhir/sid/icd-9-cm"},
    {"2.16.840.1.113883.12.292", REC_CVX},
    {"2.16.840.1.113883.6.69", "http://hl7.org/fhir/sid/ndc"},
    {"2.16.840.1.113883.6.12", REC_CPT},
    {"2.16.840.1.113883.6.73", REC_ATC},
    {"2.16.840.1.113883.4.9", "http://fdasis.nlm.nih.gov"},
    {"2.16.840.1.113883.3.26.1.5", "http://hl7.org/fhir/ndfrt"},
    {"2.16.840.1.113883.6.8", "http://unitsofmeasure.org"},
    {"2.16.840.1.113883.6.4", REC_ICD10_PCS},
    {"2.16.840.1.113883.5.4", "http://terminology.hl7.org/CodeSystem/v3-ActCode"},
    {"2.16.840.1.113883.4.1", "http://hl7.org/fhir/sid/us-ssn"},
};

/* Best first. */
static const char *const preferred[REC_KINDS][3] = {
    [REC_CONDITION] = {REC_SNOMED, "http://hl7.org/fhir/sid/icd-10-cm", "http://hl7.org/fhir/sid/icd-10"},
    [REC_ALLERGY] = {REC_RXNORM, REC_SNOMED, NULL},
    [REC_MEDICATION] = {REC_RXNORM, REC_ATC, "http://hl7.org/fhir/sid/ndc"},
    [REC_OBSERVATION] = {REC_LOINC, REC_SNOMED, NULL},
    [REC_PROCEDURE] = {REC_SNOMED, REC_CPT, NULL},
    [REC_IMMUNIZATION] = {REC_CVX, REC_SNOMED, NULL},
    [REC_ENCOUNTER] = {REC_SNOMED, "http://terminology.hl7.org/CodeSystem/v3-ActCode", NULL},
};

/* SNOMED CT: no known allergy (general, drug, environmental, food, insect, latex), and no current problems.
 */
static const char negative_codes[] =
    "716186003 160244002 409137002 428607008 429625007 428197003 716184000 1003774007 160245001";

/* SNOMED CT, LOINC answer lists and HL7 tables 0136 and v3 ObservationInterpretation. */
static const char yes_codes[] =
    "373066001 10828004 52101004 260373001 LA33-6 LA6576-8 LA9633-4 LA11882-0 Y POS DET";
static const char no_codes[] =
    "373067005 260385009 2667000 260415000 LA32-8 LA6577-6 LA9634-2 LA11883-8 N NEG ND";

const char *rec_system(rec_arena *arena, const char *given)
{
    if (!given || !*given) return NULL;
    const char *oid = !strncmp(given, "urn:oid:", 8) ? given + 8 : given;
    if (*oid < '0' || *oid > '9') return given;
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++)
        if (!strcmp(systems[i].oid, oid)) return systems[i].uri;
    bool bare = oid == given && !given[strspn(given, "0123456789.")];
    return bare ? rec_format(arena, "urn:oid:%s", given) : given;
}

bool rec_system_published(const char *system)
{
    if (!strncmp(system, REC_FAMILY, sizeof REC_FAMILY - 1)) system += sizeof REC_FAMILY - 1;
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++)
        if (!strcmp(systems[i].uri, system)) return true;
    return false;
}

/* 0 is best. */
static int rank(rec_kind kind, const rec_coding *coding)
{
    if (!coding->code) return 100;
    if (!coding->system) return 50;
    for (int i = 0; i < 3 && preferred[kind][i]; i++)
        if (!strcmp(preferred[kind][i], coding->system)) return i;
    return rec_system_published(coding->system) ? 10 : 20;
}

void rec_coding_prefer(rec_kind kind, rec_coding *best, const rec_coding *candidate)
{
    if (rank(kind, candidate) < rank(kind, best)) *best = *candidate;
}

bool rec_coding_negative(const rec_coding *coding)
{
    return coding->system && !strcmp(coding->system, REC_SNOMED) && rec_among(coding->code, negative_codes);
}

double rec_coding_answer(const rec_coding *coding)
{
    return rec_among(coding->code, yes_codes) ? 1 : rec_among(coding->code, no_codes) ? 0 : NAN;
}

double rec_interpretation(const char *code)
{
    return rec_among(code, "L LL LX LU <")   ? -1
           : rec_among(code, "H HH HX HU >") ? 1
           : rec_among(code, "N")            ? 0
                                             : NAN;
}

void rec_finding_add(rec_record *record, const rec_event *finding, const rec_coding *answer,
                     const char *range_unit, const rec_node *at)
{
    /* "ASSERTION" says no more than that the answer holds. */
    bool assertion = finding->code && !strcmp(finding->code, "ASSERTION");
    if (!assertion) rec_event_add(record, finding, range_unit, at);
    if (!answer->code || !isnan(finding->value)) return;
    rec_event own = *finding;
    char display[REC_VALUE_MAX];
    snprintf(display, sizeof display, "%s: %s", finding->display && !assertion ? finding->display : "Finding",
             answer->display ? answer->display : answer->code);
    own.display = display;
    own.answer = NULL;
    own.system = answer->system;
    own.code = answer->code;
    rec_event_add(record, &own, NULL, at);
}

void rec_family_add(rec_record *record, const rec_event *base, const rec_coding *relative,
                    const rec_coding *condition, const rec_node *at)
{
    char system[REC_VALUE_MAX], display[REC_VALUE_MAX];
    if (!condition->code || rec_coding_negative(condition)) return;
    rec_event e = *base;
    snprintf(system, sizeof system, REC_FAMILY "%s", condition->system ? condition->system : "");
    const char *who = record->options.deidentify ? "relative"
                      : relative->display        ? relative->display
                      : relative->code           ? relative->code
                                                 : "relative";
    snprintf(display, sizeof display, "Family history (%.100s): %.500s", who,
             condition->display ? condition->display : condition->code);
    e.kind = REC_OBSERVATION;
    e.system = system;
    e.code = condition->code;
    e.display = display;
    rec_event_add(record, &e, NULL, at);
}
