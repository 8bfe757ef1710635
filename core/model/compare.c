/* In what one model file differs from another: its metadata as trees, its tensors by value. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "model/describe.h"
#include "model/fitted.h"
#include "model/safetensors.h"

enum {
    MAX_DEPTH = 16,        /* deeper than any document of a model; below it values are compared whole */
    MAX_PATH_BYTES = 1024, /* twice the longest code */
    MAX_ENTRIES = 500000
};

typedef struct comparison {
    csl_buffer path;
    json_t *entries;
    csl_status status; /* CSL_ENOMEM, or CSL_ELIMIT past one of the maxima */
} comparison;

/* Goes one step down the path; gives what leave wants to go back. */
static size_t enter(comparison *c, const char *step)
{
    size_t before = c->path.length;
    if ((before && !csl_buffer_text(&c->path, "/")) || !csl_buffer_text(&c->path, step))
        c->status = CSL_ELIMIT;
    return before;
}

static void leave(comparison *c, size_t before)
{
    c->path.length = before;
}

static bool is_leaf(const json_t *value)
{
    return value && !json_is_object(value) && !json_is_array(value);
}

/* `a` or `b` is NULL where only the other file has it. Takes the reference of `more` (may be NULL). */
static void record(comparison *c, const json_t *a, const json_t *b, json_t *more)
{
    json_t *entry =
        c->status ? NULL
                  : json_pack("{s:s%, s:s}", "path", (const char *)c->path.bytes, c->path.length, "change",
                              !a   ? "added"
                              : !b ? "removed"
                                   : "changed");
    if (is_leaf(a)) json_object_set(entry, "old", (json_t *)(uintptr_t)a);
    if (is_leaf(b)) json_object_set(entry, "new", (json_t *)(uintptr_t)b);
    if (more) json_object_update(entry, more);
    json_decref(more);
    if (json_array_size(c->entries) >= MAX_ENTRIES) c->status = CSL_ELIMIT;
    if (json_array_append_new(c->entries, entry) && !c->status) c->status = CSL_ENOMEM;
}

static const char *identity(const json_t *item)
{
    const char *name = json_string_value(json_object_get(item, "name"));
    return name ? name : json_string_value(json_object_get(item, "code"));
}

/* {name or code: item} of a list whose items all have one, each its own; else NULL. */
static json_t *by_identity(const json_t *list)
{
    json_t *index = json_object();
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *id = identity(json_array_get(list, i));
        if (!id || json_object_get(index, id) || json_object_set(index, id, json_array_get(list, i))) {
            json_decref(index);
            return NULL;
        }
    }
    return index;
}

static void compare_values(comparison *c, const json_t *a, const json_t *b, int depth);

static void compare_members(comparison *c, json_t *a, json_t *b, int depth)
{
    const char *key;
    json_t *value;
    json_object_foreach(a, key, value)
    {
        size_t before = enter(c, key);
        compare_values(c, value, json_object_get(b, key), depth + 1);
        leave(c, before);
    }
    json_object_foreach(b, key, value)
    {
        if (json_object_get(a, key)) continue;
        size_t before = enter(c, key);
        record(c, NULL, value, NULL);
        leave(c, before);
    }
}

/* The order of a list matters (features are columns): the first place at which those items that both lists
 * have stand otherwise. */
static void compare_order(comparison *c, const json_t *a, const json_t *b, json_t *in_a, json_t *in_b)
{
    for (size_t i = 0, k = 0;; i++, k++) {
        while (i < json_array_size(a) && !json_object_get(in_b, identity(json_array_get(a, i)))) i++;
        while (k < json_array_size(b) && !json_object_get(in_a, identity(json_array_get(b, k)))) k++;
        if (i >= json_array_size(a) || k >= json_array_size(b)) return;
        const char *old = identity(json_array_get(a, i)), *new = identity(json_array_get(b, k));
        if (!strcmp(old, new)) continue;
        size_t before = enter(c, "order");
        record(c, a, b, json_pack("{s:s, s:s}", "old", old, "new", new));
        leave(c, before);
        return;
    }
}

static void compare_lists(comparison *c, const json_t *a, const json_t *b, int depth)
{
    json_t *in_a = by_identity(a), *in_b = by_identity(b);
    if (in_a && in_b && json_object_size(in_a) + json_object_size(in_b)) {
        compare_members(c, in_a, in_b, depth);
        compare_order(c, a, b, in_a, in_b);
    } else {
        size_t na = json_array_size(a), nb = json_array_size(b), both = na < nb ? na : nb;
        size_t differing = (na > nb ? na : nb) - both;
        for (size_t i = 0; i < both; i++)
            differing += !json_equal(json_array_get(a, i), json_array_get(b, i));
        if (differing)
            record(c, a, b,
                   json_pack("{s:I, s:I, s:I}", "old_values", (json_int_t)na, "new_values", (json_int_t)nb,
                             "differing", (json_int_t)differing));
    }
    json_decref(in_a);
    json_decref(in_b);
}

static void compare_values(comparison *c, const json_t *a, const json_t *b, int depth)
{
    if (c->status != CSL_OK) return;
    if (b && depth < MAX_DEPTH && json_is_object(a) && json_is_object(b))
        compare_members(c, (json_t *)(uintptr_t)a, (json_t *)(uintptr_t)b, depth);
    else if (b && depth < MAX_DEPTH && json_is_array(a) && json_is_array(b))
        compare_lists(c, a, b, depth);
    else if (!b || !json_equal(a, b))
        record(c, a, b, NULL);
}

/* All metadata as one tree; a text that is no JSON document is a leaf. Calibration has an item a label, and
 * gets the label's name to be found by. */
static json_t *tree(const csl_safetensors *file)
{
    json_t *root = json_object();
    for (size_t i = 0; i < file->metadata_count; i++) {
        const char *text = file->metadata[i].value;
        json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        json_object_set_new(root, file->metadata[i].key, value ? value : json_string(text));
    }
    const json_t *labels = json_object_get(root, "labels"),
                 *calibration = json_object_get(root, "calibration");
    for (size_t i = 0; i < json_array_size(calibration); i++)
        json_object_set(json_array_get(calibration, i), "name",
                        json_object_get(json_array_get(labels, i), "name"));
    return root;
}

static float value_at(const csl_tensor *tensor, size_t i)
{
    float value;
    memcpy(&value, (const char *)tensor->values + i * sizeof value, sizeof value);
    return value;
}

/* NULL where both hold the same bytes in the same shape; `failed` says when it is for want of memory. */
static json_t *tensor_entry(const csl_tensor *a, const csl_tensor *b, bool *failed)
{
    json_t *entry;
    if (!a || !b) {
        entry = json_pack("{s:s, s:s, s:o}", "name", (a ? a : b)->name, "change", a ? "removed" : "added",
                          "shape", csl_tensor_shape(a ? a : b));
    } else if (a->rank != b->rank || memcmp(a->shape, b->shape, a->rank * sizeof *a->shape)) {
        entry = json_pack("{s:s, s:s, s:o, s:o}", "name", a->name, "change", "changed", "old_shape",
                          csl_tensor_shape(a), "new_shape", csl_tensor_shape(b));
    } else {
        size_t differing = 0;
        double absolute = 0, relative = 0;
        for (size_t i = 0; i < a->count; i++) {
            float x = value_at(a, i), y = value_at(b, i);
            if (!memcmp(&x, &y, sizeof x)) continue;
            differing++;
            double difference = fabs((double)x - (double)y), size = fmax(fabs((double)x), fabs((double)y));
            absolute = fmax(absolute, difference);
            if (size > 0) relative = fmax(relative, difference / size);
        }
        if (!differing) return NULL;
        entry = json_pack("{s:s, s:s, s:o, s:I, s:f, s:f}", "name", a->name, "change", "changed", "shape",
                          csl_tensor_shape(a), "differing", (json_int_t)differing, "max_absolute", absolute,
                          "max_relative", relative);
    }
    if (!entry) *failed = true;
    return entry;
}

static json_t *compare_tensors(const csl_safetensors *a, const csl_safetensors *b)
{
    json_t *entries = json_array(), *entry;
    bool failed = !entries;
    for (size_t i = 0; i < a->tensor_count; i++) {
        entry = tensor_entry(&a->tensors[i], csl_safetensors_tensor(b, a->tensors[i].name), &failed);
        if (entry && json_array_append_new(entries, entry)) failed = true;
    }
    for (size_t i = 0; i < b->tensor_count; i++) {
        if (csl_safetensors_tensor(a, b->tensors[i].name)) continue;
        entry = tensor_entry(NULL, &b->tensors[i], &failed);
        if (entry && json_array_append_new(entries, entry)) failed = true;
    }
    if (!failed) return entries;
    json_decref(entries);
    return NULL;
}

/* Only what can be loaded is compared. */
static csl_status open_checked(const csl_mapping *mapping, const char *name, csl_safetensors *file,
                               csl_error *error)
{
    csl_model *model;
    csl_status status = csl_model_read(mapping->bytes, mapping->length, name, &model, error);
    csl_model_free(model);
    return status == CSL_OK ? csl_safetensors_read(mapping->bytes, mapping->length, name, file, error)
                            : status;
}

csl_status csl_model_compare(const csl_mapping *a, const char *name_a, const csl_mapping *b,
                             const char *name_b, json_t **differences, csl_error *error)
{
    *differences = NULL;
    csl_safetensors file_a = {0}, file_b = {0};
    json_t *tree_a = NULL, *tree_b = NULL;
    comparison c = {.entries = json_array()};
    csl_buffer_init(&c.path, MAX_PATH_BYTES);
    csl_status status = open_checked(a, name_a, &file_a, error);
    if (status == CSL_OK) status = open_checked(b, name_b, &file_b, error);
    if (status != CSL_OK) goto done;
    tree_a = tree(&file_a);
    tree_b = tree(&file_b);
    if (!tree_a || !tree_b || !c.entries) c.status = CSL_ENOMEM;
    if (c.status == CSL_OK) compare_members(&c, tree_a, tree_b, 0);
    if (c.status == CSL_OK)
        *differences =
            json_pack("{s:O, s:o}", "metadata", c.entries, "tensors", compare_tensors(&file_a, &file_b));
    if (c.status == CSL_ELIMIT)
        status =
            csl_fail(error, CSL_ELIMIT, name_b,
                     "its metadata differs from that of %s in more than %d places, or in one with a path "
                     "of more than %d bytes",
                     name_a, MAX_ENTRIES, MAX_PATH_BYTES);
    else if (!*differences)
        status = csl_fail(error, CSL_ENOMEM, name_b, "no memory to compare it with %s", name_a);
done:
    json_decref(tree_a);
    json_decref(tree_b);
    json_decref(c.entries);
    csl_buffer_free(&c.path);
    csl_safetensors_free(&file_a);
    csl_safetensors_free(&file_b);
    return status;
}
