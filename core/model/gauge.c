#include "model/gauge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEAN, WHITEN, DISTANCE };
static const char *const PARTS[CSL_GAUGE_TENSORS] = {"mean", "whiten", "distance"};

static void name_part(const char *modality, size_t part, char name[CSL_NETWORK_NAME])
{
    snprintf(name, CSL_NETWORK_NAME, "%s.novelty.%s", modality, PARTS[part]);
}

size_t csl_gauge_tensors(const csl_gauge *g, const char *modality,
                         char names[CSL_GAUGE_TENSORS][CSL_NETWORK_NAME],
                         csl_tensor tensors[CSL_GAUGE_TENSORS])
{
    if (!g->size) return 0;
    const csl_tensor of[CSL_GAUGE_TENSORS] = {
        [MEAN] = {.rank = 1, .shape = {g->size}, .count = g->size, .values = g->mean},
        [WHITEN] = {.rank = 2, .shape = {g->size, g->size}, .count = g->size * g->size, .values = g->whiten},
        [DISTANCE] = {
            .rank = 1, .shape = {g->distance_count}, .count = g->distance_count, .values = g->distance}};
    for (size_t part = 0; part < CSL_GAUGE_TENSORS; part++) {
        name_part(modality, part, names[part]);
        tensors[part] = of[part];
        tensors[part].name = names[part];
    }
    return CSL_GAUGE_TENSORS;
}

/* A copy of a tensor of finite values, or NULL with *status. */
static float *load(const csl_safetensors *file, const char *path, const char *name, size_t rank, size_t size,
                   csl_status *status, csl_error *error)
{
    const csl_tensor *t = csl_safetensors_tensor(file, name);
    if (*status != CSL_OK) return NULL;
    bool good = t && t->rank == rank && t->shape[0] == size && (rank == 1 || t->shape[1] == size);
    float *values = good ? calloc(t->count + 1, sizeof *values) : NULL;
    if (!good)
        *status =
            csl_fail(error, CSL_EFORMAT, path,
                     "lacks tensor %s, or it has another shape than its modality's features ask for", name);
    else if (!values)
        *status = csl_fail(error, CSL_ENOMEM, path, "no memory for tensor %s", name);
    if (!values) return NULL;
    memcpy(values, t->values, t->count * sizeof *values);
    for (size_t i = 0; i < t->count && *status == CSL_OK; i++)
        if (!isfinite(values[i]))
            *status =
                csl_fail(error, CSL_EFORMAT, path, "tensor %s: value %zu is not a finite number", name, i);
    return values;
}

csl_status csl_gauge_load(const csl_safetensors *file, const char *path, const char *modality, size_t size,
                          csl_gauge *g, size_t *found, csl_error *error)
{
    char names[CSL_GAUGE_TENSORS][CSL_NETWORK_NAME];
    size_t here = 0;
    csl_status status = CSL_OK;
    for (size_t part = 0; part < CSL_GAUGE_TENSORS; part++) {
        name_part(modality, part, names[part]);
        here += csl_safetensors_tensor(file, names[part]) != NULL;
    }
    *found += here;
    if (!here) return CSL_OK;
    const csl_tensor *distance = csl_safetensors_tensor(file, names[DISTANCE]);
    size_t cases = distance ? distance->count : 0;
    g->mean = load(file, path, names[MEAN], 1, size, &status, error);
    g->whiten = load(file, path, names[WHITEN], 2, size, &status, error);
    g->distance = load(file, path, names[DISTANCE], 1, cases, &status, error);
    if (status != CSL_OK) return status;
    g->size = size;
    g->distance_count = cases;
    bool good = cases >= CSL_GAUGE_LEAST_CASES;
    for (size_t i = 0; i < cases; i++) good = good && g->distance[i] >= (i ? g->distance[i - 1] : 0);
    return good ? CSL_OK
                : csl_fail(error, CSL_EFORMAT, path,
                           "tensor %s is not %d or more distances in ascending order", names[DISTANCE],
                           CSL_GAUGE_LEAST_CASES);
}
