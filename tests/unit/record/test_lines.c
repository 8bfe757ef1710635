/* FHIR's bulk export: NDJSON, a file a type of resource, and other ways in which loose resources come. */
#include <criterion/criterion.h>
#include <string.h>

#include "sink.h"

#define PATIENT "{\"resourceType\":\"Patient\",\"id\":\"1\",\"gender\":\"male\",\"birthDate\":\"1974-12-25\"}"
#define OTHER   "{\"resourceType\":\"Patient\",\"id\":\"2\"}"
#define MEDICATION                                                                                           \
    "{\"id\":\"m\",\"resourceType\":\"Medication\",\"code\":{\"coding\":[{\"system\":\"x\",\"code\":\"M\"}]" \
    "}}"
#define REQUEST                                                                                              \
    "{\"resourceType\":\"MedicationRequest\",\"status\":\"active\",\"subject\":{\"reference\":\"Patient/"    \
    "1\"},"                                                                                                  \
    "\"medicationReference\":{\"reference\":\"Medication/m\"},\"authoredOn\":\"2024-01-05\"}"
#define CONDITION                                                                                            \
    "{\"resourceType\":\"Condition\",\"subject\":{\"reference\":\"Patient/"                                  \
    "1\"},\"onsetDateTime\":\"2020-01-01\",\"code\":{"                                                       \
    "\"coding\":[{\"system\":\"y\",\"code\":\"D\",\"display\":\"Thing\"}]}}"
#define TOKENS "Thing, 2020-01-01 | y|D\ncode M, 2024-01-05 | x|M\n"

static seen *look_files(const char *const *texts, uint32_t count)
{
    csl_input inputs[8];
    for (uint32_t i = 0; i < count; i++)
        inputs[i] = (csl_input){.struct_size = sizeof *inputs,
                                .descriptor = -1,
                                .name = "part",
                                .bytes = (const uint8_t *)texts[i],
                                .length = strlen(texts[i])};
    return look_all(inputs, count);
}

/* The same five resources however they come: as lines, several a line, with blanks and Windows' line ends,
 * over several lines, with a byte order mark, as a file each, or as a file a type in which the medication
 * comes last. */
static const char *const ways[][5] = {
    {PATIENT "\n" CONDITION "\n" REQUEST "\n" MEDICATION "\n"},
    {REQUEST "\r\n\r\n" CONDITION "\r\n" MEDICATION "\r\n" PATIENT},
    {CONDITION PATIENT " " MEDICATION "\t" REQUEST},
    {CONDITION "\n" REQUEST PATIENT "\n" MEDICATION},
    {"\xef\xbb\xbf" CONDITION "\n{\n\"resourceType\":\"Basic\",\n\"id\":\"}{\"\n}\n" REQUEST "\n" MEDICATION
     "\n" PATIENT "\n"},
    {CONDITION, REQUEST, MEDICATION, PATIENT},
    {CONDITION "\n", REQUEST "\n", PATIENT "\n", MEDICATION "\n" MEDICATION "\n"},
};

Test(record_lines, loose_resources_are_one_record)
{
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        uint32_t files = 0;
        while (files < 5 && ways[i][files]) files++;
        seen *s = look_files(ways[i], files);
        cr_assert_eq(s->status, CSL_PLUGIN_OK, "way %zu: %s", i, s->failure);
        cr_assert_str_eq(tokens_of(s), TOKENS, "way %zu:\n%s", i, tokens_of(s));
        cr_assert(strstr(facts_of(s), "birth 1974-12-25\n"), "way %zu: %s", i, facts_of(s));
        cr_assert_float_eq(token_with(s, "y|D")->f[feature("age_years")], 45.02, 0.01,
                           "1974-12-25 to 2020-01-01");
        seen_free(s);
    }
}

Test(record_lines, two_patients_are_refused)
{
    static const char *const cases[][2] = {
        {PATIENT "\n" CONDITION "\n" OTHER "\n"}, {PATIENT, OTHER}, {CONDITION PATIENT OTHER}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        seen *s = look_files(cases[i], cases[i][1] ? 2 : 1);
        cr_assert_eq(s->status, CSL_PLUGIN_BAD_INPUT, "case %zu", i);
        cr_assert(strstr(s->failure, "Patient/1") && strstr(s->failure, "Patient/2"), "%s", s->failure);
        seen_free(s);
    }
    seen *s = look_files((const char *const[]){PATIENT "\n" CONDITION "\n" OTHER "\n"}, 1);
    cr_assert(strstr(s->failure, "line 3: Patient") && strstr(s->failure, "at line 1: Patient"), "%s",
              s->failure);
    seen_free(s);
}
