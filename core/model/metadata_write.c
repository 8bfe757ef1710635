/* A NULL anywhere makes the whole NULL. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/metadata_members.h"

const metadata_member metadata_configuration[] = {
    {"width", offsetof(csl_network, width)},
    {"heads", offsetof(csl_network, heads)},
    {"blocks", offsetof(csl_network, blocks)},
    {"bottlenecks", offsetof(csl_network, bottlenecks)},
    {"cross_blocks", offsetof(csl_network, cross_blocks)},
    {"mlp_ratio", offsetof(csl_network, mlp_ratio)},
    {"stem_channels", offsetof(csl_network, stem_channels)},
    {"projection", offsetof(csl_network, projection)},
    {"token_budget", offsetof(csl_network, token_budget)},
};
const size_t metadata_configuration_count = sizeof metadata_configuration / sizeof *metadata_configuration;

static json_t *append(json_t *array, json_t *item) /* takes item */
{
    if (array && json_array_append_new(array, item) == 0) return array;
    json_decref(array);
    return NULL;
}

static json_t *write_configuration(const csl_model *model)
{
    json_t *object = json_object();
    csl_network network = model->network;
    for (size_t i = 0; i < metadata_configuration_count; i++)
        json_object_set_new(object, metadata_configuration[i].name,
                            json_integer((json_int_t)*metadata_at(&network, i)));
    return object;
}

static json_t *write_labels(const csl_model *model)
{
    json_t *array = json_array();
    for (size_t i = 0; i < model->network.label_count; i++) {
        const csl_label *label = &model->labels[i];
        array = append(array, json_pack("{s:s, s:s?, s:s?}", "name", label->name, "code", label->code,
                                        "system", label->system));
    }
    return array;
}

static json_t *write_tasks(const csl_model *model)
{
    json_t *array = json_array();
    for (size_t i = 0; i < model->task_count; i++) {
        const csl_task *t = &model->tasks[i];
        json_t *edges = t->edge ? json_array() : json_null();
        for (size_t k = 0; t->edge && k < t->count; k++) edges = append(edges, json_real(t->edge[k]));
        json_t *conformity = json_array();
        for (size_t k = 0; k < model->conformity[i].count; k++)
            conformity = append(conformity, json_real((double)model->conformity[i].probability[k]));
        array = append(array, json_pack("{s:s, s:s, s:I, s:o, s:s?, s:s?, s:o}", "name", t->name, "kind",
                                        csl_task_kind_name[t->kind], "outputs", (json_int_t)t->count, "edges",
                                        edges, "time", t->time, "unit", t->unit, "conformity", conformity));
    }
    return array;
}

static json_t *write_modality(const csl_modality_features *m)
{
    json_t *features = json_array(), *positions = json_array(), *codes = json_array();
    for (size_t i = 0; i < m->feature_count; i++)
        features = append(features, json_pack("{s:s, s:s, s:f, s:f}", "name", m->feature_names[i], "unit",
                                              m->feature_units[i], "mean", (double)m->mean[i], "deviation",
                                              (double)m->deviation[i]));
    for (size_t i = 0; i < m->position_count; i++)
        positions = append(positions, json_pack("{s:s, s:f, s:f}", "name", m->position_names[i], "mean",
                                                m->position_mean[i], "deviation", m->position_deviation[i]));
    for (size_t i = 0; i < m->code_count; i++)
        codes = append(codes, json_pack("{s:s, s:I, s:f, s:f}", "code", m->codes[i].code, "cases",
                                        (json_int_t)m->codes[i].cases, "mean", (double)m->codes[i].mean,
                                        "deviation", (double)m->codes[i].deviation));
    return json_pack("{s:s, s:s, s:s, s:i, s:I, s:I, s:o, s:o, s:o}", "name", m->modality, "plugin_id",
                     m->plugin_id, "plugin_version", m->plugin_version, "coded_feature", m->coded_feature,
                     "patch_feature", (json_int_t)m->patch_feature, "patch_side", (json_int_t)m->patch_side,
                     "features", features, "positions", positions, "codes", codes);
}

static json_t *write_modalities(const csl_model *model)
{
    json_t *array = json_array();
    for (size_t i = 0; i < model->features.count; i++)
        array = append(array, write_modality(&model->features.modalities[i]));
    return array;
}

static json_t *write_calibration(const csl_model *model)
{
    json_t *array = json_array();
    for (size_t i = 0; i < model->network.label_count; i++) {
        const csl_label_calibration *c = &model->calibration[i];
        json_t *logit = json_array(), *truth = json_array();
        for (size_t k = 0; k < c->count; k++) {
            logit = append(logit, json_real((double)c->logit[k]));
            truth = append(truth, json_integer(c->truth[k]));
        }
        array = append(array, json_pack("{s:f, s:f, s:o, s:o}", "temperature", c->temperature, "baseline",
                                        c->baseline, "logit", logit, "truth", truth));
    }
    return array;
}

static json_t *write_training(const csl_model *model)
{
    const csl_training_summary *t = &model->training;
    json_t *auc = isnan(t->valid_auc) ? json_null() : json_real(t->valid_auc);
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:f, s:o, s:o*, s:s?}", "seed", (json_int_t)t->seed, "cases",
                     (json_int_t)t->cases, "valid_cases", (json_int_t)t->valid_cases, "epochs",
                     (json_int_t)t->epochs, "epoch", (json_int_t)t->epoch, "loss", t->loss, "valid_auc", auc,
                     "contrastive", isnan(t->contrastive) ? NULL : json_real(t->contrastive), "trained_on",
                     model->trained_on);
}

static json_t *write_card(const csl_model *model)
{
    return model->card ? json_loads(model->card, 0, NULL) : json_object();
}

csl_status csl_metadata_write(const csl_model *model, csl_metadata items[CSL_METADATA_ITEMS],
                              csl_error *error)
{
    static const struct {
        const char *key;
        json_t *(*write)(const csl_model *model);
    } parts[] = {{"configuration", write_configuration},
                 {"labels", write_labels},
                 {"tasks", write_tasks},
                 {"modalities", write_modalities},
                 {"calibration", write_calibration},
                 {"training", write_training},
                 {"card", write_card}};
    items[0] = (csl_metadata){"format", strdup(METADATA_FORMAT)};
    items[1] = (csl_metadata){"version", strdup(METADATA_VERSION)};
    bool fine = items[0].value && items[1].value;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        json_t *value = parts[i].write(model);
        items[2 + i] = (csl_metadata){parts[i].key, value ? json_dumps(value, JSON_COMPACT) : NULL};
        json_decref(value);
        fine = fine && items[2 + i].value;
    }
    if (fine) return CSL_OK;
    for (size_t i = 0; i < CSL_METADATA_ITEMS; i++) free((char *)(uintptr_t)items[i].value);
    return csl_fail(error, CSL_ENOMEM, NULL,
                    "no memory for the model's metadata (or a text in it is not UTF-8)");
}
