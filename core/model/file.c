/* A model as one .safetensors file, and what can be asked of a model in memory. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "model/fitted.h"
#include "model/gauge.h"
#include "model/metadata.h"
#include "model/prepared.h"
#include "model/safetensors.h"
#include "model/tape.h"
#include "model/task.h"

static const size_t MAX_FILE = (size_t)4 << 30;

/* Gauges, whose names go to `names`, and behind them the parameters. */
static size_t list_tensors(const csl_model *model, csl_tensor *tensors,
                           char (*names)[CSL_GAUGE_TENSORS][CSL_NETWORK_NAME])
{
    size_t count = 0;
    for (size_t m = 0; model->gauges && m < model->features.count; m++)
        count += csl_gauge_tensors(&model->gauges[m], model->features.modalities[m].modality, names[m],
                                   tensors + count);
    for (size_t i = 0; i < model->network.parameter_count; i++) {
        const csl_parameter *p = &model->network.parameters[i];
        tensors[count++] = (csl_tensor){.name = p->name,
                                        .rank = p->rank,
                                        .shape = {p->shape[0], p->shape[1]},
                                        .count = p->count,
                                        .values = model->weights + p->offset};
    }
    return count;
}

csl_status csl_model_save(const csl_model *model, const char *path, csl_error *error)
{
    csl_metadata items[CSL_METADATA_ITEMS];
    csl_buffer bytes;
    char names[CSL_MAX_MODALITIES][CSL_GAUGE_TENSORS][CSL_NETWORK_NAME];
    csl_status status = csl_metadata_write(model, items, error);
    if (status != CSL_OK) return status;
    csl_buffer_init(&bytes, MAX_FILE);
    size_t most = model->network.parameter_count + CSL_MAX_MODALITIES * CSL_GAUGE_TENSORS;
    csl_tensor *tensors = calloc(most, sizeof *tensors);
    if (!tensors) {
        status = csl_fail(error, CSL_ENOMEM, path, "no memory to write %zu tensors", most);
        goto done;
    }
    size_t count = list_tensors(model, tensors, names);
    status = csl_safetensors_write(tensors, count, items, CSL_METADATA_ITEMS, &bytes, error);
    if (status == CSL_OK) status = csl_write_file_atomic(path, bytes.bytes, bytes.length, error);
done:
    for (size_t i = 0; i < CSL_METADATA_ITEMS; i++) free((char *)(uintptr_t)items[i].value);
    free(tensors);
    csl_buffer_free(&bytes);
    return status;
}

static csl_status load_parameter(const csl_safetensors *file, const csl_parameter *p, const char *path,
                                 float *weights, csl_error *error)
{
    const csl_tensor *t = csl_safetensors_tensor(file, p->name);
    if (!t)
        return csl_fail(error, CSL_EFORMAT, path, "lacks tensor %s, which its configuration asks for",
                        p->name);
    bool same = t->rank == p->rank && t->count == p->count;
    for (size_t i = 0; i < p->rank && same; i++) same = t->shape[i] == p->shape[i];
    if (!same)
        return csl_fail(error, CSL_EFORMAT, path,
                        "tensor %s has another shape than its configuration asks for (%zu x %zu)", p->name,
                        p->shape[0], p->rank > 1 ? p->shape[1] : 1);
    memcpy(weights + p->offset, t->values, p->count * sizeof *weights);
    for (size_t i = 0; i < p->count; i++)
        if (!isfinite(weights[p->offset + i]))
            return csl_fail(error, CSL_EFORMAT, path, "tensor %s: value %zu is not a finite number", p->name,
                            i);
    return CSL_OK;
}

/* All gauges that the file has; *found becomes the number of their tensors, *held that of their values. */
static csl_status load_gauges(const csl_safetensors *file, const char *name, csl_model *m, size_t *found,
                              size_t *held, csl_error *error)
{
    csl_status status = CSL_OK;
    if (!(m->gauges = calloc(m->features.count, sizeof *m->gauges)))
        return csl_fail(error, CSL_ENOMEM, name, "no memory for a model");
    for (size_t i = 0; i < m->features.count && status == CSL_OK; i++) {
        const csl_modality_features *f = &m->features.modalities[i];
        csl_gauge *g = &m->gauges[i];
        status = csl_gauge_load(file, name, f->modality, csl_portrait_size(f), g, found, error);
        *held += g->size ? g->size + g->size * g->size + g->distance_count : 0;
    }
    return status;
}

csl_status csl_model_read(const uint8_t *bytes, size_t length, const char *name, csl_model **model,
                          csl_error *error)
{
    *model = NULL;
    csl_safetensors file = {0};
    csl_model *m = calloc(1, sizeof *m);
    csl_status status = CSL_OK;
    if (!m) {
        status = csl_fail(error, CSL_ENOMEM, name, "no memory for a model");
        goto done;
    }
    if ((status = csl_safetensors_read(bytes, length, name, &file, error)) != CSL_OK) goto done;
    if ((status = csl_metadata_read(&file, name, m, error)) != CSL_OK) goto done;
    if ((status = csl_model_configure(m, error)) != CSL_OK) goto done;
    size_t other = 0, wanted = 0, held = 0;
    if ((status = load_gauges(&file, name, m, &other, &wanted, error)) != CSL_OK) goto done;
    if (file.tensor_count != m->network.parameter_count + other) {
        status = csl_fail(error, CSL_EFORMAT, name, "has %zu tensors; its configuration asks for %zu",
                          file.tensor_count, m->network.parameter_count + other);
        goto done;
    }
    /* The configuration must not ask for more memory than the file has values. */
    for (size_t i = 0; i < m->network.parameter_count; i++) wanted += m->network.parameters[i].count;
    for (size_t i = 0; i < file.tensor_count; i++) held += file.tensors[i].count;
    if (wanted != held) {
        status = csl_fail(error, CSL_EFORMAT, name, "has %zu weights; its configuration asks for %zu", held,
                          wanted);
        goto done;
    }
    if (!(m->weights = calloc(m->network.weight_count, sizeof *m->weights))) {
        status = csl_fail(error, CSL_ENOMEM, name, "no memory for %zu weights", m->network.weight_count);
        goto done;
    }
    for (size_t i = 0; i < m->network.parameter_count && status == CSL_OK; i++)
        status = load_parameter(&file, &m->network.parameters[i], name, m->weights, error);
done:
    csl_safetensors_free(&file);
    if (status == CSL_OK)
        *model = m;
    else
        csl_model_free(m);
    return status;
}

csl_status csl_model_load(const char *path, csl_model **model, csl_error *error)
{
    *model = NULL;
    csl_mapping file;
    csl_status status = csl_map(path, &file, error);
    if (status != CSL_OK) return status;
    status = csl_model_read(file.bytes, file.length, path, model, error);
    csl_unmap(&file);
    if (status == CSL_OK) status = csl_model_prepare(*model, CSL_PRECISION_F32, error);
    if (status != CSL_OK) {
        csl_model_free(*model);
        *model = NULL;
    }
    return status;
}

csl_status csl_model_prepare(csl_model *model, csl_precision precision, csl_error *error)
{
    if (!csl_precision_here(precision))
        return csl_fail(error, CSL_EUSAGE, NULL,
                        "this processor (or oneDNN's build) does not multiply bfloat16; use f32");
    csl_prepared_free(model->network.prepared);
    model->network.prepared = NULL;
    return csl_prepare(&model->network, model->weights, precision, &model->network.prepared, error);
}

/* A copy, NULL for NULL. */
static char *copy(const char *text, bool *fine)
{
    char *made = text ? strdup(text) : NULL;
    *fine = *fine && (made || !text);
    return made;
}

csl_status csl_model_take_labels(csl_model *m, const csl_cohort *from, csl_error *error)
{
    csl_task tasks[CSL_MAX_LABELS];
    size_t count = csl_cohort_tasks(from, tasks);
    m->labels = calloc(from->label_count + 1, sizeof *m->labels);
    m->calibration = calloc(from->label_count + 1, sizeof *m->calibration);
    m->tasks = calloc(count + 1, sizeof *m->tasks);
    m->conformity = calloc(count + 1, sizeof *m->conformity);
    bool fine = m->labels && m->calibration && m->tasks && m->conformity;
    m->network.label_count = fine ? from->label_count : 0;
    m->task_count = fine ? count : 0;
    for (size_t l = 0; l < m->network.label_count; l++) {
        const csl_label *label = &from->label[l];
        m->labels[l] =
            (csl_label){copy(label->name, &fine), copy(label->code, &fine), copy(label->system, &fine)};
    }
    for (size_t t = 0; t < m->task_count; t++) {
        csl_task *to = &m->tasks[t];
        double *edge = NULL;
        *to = tasks[t];
        to->name = copy(tasks[t].name, &fine);
        to->time = copy(tasks[t].time, &fine);
        to->unit = copy(tasks[t].unit, &fine);
        if (tasks[t].edge && (edge = calloc(to->count, sizeof *edge)))
            memcpy(edge, tasks[t].edge, to->count * sizeof *edge);
        fine = fine && (edge || !tasks[t].edge);
        to->edge = edge;
    }
    return fine ? CSL_OK : csl_fail(error, CSL_ENOMEM, NULL, "no memory for %zu labels", from->label_count);
}

void csl_workspace_warm(csl_workspace *workspace, const csl_model *model)
{
    if (!workspace->products) workspace->products = csl_products_new();
    if (model->network.prepared) (void)csl_prepared_warm(model->network.prepared, workspace->products);
}

csl_status csl_model_configure(csl_model *model, csl_error *error)
{
    csl_network *n = &model->network;
    n->modality_count = model->features.count;
    for (size_t i = 0; i < n->modality_count; i++) {
        const csl_modality_features *m = &model->features.modalities[i];
        csl_network_modality *to = &n->modality[i];
        if (strlen(m->modality) >= sizeof to->name)
            return csl_fail(error, CSL_EFORMAT, m->modality, "a modality's name has at most %zu letters",
                            sizeof to->name - 1);
        *to = (csl_network_modality){.feature_count = m->feature_count,
                                     .position_count = m->position_count,
                                     .coded_feature = m->coded_feature,
                                     .code_rows = m->code_count + 1,
                                     .patch_feature = m->patch_feature,
                                     .patch_side = m->patch_side};
        strcpy(to->name, m->modality);
    }
    return csl_network_layout(n, error);
}

void csl_model_free(csl_model *model)
{
    if (!model) return;
    for (size_t i = 0; i < model->network.label_count; i++) {
        if (model->labels) {
            free((char *)(uintptr_t)model->labels[i].name);
            free((char *)(uintptr_t)model->labels[i].code);
            free((char *)(uintptr_t)model->labels[i].system);
        }
        if (model->calibration) csl_label_calibration_free(&model->calibration[i]);
    }
    for (size_t i = 0; i < model->task_count; i++) {
        free((char *)(uintptr_t)model->tasks[i].name);
        free((double *)(uintptr_t)model->tasks[i].edge);
        free((char *)(uintptr_t)model->tasks[i].time);
        free((char *)(uintptr_t)model->tasks[i].unit);
        if (model->conformity) csl_conformity_free(&model->conformity[i]);
    }
    free(model->conformity);
    for (size_t i = 0; model->gauges && i < model->features.count; i++) csl_gauge_free(&model->gauges[i]);
    free(model->gauges);
    free(model->tasks);
    free(model->labels);
    free(model->calibration);
    free(model->weights);
    free(model->trained_on);
    free(model->card);
    csl_prepared_free(model->network.prepared);
    csl_features_free(&model->features);
    csl_network_free(&model->network);
    free(model);
}

size_t csl_model_label_count(const csl_model *model)
{
    return model->network.label_count;
}

csl_label csl_model_label(const csl_model *model, size_t index)
{
    return model->labels[index];
}

size_t csl_model_task_count(const csl_model *model)
{
    return model->task_count;
}

csl_task csl_model_task(const csl_model *model, size_t index)
{
    return model->tasks[index];
}

csl_status csl_model_needs_labels(const csl_model *model, const char *path, csl_error *error)
{
    if (model->network.label_count) return CSL_OK;
    return csl_fail(error, CSL_EMISMATCH, path,
                    "has no labels: it was trained with --pretrain, and `train --from` gives it some");
}

size_t csl_model_modality_count(const csl_model *model)
{
    return model->features.count;
}

const char *csl_model_modality(const csl_model *model, size_t index)
{
    return model->features.modalities[index].modality;
}

csl_model_summary csl_model_trained(const csl_model *model)
{
    const csl_training_summary *t = &model->training;
    csl_model_summary s = {.cases = t->cases,
                           .valid_cases = t->valid_cases,
                           .epochs = t->epochs,
                           .epoch = t->epoch,
                           .valid_auc = t->valid_auc,
                           .contrastive = t->contrastive};
    for (size_t i = 0; i < model->network.parameter_count; i++)
        s.weights += model->network.parameters[i].count;
    return s;
}
