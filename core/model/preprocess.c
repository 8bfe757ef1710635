#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/features.h"
#include "model/network.h"

csl_status csl_encoded_modality_new(csl_encoded_modality *e, size_t count, size_t inputs, bool tiles,
                                    csl_error *error)
{
    e->x = calloc(count * inputs, sizeof *e->x);
    e->known = calloc(count * inputs, sizeof *e->known);
    e->code = calloc(count, sizeof *e->code);
    e->row = calloc(count, sizeof *e->row);
    if (tiles) e->tile = calloc(count, sizeof *e->tile);
    if (!e->x || !e->known || !e->code || !e->row || (tiles && !e->tile))
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory for %zu tokens of %zu numbers", count, inputs);
    e->count = count;
    return CSL_OK;
}

void csl_encoded_modality_free(csl_encoded_modality *e)
{
    free(e->x);
    free(e->known);
    free(e->code);
    free(e->row);
    free(e->tile);
    *e = (csl_encoded_modality){0};
}

void csl_encoded_put(const csl_encoded_modality *from, size_t i, size_t inputs, csl_encoded_modality *to)
{
    size_t at = to->count++;
    memcpy(to->x + at * inputs, from->x + i * inputs, inputs * sizeof *to->x);
    memcpy(to->known + at * inputs, from->known + i * inputs, inputs);
    to->code[at] = from->code[i];
    to->row[at] = from->row[i];
    if (from->tile) to->tile[at] = from->tile[i];
}

static void normalise_positions(const csl_modality_features *f, const double *position, float *x)
{
    for (size_t i = 0; i < f->position_count; i++) {
        double v = (position[i] - f->position_mean[i]) / f->position_deviation[i];
        if (v > CSL_NORMALISED_LIMIT) v = CSL_NORMALISED_LIMIT;
        if (v < -CSL_NORMALISED_LIMIT) v = -CSL_NORMALISED_LIMIT;
        x[i] = (float)v;
    }
}

static void encode_token(const csl_modality_features *f, const csl_case_modality *m, csl_encoded_modality *e,
                         size_t i)
{
    size_t inputs = f->feature_count + f->position_count, row = e->row[i];
    float *x = e->x + i * inputs;
    e->code[i] = csl_features_code(f, m->codes[row]);
    csl_features_normalise(f, m->features + row * f->feature_count, e->code[i], x);
    if (f->position_count)
        normalise_positions(f, m->positions + row * f->position_count, x + f->feature_count);
    for (size_t j = 0; j < inputs; j++)
        if (isnan(x[j]))
            x[j] = 0.0f;
        else
            e->known[i * inputs + j] = 1;
}

csl_status csl_preprocess(const csl_network *network, const csl_features *features, const csl_case *c,
                          csl_encoded *encoded, csl_error *error)
{
    *encoded = (csl_encoded){0};
    for (size_t k = 0; k < network->modality_count; k++) {
        const csl_modality_features *f = &features->modalities[k];
        const csl_case_modality *m = csl_case_find(c, f->modality);
        if (!m || !m->count) continue;
        csl_status status = csl_features_match(f, &m->spec, error);
        if (status) return status;
        csl_encoded_modality *e = &encoded->modality[k];
        size_t count = m->count < network->token_budget ? m->count : network->token_budget;
        if ((status = csl_encoded_modality_new(e, count, f->feature_count + f->position_count,
                                               m->tiles != NULL, error)))
            return status;
        for (size_t i = 0; i < count; i++) {
            e->row[i] = (uint32_t)(i * m->count / count);
            if (m->tiles) e->tile[i] = m->tiles[e->row[i]];
            encode_token(f, m, e, i);
        }
    }
    return CSL_OK;
}

csl_status csl_encoded_without(const csl_network *network, const csl_encoded *encoded,
                               uint8_t *const drop[CSL_MAX_MODALITIES], csl_encoded *copy, csl_error *error)
{
    *copy = (csl_encoded){0};
    for (size_t k = 0; k < network->modality_count; k++) {
        const csl_encoded_modality *from = &encoded->modality[k];
        csl_encoded_modality *to = &copy->modality[k];
        size_t inputs = network->modality[k].feature_count + network->modality[k].position_count;
        if (!from->count) continue;
        csl_status status = csl_encoded_modality_new(to, from->count, inputs, from->tile != NULL, error);
        if (status) return status;
        to->count = 0;
        for (size_t i = 0; i < from->count; i++) {
            if (!drop[k] || !drop[k][i]) csl_encoded_put(from, i, inputs, to);
        }
    }
    return CSL_OK;
}

void csl_encoded_free(csl_encoded *encoded)
{
    for (size_t m = 0; m < CSL_MAX_MODALITIES; m++) csl_encoded_modality_free(&encoded->modality[m]);
}
