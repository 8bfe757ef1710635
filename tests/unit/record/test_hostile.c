/* Files that were made to harm or came to harm: each costs one clear failure, nothing else. Run it under
 * AddressSanitizer. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "sink.h"

/* What the reason must hold: the place and what was wrong. */
static const struct {
    const char *text, *place, *reason;
} refused[] = {
    {"<!DOCTYPE Patient [<!ENTITY a \"b\"><!ENTITY c \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>\n<Patient "
     "xmlns='http://hl7.org/fhir'><id value='&c;'/></Patient>",
     "line 1", "<!DOCTYPE"},
    {"<?xml version='1.0'?>\n<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><Patient "
     "xmlns='http://hl7.org/fhir'/>",
     "line 2", "<!DOCTYPE"},
    {"<Patient xmlns='http://hl7.org/fhir'><id value='&other;'/></Patient>", "line 1", "other"},
    {"<Patient xmlns='http://hl7.org/fhir'>\n<gender value='male'>\n</Patient>", "line 3", "not well-formed"},
    {"<Patient xmlns='http://hl7.org/fhir'>", "line 1", "not well-formed"},
    {"<svg xmlns='http://www.w3.org/2000/svg'/>", "line 1",
     "neither FHIR nor C-CDA: the root element is svg"},
    {"<Patient/>", "line 1", "neither FHIR nor C-CDA"},
    {"<ClinicalDocument xmlns='urn:hl7-org:v3'>\x01</ClinicalDocument>", "line 1", "not well-formed"},
    {"{\"resourceType\":\"Patient\",\n \"id\":}", "line 2, column", "not JSON"},
    {"{\"resourceType\":\"Patient\",\"id\":\"1\",\"id\":\"2\"}",
     "line 1, column 36: Patient: ", "duplicate object key"},
    {"{\"resourceType\":\"Bundle\",\"entry\":[{},\n{\"resource\":{\"resourceType\":\"Patient\",\"name\":[{"
     "\"family\":\"A\",}]}}]}",
     "line 2, column 61: Bundle.entry[1].resource.name: ", "a member's name in quotation marks is wanted"},
    {"{\"resourceType\":\"Patient\"} {}", "line 1", "not FHIR"},
    {"{\"resourceType\":\"Patient\"} }", "line 1", "not JSON"},
    {"{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Patient\",\n}", "line 3", "not JSON"},
    {"{\"resourceType\":\"Patient\",\"id\":\"1\",\"birthDate\":\"1960\"}\n{\"resourceType\":\"Pat",
     "line 2, column 17", "not JSON: a text is not closed"},
    {"{\"resourceType\":\"Patient\",\n\"id\":\"a\tb\"}", "line 2, column 8", "a control character"},
    {"{\"resourceType\":\"Patient\",\"x\":[\"\\x\"]}", "line 1, column 33", "an escape that there is not"},
    {"{\"resourceType\":\"Patient\",\"id\":\"a\\u0000b\"}", "line 1, column", "U+0000"},
    {"{\"resourceType\":\"Patient\",\"multipleBirthInteger\":01}", "line 1, column", "not JSON"},
    {"{\"resourceType\":\"Patient\",\"active\":True}", "line 1, column", "not JSON"},
    {"{\"resourceType\":\"Patient\",\"id\":\"\xff\"}", "line 1", "not JSON"},
    {"{\"resourceType\":5}", "line 1", "not FHIR"},
    {"{\"resourceType\":\"patient record\"}", "line 1", "not FHIR"},
    {"[]", "line 1", "not FHIR"},
    {"{}", "line 1", "not FHIR"},
    {"hello", "line 1", "neither JSON nor XML"},
    {"<?xml version='1.0' encoding='UTF-7'?><Patient xmlns='http://hl7.org/fhir'/>", "line 1", "encoding"},
    {"", "file", "0 bytes"},
    {" \n", "line 1", "neither JSON nor XML"},
};

Test(record_hostile, a_refusal_names_place_and_reason)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        seen *s = look(refused[i].text, strlen(refused[i].text));
        cr_assert_eq(s->status, CSL_PLUGIN_BAD_INPUT, "%s", refused[i].text);
        cr_assert(strstr(s->failure, refused[i].place) && strstr(s->failure, refused[i].reason),
                  "%s\nwas refused with\n%s", refused[i].text, s->failure);
        cr_assert_eq(s->token_count + s->fact_count, 0);
        seen_free(s);
    }
}

/* `open` 10,000 times, then `middle`, then `close` as often. */
static seen *look_nested(const char *before, const char *open, const char *middle, const char *close,
                         const char *after)
{
    enum { DEPTH = 10000 };
    size_t size =
        strlen(before) + strlen(after) + strlen(middle) + DEPTH * (strlen(open) + strlen(close)) + 1;
    char *text = malloc(size), *at = text;
    cr_assert(text);
    at = stpcpy(at, before);
    for (int i = 0; i < DEPTH; i++) at = stpcpy(at, open);
    at = stpcpy(at, middle);
    for (int i = 0; i < DEPTH; i++) at = stpcpy(at, close);
    at = stpcpy(at, after);
    seen *s = look(text, (size_t)(at - text));
    free(text);
    return s;
}

Test(record_hostile, deep_nesting_is_refused)
{
    seen *s = look_nested("{\"resourceType\":\"Bundle\",\"a\":", "[", "1", "]", "}");
    cr_assert(strstr(s->failure, "deeper than 200 levels"), "%s", s->failure);
    seen_free(s);
    s = look_nested("{\"resourceType\":\"Bundle\",\"a\":", "{\"a\":", "1", "}", "}");
    cr_assert(strstr(s->failure, "deeper than 200 levels"), "%s", s->failure);
    seen_free(s);
    s = look_nested("<Bundle xmlns='http://hl7.org/fhir'>", "<a>", "", "</a>", "</Bundle>");
    cr_assert(strstr(s->failure, "deeper than 200 levels"), "%s", s->failure);
    seen_free(s);
    s = look_nested("<Bundle xmlns='http://hl7.org/fhir'>", "<Bundle>", "", "</Bundle>", "</Bundle>");
    cr_assert(strstr(s->failure, "deeper than 200 levels"), "%s", s->failure);
    seen_free(s);
    s = look_nested("<Bundle xmlns='http://hl7.org/fhir'><x xmlns='y'>", "<a>", "", "</a>", "</x></Bundle>");
    cr_assert_eq(s->status, CSL_PLUGIN_BAD_INPUT, "also in what would be skipped");
    seen_free(s);
}

/* From here on no more than 64 MiB of anonymous memory: what needs more gets none, and fails. */
static void bound_memory(void)
{
#ifndef __SANITIZE_ADDRESS__
    char line[256];
    rlim_t used = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (!strncmp(line, "VmData:", 7)) used = strtoull(line + 7, NULL, 10) << 10;
    cr_assert(status && used);
    fclose(status);
    struct rlimit limit = {used + (64 << 20), used + (64 << 20)};
    cr_assert_eq(setrlimit(RLIMIT_DATA, &limit), 0);
#endif
}

/* A gigabyte that needs three: the first and the last mebibyte, and one that stands between them again and
 * again. */
static uint8_t *gigabyte(const char *before, const char *after, size_t *length)
{
    enum { BLOCK = 1 << 20, BLOCKS = 1024 };
    int file = memfd_create("gigabyte", MFD_CLOEXEC);
    char *block = malloc(BLOCK);
    cr_assert(file >= 0 && block);
    for (int i = 0; i < 3; i++) {
        memset(block, 'a', BLOCK);
        if (i == 0) memcpy(block, before, strlen(before));
        if (i == 2) memcpy(block + BLOCK - strlen(after), after, strlen(after));
        cr_assert_eq(write(file, block, BLOCK), BLOCK);
    }
    free(block);
    *length = (size_t)BLOCKS * BLOCK;
    uint8_t *all = mmap(NULL, *length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    cr_assert_neq(all, MAP_FAILED);
    for (size_t i = 0; i < BLOCKS; i++) {
        off_t from = i == 0 ? 0 : i == BLOCKS - 1 ? 2 * BLOCK : BLOCK;
        cr_assert_neq(mmap(all + i * BLOCK, BLOCK, PROT_READ, MAP_SHARED | MAP_FIXED, file, from),
                      MAP_FAILED);
    }
    close(file);
    return all;
}

/* One text of a gigabyte, in XML, in JSON, as a line of NDJSON, and where nobody reads it: one refusal each,
 * and no copy of it. */
Test(record_hostile, a_text_of_a_gigabyte_is_refused)
{
    static const char *const texts[][2] = {
        {"<Patient xmlns='http://hl7.org/fhir'><id value='", "'/></Patient>"},
        {"{\"resourceType\":\"Patient\",\"id\":\"", "\"}"},
        {"{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Patient\",\"id\":\"", "\"}\n"},
        {"<ClinicalDocument xmlns='urn:hl7-org:v3'><component><section><text>",
         "</text></section></component></ClinicalDocument>"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        csl_input input = {.struct_size = sizeof input, .descriptor = -1, .name = "large"};
        size_t length;
        uint8_t *all = gigabyte(texts[i][0], texts[i][1], &length);
        input.bytes = all;
        input.length = length;
        if (i == 0) bound_memory();
        seen *s = look_all(&input, 1);
        cr_assert_eq(s->status, CSL_PLUGIN_BAD_INPUT, "text %zu", i);
        cr_assert(strstr(s->failure, "MiB"), "text %zu: %s", i, s->failure);
        seen_free(s);
        munmap(all, length);
    }
}

/* libxml2 takes 7 seconds for these (2.9.14): it compares each with each. */
Test(record_hostile, a_hundred_thousand_attributes_are_refused)
{
    enum { ATTRIBUTES = 100000 };
    char *text = malloc(ATTRIBUTES * 16 + 100), *at = text;
    cr_assert(text);
    at = stpcpy(at, "<!-- it's -->\n<Patient xmlns='http://hl7.org/fhir'");
    for (int i = 0; i < ATTRIBUTES; i++) at += sprintf(at, " a%d='>'", i);
    at = stpcpy(at, "/>");
    seen *s = look(text, (size_t)(at - text));
    cr_assert_str_eq(s->failure, "line 2: an element with 100001 attributes; at most 256 are read");
    free(text);
    seen_free(s);
}

/* UTF-16 in both byte orders, with and without a mark; U+0122 holds the byte of a quotation mark. */
Test(record_hostile, utf16_is_read)
{
    static const char text[] = "<?xml version='1.0' encoding='UTF-16'?><Patient "
                               "xmlns='http://hl7.org/fhir'><name><family value='_'/>"
                               "<given value='B'/></name><gender value='male'/></Patient>";
    for (int order = 0; order < 4; order++) {
        uint8_t wide[2 * sizeof text + 2];
        size_t n = 0, low = (size_t)order % 2;
        if (order < 2) wide[low] = 0xff, wide[1 - low] = 0xfe, n = 2;
        for (const char *c = text; *c; c++, n += 2) {
            wide[n + low] = *c == '_' ? 0x22 : (uint8_t)*c;
            wide[n + 1 - low] = *c == '_' ? 0x01 : 0;
        }
        seen *s = look(wide, n);
        cr_assert_str_eq(facts_of(s), "name \xc4\xa2^B\nsex male\n", "order %d: %s", order, s->failure);
        cr_assert_eq(record_plugin()->probe(wide, n, "x"), 95);
        seen_free(s);
    }
}

Test(record_hostile, warnings_are_counted_not_repeated)
{
    enum { ENTRIES = 2000 };
    static const char entry[] =
        "{\"resource\":{\"resourceType\":\"Observation\",\"status\":\"final\",\"effectiveDateTime\":"
        "\"yesterday\","
        "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"2160-0\"}]}}},";
    char *text = malloc(ENTRIES * sizeof entry + 200), *at = text;
    cr_assert(text);
    at = stpcpy(at, "{\"resourceType\":\"Bundle\",\"entry\":[");
    for (int i = 0; i < ENTRIES; i++) at = stpcpy(at, entry);
    strcpy(at - 1, "]}");
    seen *s = look(text, strlen(text));
    cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s", s->failure);
    cr_assert_eq(s->warning_count, 1, "%s", s->warnings);
    cr_assert(strstr(s->warnings, "(2000 times)") &&
                  strstr(s->warnings, "Bundle.entry[0].resource.effectiveDateTime"),
              "%s", s->warnings);
    free(text);
    seen_free(s);
}

/* As many resources as a bulk export of the same length would have: what is held does not grow with them. */
Test(record_hostile, a_long_export_needs_little_memory)
{
    enum { BLOCK = 1 << 20, BLOCKS = 256 };
    static const char line[] = "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"coding\":["
                               "{\"system\":\"http://loinc.org\","
                               "\"code\":\"2160-0\"}]},\"effectiveDateTime\":\"2024-03-02\","
                               "\"valueQuantity\":{\"value\":1.%06d,\"unit\":\"mg/"
                               "dL\"}}\n";
    int file = memfd_create("export", MFD_CLOEXEC);
    char *block = malloc(BLOCK + sizeof line);
    size_t used = 0, lines = 0;
    cr_assert(file >= 0 && block);
    while (used + sizeof line < BLOCK) used += (size_t)sprintf(block + used, line, (int)lines++);
    memset(block + used, '\n', BLOCK - used);
    cr_assert_eq(write(file, block, BLOCK), BLOCK);
    free(block);
    uint8_t *all =
        mmap(NULL, (size_t)BLOCKS * BLOCK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    for (size_t i = 0; i < BLOCKS; i++)
        cr_assert_neq(mmap(all + i * BLOCK, BLOCK, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0), MAP_FAILED);
    close(file);
    csl_input input = {.struct_size = sizeof input, .descriptor = -1, .name = "export", .bytes = all};
    input.length = (size_t)BLOCKS * BLOCK;
    bound_memory();
    seen *s = look_all(&input, 1);
    cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s", s->failure);
    cr_assert_eq(s->token_count, 510);
    char total[80];
    snprintf(total, sizeof total, "%zu events, repetitions among them", lines * BLOCKS);
    cr_assert(strstr(s->warnings, total), "%s, wanted %s", s->warnings, total);
    cr_assert_str_eq(s->tokens[0].label, "Creatinine 1 mg/dL, 2024-03-02");
    cr_assert_float_eq(s->tokens[509].f[feature("value")], 1.000509, 1e-6, "repetitions count once");
    seen_free(s);
    munmap(all, (size_t)BLOCKS * BLOCK);
}

static const char document[] =
    "<?xml version='1.0' encoding='UTF-8'?>\n<ClinicalDocument xmlns='urn:hl7-org:v3' "
    "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>"
    "<recordTarget><patientRole><id root='1.2' extension='A'/><patient><birthTime "
    "value='1960'/></patient></patientRole></recordTarget>"
    "<component><structuredBody><component><section><code code='30954-2'/><entry><organizer "
    "moodCode='EVN'><component>"
    "<observation moodCode='EVN'><code code='2160-0' codeSystem='2.16.840.1.113883.6.1'/><effectiveTime "
    "value='20240302'/>"
    "<value xsi:type='PQ' value='2.1' unit='mg/dL'/><referenceRange><observationRange><value><low "
    "value='1'/><high value='2'/></value>"
    "</observationRange></referenceRange></observation></component></organizer></entry></section></"
    "component></structuredBody></component>"
    "</ClinicalDocument>";
static const char resource[] = "{\"resourceType\":\"Bundle\",\"entry\":[{\"fullUrl\":\"urn:uuid:1\","
                               "\"resource\":{\"resourceType\":\"Patient\",\"id\":\"1\","
                               "\"identifier\":[{\"system\":\"s\",\"value\":\"v\"}],\"birthDate\":\"1960-05-"
                               "04\"}},{\"resource\":{\"resourceType\":\"Observation\","
                               "\"subject\":{\"reference\":\"urn:uuid:1\"},\"status\":\"final\",\"code\":{"
                               "\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"2160-0\"}]},"
                               "\"effectiveDateTime\":\"2024-03-02\",\"valueQuantity\":{\"value\":2.1,"
                               "\"unit\":\"mg/dL\",\"comparator\":\"<\"},"
                               "\"referenceRange\":[{\"low\":{\"value\":1},\"high\":{\"value\":2}}]}}]}";

/* Every truncation, and byte flips by a fixed generator; only the end of the call is asserted, the sanitizers
 * do the rest. */
static void maul(const char *text, size_t length)
{
    uint32_t state = 12345;
    char *copy = malloc(length);
    cr_assert(copy);
    for (size_t cut = 0; cut < length; cut++) {
        seen *s = look(text, cut);
        cr_assert_eq(s->status, CSL_PLUGIN_BAD_INPUT, "%zu of %zu bytes are no whole document", cut, length);
        seen_free(s);
    }
    for (int round = 0; round < 1500; round++) {
        memcpy(copy, text, length);
        for (int flips = 1 + round % 3; flips; flips--) {
            state = state * 1664525u + 1013904223u; /* Numerical Recipes' generator */
            copy[(state >> 8) % length] ^= (char)(1 << (state >> 5 & 7));
        }
        seen *s = look(copy, length);
        cr_assert(s->status == CSL_PLUGIN_OK || s->status == CSL_PLUGIN_BAD_INPUT);
        seen_free(s);
    }
    free(copy);
}

Test(record_hostile, truncated_and_flipped_documents)
{
    maul(document, sizeof document - 1);
    maul(resource, sizeof resource - 1);
}

/* Every file of a folder of malformed ones; the length of the file name's prefix decides what is asked. */
static void each_bad(const char *folder, void (*check)(const char *name, const seen *s))
{
    const char *path = real_files(folder);
    csl_names names = {0};
    if (!path) return;
    cr_assert_eq(csl_list_folder(path, &names, NULL), CSL_OK);
    for (size_t i = 0; i < names.count; i++) {
        char *file = csl_path_join(path, names.items[i]), *bytes = NULL;
        size_t length;
        if (!csl_read_file(file, 1 << 24, &bytes, &length, NULL)) {
            seen *s = look(bytes, length);
            check(names.items[i], s);
            seen_free(s);
        }
        free(bytes);
        free(file);
    }
    csl_names_free(&names);
}

static void is_refused(const char *name, const seen *s)
{
    cr_assert_eq(s->status, CSL_PLUGIN_BAD_INPUT, "%s", name);
}

/* y_ files are JSON, though no FHIR; n_ files are no JSON. i_ files may be either. A document that opens with
 * neither { nor [ is no record to begin with. */
static void is_judged_as_json(const char *name, const seen *s)
{
    is_refused(name, s);
    /* RFC 8259 lets a key stand twice and U+0000 stand in a text; FHIR allows neither. */
    bool fhir_forbids =
        strstr(name, "duplicated_key") || strstr(name, "null_in_key") || strstr(name, "null_escape");
    if (name[0] == 'y' && !fhir_forbids)
        cr_assert_not(strstr(s->failure, "not JSON"), "%s: %s", name, s->failure);
    if (name[0] == 'n') cr_assert_not(strstr(s->failure, "not FHIR"), "%s: %s", name, s->failure);
}

Test(record_hostile, real_malformed_xml)
{
    each_bad("bad/xml", is_refused);
}

Test(record_hostile, real_malformed_json)
{
    each_bad("bad/json", is_judged_as_json);
}
