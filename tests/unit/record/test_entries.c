/* A Bundle of more than 8 MiB of JSON is read entry by entry, and says what it says as a whole: blanks after
 * a document change nothing but its size. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink.h"

enum { BLANKS = 9 << 20 };

#define PATIENT "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"1\",\"gender\":\"male\"}}"
#define OTHER   "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"2\"}}"
#define CONDITION                                                                                            \
    "{\"resource\":{\"resourceType\":\"Condition\",\"subject\":{\"reference\":\"Patient/1\"},\"code\":{"     \
    "\"coding\":[{\"system\":\"y\",\"code\":\"D\",\"display\":\"Thing\"}]}}}"
#define REQUEST                                                                                              \
    "{\"resource\":{\"resourceType\":\"MedicationRequest\",\"status\":\"active\",\"subject\":{"              \
    "\"reference\":\"Patient/1\"},\"medicationReference\":{\"reference\":\"urn:uuid:m\"}}}"
#define MEDICATION                                                                                           \
    "{\"fullUrl\":\"urn:uuid:m\",\"resource\":{\"resourceType\":\"Medication\",\"code\":{\"coding\":["       \
    "{\"system\":\"x\",\"code\":\"M\"}]}}}"
#define BUNDLE(entries) "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\n\"entry\":[\n" entries "\n]}"

/* As it is, or too large to be read as a whole. */
static seen *look_at(const char *text, size_t length, bool large)
{
    size_t blanks = large ? BLANKS : 0;
    char *bytes = malloc(length + blanks);
    cr_assert(bytes);
    memcpy(bytes, text, length);
    memset(bytes + length, '\n', blanks);
    seen *s = look(bytes, length + blanks);
    free(bytes);
    return s;
}

static void says_the_same(const char *what, const char *text, size_t length)
{
    seen *whole = look_at(text, length, false), *large = look_at(text, length, true);
    cr_assert_eq(whole->status, large->status, "%s: \"%s\" and \"%s\"", what, whole->failure, large->failure);
    if (whole->status == CSL_PLUGIN_OK) {
        char *tokens = strdup(tokens_of(whole)), *facts = strdup(facts_of(whole));
        cr_assert_eq(whole->token_count, large->token_count, "%s", what);
        cr_assert_str_eq(tokens, tokens_of(large), "%s", what);
        cr_assert_str_eq(facts, facts_of(large), "%s", what);
        cr_assert_str_eq(whole->warnings, large->warnings, "%s", what);
        free(tokens);
        free(facts);
    }
    seen_free(whole);
    seen_free(large);
}

/* What is referred to may stand before or after. */
Test(record_entries, a_large_bundle_is_one_record)
{
    static const char *const bundles[] = {
        BUNDLE(PATIENT ",\n" CONDITION ",\n" REQUEST ",\n" MEDICATION),
        BUNDLE(REQUEST "," MEDICATION "\n,\n" CONDITION "," PATIENT),
        "\xef\xbb\xbf "
        "{\"id\":\"}\\\"]\",\"link\":[{\"entry\":[]}],\"resourceType\":\"Bundle\",\"entry\":[null," CONDITION
        "," REQUEST "," MEDICATION "],\"total\":3}"};
    for (size_t i = 0; i < sizeof bundles / sizeof *bundles; i++) {
        seen *s = look_at(bundles[i], strlen(bundles[i]), true);
        cr_assert_eq(s->status, CSL_PLUGIN_OK, "bundle %zu: %s", i, s->failure);
        cr_assert_str_eq(tokens_of(s), "Thing | y|D\ncode M | x|M\n", "bundle %zu: %s", i, tokens_of(s));
        seen_free(s);
        says_the_same("bundle", bundles[i], strlen(bundles[i]));
    }
}

/* Lines and columns are counted by hand. */
static const struct {
    const char *text, *failure;
} wrong[] = {
    {BUNDLE(PATIENT ",\n" OTHER), "line 4: Bundle.entry[1].resource: a second patient"},
    {BUNDLE(PATIENT "\n" CONDITION),
     "line 4, column 1: Bundle: not JSON: a comma or the closing bracket is wanted"},
    {BUNDLE(PATIENT ",\n,"), "line 4, column 1: Bundle: not JSON: a value is wanted"},
    {BUNDLE(PATIENT ","), "line 4, column 1: Bundle: not JSON: a value is wanted"},
    {BUNDLE(","), "line 3, column 1: Bundle: not JSON: a value is wanted"},
    {BUNDLE(PATIENT ",\n  {\"resource\":{]}"),
     "line 4, column 16: Bundle.entry[1]: not JSON: a member's name in quotation marks is wanted"},
    {BUNDLE(PATIENT ",\n {\"fullUrl\":\"}"), "line 4, column 15: not JSON: a text is not closed"},
    {BUNDLE(PATIENT ",{\"fullUrl\":\"\\q\"}"), "not JSON: an escape that there is not"},
    {BUNDLE(PATIENT) "\n]", "line 5, column 1: not JSON: something stands after the document's end"},
    {"{\"resourceType\":\"Bundle\",\"entry\":[],\n\"entry\":[]}",
     "line 2, column 1: Bundle: not JSON that FHIR allows: duplicate object key"},
    {"{\"resourceType\":\"Bundle\",\"entry\":[" PATIENT,
     "not JSON: a comma or the closing bracket is wanted"},
};

Test(record_entries, what_is_wrong_is_told_at_its_line)
{
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        seen *s = look_at(wrong[i].text, strlen(wrong[i].text), true);
        cr_assert_eq(s->status, CSL_PLUGIN_BAD_INPUT, "case %zu", i);
        cr_expect(strstr(s->failure, wrong[i].failure), "case %zu: \"%s\", not \"%s\"", i, s->failure,
                  wrong[i].failure);
        seen_free(s);
        says_the_same(wrong[i].failure, wrong[i].text, strlen(wrong[i].text));
    }
}

/* Beyond the entries too; a warning has the entry's number and its line in the file. */
Test(record_entries, what_is_amiss_is_warned_of)
{
    static const char text[] =
        "{\"resourceType\":\"Bundle\",\n\"entry\":[" PATIENT
        ",\n{\"resource\":{\"resourceType\":\"Encounter\",\"status\":\"finished\",\"class\":{},"
        "\n\"period\":{\"start\":\"2020-02-30\"}}}],\n\"type\":\"heap\"}";
    seen *s = look_at(text, strlen(text), true);
    cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s", s->failure);
    cr_assert(strstr(s->warnings, "line 4: Bundle.entry[1].resource.period.start: not a date"), "%s",
              s->warnings);
    cr_assert(strstr(s->warnings, "line 5: Bundle.type: none of the codes"), "%s", s->warnings);
    seen_free(s);
    says_the_same("warnings", text, strlen(text));
}

Test(record_entries, real_bundles_say_the_same)
{
    const char *folder = real_files("fhir");
    char command[4096], path[4096];
    if (!folder) return;
    snprintf(command, sizeof command, "find '%s' -name '*undle*.json' -o -path '*synthea*' -name '*.json'",
             folder);
    FILE *list = popen(command, "r");
    size_t count = 0;
    cr_assert(list);
    while (fgets(path, sizeof path, list)) {
        path[strcspn(path, "\n")] = 0;
        FILE *file = fopen(path, "rb");
        cr_assert(file && !fseek(file, 0, SEEK_END), "%s", path);
        size_t length = (size_t)ftell(file);
        char *text = malloc(length + 1);
        rewind(file);
        cr_assert_eq(fread(text, 1, length, file), length, "%s", path);
        fclose(file);
        says_the_same(path, text, length);
        free(text);
        count++;
    }
    pclose(list);
    cr_assert_gt(count, 10);
}
