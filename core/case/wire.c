/* The case as bytes: numbers little endian as the machine has them, text as length and bytes. One walk serves
 * both ways: a `wire` either writes or reads, so that the two can never disagree about the order of fields.
 */
#include <stdlib.h>
#include <string.h>

#include "case/case.h"
#include <consilium/plugin.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "the wire form is written as the machine has its numbers");

static const char magic[8] = "CSLCASE2";
#define NO_TEXT UINT32_MAX

typedef struct wire {
    csl_buffer *out;   /* writing */
    const uint8_t *in; /* reading */
    size_t left;
    csl_arena *arena;
    csl_status status;
} wire;

static void raw(wire *w, void *bytes, size_t length)
{
    if (w->status != CSL_OK) return;
    if (w->out) {
        if (!csl_buffer_append(w->out, bytes, length)) w->status = CSL_ENOMEM;
    } else if (length > w->left) {
        w->status = CSL_EFORMAT;
    } else {
        memcpy(bytes, w->in, length);
        w->in += length;
        w->left -= length;
    }
}

static void number(wire *w, size_t *value)
{
    uint64_t v = *value;
    raw(w, &v, sizeof v);
    *value = (size_t)v;
}

/* A count of things of which each takes at least `least` bytes: never larger than what is left can hold. */
static void count(wire *w, size_t *value, size_t least, size_t maximum)
{
    number(w, value);
    if (w->status == CSL_OK && !w->out && (*value > maximum || *value > w->left / least))
        w->status = CSL_EFORMAT;
    if (w->status != CSL_OK) *value = 0;
}

static void *room(wire *w, size_t items, size_t size)
{
    void *p = w->status == CSL_OK ? csl_arena_alloc(w->arena, items, size) : NULL;
    if (!p && w->status == CSL_OK) w->status = CSL_ENOMEM;
    return p;
}

static void block(wire *w, void **items, size_t length, size_t size)
{
    if (!w->out) {
        if (w->status == CSL_OK && length && size > w->left / length) w->status = CSL_EFORMAT;
        *items = room(w, length, size);
    }
    if (w->status == CSL_OK) raw(w, *items, length * size);
}

static void text(wire *w, const char **value)
{
    uint32_t length = *value ? (uint32_t)strlen(*value) : NO_TEXT;
    raw(w, &length, sizeof length);
    if (w->status != CSL_OK || length == NO_TEXT) {
        if (!w->out) *value = NULL;
        return;
    }
    if (w->out) {
        raw(w, (void *)(uintptr_t)*value, length);
        return;
    }
    char *copy = length > w->left ? NULL : room(w, (size_t)length + 1, 1);
    if (length > w->left) w->status = CSL_EFORMAT;
    if (copy) raw(w, copy, length);
    if (copy && memchr(copy, 0, length)) w->status = CSL_EFORMAT;
    *value = copy;
}

static void needed(wire *w, const char **value)
{
    text(w, value);
    if (w->status == CSL_OK && !*value) w->status = CSL_EFORMAT;
}

static void texts(wire *w, const char *const **values, size_t length)
{
    const char **items = w->out ? (const char **)(uintptr_t)*values : room(w, length, sizeof *items);
    for (size_t i = 0; w->status == CSL_OK && i < length; i++) needed(w, &items[i]);
    *values = items;
}

static void walk_modality(wire *w, csl_case_modality *m, size_t input_count)
{
    csl_modality_spec *s = &m->spec;
    needed(w, &s->modality);
    needed(w, &s->plugin_id);
    needed(w, &s->plugin_version);
    count(w, &s->feature_count, sizeof(uint32_t), CSL_MAX_FEATURES);
    count(w, &s->position_count, 1, CSL_MAX_POSITION);
    raw(w, &s->coded_feature, sizeof s->coded_feature);
    if (w->status == CSL_OK &&
        (!s->feature_count || s->coded_feature < -1 || s->coded_feature >= (int)s->feature_count))
        w->status = CSL_EFORMAT;
    number(w, &s->patch_feature);
    count(w, &s->patch_side, 1, CSL_MAX_PATCH);
    if (w->status == CSL_OK && (s->patch_feature > s->feature_count ||
                                s->patch_side * s->patch_side > s->feature_count - s->patch_feature))
        w->status = CSL_EFORMAT;
    texts(w, &s->feature_names, s->feature_count);
    texts(w, &s->feature_units, s->feature_count);
    texts(w, &s->position_names, s->position_count);
    count(w, &m->count, 2 * sizeof(uint32_t), CSL_MAX_TOKENS);
    m->capacity = w->out ? m->capacity : m->count;
    block(w, (void **)&m->features, m->count * s->feature_count, sizeof *m->features);
    block(w, (void **)&m->positions, m->count * s->position_count, sizeof *m->positions);
    block(w, (void **)&m->inputs, m->count, sizeof *m->inputs);
    if (s->patch_side) block(w, (void **)&m->tiles, m->count, sizeof *m->tiles);
    for (size_t i = 0; w->status == CSL_OK && !w->out && s->patch_side && i < m->count; i++)
        if (m->tiles[i].plane && !csl_case_tile_fits(&m->tiles[i])) w->status = CSL_EFORMAT;
    if (!w->out) {
        m->labels = room(w, m->count, sizeof *m->labels);
        m->codes = room(w, m->count, sizeof *m->codes);
    }
    for (size_t i = 0; w->status == CSL_OK && i < m->count; i++) {
        needed(w, &m->labels[i]);
        text(w, &m->codes[i]);
        if (m->inputs[i] >= input_count) w->status = CSL_EFORMAT;
    }
    for (size_t i = 0; w->status == CSL_OK && i < m->count * s->feature_count; i++)
        if (__builtin_isinf(m->features[i])) w->status = CSL_EFORMAT;
}

static void walk(wire *w, csl_case *c)
{
    needed(w, &c->id);
    count(w, &c->input_count, 40, SIZE_MAX);
    if (!w->out) c->inputs = room(w, c->input_count, sizeof *c->inputs);
    for (size_t i = 0; w->status == CSL_OK && i < c->input_count; i++) {
        csl_case_input *in = &c->inputs[i];
        needed(w, &in->path);
        raw(w, &in->length, sizeof in->length);
        raw(w, &in->sha256, sizeof in->sha256);
        raw(w, &in->modality, sizeof in->modality);
        if (in->modality < -1 || in->modality >= CSL_MAX_MODALITIES) w->status = CSL_EFORMAT;
    }
    count(w, &c->modality_count, 1, CSL_MAX_MODALITIES);
    for (size_t i = 0; w->status == CSL_OK && i < c->modality_count; i++)
        walk_modality(w, &c->modalities[i], c->input_count);
    count(w, &c->fact_count, 20, CSL_MAX_FACTS);
    if (!w->out) c->facts = room(w, c->fact_capacity = c->fact_count, sizeof *c->facts);
    for (size_t i = 0; w->status == CSL_OK && i < c->fact_count; i++) {
        csl_case_fact *f = &c->facts[i];
        raw(w, &f->kind, sizeof f->kind);
        raw(w, &f->input, sizeof f->input);
        needed(w, &f->value);
        text(w, &f->system);
        needed(w, &f->place);
    }
    count(w, &c->warning_count, 12, CSL_MAX_FACTS);
    if (!w->out) c->warnings = room(w, c->warning_capacity = c->warning_count, sizeof *c->warnings);
    for (size_t i = 0; w->status == CSL_OK && i < c->warning_count; i++) {
        csl_case_warning *g = &c->warnings[i];
        raw(w, &g->input, sizeof g->input);
        needed(w, &g->place);
        needed(w, &g->text);
    }
    csl_case_picture *p = &c->picture;
    raw(w, &p->input, sizeof p->input);
    raw(w, &p->width, sizeof p->width);
    raw(w, &p->height, sizeof p->height);
    raw(w, &p->aspect, sizeof p->aspect);
    text(w, &p->caption);
    size_t pixels;
    if (__builtin_mul_overflow((size_t)p->width, (size_t)p->height, &pixels)) w->status = CSL_EFORMAT;
    if (w->status == CSL_OK) block(w, (void **)(uintptr_t)&p->grey, pixels, 1);
}

csl_status csl_case_encode(const csl_case *c, csl_buffer *out, csl_error *error)
{
    wire w = {.out = out};
    csl_case copy = *c; /* the walk writes only into what it reads */
    char mark[sizeof magic];
    memcpy(mark, magic, sizeof mark);
    raw(&w, mark, sizeof mark);
    walk(&w, &copy);
    if (w.status != CSL_OK)
        return csl_fail(error, CSL_ELIMIT, c->id, "the case does not fit into a message of %zu bytes",
                        out->maximum);
    return CSL_OK;
}

csl_status csl_case_decode(const uint8_t *bytes, size_t length, size_t memory_limit, csl_case **out,
                           csl_error *error)
{
    *out = NULL;
    csl_case *c = csl_case_new("", memory_limit);
    if (!c) return csl_fail(error, CSL_ENOMEM, NULL, "no memory for a case");
    wire w = {.in = bytes, .left = length, .arena = c->arena};
    char mark[sizeof magic] = {0};
    raw(&w, mark, sizeof mark);
    if (memcmp(mark, magic, sizeof magic)) w.status = CSL_EFORMAT;
    walk(&w, c);
    if (w.status == CSL_OK && w.left) w.status = CSL_EFORMAT;
    if (w.status != CSL_OK) {
        csl_case_free(c);
        return csl_fail(error, w.status, NULL, "%s",
                        w.status == CSL_ENOMEM ? "the case needs more memory than its limit"
                                               : "not a case of this version of the program, or damaged");
    }
    *out = c;
    return CSL_OK;
}
