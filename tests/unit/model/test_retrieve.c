#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/fitted.h"
#include "unit/model/tiny.h"

static csl_retrieval retrieve(const float *a, const float *b, size_t count)
{
    csl_retrieval r;
    csl_error error = {0};
    cr_assert_eq(csl_retrieve(a, b, count, 2, &r, &error), CSL_OK, "%s", error.message);
    cr_assert_eq(r.count, count);
    return r;
}

static void at_angle(float *v, double degrees)
{
    v[0] = (float)cos(degrees / 180 * 3.14159265358979);
    v[1] = (float)sin(degrees / 180 * 3.14159265358979);
}

Test(retrieve, ranks_of_vectors_made_by_hand)
{
    enum { N = 4 };
    float a[2 * N], b[2 * N];
    /* Each query is a hair from its own: always first. */
    for (size_t i = 0; i < N; i++) {
        at_angle(a + 2 * i, 20.0 * (double)i);
        at_angle(b + 2 * i, 20.0 * (double)i + 1);
    }
    csl_retrieval r = retrieve(a, b, N);
    cr_assert_float_eq(r.recall[0], 1, 1e-12);
    cr_assert_float_eq(r.median_rank, 1, 1e-12);
    /* Turned about by one: queries at 0, 20, 40, 60 degrees, their own at 60, 0.5, 20.5, 40.5. From 0 all
     * others are nearer: rank 4. From 20 and 40 the next one's is, half a degree away, and from 60 that at
     * 60: rank 2, as the own is 19.5 away and all else further. */
    for (size_t i = 0; i < N; i++) at_angle(a + 2 * i, 20.0 * (double)i);
    at_angle(b, 60);
    for (size_t i = 1; i < N; i++) at_angle(b + 2 * i, 20.0 * (double)(i - 1) + 0.5);
    r = retrieve(a, b, N);
    cr_assert_float_eq(r.recall[0], 0, 1e-12);
    cr_assert_float_eq(r.recall[1], 1, 1e-12); /* all of four are within five */
    cr_assert_float_eq(r.median_rank, 2, 1e-12);
}

Test(retrieve, equals_share_their_places)
{
    enum { N = 8 };
    float a[2 * N], b[2 * N];
    for (size_t i = 0; i < 2 * N; i++) a[i] = b[i] = i % 2 ? 0.0f : 1.0f;
    csl_retrieval r = retrieve(a, b, N), chance = csl_retrieve_by_chance(N);
    for (size_t k = 0; k < CSL_RECALLS; k++) cr_assert_float_eq(r.recall[k], chance.recall[k], 1e-12);
    cr_assert_float_eq(r.median_rank, chance.median_rank, 1e-12);
    cr_assert_float_eq(chance.recall[0], 0.125, 1e-12);
    cr_assert_float_eq(chance.recall[1], 0.625, 1e-12);
    cr_assert_float_eq(chance.recall[2], 1, 1e-12);
    cr_assert_float_eq(chance.median_rank, 4.5, 1e-12);
}

Test(retrieve, one_case_cannot_be_told_from_others)
{
    float a[2] = {1, 0};
    csl_retrieval r;
    csl_error error = {0};
    cr_assert_eq(csl_retrieve(a, a, 1, 2, &r, &error), CSL_EUSAGE);
    cr_assert(strstr(error.message, "at least 2"), "%s", error.message);
}

typedef struct fixture {
    csl_case *cases[TINY_CASES];
    csl_model *model;
} fixture;

static fixture make(void)
{
    fixture f = {.model = calloc(1, sizeof(csl_model))};
    csl_error error = {0};
    cr_assert_eq(tiny_cases(f.cases, &error), CSL_OK, "%s", error.message);
    cr_assert_eq(tiny_model(f.cases, f.model, &error), CSL_OK, "%s", error.message);
    return f;
}

static void drop(fixture *f)
{
    for (size_t i = 0; i < TINY_CASES; i++) csl_case_free(f->cases[i]);
    csl_model_free(f->model);
}

Test(retrieve, vectors_have_unit_length_and_do_not_depend_on_threads)
{
    fixture f = make();
    size_t size = csl_model_shared_size(f.model);
    float *one = calloc(TINY_CASES * size, sizeof *one), *two = calloc(TINY_CASES * size, sizeof *two);
    bool has[TINY_CASES];
    csl_error error = {0};
    int modality = csl_model_find_modality(f.model, "record");
    cr_assert_eq(modality, 1);
    cr_assert_eq(csl_model_find_modality(f.model, "voice"), -1);
    f.cases[2]->modalities[1].count = 0;
    cr_assert_eq(csl_model_shared(f.model, f.cases, TINY_CASES, 1, 1, one, has, &error), CSL_OK);
    cr_assert_eq(csl_model_shared(f.model, f.cases, TINY_CASES, 1, 3, two, has, &error), CSL_OK);
    cr_assert_arr_eq(one, two, TINY_CASES * size * sizeof *one);
    for (size_t i = 0; i < TINY_CASES; i++) {
        double square = 0;
        for (size_t j = 0; j < size; j++) square += (double)one[i * size + j] * (double)one[i * size + j];
        cr_assert_eq(has[i], i != 2);
        cr_assert_float_eq(square, i != 2, 1e-5);
    }
    free(one);
    free(two);
    drop(&f);
}

Test(retrieve, a_case_of_other_features_is_refused)
{
    fixture f = make();
    float *shared = calloc(TINY_CASES * csl_model_shared_size(f.model), sizeof *shared);
    bool has[TINY_CASES];
    csl_error error = {0};
    f.cases[3]->modalities[1].spec.feature_count = 1;
    cr_assert_eq(csl_model_shared(f.model, f.cases, TINY_CASES, 1, 2, shared, has, &error), CSL_EMISMATCH);
    free(shared);
    drop(&f);
}

Test(retrieve, codes_become_a_case)
{
    fixture f = make();
    const char *codes[] = {"http://a|1", "http://a|2"}, *unseen[] = {"http://z|1"};
    const double values[] = {3.5, NAN};
    csl_case *c;
    csl_error error = {0};
    cr_assert_eq(csl_model_case_of_codes(f.model, 1, codes, values, 2, &c, &error), CSL_OK, "%s",
                 error.message);
    const csl_case_modality *m = csl_case_find(c, "record");
    cr_assert(m && m->count == 2);
    cr_assert_str_eq(m->codes[1], "http://a|2");
    cr_assert_eq(m->features[1], 3.5f); /* the coded feature */
    cr_assert(isnan(m->features[0]) && isnan(m->features[3]) && isnan(m->positions[0]));
    float shared[64];
    bool has;
    cr_assert_eq(csl_model_shared(f.model, &c, 1, 1, 1, shared, &has, &error), CSL_OK, "%s", error.message);
    cr_assert(has);
    csl_case_free(c);
    cr_assert_eq(csl_model_case_of_codes(f.model, 1, unseen, values, 1, &c, &error), CSL_EMISMATCH);
    cr_assert_str_eq(error.place, "http://z|1");
    cr_assert_eq(csl_model_case_of_codes(f.model, 0, codes, values, 1, &c, &error), CSL_EMISMATCH);
    drop(&f);
}
