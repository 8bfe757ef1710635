/* A stored result is read leniently: nothing in it is trusted to be there or to be of its type. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "report/result.h"
#include "report/survey.h"

static csl_stored_case stored(const char *status, const char *json)
{
    return (csl_stored_case){.id = "A", .status = status, .json = json};
}

Test(result, a_whole_one_is_read)
{
    csl_stored_case c = stored(
        "scored",
        "{\"scores\":[{\"label\":\"sepsis\",\"code\":\"91302008\",\"system\":\"http://snomed.info/sct\","
        "\"probability\":0.75,\"interval\":[0.5,0.9],\"logit\":1.25,"
        "\"contributions\":{\"image\":2,\"record\":-0.25}}],\"missing\":[\"variant\"]}");
    result r;
    score s;
    result_read(&c, &r);
    cr_assert_eq(r.status, RESULT_SCORED);
    cr_assert(result_score(&r, 0, &s));
    cr_assert_str_eq(s.label, "sepsis");
    cr_assert_eq(s.probability, 0.75);
    cr_assert(s.low == 0.5 && s.high == 0.9);
    cr_assert_eq(s.baseline, -0.5, "1.25 - (2 - 0.25)");
    cr_assert(!result_score(&r, 1, &s));
    cr_assert_eq(length_of(r.missing), 1);
    result_free(&r);
}

Test(result, contributions_of_the_case_belong_to_its_first_score)
{
    csl_stored_case c =
        stored("scored", "{\"scores\":[{\"logit\":1},{\"logit\":2}],\"contributions\":{\"image\":1.5}}");
    result r;
    score s;
    result_read(&c, &r);
    cr_assert(result_score(&r, 0, &s) && s.contributions && s.baseline == -0.5);
    cr_assert(result_score(&r, 1, &s) && !s.contributions && isnan(s.baseline));
    result_free(&r);
}

Test(result, odd_ones_are_survived)
{
    static const char *const lines[] = {
        "",
        "nonsense",
        "[]",
        "null",
        "{",
        "{\"case\":\"\xff\xfe\"}", /* six that are no JSON object */
        "{}",
        "{\"scores\":7}",
        "{\"scores\":[null,3,\"x\",{}]}",
        "{\"scores\":[{\"probability\":\"high\",\"interval\":[1],\"contributions\":[1]}]}",
        "{\"scores\":[{\"probability\":-1,\"interval\":[0.9,0.1],\"contributions\":{\"image\":null}}]}",
        "{\"scores\":[{\"probability\":1e308,\"interval\":[\"a\",{}]}],\"missing\":[1,null],\"warnings\":{},"
        "\"inputs\":[[]],\"sets\":[7,{\"answers\":{}}],\"novelty\":[1]}"};
    survey all = {0};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        csl_stored_case c = stored("scored", lines[i]);
        result r;
        score s;
        result_read(&c, &r);
        for (size_t k = 0; result_score(&r, k, &s); k++)
            cr_expect(isnan(s.probability) && isnan(s.low) && isnan(s.high), "%s", lines[i]);
        cr_expect(survey_add(&all, &r));
        result_free(&r);
    }
    cr_expect_eq(all.count, sizeof lines / sizeof *lines);
    cr_expect_eq(all.by_status[RESULT_FAILED], 6);
    survey_free(&all);
}

Test(result, reasons_are_put_into_plain_words)
{
    static const struct {
        result_status status;
        const char *reason, *cause;
    } table[] = {
        {RESULT_WITHHELD, "patient_id A is not among B", "the files disagree about the patient"},
        {RESULT_WITHHELD, "unlike the cases that the model learned from: image (p = 0.0003)",
         "unlike the cases that the model learned from"},
        {RESULT_WITHHELD, "no single answer: malignancy may be 0 or 1 (at coverage 0.9)",
         "the model is not sure enough"},
        {RESULT_FAILED, "took longer than the 300 s allowed while reading", "took too long"},
        {RESULT_FAILED, "used more than the 300 s of processor time allowed", "took too long"},
        {RESULT_FAILED, "killed by signal 11 (Segmentation fault); plugin org.x",
         "the reading program broke off"},
        {RESULT_FAILED, "no memory for 9 bytes (the limit is 2048 MiB)", "needed too much memory"},
        {RESULT_FAILED, "the case holds no files", "no files"},
        {RESULT_FAILED, "ct.dcm: ends early", "a file cannot be used"},
        {RESULT_FAILED, "", "a file cannot be used"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        size_t row = result_explanation(table[i].status, table[i].reason);
        cr_expect_str_eq(result_explanation_short(row), table[i].cause, "%s", table[i].reason);
        cr_expect(strstr(result_plain_words(table[i].status, table[i].reason), "No score is given") != NULL);
    }
    cr_expect_null(result_plain_words(RESULT_SCORED, ""));
}
