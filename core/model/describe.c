/* What a model file says of itself. The file is loaded first, so that every member used here is known to be
 * there and of its type; configuration and training are then passed on whole, with whatever members they
 * have. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "model/describe.h"
#include "model/fitted.h"
#include "model/safetensors.h"

static json_t *document(const csl_safetensors *file, const char *key)
{
    const char *text = csl_safetensors_metadata(file, key);
    return text ? json_loads(text, 0, NULL) : NULL;
}

static json_t *member(const json_t *object, const char *name)
{
    return json_object_get(object, name);
}

/* Codes counted by what stands before their bar. */
static json_t *code_systems(const json_t *codes)
{
    json_t *systems = json_object();
    for (size_t i = 0; i < json_array_size(codes); i++) {
        const char *code = json_string_value(member(json_array_get(codes, i), "code"));
        size_t length = strcspn(code, "|");
        char *system = strndup(code, length);
        if (!system || json_object_set_new(systems, system,
                                           json_integer(json_integer_value(member(systems, system)) + 1))) {
            json_decref(systems);
            systems = NULL;
        }
        free(system);
        if (!systems) break;
    }
    return systems;
}

static json_t *modality(const json_t *m)
{
    json_int_t coded = json_integer_value(member(m, "coded_feature"));
    const json_t *codes = member(m, "codes");
    json_t *feature = coded < 0 ? NULL : member(json_array_get(member(m, "features"), (size_t)coded), "name");
    return json_pack("{s:O, s:O, s:O, s:O?, s:O, s:O, s:O, s:O, s:I, s:o}", "name", member(m, "name"),
                     "plugin_id", member(m, "plugin_id"), "plugin_version", member(m, "plugin_version"),
                     "coded_feature", feature, "patch_feature", member(m, "patch_feature"), "patch_side",
                     member(m, "patch_side"), "features", member(m, "features"), "positions",
                     member(m, "positions"), "vocabulary", (json_int_t)json_array_size(codes), "code_systems",
                     code_systems(codes));
}

static json_t *modalities(const csl_safetensors *file)
{
    json_t *all = document(file, "modalities"), *out = json_array();
    for (size_t i = 0; i < json_array_size(all); i++)
        if (json_array_append_new(out, modality(json_array_get(all, i)))) {
            json_decref(out);
            out = NULL;
        }
    json_decref(all);
    return out;
}

/* As the file has them, but of the calibration cases' probabilities only how many. */
static json_t *tasks(const csl_safetensors *file)
{
    json_t *all = document(file, "tasks");
    for (size_t i = 0; i < json_array_size(all); i++) {
        json_t *task = json_array_get(all, i);
        size_t count = json_array_size(member(task, "conformity"));
        json_object_del(task, "conformity");
        json_object_set_new(task, "calibration_cases", json_integer((json_int_t)count));
    }
    return all;
}

static json_t *calibration(const csl_model *model)
{
    json_t *out = json_array();
    for (size_t i = 0; i < model->network.label_count; i++) {
        const csl_label_calibration *c = &model->calibration[i];
        size_t positives = 0;
        for (size_t k = 0; k < c->count; k++) positives += c->truth[k];
        json_array_append_new(out, json_pack("{s:s, s:f, s:I, s:I, s:f}", "label", model->labels[i].name,
                                             "temperature", c->temperature, "cases", (json_int_t)c->count,
                                             "positives", (json_int_t)positives, "baseline", c->baseline));
    }
    return out;
}

static json_t *other_metadata(const csl_safetensors *file)
{
    static const char *const known[] = {"format",      "version",  "configuration", "labels", "modalities",
                                        "calibration", "training", "tasks",         "card"};
    json_t *out = json_object();
    for (size_t i = 0; i < file->metadata_count; i++) {
        bool shown = false;
        for (size_t k = 0; k < sizeof known / sizeof *known && !shown; k++)
            shown = !strcmp(file->metadata[i].key, known[k]);
        if (!shown) json_object_set_new(out, file->metadata[i].key, json_string(file->metadata[i].value));
    }
    return out;
}

json_t *csl_tensor_shape(const csl_tensor *tensor)
{
    json_t *shape = json_array();
    for (size_t i = 0; i < tensor->rank; i++)
        json_array_append_new(shape, json_integer((json_int_t)tensor->shape[i]));
    return shape;
}

static json_t *tensor_list(const csl_safetensors *file)
{
    json_t *out = json_array();
    for (size_t i = 0; i < file->tensor_count; i++)
        json_array_append_new(out, json_pack("{s:s, s:o}", "name", file->tensors[i].name, "shape",
                                             csl_tensor_shape(&file->tensors[i])));
    return out;
}

csl_status csl_model_describe(const csl_mapping *mapping, const char *name, bool tensors,
                              json_t **description, csl_error *error)
{
    *description = NULL;
    csl_model *model;
    csl_safetensors file = {0};
    csl_status status = csl_model_read(mapping->bytes, mapping->length, name, &model, error);
    if (status == CSL_OK) status = csl_safetensors_read(mapping->bytes, mapping->length, name, &file, error);
    if (status != CSL_OK) goto done;
    json_t *out = json_pack(
        "{s:s, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "version",
        csl_safetensors_metadata(&file, "version"), "configuration", document(&file, "configuration"),
        "weights", (json_int_t)csl_model_trained(model).weights, "tensor_count",
        (json_int_t)file.tensor_count, "labels", document(&file, "labels"), "tasks", tasks(&file),
        "modalities", modalities(&file), "calibration", calibration(model), "training",
        document(&file, "training"), "card", document(&file, "card"), "metadata", other_metadata(&file));
    if (!out || (tensors && json_object_set_new(out, "tensors", tensor_list(&file)))) {
        json_decref(out);
        status = csl_fail(error, CSL_ENOMEM, name, "no memory to describe the model");
    } else {
        *description = out;
    }
done:
    csl_safetensors_free(&file);
    csl_model_free(model);
    return status;
}
