#include "fixture.h"

#include <string.h>

Test(case_, keeps_rows_in_order_through_growth)
{
    csl_case *c = fixture_case(1000);
    const csl_case_modality *m = csl_case_find(c, "record");
    cr_assert_not_null(m);
    cr_assert_eq(m->count, 1000);
    for (size_t i = 0; i < 1000; i++) {
        cr_assert_eq(m->features[2 * i], (float)i);
        cr_assert_eq(m->positions[i], (double)i * 0.5);
        cr_assert_eq(m->codes[i] != NULL, i % 3 != 0);
    }
    cr_assert_null(csl_case_find(c, "image"));
    csl_case_free(c);
}

Test(case_, refuses_what_breaks_the_contract)
{
    csl_case *c = fixture_case(1);
    csl_case_modality *m = &c->modalities[0];
    csl_error e = {0};
    float infinite[2] = {1, INFINITY}, fine[2] = {1, 2};
    double position = 0;
    cr_assert_eq(csl_case_add_token(c, m, 0, infinite, &position, "x", NULL, &e), CSL_EFORMAT);
    cr_assert_str_eq(e.message, "feature known is infinite");
    cr_assert_str_eq(e.place, "record.json");
    cr_assert_eq(csl_case_add_token(c, m, 9, fine, &position, "x", NULL, &e), CSL_EFORMAT);
    cr_assert_eq(csl_case_add_fact(c, CSL_FACT_SEX, 9, "male", NULL, "x", &e), CSL_EFORMAT);
    cr_assert_eq(m->count, 1);
    csl_case_free(c);
}

Test(case_, a_memory_limit_is_an_error_not_a_crash)
{
    csl_case *c = csl_case_new("small", 20000);
    csl_digest digest = {{0}};
    csl_case_modality *m;
    csl_case_add_input(c, "f", 1, &digest, NULL);
    csl_case_modality_for(c, &fixture_spec, &m, NULL);
    float f[2] = {0};
    double p = 0;
    csl_status status = CSL_OK;
    for (int i = 0; i < 10000 && status == CSL_OK; i++)
        status = csl_case_add_token(c, m, 0, f, &p, "label", NULL, NULL);
    cr_assert_eq(status, CSL_ENOMEM);
    csl_case_free(c);
}

/* RFC 3629: what is well-formed. Each hostile byte becomes '?', control characters a space. */
Test(case_, text_is_valid_utf8_without_control_characters_and_bounded)
{
    const struct {
        const char *in, *out;
    } table[] = {
        {"Größe 3 µm", "Größe 3 µm"},
        {"tab\tnewline\n", "tab newline "},
        {"\xc0\xaf overlong", "?? overlong"},
        {"\xed\xa0\x80 surrogate", "??? surrogate"},
        {"cut \xe2\x82", "cut ??"},
        {"\xf4\x90\x80\x80", "????"},
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        csl_case *c = csl_case_new("x", 1 << 20);
        cr_assert_eq(csl_case_add_warning(c, UINT32_MAX, "", table[i].in, NULL), CSL_OK);
        cr_assert_str_eq(c->warnings[0].text, table[i].out);
        csl_case_free(c);
    }
    csl_case *c = csl_case_new("x", 1 << 20);
    char large[2000];
    memset(large, 'a', sizeof large - 1);
    large[sizeof large - 1] = 0;
    memcpy(large + CSL_MAX_LABEL_BYTES - 1, "\xc3\xa9",
           2); /* a character across the bound is left out whole */
    cr_assert_eq(csl_case_add_warning(c, UINT32_MAX, "", large, NULL), CSL_OK);
    cr_assert_eq(strlen(c->warnings[0].text), CSL_MAX_LABEL_BYTES - 1);
    csl_case_free(c);
}
