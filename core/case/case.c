#include "case/case.h"

#include <consilium/plugin.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

csl_case *csl_case_new(const char *id, size_t memory_limit)
{
    csl_arena *arena = csl_arena_new(memory_limit);
    csl_case *c = arena ? csl_arena_alloc(arena, 1, sizeof *c) : NULL;
    if (c) {
        c->arena = arena;
        c->id = csl_arena_strdup(arena, id);
    }
    if (!c || !c->id) {
        csl_arena_free(arena);
        return NULL;
    }
    return c;
}

void csl_case_free(csl_case *c)
{
    if (c) csl_arena_free(c->arena);
}

static csl_status no_memory(csl_error *error)
{
    return csl_fail(error, CSL_ENOMEM, NULL, "the case needs more memory than its limit");
}

/* A copy that is valid UTF-8, free of control characters, and at most CSL_MAX_LABEL_BYTES long: a label goes
 * to a terminal, an HTML page and an XML document. Each byte that is no part of a well-formed character (RFC
 * 3629) becomes '?'. */
static size_t clean_into(char clean[CSL_MAX_LABEL_BYTES + 1], const char *text)
{
    size_t used = 0;
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        size_t length = *p < 0x80                 ? 1
                        : *p >= 0xc2 && *p < 0xe0 ? 2
                        : *p >= 0xe0 && *p < 0xf0 ? 3
                        : *p >= 0xf0 && *p < 0xf5 ? 4
                                                  : 0;
        size_t whole = length ? 1 : 0;
        while (whole && whole < length && (p[whole] & 0xc0) == 0x80) whole++;
        bool good = length && whole == length;
        if (good && length == 3) /* no overlong form, no surrogate */
            good = !(p[0] == 0xe0 && p[1] < 0xa0) && !(p[0] == 0xed && p[1] >= 0xa0);
        if (good && length == 4) good = !(p[0] == 0xf0 && p[1] < 0x90) && !(p[0] == 0xf4 && p[1] >= 0x90);
        if (!good) length = 1;
        if (used + length > CSL_MAX_LABEL_BYTES) break;
        if (!good)
            clean[used] = '?';
        else if (length == 1 && (*p < 0x20 || *p == 0x7f))
            clean[used] = ' ';
        else
            memcpy(clean + used, p, length);
        used += length;
        p += length;
    }
    clean[used] = 0;
    return used;
}

static const char *clean_copy(csl_arena *arena, const char *text)
{
    char clean[CSL_MAX_LABEL_BYTES + 1];
    return csl_arena_strndup(arena, clean, clean_into(clean, text));
}

bool csl_case_text_fits(const char *text)
{
    char clean[CSL_MAX_LABEL_BYTES + 1];
    clean_into(clean, text);
    return !strcmp(clean, text);
}

/* Doubles an array in the arena; the old one stays there until the case ends. */
static void *grow(csl_arena *arena, const void *items, size_t count, size_t *capacity, size_t size)
{
    size_t wider = *capacity ? *capacity * 2 : 16;
    void *fresh = csl_arena_alloc(arena, wider, size);
    if (!fresh) return NULL;
    if (count) memcpy(fresh, items, count * size);
    *capacity = wider;
    return fresh;
}

csl_status csl_case_add_input(csl_case *c, const char *path, uint64_t length, const csl_digest *sha256,
                              csl_error *error)
{
    /* Full at every power of two. */
    if ((c->input_count & (c->input_count - 1)) == 0) {
        size_t capacity = c->input_count;
        csl_case_input *items = grow(c->arena, c->inputs, c->input_count, &capacity, sizeof *items);
        if (!items) return no_memory(error);
        c->inputs = items;
    }
    const char *copy = csl_arena_strdup(c->arena, path);
    if (!copy) return no_memory(error);
    c->inputs[c->input_count++] =
        (csl_case_input){.path = copy, .length = length, .sha256 = *sha256, .modality = -1};
    return CSL_OK;
}

csl_status csl_case_modality_for(csl_case *c, const csl_modality_spec *spec, csl_case_modality **modality,
                                 csl_error *error)
{
    for (size_t i = 0; i < c->modality_count; i++) {
        if (strcmp(c->modalities[i].spec.modality, spec->modality) == 0) {
            *modality = &c->modalities[i];
            return CSL_OK;
        }
    }
    if (c->modality_count == CSL_MAX_MODALITIES)
        return csl_fail(error, CSL_ELIMIT, NULL, "more than %d modalities in one case", CSL_MAX_MODALITIES);
    *modality = &c->modalities[c->modality_count++];
    **modality = (csl_case_modality){.spec = *spec};
    return CSL_OK;
}

static csl_status widen(csl_case *c, csl_case_modality *m, csl_error *error)
{
    csl_case_modality w = *m;
    size_t f = m->capacity, p = m->capacity, l = m->capacity, k = m->capacity, n = m->capacity,
           t = m->capacity;
    w.features = grow(c->arena, m->features, m->count, &f, m->spec.feature_count * sizeof *m->features);
    w.positions =
        grow(c->arena, m->positions, m->count, &p, (m->spec.position_count + 1) * sizeof *m->positions);
    w.labels = grow(c->arena, m->labels, m->count, &l, sizeof *m->labels);
    w.codes = grow(c->arena, m->codes, m->count, &k, sizeof *m->codes);
    w.inputs = grow(c->arena, m->inputs, m->count, &n, sizeof *m->inputs);
    if (m->spec.patch_side) w.tiles = grow(c->arena, m->tiles, m->count, &t, sizeof *m->tiles);
    if (!w.features || !w.positions || !w.labels || !w.codes || !w.inputs || (m->spec.patch_side && !w.tiles))
        return no_memory(error);
    w.capacity = f;
    *m = w;
    return CSL_OK;
}

csl_status csl_case_add_token(csl_case *c, csl_case_modality *m, uint32_t input, const float *features,
                              const double *position, const char *label, const char *code, csl_error *error)
{
    const char *name = m->spec.modality;
    if (m->count >= CSL_MAX_TOKENS)
        return csl_fail(error, CSL_ELIMIT, name, "more than %u tokens in one case", CSL_MAX_TOKENS);
    if (input >= c->input_count)
        return csl_fail(error, CSL_EFORMAT, name, "a token names input %u, but the case has %zu", input,
                        c->input_count);
    for (size_t i = 0; i < m->spec.feature_count; i++)
        if (isinf(features[i]))
            return csl_fail(error, CSL_EFORMAT, csl_case_source(c, input), "feature %s is infinite",
                            m->spec.feature_names[i]);
    if (m->count == m->capacity) {
        csl_status status = widen(c, m, error);
        if (status != CSL_OK) return status;
    }
    size_t row = m->count, width = m->spec.feature_count, axes = m->spec.position_count;
    memcpy(m->features + row * width, features, width * sizeof *features);
    for (size_t i = 0; i < axes; i++)
        m->positions[row * axes + i] = isfinite(position[i]) ? position[i] : NAN;
    m->labels[row] = clean_copy(c->arena, label ? label : "");
    m->codes[row] = code ? clean_copy(c->arena, code) : NULL;
    m->inputs[row] = input;
    if (m->tiles) m->tiles[row] = (csl_case_tile){0};
    if (!m->labels[row] || (code && !m->codes[row])) return no_memory(error);
    m->count++;
    return CSL_OK;
}

csl_status csl_case_place_tile(csl_case_modality *m, const csl_case_tile *tile, csl_error *error)
{
    if (!m->tiles || !m->count)
        return csl_fail(error, CSL_EFORMAT, m->spec.modality, "a tile of tokens that have no patch");
    if (!csl_case_tile_fits(tile))
        return csl_fail(
            error, CSL_EFORMAT, m->spec.modality,
            "tile (%u,%u) of %u x %u in plane %u; planes count from 1, rows and columns from 0, at most "
            "%u of each",
            tile->row, tile->column, tile->rows, tile->columns, tile->plane, CSL_MAX_TILES);
    m->tiles[m->count - 1] = *tile;
    return CSL_OK;
}

bool csl_case_tile_fits(const csl_case_tile *t)
{
    return t->plane && t->rows <= CSL_MAX_TILES && t->columns <= CSL_MAX_TILES && t->row < t->rows &&
           t->column < t->columns;
}

csl_status csl_case_add_fact(csl_case *c, uint32_t kind, uint32_t input, const char *value,
                             const char *system, const char *place, csl_error *error)
{
    if (c->fact_count >= CSL_MAX_FACTS)
        return csl_fail(error, CSL_ELIMIT, csl_case_source(c, input), "more than %u facts in one case",
                        CSL_MAX_FACTS);
    if (input != UINT32_MAX && input >= c->input_count)
        return csl_fail(error, CSL_EFORMAT, NULL, "a fact names input %u, but the case has %zu", input,
                        c->input_count);
    if (c->fact_count == c->fact_capacity) {
        csl_case_fact *items = grow(c->arena, c->facts, c->fact_count, &c->fact_capacity, sizeof *items);
        if (!items) return no_memory(error);
        c->facts = items;
    }
    csl_case_fact fact = {.kind = kind,
                          .input = input,
                          .value = clean_copy(c->arena, value ? value : ""),
                          .system = system && system[0] ? clean_copy(c->arena, system) : NULL,
                          .place = clean_copy(c->arena, place ? place : "")};
    if (!fact.value || !fact.place || (system && system[0] && !fact.system)) return no_memory(error);
    c->facts[c->fact_count++] = fact;
    return CSL_OK;
}

csl_status csl_case_add_warning(csl_case *c, uint32_t input, const char *place, const char *text,
                                csl_error *error)
{
    if (c->warning_count >= CSL_MAX_FACTS)
        return csl_fail(error, CSL_ELIMIT, csl_case_source(c, input), "more than %u warnings in one case",
                        CSL_MAX_FACTS);
    if (c->warning_count == c->warning_capacity) {
        csl_case_warning *items =
            grow(c->arena, c->warnings, c->warning_count, &c->warning_capacity, sizeof *items);
        if (!items) return no_memory(error);
        c->warnings = items;
    }
    csl_case_warning w = {.input = input,
                          .place = clean_copy(c->arena, place ? place : ""),
                          .text = clean_copy(c->arena, text ? text : "")};
    if (!w.place || !w.text) return no_memory(error);
    c->warnings[c->warning_count++] = w;
    return CSL_OK;
}

const csl_case_modality *csl_case_find(const csl_case *c, const char *modality)
{
    for (size_t i = 0; i < c->modality_count; i++)
        if (!strcmp(c->modalities[i].spec.modality, modality)) return &c->modalities[i];
    return NULL;
}

const char *csl_case_source(const csl_case *c, uint32_t input)
{
    return input < c->input_count ? c->inputs[input].path : "manifest";
}

const char *csl_fact_kind_name(uint32_t kind)
{
    static const char *const names[] = {"unknown",      "patient_id", "birth_date",   "sex",
                                        "sex_inferred", "date",       "genome_build", "sample",
                                        "patient_name", "death_date", "study"};
    return names[kind < sizeof names / sizeof *names ? kind : 0];
}
