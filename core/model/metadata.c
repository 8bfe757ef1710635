#include "model/metadata.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consilium/plugin.h"
#include "model/metadata_members.h"

/* Where a value stands, for messages, and whether anything was wrong so far: the first fault sticks. */
typedef struct reading {
    const char *file, *item;
    csl_error *error;
    csl_status status;
} reading;

static void wrong(reading *r, const char *member, const char *right)
{
    if (r->status == CSL_OK)
        r->status = csl_fail(r->error, CSL_EFORMAT, r->file, "metadata \"%s\": member \"%s\" is not %s",
                             r->item, member, right);
}

static void no_memory(reading *r)
{
    if (r->status == CSL_OK)
        r->status = csl_fail(r->error, CSL_ENOMEM, r->file, "no memory for metadata \"%s\"", r->item);
}

static long long whole(reading *r, const json_t *object, const char *member, long long low, long long high)
{
    const json_t *value = json_object_get(object, member);
    char right[64];
    if (json_is_integer(value) && json_integer_value(value) >= low && json_integer_value(value) <= high)
        return json_integer_value(value);
    snprintf(right, sizeof right, "a whole number in %lld..%lld", low, high);
    wrong(r, member, right);
    return low;
}

static double real(reading *r, const json_t *object, const char *member, double low, double high)
{
    const json_t *value = json_object_get(object, member);
    if (json_is_number(value) && json_number_value(value) >= low && json_number_value(value) <= high)
        return json_number_value(value);
    wrong(r, member, low > 0 ? "a positive finite number" : "a finite number in range");
    return low;
}

static float real32(reading *r, const json_t *object, const char *member, double low)
{
    return (float)real(r, object, member, low, 3e38);
}

/* A copy, or NULL where null is allowed. */
static char *text(reading *r, const json_t *object, const char *member, bool null_allowed)
{
    const json_t *value = json_object_get(object, member);
    if (null_allowed && json_is_null(value)) return NULL;
    if (!json_is_string(value)) {
        wrong(r, member, "a text");
        return NULL;
    }
    char *copy = strdup(json_string_value(value));
    if (!copy) no_memory(r);
    return copy;
}

/* The array, checked for its length, or NULL. */
static const json_t *array(reading *r, const json_t *object, const char *member, size_t least, size_t most)
{
    const json_t *value = json_object_get(object, member);
    char right[64];
    if (json_is_array(value) && json_array_size(value) >= least && json_array_size(value) <= most)
        return value;
    snprintf(right, sizeof right, "an array of %zu to %zu items", least, most);
    wrong(r, member, right);
    return NULL;
}

static void *make(reading *r, size_t count, size_t size)
{
    void *memory = r->status == CSL_OK ? calloc(count + 1, size) : NULL;
    if (!memory) no_memory(r);
    return memory;
}

static void read_configuration(reading *r, const json_t *value, csl_model *model)
{
    for (size_t i = 0; i < metadata_configuration_count; i++) /* exact ranges: csl_network_layout */
        *metadata_at(&model->network, i) =
            (size_t)whole(r, value, metadata_configuration[i].name, 1, 1 << 20);
}

static void read_labels(reading *r, const json_t *value, csl_model *model)
{
    if (!json_is_array(value) || json_array_size(value) > CSL_MAX_LABELS) {
        wrong(r, "labels", "an array of 0 to 64 items");
        return;
    }
    if (!(model->labels = make(r, json_array_size(value), sizeof *model->labels))) return;
    for (size_t i = 0; i < json_array_size(value) && r->status == CSL_OK; i++) {
        const json_t *item = json_array_get(value, i);
        model->network.label_count = i + 1;
        model->labels[i].name = text(r, item, "name", false);
        model->labels[i].code = text(r, item, "code", true);
        model->labels[i].system = text(r, item, "system", true);
    }
}

static double *read_edges(reading *r, const json_t *item, size_t count)
{
    const json_t *list = array(r, item, "edges", count, count);
    double *edge = make(r, count, sizeof *edge);
    for (size_t k = 0; r->status == CSL_OK && k < count; k++) {
        const json_t *value = json_array_get(list, k);
        edge[k] = json_number_value(value);
        if (!json_is_number(value) || !isfinite(edge[k]) || edge[k] <= (k ? edge[k - 1] : 0))
            wrong(r, "edges", "positive numbers in ascending order");
    }
    return edge;
}

static void read_task(reading *r, const json_t *item, size_t first, size_t left, csl_task *t)
{
    const char *kind = json_string_value(json_object_get(item, "kind"));
    size_t k = 0;
    while (kind && k < CSL_TASK_KINDS && strcmp(kind, csl_task_kind_name[k]) != 0) k++;
    if (!kind || k == CSL_TASK_KINDS) {
        wrong(r, "kind", "\"binary\", \"classes\" or \"event\"");
        return;
    }
    t->kind = (csl_task_kind)k;
    t->name = text(r, item, "name", false);
    t->first = first;
    t->count = (size_t)whole(r, item, "outputs", t->kind == CSL_TASK_CLASSES ? 2 : 1,
                             t->kind == CSL_TASK_BINARY ? 1 : (long long)left);
    t->time = text(r, item, "time", true);
    t->unit = text(r, item, "unit", true);
    if (r->status == CSL_OK && t->kind == CSL_TASK_EVENT) t->edge = read_edges(r, item, t->count);
}

static void read_conformity(reading *r, const json_t *item, csl_conformity *c)
{
    const json_t *list = array(r, item, "conformity", 0, 1 << 24);
    c->probability = make(r, json_array_size(list), sizeof *c->probability);
    if (r->status != CSL_OK) return;
    for (; c->count < json_array_size(list); c->count++) {
        const json_t *value = json_array_get(list, c->count);
        float p = c->probability[c->count] = (float)json_number_value(value);
        if (!json_is_number(value) || !(p >= 0 && p <= 1) || (c->count && p < c->probability[c->count - 1]))
            wrong(r, "conformity", "probabilities in ascending order");
    }
}

static void read_tasks(reading *r, const json_t *value, csl_model *model)
{
    size_t outputs = model->network.label_count, first = 0;
    if (!json_is_array(value) || json_array_size(value) > outputs) {
        wrong(r, "tasks", "an array of no more items than there are labels");
        return;
    }
    model->tasks = make(r, json_array_size(value), sizeof *model->tasks);
    model->conformity = make(r, json_array_size(value), sizeof *model->conformity);
    if (r->status != CSL_OK) return;
    for (size_t i = 0; i < json_array_size(value) && r->status == CSL_OK; i++) {
        model->task_count = i + 1;
        read_task(r, json_array_get(value, i), first, outputs - first, &model->tasks[i]);
        if (r->status == CSL_OK) read_conformity(r, json_array_get(value, i), &model->conformity[i]);
        first += model->tasks[i].count;
    }
    if (r->status == CSL_OK && first != outputs)
        wrong(r, "outputs", "such that all tasks' sum is the number of labels");
}

static void read_features(reading *r, const json_t *list, csl_modality_features *m)
{
    size_t count = json_array_size(list);
    m->feature_names = make(r, count, sizeof *m->feature_names);
    m->feature_units = make(r, count, sizeof *m->feature_units);
    m->mean = make(r, count, sizeof *m->mean);
    m->deviation = make(r, count, sizeof *m->deviation);
    if (r->status != CSL_OK) return;
    m->feature_count = count;
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);
        m->feature_names[i] = text(r, item, "name", false);
        m->feature_units[i] = text(r, item, "unit", false);
        m->mean[i] = real32(r, item, "mean", -3e38);
        m->deviation[i] = real32(r, item, "deviation", 1e-37);
    }
}

static void read_positions(reading *r, const json_t *list, csl_modality_features *m)
{
    size_t count = json_array_size(list);
    m->position_names = make(r, count, sizeof *m->position_names);
    m->position_mean = make(r, count, sizeof *m->position_mean);
    m->position_deviation = make(r, count, sizeof *m->position_deviation);
    if (r->status != CSL_OK) return;
    m->position_count = count;
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);
        m->position_names[i] = text(r, item, "name", false);
        m->position_mean[i] = real(r, item, "mean", -1e300, 1e300);
        m->position_deviation[i] = real(r, item, "deviation", 1e-300, 1e300);
    }
}

static void read_codes(reading *r, const json_t *list, csl_modality_features *m)
{
    size_t count = json_array_size(list);
    if (!(m->codes = make(r, count, sizeof *m->codes))) return;
    for (size_t i = 0; i < count && r->status == CSL_OK; i++) {
        const json_t *item = json_array_get(list, i);
        m->code_count = i + 1;
        m->codes[i].code = text(r, item, "code", false);
        m->codes[i].cases = (uint64_t)whole(r, item, "cases", 0, INT64_MAX);
        m->codes[i].mean = real32(r, item, "mean", -3e38);
        m->codes[i].deviation = real32(r, item, "deviation", 1e-37);
        if (r->status == CSL_OK && i && strcmp(m->codes[i - 1].code, m->codes[i].code) >= 0)
            wrong(r, "codes", "sorted by code, each once");
    }
}

static void read_modality(reading *r, const json_t *item, csl_modality_features *m)
{
    m->modality = text(r, item, "name", false);
    m->plugin_id = text(r, item, "plugin_id", false);
    m->plugin_version = text(r, item, "plugin_version", false);
    const json_t *features = array(r, item, "features", 1, CSL_MAX_FEATURES);
    const json_t *positions = array(r, item, "positions", 0, CSL_MAX_POSITION);
    const json_t *codes = array(r, item, "codes", 0, CSL_MAX_CODES);
    if (r->status != CSL_OK) return;
    m->coded_feature = (int)whole(r, item, "coded_feature", -1, (long long)json_array_size(features) - 1);
    m->patch_feature = (size_t)whole(r, item, "patch_feature", 0, (long long)json_array_size(features));
    m->patch_side = (size_t)whole(r, item, "patch_side", 0, CSL_MAX_PATCH);
    read_features(r, features, m);
    read_positions(r, positions, m);
    read_codes(r, codes, m);
}

static void read_modalities(reading *r, const json_t *value, csl_model *model)
{
    if (!json_is_array(value) || !json_array_size(value) || json_array_size(value) > CSL_MAX_MODALITIES) {
        wrong(r, "modalities", "an array of 1 to 16 items");
        return;
    }
    if (!(model->features.modalities = make(r, json_array_size(value), sizeof *model->features.modalities)))
        return;
    for (size_t i = 0; i < json_array_size(value) && r->status == CSL_OK; i++) {
        model->features.count = i + 1;
        read_modality(r, json_array_get(value, i), &model->features.modalities[i]);
    }
}

static void read_label_calibration(reading *r, const json_t *item, csl_label_calibration *c)
{
    c->temperature = real(r, item, "temperature", 1e-6, 1e6);
    c->baseline = real(r, item, "baseline", -1e3, 1e3);
    const json_t *logit = array(r, item, "logit", 0, 1 << 24);
    const json_t *truth = array(r, item, "truth", json_array_size(logit), json_array_size(logit));
    c->logit = make(r, json_array_size(logit), sizeof *c->logit);
    c->truth = make(r, json_array_size(logit), sizeof *c->truth);
    if (r->status != CSL_OK) return;
    c->count = json_array_size(logit);
    for (size_t k = 0; k < c->count; k++) {
        const json_t *x = json_array_get(logit, k), *y = json_array_get(truth, k);
        c->logit[k] = (float)json_number_value(x);
        c->truth[k] = (uint8_t)(json_integer_value(y) & 1);
        if (!json_is_number(x) || !isfinite(c->logit[k]) || (k && c->logit[k] < c->logit[k - 1]))
            wrong(r, "logit", "finite numbers in ascending order");
        if (!json_is_integer(y) || json_integer_value(y) != c->truth[k])
            wrong(r, "truth", "0 or 1 everywhere");
    }
}

static void read_calibration(reading *r, const json_t *value, csl_model *model)
{
    if (!json_is_array(value) || json_array_size(value) != model->network.label_count) {
        wrong(r, "calibration", "an array with one item a label");
        return;
    }
    if (!(model->calibration = make(r, model->network.label_count, sizeof *model->calibration))) return;
    for (size_t i = 0; i < model->network.label_count && r->status == CSL_OK; i++)
        read_label_calibration(r, json_array_get(value, i), &model->calibration[i]);
}

static void read_training(reading *r, const json_t *value, csl_model *model)
{
    csl_training_summary *t = &model->training;
    t->seed = (uint64_t)whole(r, value, "seed", INT64_MIN, INT64_MAX);
    t->cases = (uint64_t)whole(r, value, "cases", 0, INT64_MAX);
    t->valid_cases = (uint64_t)whole(r, value, "valid_cases", 0, INT64_MAX);
    t->epochs = (unsigned)whole(r, value, "epochs", 0, UINT32_MAX);
    t->epoch = (unsigned)whole(r, value, "epoch", 0, UINT32_MAX);
    t->loss = real(r, value, "loss", -1e300, 1e300);
    t->valid_auc =
        json_is_null(json_object_get(value, "valid_auc")) ? NAN : real(r, value, "valid_auc", 0, 1);
    t->contrastive = json_object_get(value, "contrastive") ? real(r, value, "contrastive", 0, 1e300) : NAN;
    model->trained_on = text(r, value, "trained_on", true);
}

static void read_card(reading *r, const json_t *value, csl_model *model)
{
    if (!json_is_object(value)) wrong(r, "card", "an object");
    if (r->status == CSL_OK && json_object_size(value) && !(model->card = json_dumps(value, JSON_COMPACT)))
        no_memory(r);
}

csl_status csl_metadata_read(const csl_safetensors *file, const char *name, csl_model *model,
                             csl_error *error)
{
    static const struct {
        const char *key;
        void (*read)(reading *r, const json_t *value, csl_model *model);
    } parts[] = {{"configuration", read_configuration},
                 {"labels", read_labels}, /* before calibration, which follows its count */
                 {"tasks", read_tasks},
                 {"modalities", read_modalities},
                 {"calibration", read_calibration},
                 {"training", read_training},
                 {"card", read_card}};
    const char *format = csl_safetensors_metadata(file, "format"),
               *version = csl_safetensors_metadata(file, "version");
    if (!format || strcmp(format, METADATA_FORMAT) != 0)
        return csl_fail(
            error, CSL_EFORMAT, name,
            "is a safetensors file but not a model of Consilium: its metadata \"format\" is not \"%s\"",
            METADATA_FORMAT);
    if (!version || strcmp(version, METADATA_VERSION) != 0)
        return csl_fail(error, CSL_EMISMATCH, name,
                        "is of model version %.16s; this program reads version %s: train the model again",
                        version ? version : "(none)", METADATA_VERSION);
    reading r = {.file = name, .error = error};
    for (size_t i = 0; i < sizeof parts / sizeof *parts && r.status == CSL_OK; i++) {
        const char *document = csl_safetensors_metadata(file, parts[i].key);
        json_error_t trouble;
        r.item = parts[i].key;
        if (!document) return csl_fail(error, CSL_EFORMAT, name, "its metadata lacks \"%s\"", r.item);
        json_t *value = json_loads(document, JSON_REJECT_DUPLICATES, &trouble);
        if (!value)
            return csl_fail(error, CSL_EFORMAT, name, "metadata \"%s\" is not JSON: %s at character %d",
                            r.item, trouble.text, trouble.position);
        parts[i].read(&r, value, model);
        json_decref(value);
    }
    return r.status;
}
