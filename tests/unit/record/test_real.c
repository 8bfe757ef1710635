/* Other people's files, where there are any. Counts are those of other programs, named beside them. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "sink.h"

/* A whole file below a folder of real files, or NULL. */
static seen *look_file(const char *folder, const char *name)
{
    char *path = csl_path_join(folder, name), *bytes = NULL;
    size_t length = 0;
    csl_error error = {0};
    seen *s = NULL;
    if (!csl_read_file(path, 1 << 26, &bytes, &length, &error)) s = look(bytes, length);
    free(bytes);
    free(path);
    return s;
}

static int count(const seen *s, const char *kind)
{
    int n = 0, k = feature(kind);
    for (size_t i = 0; i < s->token_count; i++) n += s->tokens[i].f[k] == 1;
    return n;
}

/* By jq 1.6, for the file whose name starts so:
 *   conditions, procedures, ...: [.entry[].resource | select(.resourceType == "Condition")] | length, and so
 * on observations: [.entry[].resource | select(.resourceType == "Observation") | .effectiveDateTime as $t |
 *                  if .component then .component[] else . end | [$t, .code.coding[0].code,
 * .valueQuantity.value, .valueCodeableConcept.coding[0].code]] | unique | length, plus the number of those
 * with a coded value, plus age and sex. */
static const struct {
    const char *name;
    int conditions, medications, observations, procedures, immunizations, encounters;
} synthea[] = {
    {"Agust", 2, 2, 53, 4, 8, 7},
    {"Alberto_Atencio", 3, 2, 45, 3, 7, 6},
    {"Alejandro_Riojas", 7, 5, 55, 4, 7, 10},
    {"Alfreda_Wyman", 3, 2, 91, 5, 7, 8},
    {"Antonio_Carmona", 1, 1, 96, 4, 15, 10},
    {"Antonio_Castellanos", 3, 2, 52, 2, 6, 6},
    {"Antonio_Runolfsson", 3, 4, 91, 3, 14, 12},
};

Test(record_real, synthea_bundles_lose_nothing)
{
    const char *found = real_files("fhir/synthea_r4_json");
    csl_names names = {0};
    if (!found) return;
    char *folder = strdup(found);
    cr_assert_eq(csl_list_folder(folder, &names, NULL), CSL_OK);
    for (size_t i = 0; i < names.count; i++)
        for (size_t k = 0; k < sizeof synthea / sizeof *synthea; k++) {
            if (strncmp(names.items[i], synthea[k].name, strlen(synthea[k].name))) continue;
            seen *s = look_file(folder, names.items[i]);
            cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s", s->failure);
            const int got[] = {count(s, "is_condition"),    count(s, "is_medication"),
                               count(s, "is_observation"),  count(s, "is_procedure"),
                               count(s, "is_immunization"), count(s, "is_encounter")};
            const int wanted[] = {synthea[k].conditions, synthea[k].medications,   synthea[k].observations,
                                  synthea[k].procedures, synthea[k].immunizations, synthea[k].encounters};
            for (int kind = 0; kind < 6; kind++)
                cr_assert_eq(got[kind], wanted[kind], "%s, kind %d: %d", synthea[k].name, kind, got[kind]);
            cr_assert_str_empty(s->warnings);
            seen_free(s);
        }
    csl_names_free(&names);
    free(folder);
}

/* JSON and XML of one example resource by HL7 must say the same. */
Test(record_real, hl7_examples_agree_in_json_and_xml)
{
    static const char *const stems[] = {"observation-example", "condition-example", "patient-example",
                                        "observation-decimal"};
    const char *found = real_files("fhir/r4_cases/examples");
    if (!found) return;
    char *folder = strdup(found);
    for (size_t i = 0; i < sizeof stems / sizeof *stems; i++) {
        char json_name[64], xml_name[64];
        snprintf(json_name, sizeof json_name, "%s.json", stems[i]);
        snprintf(xml_name, sizeof xml_name, "%s.xml", stems[i]);
        seen *json = look_file(folder, json_name), *xml = look_file(folder, xml_name);
        if (json && xml) {
            char *tokens = strdup(tokens_of(json)), *facts = strdup(facts_of(json));
            cr_assert_str_eq(tokens_of(xml), tokens, "%s", stems[i]);
            cr_assert_str_eq(facts_of(xml), facts, "%s", stems[i]);
            free(tokens);
            free(facts);
        }
        if (json) seen_free(json);
        if (xml) seen_free(xml);
    }
    free(folder);
}

/* What the narrative of the CCD of HL7's C-CDA-Examples ("CCD 2") shows in its tables for vital signs,
 * problems and allergies: no known allergies, no information on problems. */
Test(record_real, ccda_documents)
{
    static const struct {
        const char *folder, *name;
        const char *present, *absent; /* codes */
    } documents[] = {
        {"ccda/Documents/CCD/CCD 1", "CCD.XML", "http://snomed.info/sct|233604007",
         "http://snomed.info/sct|22298006" /* the father's */},
        {"ccda/Documents/CCD/CCD 2", "CCD.xml", "http://snomed.info/sct|6025007",
         "http://snomed.info/sct|419199007" /* negated */},
        {"ccda/Documents/Transfer Summary", "Transfer_Summary.xml", "http://loinc.org|718-7",
         "http://snomed.info/sct|22298006"},
    };
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        const char *folder = real_files(documents[i].folder);
        seen *s = folder ? look_file(folder, documents[i].name) : NULL;
        if (!s) continue;
        cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s", s->failure);
        cr_assert(token_with(s, documents[i].present), "%s: %s", documents[i].folder, documents[i].present);
        cr_assert_not(token_with(s, documents[i].absent), "%s: %s", documents[i].folder, documents[i].absent);
        seen_free(s);
    }
}

/* HL7's fragments are sections; in a document around them they must read. Labels as their narrative has them.
 */
Test(record_real, ccda_sections)
{
    static const struct {
        const char *folder, *name, *tokens;
    } sections[] = {
        {"ccda/Problems/Active Problem", "Active Problem(C-CDA2.1).xml",
         "Community acquired pneumonia, 2014-02-27 | http://snomed.info/sct|385093006\n"},
        {"ccda/Problems/Complete or Resolved Problem", "Resolved Problem(C-CDA2.1).xml",
         "Acute pharyngitis, inactive, 2014-04-02 | http://snomed.info/sct|363746003\n"},
        {"ccda/Problems/No Known Problems", "No Known Problems(C-CDA2.1).xml", ""},
        {"ccda/Problems/Patient Does Not Have Diabetes", "Patient Does Not Have Diabetes(C-CDA2.1).xml", ""},
        {"ccda/Allergies/No Known Allergies", "No Known Allergies with Author Timestamp(C-CDA2.1).xml", ""},
        {"ccda/Allergies/Not Allergic to Peanuts", "Not Allergic to Peanuts(C-CDAR2.1).xml", ""},
        {"ccda/Results/Results with less than specific value",
         "Results with less than specific value(C-CDA2.1).xml",
         "Natriuretic Peptide B [Mass/Volume] In Blood <=5 pg/mL, 2013-10-20 | http://loinc.org|42637-9\n"},
        {"ccda/Results/Results Unit Non-UCUM", "Results Unit Non-UCUM(C-CDA2.1).xml",
         "Platelets [#/volume] in Blood 152 10*3/uL, 2014-02-13 | http://loinc.org|26515-7\n"},
    };
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        const char *folder = real_files(sections[i].folder);
        if (!folder) continue;
        char *path = csl_path_join(folder, sections[i].name), *bytes = NULL, *text = NULL;
        size_t length;
        if (csl_read_file(path, 1 << 24, &bytes, &length, NULL) == CSL_OK) {
            const char *start = strstr(bytes, "<section");
            cr_assert(start);
            cr_assert_geq(asprintf(&text,
                                   "<ClinicalDocument xmlns='urn:hl7-org:v3' xmlns:sdtc='urn:hl7-org:sdtc' "
                                   "xmlns:xsi='http://www.w3.org/2001/"
                                   "XMLSchema-instance'><component><structuredBody><component>%s"
                                   "</component></structuredBody></component></ClinicalDocument>",
                                   start),
                          0);
            seen *s = look(text, strlen(text));
            cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s: %s", sections[i].name, s->failure);
            cr_assert_str_eq(tokens_of(s), sections[i].tokens, "%s:\n%s", sections[i].name, tokens_of(s));
            seen_free(s);
        }
        free(text);
        free(bytes);
        free(path);
    }
}
