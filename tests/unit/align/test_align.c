#include <consilium/plugin.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "align/align.h"

/* A table a row a case: facts as "FILE KIND VALUE[ @SYSTEM]" separated by ';', and the rules that must be
 * broken, in order, separated by spaces. Files: ct and ct2 (image), ehr (record), vcf and vcf2 (variant), csv
 * (the manifest). */
static const struct {
    const char *what, *facts, *rules;
} table[] = {
    {"nothing stated", "", ""},
    {"one source alone", "ct id 1CT1", ""},
    {"same identifier, other case and spaces", "ct id  abc1 ; ehr id ABC1", ""},
    {"other identifier", "ct id 1CT1; ehr id 7", "patient_id"},
    {"leading zeros count", "ct id 007; ehr id 7", "patient_id"},
    {"one of several suffices", "ct id 7; ehr id 5; ehr id 7", ""},
    {"none of several", "ct id 1; ehr id 5; ehr id 7", "patient_id"},
    {"issuers differ: unknown", "ct id 1 @A; ehr id 2 @B", ""},
    {"same number of different issuers: unknown", "ct id 1 @A; ehr id 1 @B; vcf id 2 @C", ""},
    {"same issuer", "ct id 1 @A; ehr id 2 @A", "patient_id"},
    {"one issuer in common", "ct id 1 @A; ehr id 2 @B; ehr id 1 @A", ""},
    {"no issuer compares with all", "ct id 1; ehr id 2 @A; ehr id 3 @B", "patient_id"},
    {"slices of one series are one voice", "ct id 1; ct2 id 1; ehr id 2", "patient_id"},
    {"two series of two patients", "ct id 1; ct2 id 2", "patient_id"},
    {"three strangers", "ct id 1; ehr id 2; vcf id 3", "patient_id patient_id patient_id"},
    {"the manifest is a source too", "csv id 1; ct id 2", "patient_id"},
    {"empty identifiers say nothing", "ct id  ; ehr id 7", ""},

    {"family and given name differ, no identifiers", "ct name Doe^Jane; ehr name Roe^Mary", "patient_name"},
    {"identifiers agree: names are not asked", "ct id 1; ehr id 1; ct name Doe^Jane; ehr name Roe^Mary", ""},
    {"identifiers differ: reported once", "ct id 1; ehr id 2; ct name Doe^Jane; ehr name Roe^Mary",
     "patient_id"},
    {"identifiers not comparable", "ct id 1 @A; ehr id 2 @B; ct name Doe^J; ehr name Roe^M", "patient_name"},
    {"married", "ct name Doe^Jane; ehr name Roe^Jane", ""},
    {"marks and hyphens", "ct name Müller-Núñez^Zoë; ehr name MULLER NUNEZ^ZOE", ""},
    {"umlaut written long", "ct name Müller^A; ehr name Mueller^B", ""},
    {"other script: unknown", "ct name 山田^太郎; ehr name Yamada^Tarou", ""},
    {"one of the DICOM groups agrees", "ct name Yamada^Tarou=山田^太郎; ehr name 山田^太郎", ""},
    {"family alone differs", "ct name Doe; ehr name Roe", "patient_name"},

    {"same birth date", "ct birth 1957-03-02; ehr birth 1957-03-02", ""},
    {"coarser birth date agrees", "ct birth 1957; ehr birth 1957-03-02", ""},
    {"birth year differs", "ct birth 1958; ehr birth 1957-03-02", "birth_date"},
    {"birth day differs", "ct birth 1957-03-03; ehr birth 1957-03-02", "birth_date"},
    {"two in one file", "ehr birth 1957-03-03; ehr birth 1960-01-01", "birth_date"},
    {"unreadable is not compared", "ct birth 19570303; ehr birth 1957-03-02", ""},
    {"born tomorrow is a time zone", "ct birth 2024-06-02", ""},
    {"born in the future", "ct birth 2024-06-04", "birth_date"},

    {"sex agrees", "ct sex male; ehr sex Male", ""},
    {"sex differs", "ct sex male; ehr sex female", "sex"},
    {"other is not compared", "ct sex other; ehr sex female", ""},
    {"recorded against inferred", "ehr sex male; vcf xy female", "sex"},
    {"inferred agrees", "ehr sex female; vcf xy female", ""},

    {"sample equals the specimen", "ehr id 1; ehr sample S1; vcf sample s1", ""},
    {"sample equals the patient", "ct id HG1; vcf sample HG1", ""},
    {"sample linked to nobody", "ehr id 1; vcf sample HG1", "sample"},
    {"other specimen", "ehr id 1; ehr sample S1; vcf sample S2", "sample"},
    {"nothing to compare with", "ct birth 1957; vcf sample S2", ""},
    {"strangers do not vouch for each other", "ehr id 1; vcf sample S2; vcf2 sample S2", "sample"},
    {"two samples, no patient known", "vcf sample S1; vcf2 sample S2", "sample sample"},
    {"the file's own patient counts", "ct id 1; ehr id 1; vcf id 1; vcf sample S9", ""},
    {"image without the sample, record with it", "ct id 1; ehr id 1; ehr sample S1; vcf sample S1", ""},

    {"builds differ", "vcf build GRCh37; vcf2 build GRCh38", "genome_build"},
    {"builds agree", "vcf build GRCh38; vcf2 build GRCh38", ""},

    {"366 days apart", "ct date 2023-01-01; vcf date 2024-01-02", ""},
    {"367 days apart", "ct date 2023-01-01; vcf date 2024-01-03", "dates"},
    {"a record covers its range", "ehr date 1990-01-01; ehr date 2024-01-01; ct date 2005-05-05", ""},
    {"a record that ended", "ehr date 1990-01-01; ehr date 2000-01-01; ct date 2005-05-05", "dates"},
    {"the nearest series counts", "ct date 2005-05-05; ct2 date 2019-01-01; vcf date 2019-03-01", ""},
    {"a year alone is a range", "ct date 2005; vcf date 2006-12-31", ""},
    {"study before birth", "ct date 1950-01-01; ct birth 1957", "dates"},
    {"one early event of a record", "ehr date 1900-01-01; ehr date 2001-01-01; ehr birth 1957", ""},
    {"study after death", "ct date 2020-01-03; ehr death 2020-01-01", "dates"},
    {"study on the day after death", "ct date 2020-01-02; ehr death 2020-01-01", ""},
    {"died before born", "ehr birth 1957; ehr death 1950", "dates"},
    {"study in the future", "ct date 2024-06-03", "dates"},
    {"planned appointment in a record", "ehr date 2023-01-01; ehr date 2025-01-01", ""},

    {"a CT without birth date, sex O, beside a record and a sequenced stranger",
     "ct id 1CT1; ct sex other; ct date 2004-01-19; ehr id cb5696d9 @urn:s; ehr id 999-82-1 @urn:ssn; ehr "
     "sex male; "
     "ehr birth 1957-03-02; ehr date 1980-01-01; ehr date 2021-01-01; vcf sample HG00096; vcf build GRCh37",
     "patient_id sample"},
};

static const struct {
    const char *name;
    uint32_t kind;
} kinds[] = {
    {"id", CSL_FACT_PATIENT_ID},    {"name", CSL_FACT_PATIENT_NAME}, {"birth", CSL_FACT_BIRTH_DATE},
    {"death", CSL_FACT_DEATH_DATE}, {"sex", CSL_FACT_SEX},           {"xy", CSL_FACT_SEX_INFERRED},
    {"sample", CSL_FACT_SAMPLE},    {"date", CSL_FACT_DATE},         {"build", CSL_FACT_GENOME_BUILD}};

static const struct {
    const char *file;
    int modality;
} files[] = {{"ct", 0}, {"ct2", 0}, {"ehr", 1}, {"vcf", 2}, {"vcf2", 2}};
enum { FILES = sizeof files / sizeof *files };

static csl_case *new_case(void)
{
    csl_case *c = csl_case_new("case", 1 << 24);
    cr_assert_not_null(c);
    for (int i = 0; i < FILES; i++) {
        csl_digest none = {0};
        cr_assert_eq(csl_case_add_input(c, files[i].file, 1, &none, NULL), CSL_OK);
        c->inputs[i].modality = files[i].modality;
    }
    static const char *const modalities[] = {"image", "record", "variant"};
    for (int i = 0; i < 3; i++) {
        csl_modality_spec spec = {
            .modality = modalities[i], .plugin_id = modalities[i], .plugin_version = "1"};
        csl_case_modality *m;
        cr_assert_eq(csl_case_modality_for(c, &spec, &m, NULL), CSL_OK);
    }
    return c;
}

/* One "FILE KIND VALUE[ @SYSTEM]". */
static void add_fact(csl_case *c, const char *text)
{
    char file[16], kind[16], value[128];
    int used = 0;
    cr_assert(sscanf(text, " %15s %15s%n", file, kind, &used) == 2, "%s", text);
    snprintf(value, sizeof value, "%s", text + used + 1);
    char *system = strstr(value, " @");
    if (system) *system = 0;
    uint32_t input = UINT32_MAX, code = 0;
    for (uint32_t i = 0; i < FILES; i++)
        if (!strcmp(files[i].file, file)) input = i;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kinds[i].name, kind)) code = kinds[i].kind;
    cr_assert(code && (input != UINT32_MAX || !strcmp(file, "csv")), "%s", text);
    cr_assert_eq(csl_case_add_fact(c, code, input, value, system ? system + 2 : NULL, "its place", NULL),
                 CSL_OK);
}

static csl_case *case_of(const char *facts)
{
    csl_case *c = new_case();
    char *copy = strdup(facts);
    for (char *rest = copy, *fact; (fact = strsep(&rest, ";")) && *fact;) add_fact(c, fact);
    free(copy);
    return c;
}

static const csl_align_options june = {.today = "2024-06-01"};

Test(align, table_of_cases)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        csl_case *c = case_of(table[i].facts);
        csl_alignment found;
        cr_assert_eq(csl_align(c, &june, &found, NULL), CSL_OK);
        char rules[512] = "";
        for (size_t k = 0; k < found.count; k++) {
            strcat(rules, k ? " " : "");
            strcat(rules, found.items[k].rule);
        }
        cr_expect_str_eq(rules, table[i].rules, "%s: found '%s'", table[i].what, rules);
        csl_case_free(c);
    }
}

Test(align, the_text_names_both_values_and_sources)
{
    csl_case *c = case_of("ct id 1CT1; ehr id 8f4 @urn:a; ehr id 999-82 @urn:b; vcf sample HG00096");
    csl_alignment found;
    cr_assert_eq(csl_align(c, &june, &found, NULL), CSL_OK);
    cr_assert_eq(found.count, 2);
    cr_expect_str_eq(found.items[0].text,
                     "patient_id \"1CT1\" (its place of ct) is not \"8f4\" (its place of ehr), nor any "
                     "other of the 2 identifiers there");
    cr_expect_str_eq(found.items[1].text,
                     "sample \"HG00096\" (its place of vcf) is linked to no patient identifier or "
                     "specimen of the case: it is not \"1CT1\" (its place of ct)");
    cr_expect_str_eq(found.items[1].first->value, "HG00096");
    csl_case_free(c);
}

Test(align, the_window_is_the_callers)
{
    csl_case *c = case_of("ct date 2023-01-01; vcf date 2023-01-09");
    csl_alignment found;
    csl_align_options options = {.today = "2024-06-01", .window_days = 7};
    cr_assert_eq(csl_align(c, &options, &found, NULL), CSL_OK);
    cr_assert_eq(found.count, 1);
    cr_expect_str_eq(found.items[0].text,
                     "dates \"2023-01-01\" (its place of ct) and \"2023-01-09\" (its place of vcf) are 8 "
                     "days apart, more than the 7 allowed");
    options.window_days = 8;
    cr_assert_eq(csl_align(c, &options, &found, NULL), CSL_OK);
    cr_expect_eq(found.count, 0);
    csl_case_free(c);
}

Test(align, an_unreadable_date_is_said)
{
    csl_case *c = case_of("ct birth 19570303");
    csl_alignment found;
    cr_assert_eq(csl_align(c, &june, &found, NULL), CSL_OK);
    cr_assert_eq(c->warning_count, 1);
    cr_expect_str_eq(c->warnings[0].text,
                     "birth_date is not YYYY, YYYY-MM or YYYY-MM-DD and was not compared");
    csl_case_free(c);
}

Test(align, as_many_facts_as_a_case_can_hold_end_soon, .timeout = 60)
{
    csl_case *c = csl_case_new("many", 1 << 26);
    for (unsigned i = 0; i < CSL_MAX_FACTS; i++) {
        csl_digest none = {0};
        char id[32], system[32];
        snprintf(id, sizeof id, "%u", i);
        snprintf(system, sizeof system, "urn:%u", i);
        cr_assert_eq(csl_case_add_input(c, id, 1, &none, NULL), CSL_OK);
        /* Every issuer another: nothing can be compared, every pair must be looked at. */
        cr_assert_eq(csl_case_add_fact(c, CSL_FACT_PATIENT_ID, i, id, system, "", NULL), CSL_OK);
    }
    csl_alignment found;
    cr_assert_eq(csl_align(c, &june, &found, NULL), CSL_OK);
    cr_expect_eq(found.count, 0);
    for (unsigned i = 0; i < CSL_MAX_FACTS; i++) c->facts[i].system = NULL;
    cr_assert_eq(csl_align(c, &june, &found, NULL), CSL_OK);
    cr_expect_eq(found.count, CSL_MAX_CONTRADICTIONS);
    csl_case_free(c);
}

Test(align, too_little_memory_is_an_error)
{
    csl_case *small = csl_case_new("small", sizeof *small + 64); /* itself, and nothing of what is found */
    cr_assert_not_null(small);
    csl_alignment found;
    csl_error error = {0};
    cr_expect_eq(csl_align(small, &june, &found, &error), CSL_ENOMEM);
    csl_case_free(small);
}

Test(align, identity_is_one_of_three_words)
{
    csl_identity identity;
    csl_error error = {0};
    cr_assert_eq(csl_identity_parse("warn", &identity, &error), CSL_OK);
    cr_expect_eq(identity, CSL_IDENTITY_WARN);
    cr_expect_str_eq(csl_identity_name(identity), "warn");
    cr_expect_eq(csl_identity_parse("lax", &identity, &error), CSL_EUSAGE);
    cr_expect_str_eq(error.message, "identity is 'lax', but must be strict, warn or off");
}
