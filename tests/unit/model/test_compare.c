/* What csl_model_describe and csl_model_compare say of a small model and of changed copies of its file. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "model/safetensors.h"
#include "tiny.h"

static csl_case *cases[TINY_CASES];
static csl_model *model;
static csl_mapping before;
static char path[64], other[64];

static void make_model(void)
{
    csl_error e = {0};
    snprintf(path, sizeof path, "/tmp/csl-compare-%d.a", (int)getpid());
    snprintf(other, sizeof other, "/tmp/csl-compare-%d.b", (int)getpid());
    model = calloc(1, sizeof *model);
    cr_assert_eq(tiny_cases(cases, &e), CSL_OK, "%s", e.message);
    cr_assert_eq(tiny_model(cases, model, &e), CSL_OK, "%s", e.message);
    cr_assert_eq(csl_model_save(model, path, &e), CSL_OK, "%s", e.message);
    cr_assert_eq(csl_map(path, &before, &e), CSL_OK);
}

static void drop_model(void)
{
    csl_unmap(&before);
    csl_model_free(model);
    for (size_t i = 0; i < TINY_CASES; i++) csl_case_free(cases[i]);
    unlink(path);
    unlink(other);
}

TestSuite(compare, .init = make_model, .fini = drop_model);

static json_t *compare_with(const csl_mapping *after)
{
    csl_error e = {0};
    json_t *out;
    cr_assert_eq(csl_model_compare(&before, "a", after, "b", &out, &e), CSL_OK, "%s", e.message);
    return out;
}

/* Against the model in memory as it is now. */
static json_t *compare_with_model(void)
{
    csl_mapping after;
    cr_assert_eq(csl_model_save(model, other, NULL), CSL_OK);
    cr_assert_eq(csl_map(other, &after, NULL), CSL_OK);
    json_t *out = compare_with(&after);
    csl_unmap(&after);
    return out;
}

/* The file of `before` with one text of its metadata changed, or one more (from NULL). */
static void rewrite(const char *key, const char *from, const char *to)
{
    csl_safetensors file;
    csl_buffer out, text;
    csl_buffer_init(&out, 1 << 26);
    csl_buffer_init(&text, 1 << 24);
    cr_assert_eq(csl_safetensors_read(before.bytes, before.length, "a", &file, NULL), CSL_OK);
    csl_metadata items[16];
    size_t count = file.metadata_count;
    memcpy(items, file.metadata, count * sizeof *items);
    if (!from) items[count++] = (csl_metadata){key, to};
    for (size_t i = 0; from && i < count; i++) {
        if (strcmp(items[i].key, key) != 0) continue;
        const char *at = strstr(items[i].value, from);
        cr_assert_not_null(at, "%s", items[i].value);
        csl_buffer_append(&text, items[i].value, (size_t)(at - items[i].value));
        csl_buffer_text(&text, to);
        csl_buffer_text(&text, at + strlen(from));
        items[i].value = (const char *)text.bytes;
    }
    cr_assert_eq(csl_safetensors_write(file.tensors, file.tensor_count, items, count, &out, NULL), CSL_OK);
    cr_assert_eq(csl_write_file_atomic(other, out.bytes, out.length, NULL), CSL_OK);
    csl_buffer_free(&out);
    csl_buffer_free(&text);
    csl_safetensors_free(&file);
}

static json_t *compare_rewritten(const char *key, const char *from, const char *to)
{
    csl_mapping after;
    rewrite(key, from, to);
    cr_assert_eq(csl_map(other, &after, NULL), CSL_OK);
    json_t *out = compare_with(&after);
    csl_unmap(&after);
    return out;
}

static void expect_one(json_t *differences, const char *entry)
{
    json_t *list = json_object_get(differences, "metadata"), *wanted = json_loads(entry, 0, NULL);
    char *text = json_dumps(list, 0);
    cr_expect_eq(json_array_size(list), 1, "%s", text);
    cr_expect(json_equal(json_array_get(list, 0), wanted), "%s", text);
    cr_expect_eq(json_array_size(json_object_get(differences, "tensors")), 0);
    free(text);
    json_decref(wanted);
    json_decref(differences);
}

Test(compare, a_model_is_equal_to_itself)
{
    json_t *d = compare_with_model();
    cr_assert_eq(json_array_size(json_object_get(d, "metadata")), 0);
    cr_assert_eq(json_array_size(json_object_get(d, "tensors")), 0);
    json_decref(d);
}

/* 0.5 -> 0.75 and 0 -> 0.125: the largest absolute difference is 0.25; relative, |0 - 0.125| / 0.125 = 1. */
Test(compare, changed_weights_are_measured)
{
    const csl_parameter *p = &model->network.parameters[3];
    model->weights[p->offset] = 0.5F;
    model->weights[p->offset + 1] = 0;
    cr_assert_eq(csl_model_save(model, path, NULL), CSL_OK);
    csl_unmap(&before);
    cr_assert_eq(csl_map(path, &before, NULL), CSL_OK);
    model->weights[p->offset] = 0.75F;
    model->weights[p->offset + 1] = 0.125F;
    json_t *d = compare_with_model();
    cr_assert_eq(json_array_size(json_object_get(d, "metadata")), 0);
    cr_assert_eq(json_array_size(json_object_get(d, "tensors")), 1);
    const json_t *t = json_array_get(json_object_get(d, "tensors"), 0);
    cr_assert_str_eq(json_string_value(json_object_get(t, "name")), p->name);
    cr_assert_eq(json_integer_value(json_object_get(t, "differing")), 2);
    cr_assert_eq(json_real_value(json_object_get(t, "max_absolute")), 0.25);
    cr_assert_eq(json_real_value(json_object_get(t, "max_relative")), 1);
    json_decref(d);
}

Test(compare, metadata_differs_by_path)
{
    expect_one(
        compare_rewritten("configuration", "\"token_budget\":40", "\"token_budget\":41"),
        "{\"path\": \"configuration/token_budget\", \"change\": \"changed\", \"old\": 40, \"new\": 41}");
    expect_one(compare_rewritten("labels", "\"code\":null", "\"code\":\"7\""),
               "{\"path\": \"labels/first/code\", \"change\": \"changed\", \"old\": null, \"new\": \"7\"}");
    expect_one(
        compare_rewritten("calibration", "\"temperature\":1.0", "\"temperature\":2.0"),
        "{\"path\": \"calibration/first/temperature\", \"change\": \"changed\", \"old\": 1.0, \"new\": 2.0}");
}

Test(compare, a_list_of_numbers_is_counted_and_an_order_that_changed_is_named)
{
    model->calibration[0] = (csl_label_calibration){.temperature = 1, .count = 2};
    model->calibration[0].logit = calloc(2, sizeof(float));
    model->calibration[0].truth = calloc(2, 1);
    json_t *d = compare_with_model(), *list = json_object_get(d, "metadata");
    cr_assert_eq(json_array_size(list), 2, "logit and truth");
    cr_assert_eq(json_integer_value(json_object_get(json_array_get(list, 0), "differing")), 2);
    cr_assert_eq(json_integer_value(json_object_get(json_array_get(list, 0), "old_values")), 0);
    cr_assert_eq(json_integer_value(json_object_get(json_array_get(list, 0), "new_values")), 2);
    json_decref(d);
    csl_label_calibration_free(&model->calibration[0]);
    model->calibration[0] = (csl_label_calibration){.temperature = 1};

    csl_label first = model->labels[0];
    model->labels[0] = model->labels[1];
    model->labels[1] = first;
    d = compare_with_model(); /* the calibration is in the order of the labels */
    list = json_object_get(d, "metadata");
    cr_assert_eq(json_array_size(list), 2);
    json_t *wanted = json_pack("{s:s, s:s, s:s, s:s}", "path", "labels/order", "change", "changed", "old",
                               "first", "new", "second");
    cr_assert(json_equal(json_array_get(list, 1), wanted));
    json_decref(wanted);
    json_decref(d);
}

Test(compare, what_only_one_has_is_added)
{
    expect_one(compare_rewritten("note", NULL, "For tests."),
               "{\"path\": \"note\", \"change\": \"added\", \"new\": \"For tests.\"}");
    expect_one(compare_rewritten("training", "\"seed\":", "\"note\":{\"by\":1},\"seed\":"),
               "{\"path\": \"training/note\", \"change\": \"added\"}");
}

Test(compare, what_cannot_be_loaded_is_refused_by_its_name)
{
    static const uint8_t text[] = "{}";
    const csl_mapping bad = {.bytes = text, .length = 2, .descriptor = -1},
                      cut = {.bytes = before.bytes, .length = before.length - 1, .descriptor = -1};
    csl_error e = {0};
    json_t *out;
    cr_assert_eq(csl_model_compare(&before, "a", &bad, "b", &out, &e), CSL_EFORMAT);
    cr_assert_str_eq(e.place, "b");
    cr_assert_null(out);
    cr_assert_eq(csl_model_compare(&cut, "a", &before, "b", &out, &e), CSL_EFORMAT);
    cr_assert_str_eq(e.place, "a");
    cr_assert_eq(csl_model_describe(&bad, "b", false, &out, &e), CSL_EFORMAT);
    cr_assert_null(out);
}

Test(compare, a_description_counts_what_the_model_holds)
{
    csl_error e = {0};
    csl_mapping file;
    json_t *d;
    rewrite("note", NULL, "For tests.");
    cr_assert_eq(csl_map(other, &file, NULL), CSL_OK);
    cr_assert_eq(csl_model_describe(&file, "a", true, &d, &e), CSL_OK, "%s", e.message);
    cr_assert_eq(json_integer_value(json_object_get(d, "weights")),
                 (json_int_t)csl_model_trained(model).weights);
    cr_assert_eq(json_array_size(json_object_get(d, "tensors")), model->network.parameter_count);
    cr_assert_eq(json_array_size(json_object_get(d, "labels")), TINY_LABELS);
    cr_assert_str_eq(json_string_value(json_object_get(json_object_get(d, "metadata"), "note")),
                     "For tests.");
    cr_assert_eq(json_object_size(json_object_get(d, "metadata")), 1);
    const json_t *modalities = json_object_get(d, "modalities");
    cr_assert_eq(json_array_size(modalities), TINY_MODALITIES);
    for (size_t i = 0; i < TINY_MODALITIES; i++) {
        const csl_modality_features *m = &model->features.modalities[i];
        const json_t *shown = json_array_get(modalities, i);
        const char *system;
        json_t *codes;
        json_int_t sum = 0;
        cr_assert_str_eq(json_string_value(json_object_get(shown, "name")), m->modality);
        cr_assert_str_eq(json_string_value(json_object_get(shown, "plugin_id")), m->plugin_id);
        cr_assert_eq(json_array_size(json_object_get(shown, "features")), m->feature_count);
        cr_assert_eq(json_integer_value(json_object_get(shown, "vocabulary")), (json_int_t)m->code_count);
        json_object_foreach(json_object_get(shown, "code_systems"), system, codes)
        {
            sum += json_integer_value(codes);
        }
        cr_assert_eq(sum, (json_int_t)m->code_count);
    }
    json_decref(d);
    csl_unmap(&file);
}
