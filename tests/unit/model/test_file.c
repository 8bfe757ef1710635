#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cohort.h"
#include "model/fitted.h"
#include "model/safetensors.h"

static char path[64];

static void own_path(void)
{
    snprintf(path, sizeof path, "/tmp/csl-model-%d.safetensors", (int)getpid());
}

static void remove_path(void)
{
    unlink(path);
}

TestSuite(file, .init = own_path, .fini = remove_path);

static csl_cohort cohort;

static csl_model *small_model(void)
{
    made_plan plan = {.seed = 2,
                      .train = 24,
                      .test = 4,
                      .image_tokens = 8,
                      .lab_visits = 2,
                      .level = 1,
                      .two_labels = true};
    csl_training t = {.seed = 3,
                      .epochs = 1,
                      .jobs = 1,
                      .modality_dropout = -1,
                      .weight_decay = -1,
                      .width = 8,
                      .heads = 2,
                      .blocks = 1,
                      .bottlenecks = 2,
                      .trained_on = "24 \"made-up\" cases, Köln"};
    csl_model *model;
    cohort = make_cohort(&plan);
    cr_assert_eq(csl_model_train(&cohort, &t, &model, NULL), CSL_OK);
    return model;
}

Test(file, model_that_is_saved_is_the_model_that_is_loaded)
{
    csl_model *model = small_model(), *again;
    csl_error error = {0};
    char *first, *second;
    size_t length, length2;
    cr_assert_eq(csl_model_save(model, path, &error), CSL_OK, "%s", error.message);
    cr_assert_eq(csl_read_file(path, 1 << 28, &first, &length, NULL), CSL_OK);
    cr_assert_eq(csl_model_load(path, &again, &error), CSL_OK, "%s", error.message);
    cr_assert_eq(csl_model_save(again, path, &error), CSL_OK);
    cr_assert_eq(csl_read_file(path, 1 << 28, &second, &length2, NULL), CSL_OK);
    cr_assert(length == length2 && memcmp(first, second, length) == 0, "another file after loading");

    cr_assert_eq(csl_model_label_count(again), 2);
    cr_assert_str_eq(csl_model_label(again, 0).code, "363346000");
    cr_assert_null(csl_model_label(again, 1).code);
    cr_assert_eq(csl_model_modality_count(again), 3);
    cr_assert_str_eq(csl_model_modality(again, 2), "variant");
    cr_assert_str_eq(again->trained_on, "24 \"made-up\" cases, Köln");
    csl_workspace *workspace = csl_workspace_new();
    for (size_t i = 0; i < cohort.count; i++) {
        float a[2], b[2];
        cr_assert_eq(csl_model_logits(model, workspace, cohort.cases[i], CSL_ALL_MODALITIES,
                                      CSL_BRANCH_HYBRID, a, NULL),
                     CSL_OK);
        cr_assert_eq(csl_model_logits(again, workspace, cohort.cases[i], CSL_ALL_MODALITIES,
                                      CSL_BRANCH_HYBRID, b, NULL),
                     CSL_OK);
        cr_assert(a[0] == b[0] && a[1] == b[1]);
    }
    csl_workspace_free(workspace);
    free(first);
    free(second);
    csl_model_free(model);
    csl_model_free(again);
    free_cohort(&cohort);
}

/* One member of one metadata document becomes what it must not be. */
static const struct {
    const char *item, *pattern, *replacement, *complaint;
} TABLE[] = {
    {"format", "consilium-model", "something-else", "not a model of Consilium"},
    {"version", "2", "1", "version 1; this program reads version 2: train the model again"},
    {"configuration", "\"width\":8", "\"width\":9", ""},
    {"configuration", "\"width\":8", "\"width\":1000000", ""},
    {"configuration", "\"width\":8", "\"width\":1024", ""},
    {"configuration", "\"blocks\":1", "\"blocks\":64", ""},
    {"configuration", "\"heads\":2", "\"heads\":0", "\"heads\""},
    {"configuration", "\"heads\":2", "\"heads\":\"2\"", "\"heads\""},
    {"configuration", "{", "[", "not JSON"},
    {"labels", "[{", "[7,{", "\"name\""},
    {"labels", "\"disease\"", "null", "\"name\""},
    {"tasks", "binary", "classes", "\"outputs\""}, /* of one output */
    {"tasks", "binary", "event", "\"edges\""},
    {"tasks", "binary", "regression", "\"kind\""},
    {"tasks", "\"outputs\":1", "\"outputs\":2", "\"outputs\""},
    {"tasks", "[{", "[7,{", "\"tasks\""},
    {"modalities", "\"name\":\"image\"", "\"name\":\"no/name\"", ""},
    {"modalities", "\"name\":\"record\"", "\"name\":\"image\"", ""},
    {"modalities", "\"coded_feature\":0", "\"coded_feature\":3", "\"coded_feature\""},
    {"modalities", "\"deviation\":", "\"deviation\":-", "\"deviation\""},
    {"modalities", "\"code\":\"lab|glucose\"", "\"code\":\"lab|aaa\"", "sorted"},
    {"modalities", "\"cases\":", "\"cases\":-", "\"cases\""},
    {"calibration", "\"temperature\":", "\"temperature\":-", "\"temperature\""},
    {"calibration", "\"truth\":[", "\"truth\":[1,", "\"truth\""},
    {"calibration", "\"truth\":[", "\"truth\":[9", "\"truth\""},
    {"calibration", "\"logit\":[", "\"logit\":[1e38,", "\"truth\""},
    {"training", "\"seed\":3", "\"seed\":3.5", "\"seed\""},
};

/* The metadata texts of the saved file, one changed, written back; false if the pattern is not there. */
static bool change(const char *from, size_t length, size_t row)
{
    csl_safetensors file;
    csl_buffer out, text;
    bool found = false;
    cr_assert_eq(csl_safetensors_read((const uint8_t *)from, length, path, &file, NULL), CSL_OK);
    csl_buffer_init(&out, 1 << 26);
    csl_buffer_init(&text, 1 << 24);
    for (size_t i = 0; i < file.metadata_count; i++) {
        const char *value = file.metadata[i].value, *at = strstr(value, TABLE[row].pattern);
        if (strcmp(file.metadata[i].key, TABLE[row].item) != 0 || !at) continue;
        found = true;
        csl_buffer_append(&text, value, (size_t)(at - value));
        csl_buffer_text(&text, TABLE[row].replacement);
        csl_buffer_text(&text, at + strlen(TABLE[row].pattern));
        file.metadata[i].value = (const char *)text.bytes;
    }
    cr_assert_eq(csl_safetensors_write(file.tensors, file.tensor_count, file.metadata, file.metadata_count,
                                       &out, NULL),
                 CSL_OK);
    cr_assert_eq(csl_write_file_atomic(path, out.bytes, out.length, NULL), CSL_OK);
    csl_buffer_free(&out);
    csl_buffer_free(&text);
    csl_safetensors_free(&file);
    return found;
}

Test(file, hostile_metadata_is_refused_with_the_place)
{
    csl_model *model = small_model(), *again;
    char *bytes;
    size_t length;
    cr_assert_eq(csl_model_save(model, path, NULL), CSL_OK);
    cr_assert_eq(csl_read_file(path, 1 << 28, &bytes, &length, NULL), CSL_OK);
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
        csl_error error = {0};
        bool found = change(bytes, length, i);
        cr_expect(found, "%s has no %s", TABLE[i].item, TABLE[i].pattern);
        csl_status status = csl_model_load(path, &again, &error);
        cr_expect(status == CSL_EFORMAT || status == CSL_EMISMATCH, "row %zu (%s): status %d", i,
                  TABLE[i].replacement, status);
        cr_expect_not_null(strstr(error.message, TABLE[i].complaint), "row %zu: %s", i, error.message);
        if (status == CSL_OK) csl_model_free(again);
    }
    free(bytes);
    csl_model_free(model);
    free_cohort(&cohort);
}

Test(file, weights_that_are_not_numbers_are_refused)
{
    csl_model *model = small_model(), *again;
    csl_error error = {0};
    model->weights[5] = NAN;
    cr_assert_eq(csl_model_save(model, path, NULL), CSL_OK);
    cr_assert_eq(csl_model_load(path, &again, &error), CSL_EFORMAT);
    cr_assert_not_null(strstr(error.message, "not a finite number"), "%s", error.message);
    cr_assert_eq(csl_model_load("/nonexistent/model", &again, &error), CSL_ENOTFOUND);
    csl_model_free(model);
    free_cohort(&cohort);
}
