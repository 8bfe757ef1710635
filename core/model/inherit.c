#include "model/inherit.h"

#include <stdlib.h>
#include <string.h>

#include "model/gauge.h"
#include "model/layout.h"

static csl_status check_sizes(const csl_network *n, const char *name, const csl_training *t, csl_error *error)
{
    const struct {
        const char *option;
        size_t wanted, has;
    } sizes[] = {{"--width", t->width, n->width},
                 {"--heads", t->heads, n->heads},
                 {"--blocks", t->blocks, n->blocks},
                 {"--bottlenecks", t->bottlenecks, n->bottlenecks}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i].wanted && sizes[i].wanted != sizes[i].has)
            return csl_fail(error, CSL_EUSAGE, name, "has %s %zu, and what learns from it cannot have %zu",
                            sizes[i].option, sizes[i].has, sizes[i].wanted);
    return CSL_OK;
}

static csl_status check_modalities(const csl_network *n, const char *name, const csl_cohort *cohort,
                                   csl_error *error)
{
    for (size_t i = 0; i < cohort->count; i++)
        for (size_t k = 0; k < cohort->cases[i]->modality_count; k++) {
            const char *modality = cohort->cases[i]->modalities[k].spec.modality;
            size_t m = 0;
            while (m < n->modality_count && strcmp(n->modality[m].name, modality) != 0) m++;
            if (m == n->modality_count)
                return csl_fail(error, CSL_EUSAGE, name,
                                "has not learned the modality %s, which case %s has; a model trained on all "
                                "modalities of the cohort would be right",
                                modality, cohort->cases[i]->id);
        }
    return CSL_OK;
}

csl_status csl_inherit_shape(csl_model *parent, const char *name, const csl_cohort *cohort,
                             const csl_training *training, csl_model *model, csl_error *error)
{
    const csl_network *from = &parent->network;
    csl_network *to = &model->network;
    csl_status status = check_sizes(from, name, training, error);
    if (status == CSL_OK) status = check_modalities(from, name, cohort, error);
    if (status != CSL_OK) return status;
    to->width = from->width;
    to->heads = from->heads;
    to->blocks = from->blocks;
    to->bottlenecks = from->bottlenecks;
    to->cross_blocks = from->cross_blocks;
    to->mlp_ratio = from->mlp_ratio;
    to->projection = from->projection;
    to->token_budget = from->token_budget;
    /* Its gauges are counted by its features, and speak of cases that this model does not learn from. */
    for (size_t i = 0; parent->gauges && i < parent->features.count; i++) csl_gauge_free(&parent->gauges[i]);
    free(parent->gauges);
    parent->gauges = NULL;
    model->features = parent->features;
    parent->features = (csl_features){0};
    return CSL_OK;
}

static bool same_labels(const csl_model *a, const csl_model *b)
{
    bool same = a->network.label_count == b->network.label_count;
    for (size_t i = 0; i < a->network.label_count && same; i++)
        same = strcmp(a->labels[i].name, b->labels[i].name) == 0;
    return same;
}

/* A tensor with a row or a number for each label. */
static bool is_head(const csl_network *n, size_t offset)
{
    const csl_layout *l = n->layout;
    const csl_linear *heads[CSL_MAX_MODALITIES + 2] = {&l->early_down, &l->head};
    for (size_t m = 0; m < n->modality_count; m++) heads[m + 2] = &l->modality[m].late;
    for (size_t i = 0; i < n->modality_count + 2; i++)
        if (offset == heads[i]->weight || offset == heads[i]->bias) return true;
    return false;
}

void csl_inherit_weights(const csl_model *parent, csl_model *model)
{
    bool heads = same_labels(parent, model);
    for (size_t i = 0; i < model->network.parameter_count; i++) {
        const csl_parameter *to = &model->network.parameters[i],
                            *from = csl_network_parameter(&parent->network, to->name);
        if (!from || (!heads && is_head(&model->network, to->offset))) continue;
        memcpy(model->weights + to->offset, parent->weights + from->offset, to->count * sizeof(float));
    }
}
