#include "model/survey.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consilium/plugin.h"
#include "model/fitted.h"

static const double COVERAGE = 0.9; /* of the sets of answers, which are not reported */

/* ---- sex and age of a case ---- */

static const char *const SEXES[] = {"female", "male", "other", "not recorded"};
static const char *const AGES[] = {"under 18", "18 to 39",    "40 to 64",
                                   "65 to 79", "80 and over", "not known"};
enum { SEX_COUNT = sizeof SEXES / sizeof *SEXES, AGE_COUNT = sizeof AGES / sizeof *AGES };

/* As recorded; a sex that is only inferred from genotypes is not asked for here. */
static size_t sex_of(const csl_case *c)
{
    for (size_t i = 0; i < c->fact_count; i++)
        for (size_t s = 0; s + 1 < SEX_COUNT && c->facts[i].kind == CSL_FACT_SEX; s++)
            if (!strcmp(c->facts[i].value, SEXES[s])) return s;
    return SEX_COUNT - 1;
}

/* YYYY[-MM[-DD]] as YYYYMMDD, the middle of what is left open; 0 if it is no such date. */
static int day_of(const char *text)
{
    int year, month = 7, day = 1, read = sscanf(text, "%4d-%2d-%2d", &year, &month, &day);
    if (read == 2) day = 15;
    return read >= 1 && year > 0 ? year * 10000 + month * 100 + day : 0;
}

/* In whole years at the last date that any file of the case names; -1: not known. */
static int age_of(const csl_case *c)
{
    int born = 0, seen = 0;
    for (size_t i = 0; i < c->fact_count; i++) {
        int day = day_of(c->facts[i].value);
        if (c->facts[i].kind == CSL_FACT_BIRTH_DATE && !born) born = day;
        if (c->facts[i].kind == CSL_FACT_DATE && day > seen) seen = day;
    }
    return born && seen >= born ? (seen - born) / 10000 : -1;
}

static size_t age_group_of(const csl_case *c)
{
    static const int below[] = {18, 40, 65, 80};
    int age = age_of(c);
    size_t group = 0;
    if (age < 0) return AGE_COUNT - 1;
    while (group < sizeof below / sizeof *below && age >= below[group]) group++;
    return group;
}

static const struct {
    const char *name;
    size_t count;
    const char *const *groups;
    size_t (*of)(const csl_case *c);
} FACTORS[] = {{"sex", SEX_COUNT, SEXES, sex_of}, {"age", AGE_COUNT, AGES, age_group_of}};
enum { FACTOR_COUNT = sizeof FACTORS / sizeof *FACTORS };

/* ---- counts ---- */

static json_t *count_of(size_t cases)
{
    return cases && cases < CSL_SURVEY_LEAST ? json_null() : json_integer((json_int_t)cases);
}

static csl_modality_set modalities_of(const csl_model *m, const csl_case *c)
{
    csl_modality_set set = 0;
    for (size_t k = 0; k < csl_model_modality_count(m); k++) {
        const csl_case_modality *found = csl_case_find(c, csl_model_modality(m, k));
        if (found && found->count) set |= (csl_modality_set)1 << k;
    }
    return set;
}

/* The sets of modalities that occur, in the order in which they are first met; the sets of few cases as one.
 */
static json_t *combinations(const csl_model *m, const csl_cohort *cohort, csl_split which)
{
    json_t *out = json_array();
    csl_modality_set *sets = calloc(cohort->count + 1, sizeof *sets);
    size_t *cases = calloc(cohort->count + 1, sizeof *cases), count = 0, few = 0;
    for (size_t i = 0; sets && cases && i < cohort->count; i++) {
        size_t k = 0;
        if (cohort->split[i] != which) continue;
        csl_modality_set set = modalities_of(m, cohort->cases[i]);
        while (k < count && sets[k] != set) k++;
        sets[k] = set;
        cases[k]++;
        if (k == count) count++;
    }
    for (size_t k = 0; k < count; k++) {
        json_t *names = json_array();
        for (size_t i = 0; i < csl_model_modality_count(m); i++)
            if (sets[k] >> i & 1) json_array_append_new(names, json_string(csl_model_modality(m, i)));
        if (cases[k] < CSL_SURVEY_LEAST) {
            few += cases[k];
            json_decref(names);
        } else
            json_array_append_new(
                out, json_pack("{s:o, s:I}", "modalities", names, "cases", (json_int_t)cases[k]));
    }
    if (few) json_array_append_new(out, json_pack("{s:n, s:I}", "modalities", "cases", (json_int_t)few));
    if (!sets || !cases) {
        json_decref(out);
        out = NULL;
    }
    free(sets);
    free(cases);
    return out;
}

static json_t *outcomes(const csl_cohort *cohort, csl_split which)
{
    json_t *out = json_array();
    for (size_t l = 0; l < cohort->label_count; l++) {
        size_t count[3] = {0}; /* negative, positive, not known */
        for (size_t i = 0; i < cohort->count; i++) {
            float label = cohort->labels[i * cohort->label_count + l];
            if (cohort->split[i] == which) count[isnan(label) ? 2 : label > 0.5f]++;
        }
        json_array_append_new(out, json_pack("{s:s, s:I, s:I, s:I}", "name", cohort->label[l].name,
                                             "positives", (json_int_t)count[1], "negatives",
                                             (json_int_t)count[0], "not_known", (json_int_t)count[2]));
    }
    return out;
}

/* ---- measures ---- */

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *measures(const csl_model *m, const csl_evaluation *e)
{
    static const char *const kinds[] = {"binary", "classes", "event"};
    json_t *out = json_array();
    for (size_t t = 0; t < e->task_count; t++) {
        const csl_task_metrics *x = &e->task[t];
        json_array_append_new(out, json_pack("{s:s, s:s, s:I, s:o, s:[o, o], s:o, s:o, s:o, s:o}", "task",
                                             m->tasks[t].name, "kind", kinds[m->tasks[t].kind], "cases",
                                             (json_int_t)x->cases, "auc", number(x->auc.value), "auc_ci",
                                             number(x->auc.low), number(x->auc.high), "accuracy",
                                             number(x->accuracy), "brier", number(x->brier),
                                             "calibration_error", number(x->calibration_error),
                                             "uncalibrated_error", number(x->uncalibrated_error)));
    }
    return out;
}

typedef struct surveying {
    const csl_model *model;
    csl_cohort view;        /* with a split of its own: the test split is the group under work */
    const csl_split *split; /* the cohort's */
    csl_split which;
    unsigned jobs;
    uint64_t seed;
    bool measure;
    csl_evaluation *evaluation;
} surveying;

/* Of the group's cases (all for factor FACTOR_COUNT); NULL with *error filled. */
static json_t *group_measures(surveying *s, size_t factor, size_t group, csl_error *error)
{
    for (size_t i = 0; i < s->view.count; i++) {
        bool in = s->split[i] == s->which &&
                  (factor == FACTOR_COUNT || FACTORS[factor].of(s->view.cases[i]) == group);
        s->view.split[i] = in ? CSL_SPLIT_TEST : CSL_SPLIT_TRAIN;
    }
    csl_status status = csl_model_evaluate(s->model, &s->view, CSL_SPLIT_TEST, CSL_BRANCH_HYBRID, COVERAGE,
                                           s->jobs, s->seed, s->evaluation, error);
    return status == CSL_OK ? measures(s->model, s->evaluation) : NULL;
}

static json_t *groups(surveying *s, csl_error *error)
{
    json_t *out = json_array();
    for (size_t f = 0; f < FACTOR_COUNT; f++)
        for (size_t g = 0; g < FACTORS[f].count; g++) {
            size_t cases = 0;
            for (size_t i = 0; i < s->view.count; i++)
                cases += s->split[i] == s->which && FACTORS[f].of(s->view.cases[i]) == g;
            json_t *measured =
                s->measure && cases >= CSL_SURVEY_LEAST ? group_measures(s, f, g, error) : json_null();
            if (!measured) {
                json_decref(out);
                return NULL;
            }
            json_array_append_new(out, json_pack("{s:s, s:s, s:o, s:o}", "by", FACTORS[f].name, "group",
                                                 FACTORS[f].groups[g], "cases", count_of(cases), "measures",
                                                 measured));
        }
    return out;
}

json_t *csl_survey(const csl_model *model, const csl_cohort *cohort, csl_split split, bool measure,
                   unsigned jobs, uint64_t seed, csl_error *error)
{
    surveying s = {.model = model,
                   .view = *cohort,
                   .split = cohort->split,
                   .which = split,
                   .jobs = jobs,
                   .seed = seed,
                   .measure = measure,
                   .evaluation = calloc(1, sizeof *s.evaluation)};
    json_t *out = NULL, *all = json_null(), *by_group = NULL;
    size_t cases = 0;
    s.view.split = calloc(cohort->count + 1, sizeof *s.view.split);
    if (!s.view.split || !s.evaluation) {
        csl_fail(error, CSL_ENOMEM, NULL, "no memory to survey %zu cases", cohort->count);
        goto done;
    }
    for (size_t i = 0; i < cohort->count; i++) cases += cohort->split[i] == split;
    if (cases && measure && !(all = group_measures(&s, FACTOR_COUNT, 0, error))) goto done;
    if (!(by_group = groups(&s, error))) goto done;
    out = json_pack("{s:I, s:o, s:o, s:O, s:O}", "cases", (json_int_t)cases, "combinations",
                    combinations(model, cohort, split), "labels", outcomes(cohort, split), "measures", all,
                    "groups", by_group);
    if (!out) csl_fail(error, CSL_ENOMEM, NULL, "no memory for a survey (or a name is not UTF-8)");
done:
    json_decref(all);
    json_decref(by_group);
    free(s.view.split);
    free(s.evaluation);
    return out;
}

csl_status csl_model_survey(const csl_model *model, const csl_cohort *cohort, csl_split split, unsigned jobs,
                            uint64_t seed, json_t **survey, csl_error *error)
{
    csl_error own = {0};
    *survey = csl_survey(model, cohort, split, true, jobs, seed, error ? error : &own);
    if (*survey) return CSL_OK;
    return error ? error->code : own.code;
}
