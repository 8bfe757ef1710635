#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink.h"

/* A bundle of `codes` codes with `times` heart-rate-like observations each, one a day, after `conditions`
 * conditions. */
static seen *look_many(int codes, int times, int conditions)
{
    size_t size = (size_t)(codes * times + conditions) * 320 + 200, used = 0;
    char *text = malloc(size);
    cr_assert(text);
    used += (size_t)snprintf(text, size, "{\"resourceType\":\"Bundle\",\"entry\":[");
    for (int t = 0; t < times; t++)
        for (int c = 0; c < codes; c++)
            used += (size_t)snprintf(
                text + used, size - used,
                "{\"resource\":{\"resourceType\":\"Observation\",\"status\":\"final\",\"effectiveDateTime\":"
                "\"%04d-%02d-01\","
                "\"code\":{\"coding\":[{\"system\":\"x\",\"code\":\"C%03d\"}]},\"valueInteger\":%d}},",
                2000 + t / 12, 1 + t % 12, c, t);
    for (int c = 0; c < conditions; c++)
        used +=
            (size_t)snprintf(text + used, size - used,
                             "{\"resource\":{\"resourceType\":\"Condition\",\"onsetDateTime\":\"1990-01-01\","
                             "\"code\":{\"coding\":[{\"system\":\"y\",\"code\":\"D%03d\"}]}}},",
                             c);
    strcpy(text + used - 1, "]}");
    seen *s = look(text, strlen(text));
    cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s", s->failure);
    free(text);
    return s;
}

Test(record_select, five_hundred_and_twelve_tokens_at_most)
{
    seen *s = look_many(20, 60, 30); /* 1230 events, no patient: 510 tokens */
    cr_assert_eq(s->token_count, 510);
    cr_assert(strstr(s->warnings, "1230 events; the 510 that"), "%s", s->warnings);
    int conditions = 0;
    for (size_t i = 0; i < s->token_count; i++) conditions += s->tokens[i].code[0] == 'y';
    cr_assert_eq(conditions, 30, "a code that occurs once is never crowded out by one that occurs often");
    cr_assert_eq(s->tokens[0].code[0], 'y', "conditions come first");
    /* 480 places for 20 codes: the 24 latest of each, that is the months from number 36 to 59 */
    for (size_t i = 0; i < s->token_count; i++)
        if (s->tokens[i].code[0] == 'x') cr_assert_geq(s->tokens[i].f[feature("value")], 36);
    seen_free(s);
}

Test(record_select, repetitions_count_once)
{
    static const char entry[] = "{'resource':{'resourceType':'Condition','onsetDateTime':'2020-01-01','code':"
                                "{'coding':[{'system':'y','code':'D'}]}}}";
    char text[2048];
    snprintf(text, sizeof text, "{'resourceType':'Bundle','entry':[%s,%s,%s]}", entry, entry, entry);
    seen *s = look_text(text);
    cr_assert_eq(s->token_count, 1);
    seen_free(s);
}

Test(record_select, several_files_are_one_record)
{
    static const char patient[] =
        "{\"resourceType\":\"Patient\",\"id\":\"1\",\"gender\":\"female\",\"birthDate\":\"2000-01-01\"}";
    static const char condition[] =
        "{\"resourceType\":\"Condition\",\"subject\":{\"reference\":\"Patient/"
        "1\"},\"onsetDateTime\":\"2020-01-01\","
        "\"code\":{\"coding\":[{\"system\":\"y\",\"code\":\"D\",\"display\":\"Thing\"}]}}";
    const csl_input inputs[] = {
        {.struct_size = sizeof *inputs,
         .descriptor = -1,
         .name = "c",
         .bytes = (const uint8_t *)condition,
         .length = sizeof condition - 1},
        {.struct_size = sizeof *inputs,
         .descriptor = -1,
         .name = "p",
         .bytes = (const uint8_t *)patient,
         .length = sizeof patient - 1},
    };
    seen *s = look_all(inputs, 2);
    const seen_token *t = token_with(s, "y|D");
    cr_assert(t && t->input == 0);
    cr_assert_float_eq(t->f[feature("age_years")], 20, 0.01, "the age comes from the other file");
    cr_assert_str_eq(s->tokens[0].label, "Age 20 years");
    cr_assert_eq(s->tokens[0].input, 1);
    seen_free(s);
}
