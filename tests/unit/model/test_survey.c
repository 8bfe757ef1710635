#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cohort.h"
#include "consilium/plugin.h"
#include "model/survey.h"

enum { TEST = 60 };
static const made_plan PLAN = {
    .seed = 3, .train = 24, .test = TEST, .image_tokens = 8, .lab_visits = 1, .level = 3, .missing = 0.3};

static csl_model *train(const csl_cohort *cohort, bool card)
{
    csl_training t = {.seed = 1,
                      .epochs = 2,
                      .jobs = 2,
                      .modality_dropout = -1,
                      .weight_decay = -1,
                      .contrastive = -1,
                      .width = 8,
                      .heads = 2,
                      .blocks = 1,
                      .bottlenecks = 2,
                      .card = card};
    csl_model *model = NULL;
    csl_error error = {0};
    cr_assert_eq(csl_model_train(cohort, &t, &model, &error), CSL_OK, "%s: %s", error.place, error.message);
    return model;
}

/* Sex, birth date and two dates, of which the last is that of the age. NULL: not said. */
static void tell(csl_case *c, const char *sex, const char *born, const char *seen)
{
    cr_assert_eq(csl_case_add_fact(c, CSL_FACT_PATIENT_ID, UINT32_MAX, "SECRET-1", NULL, "", NULL), CSL_OK);
    if (sex) csl_case_add_fact(c, CSL_FACT_SEX, UINT32_MAX, sex, NULL, "", NULL);
    csl_case_add_fact(c, CSL_FACT_SEX_INFERRED, UINT32_MAX, "male", NULL, "", NULL);
    if (born) csl_case_add_fact(c, CSL_FACT_BIRTH_DATE, UINT32_MAX, born, NULL, "", NULL);
    csl_case_add_fact(c, CSL_FACT_DATE, UINT32_MAX, "1999-01-01", NULL, "", NULL);
    csl_case_add_fact(c, CSL_FACT_DATE, UINT32_MAX, seen, NULL, "", NULL);
}

static const json_t *group(const json_t *survey, const char *by, const char *name)
{
    size_t i;
    json_t *entry;
    json_array_foreach(
        json_object_get(survey, "groups"), i,
        entry) if (!strcmp(json_string_value(json_object_get(entry, "by")), by) &&
                   !strcmp(json_string_value(json_object_get(entry, "group")), name)) return entry;
    cr_assert_fail("no group %s of %s", name, by);
    return NULL;
}

static int cases_of(const json_t *survey, const char *by, const char *name)
{
    const json_t *cases = json_object_get(group(survey, by, name), "cases");
    return json_is_null(cases) ? -1 : (int)json_integer_value(cases);
}

Test(survey, groups_are_by_recorded_sex_and_by_age_at_the_last_date)
{
    /* born 2000-06-15: the day before a birthday and the day itself, at each edge */
    static const struct {
        const char *seen, *group;
    } edges[] = {{"2018-06-14", "under 18"},          {"2018-06-15", "18 to 39"},
                 {"2040-06-14T23:59:59", "18 to 39"}, {"2040-06-15", "40 to 64"},
                 {"2065-06-14", "40 to 64"},          {"2065-06-15", "65 to 79"},
                 {"2080-06-14", "65 to 79"},          {"2080-06-15", "80 and over"}};
    enum { EDGES = sizeof edges / sizeof *edges };
    csl_cohort cohort = make_cohort(&PLAN);
    csl_model *model = train(&cohort, false);
    for (size_t e = 0; e < EDGES; e++) { /* all cases alike, so that no group is too small to count */
        csl_cohort dated = make_cohort(&PLAN);
        csl_error error = {0};
        for (size_t i = 0; i < dated.count; i++)
            tell(dated.cases[i], i % 2 ? "female" : NULL, "2000-06-15", edges[e].seen);
        json_t *s = csl_survey(model, &dated, CSL_SPLIT_TEST, false, 2, 1, &error);
        cr_assert(s, "%s", error.message);
        cr_assert_eq(cases_of(s, "age", edges[e].group), TEST, "%s", edges[e].seen);
        cr_assert_eq(cases_of(s, "sex", "female"), TEST / 2);
        cr_assert_eq(cases_of(s, "sex", "male"), 0, "what is only inferred does not count");
        cr_assert_eq(cases_of(s, "sex", "not recorded"), TEST / 2);
        json_decref(s);
        free_cohort(&dated);
    }
    csl_model_free(model);
    free_cohort(&cohort);
}

Test(survey, measures_are_those_of_an_evaluation_and_small_groups_have_none)
{
    csl_cohort cohort = make_cohort(&PLAN);
    csl_model *model = train(&cohort, false);
    csl_error error = {0};
    size_t seen = 0;
    for (size_t i = 0; i < cohort.count; i++) {
        if (cohort.split[i] != CSL_SPLIT_TEST) continue;
        const char *sex = seen < 9 ? "other" : seen < 19 ? "male" : "female";
        tell(cohort.cases[i], sex, NULL, "2020-01-01");
        seen++;
    }
    json_t *s = NULL;
    cr_assert_eq(csl_model_survey(model, &cohort, CSL_SPLIT_TEST, 2, 1, &s, &error), CSL_OK, "%s",
                 error.message);
    cr_assert_eq(cases_of(s, "sex", "other"), -1, "9 cases are not reported");
    cr_assert(json_is_null(json_object_get(group(s, "sex", "other"), "measures")));
    cr_assert_eq(cases_of(s, "sex", "male"), 10);
    cr_assert_eq(json_array_size(json_object_get(group(s, "sex", "male"), "measures")), 1);
    cr_assert_eq(cases_of(s, "sex", "female"), TEST - 19);
    cr_assert_eq(cases_of(s, "age", "not known"), TEST);
    csl_evaluation e;
    cr_assert_eq(csl_model_evaluate(model, &cohort, CSL_SPLIT_TEST, CSL_BRANCH_HYBRID, 0.9, 2, 1, &e, NULL),
                 CSL_OK);
    const json_t *all = json_array_get(json_object_get(s, "measures"), 0);
    cr_assert_eq(json_real_value(json_object_get(all, "auc")), e.task[0].auc.value);
    cr_assert_eq(json_real_value(json_object_get(all, "brier")), e.task[0].brier);
    int positives = 0;
    for (size_t i = 0; i < cohort.count; i++)
        positives += cohort.split[i] == CSL_SPLIT_TEST && cohort.labels[i] > 0.5f;
    const json_t *label = json_array_get(json_object_get(s, "labels"), 0);
    cr_assert_eq(json_integer_value(json_object_get(label, "positives")), positives);
    size_t i, total = 0;
    json_t *entry;
    json_array_foreach(json_object_get(s, "combinations"), i, entry) total +=
        (size_t)json_integer_value(json_object_get(entry, "cases"));
    cr_assert_eq(total, TEST, "every case has one combination of modalities");
    char *text = json_dumps(s, 0);
    cr_assert_null(strstr(text, "SECRET"));
    free(text);
    json_decref(s);
    csl_model_free(model);
    free_cohort(&cohort);
}
