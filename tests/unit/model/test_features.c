#include <criterion/criterion.h>
#include <math.h>

#include "model/features.h"

static const char *const NAMES[] = {"value", "age"}, *const UNITS[] = {"1", "a"};
static const csl_modality_spec SPEC = {.modality = "record",
                                       .plugin_id = "org.example.record",
                                       .plugin_version = "1.0.0",
                                       .feature_count = 2,
                                       .coded_feature = 0,
                                       .feature_names = NAMES,
                                       .feature_units = UNITS};

typedef struct row {
    const char *code;
    float value, age;
} row;

static csl_case *make_case(const row *rows, size_t count)
{
    csl_case *c = csl_case_new("case", 1 << 20);
    csl_case_modality *m;
    csl_digest digest = {{0}};
    cr_assert_eq(csl_case_add_input(c, "a.json", 1, &digest, NULL), CSL_OK);
    cr_assert_eq(csl_case_modality_for(c, &SPEC, &m, NULL), CSL_OK);
    for (size_t i = 0; i < count; i++) {
        float features[] = {rows[i].value, rows[i].age};
        cr_assert_eq(csl_case_add_token(c, m, 0, features, NULL, "token", rows[i].code, NULL), CSL_OK);
    }
    return c;
}

/* Three cases have A; B and C, of the same system, are in one each; D is of another system. */
static const row FIRST[] = {{"s|A", 1, 10}, {"s|B", 100, 20}, {NULL, 7, NAN}};
static const row SECOND[] = {{"s|A", 2, 30}, {"s|C", 200, 40}};
static const row THIRD[] = {{"s|A", 3, 50}, {"s|A", 6, 60}};

typedef struct fixture {
    csl_case *cases[3];
    csl_features features;
} fixture;

static void fit(fixture *f)
{
    static const size_t which[] = {0, 1, 2};
    f->cases[0] = make_case(FIRST, 3);
    f->cases[1] = make_case(SECOND, 2);
    f->cases[2] = make_case(THIRD, 2);
    csl_error error = {0};
    cr_assert_eq(csl_features_fit(f->cases, which, 3, &f->features, &error), CSL_OK, "%s", error.message);
}

static void drop(fixture *f)
{
    csl_features_free(&f->features);
    for (size_t i = 0; i < 3; i++) csl_case_free(f->cases[i]);
}

Test(features, codes_seen_often_get_a_row_and_the_rest_their_systems_default)
{
    fixture f;
    fit(&f);
    const csl_modality_features *m = &f.features.modalities[0];
    cr_assert_eq(f.features.count, 1);
    cr_assert_eq(m->code_count, 2); /* "s|" and "s|A", sorted */
    cr_assert_str_eq(m->codes[0].code, "s|");
    cr_assert_str_eq(m->codes[1].code, "s|A");
    cr_assert_eq(csl_features_code(m, "s|A"), 2);
    cr_assert_eq(csl_features_code(m, "s|B"), 1);
    cr_assert_eq(csl_features_code(m, "s|unheard"), 1);
    cr_assert_eq(csl_features_code(m, "s|AA"), 1);
    cr_assert_eq(csl_features_code(m, "other|A"), 0);
    cr_assert_eq(csl_features_code(m, "A"), 0);
    cr_assert_eq(csl_features_code(m, NULL), 0);
    drop(&f);
}

Test(features, scale_is_by_feature_and_for_the_coded_feature_by_code)
{
    fixture f;
    fit(&f);
    const csl_modality_features *m = &f.features.modalities[0];
    /* ages 10 20 30 40 50 60: mean 35, deviation sqrt(2 * (25^2 + 15^2 + 5^2) / 6) = sqrt(1750 / 6) */
    cr_assert_float_eq(m->mean[1], 35, 1e-5);
    cr_assert_float_eq(m->deviation[1], sqrt(1750.0 / 6), 1e-5);
    /* A: 1 2 3 6: mean 3, deviation sqrt((4 + 1 + 0 + 9) / 4); default: 100 200: mean 150, deviation 50 */
    cr_assert_float_eq(m->codes[1].mean, 3, 1e-6);
    cr_assert_float_eq(m->codes[1].deviation, sqrt(3.5), 1e-6);
    cr_assert_float_eq(m->codes[0].mean, 150, 1e-5);
    cr_assert_float_eq(m->codes[0].deviation, 50, 1e-5);

    float out[2], features[] = {200, NAN};
    csl_features_normalise(m, features, 1, out);
    cr_assert_float_eq(out[0], 1, 1e-6);
    cr_assert(isnan(out[1]));
    csl_features_normalise(m, features, 2, out);
    cr_assert_eq(out[0], (float)CSL_NORMALISED_LIMIT); /* (200 - 3) / 1.87 is cut */
    drop(&f);
}

Test(features, constant_feature_has_deviation_one)
{
    csl_case *cases[] = {make_case((row[]){{NULL, 5, 1}, {NULL, 5, 2}}, 2)};
    csl_features features;
    cr_assert_eq(csl_features_fit(cases, (size_t[]){0}, 1, &features, NULL), CSL_OK);
    cr_assert_eq(features.modalities[0].mean[0], 5);
    cr_assert_eq(features.modalities[0].deviation[0], 1);
    csl_features_free(&features);
    csl_case_free(cases[0]);
}

Test(features, other_plugin_or_other_features_are_named)
{
    fixture f;
    fit(&f);
    csl_error error = {0};
    csl_modality_spec other = SPEC;
    other.plugin_id = "org.example.other";
    cr_assert_eq(csl_features_match(&f.features.modalities[0], &other, &error), CSL_EMISMATCH);
    cr_assert_not_null(strstr(error.message, "org.example.record"));
    cr_assert_not_null(strstr(error.message, "org.example.other"));
    static const char *const renamed[] = {"value", "years"};
    other = SPEC;
    other.feature_names = renamed;
    cr_assert_eq(csl_features_match(&f.features.modalities[0], &other, &error), CSL_EMISMATCH);
    cr_assert_not_null(strstr(error.message, "years"));
    other = SPEC;
    other.plugin_version = "1.0.1";
    cr_assert_eq(csl_features_match(&f.features.modalities[0], &other, &error), CSL_OK);
    drop(&f);
}

Test(features, no_tokens_at_all_is_an_error)
{
    csl_case *c = csl_case_new("empty", 1 << 16);
    csl_features features;
    csl_error error = {0};
    cr_assert_eq(csl_features_fit(&c, (size_t[]){0}, 1, &features, &error), CSL_EFORMAT);
    csl_case_free(c);
}
