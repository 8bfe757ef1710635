#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "host/slot.h"

enum { PROBE_BYTES = 65536, SURE_ENOUGH = 50, MAX_INPUTS = 65536 };

/* One call of embed: where its tokens go, and what went wrong first. It outlives the call, so that a plugin
 * that keeps the sink and calls it later meets a closed door (c is NULL) and not a dead stack frame. */
typedef struct session {
    csl_sink sink; /* first, so that the sink's address is the session's */
    csl_case *c;
    const csl_plugin *table;
    csl_case_modality *modalities[1 + CSL_MAX_STREAMS]; /* own and of streams; NULL until it has a token */
    const uint32_t *inputs;                             /* the plugin's index of an input -> the case's */
    uint32_t count;
    csl_status status;
    csl_error error;
} session;

static session *session_of(const csl_sink *sink)
{
    return (session *)(uintptr_t)sink;
}

static int32_t stop(session *s, csl_status status, const char *place, const char *text)
{
    if (s->status == CSL_OK) s->status = csl_fail(&s->error, status, place, "%s", text);
    return CSL_PLUGIN_STOP;
}

/* What the case refuses is named after the plugin that offered it. */
static int32_t answer(session *s, csl_status status)
{
    if (s->status == CSL_OK && status != CSL_OK) {
        size_t used = strlen(s->error.message);
        snprintf(s->error.message + used, sizeof s->error.message - used, "; plugin %s", s->table->id);
    }
    if (s->status == CSL_OK) s->status = status;
    return s->status == CSL_OK ? CSL_PLUGIN_OK : CSL_PLUGIN_STOP;
}

/* A breach of the contract by the plugin: named so that its author finds it. */
static int32_t breach(session *s, const char *text)
{
    char place[160];
    snprintf(place, sizeof place, "plugin %s", s->table->id);
    return stop(s, CSL_EMISMATCH, place, text);
}

static int32_t take_token(const csl_sink *sink, const csl_token *token)
{
    session *s = session_of(sink);
    if (!s->c || s->status != CSL_OK) return CSL_PLUGIN_STOP;
    if (!token || !CSL_HAS(token, csl_token, code))
        return breach(s, "emitted a token whose struct_size is too small");
    uint32_t stream = CSL_HAS(token, csl_token, stream) ? token->stream : 0;
    if (stream >= csl_plugin_spec_count(s->table))
        return breach(s, "emitted a token of a stream that its table does not list");
    csl_case_modality **m = &s->modalities[stream];
    csl_modality_spec spec = csl_plugin_spec(s->table, stream);
    csl_status status = *m ? CSL_OK : csl_case_modality_for(s->c, &spec, m, &s->error);
    if (status != CSL_OK) return answer(s, status);
    if (!token->features || (spec.position_count && !token->position))
        return breach(s, "emitted a token without features or position");
    if (token->input >= s->count) return breach(s, "emitted a token of an input that it was not given");
    status = csl_case_add_token(s->c, *m, s->inputs[token->input], token->features, token->position,
                                token->label, token->code, &s->error);
    if (status == CSL_OK && CSL_HAS(token, csl_token, tile) && token->tile) {
        const csl_tile *t = token->tile;
        if (!CSL_HAS(t, csl_tile, columns)) return breach(s, "emitted a tile whose struct_size is too small");
        if (t->rows > CSL_MAX_TILES || t->columns > CSL_MAX_TILES || t->row >= t->rows ||
            t->column >= t->columns)
            return breach(s, "emitted a tile outside its picture, or a picture of more than 32 x 32 tiles");
        csl_case_tile tile = {t->plane, (uint16_t)t->row, (uint16_t)t->column, (uint16_t)t->rows,
                              (uint16_t)t->columns};
        status = csl_case_place_tile(*m, &tile, &s->error);
    }
    return answer(s, status);
}

static int32_t take_fact(const csl_sink *sink, const csl_fact *fact)
{
    session *s = session_of(sink);
    if (!s->c || s->status != CSL_OK) return CSL_PLUGIN_STOP;
    if (!fact || !CSL_HAS(fact, csl_fact, place))
        return breach(s, "stated a fact whose struct_size is too small");
    if (fact->input >= s->count) return breach(s, "stated a fact of an input that it was not given");
    return answer(s, csl_case_add_fact(s->c, fact->kind, s->inputs[fact->input], fact->value, fact->system,
                                       fact->place, &s->error));
}

static int32_t take_warning(const csl_sink *sink, uint32_t input, const char *place, const char *text)
{
    session *s = session_of(sink);
    if (!s->c || s->status != CSL_OK) return CSL_PLUGIN_STOP;
    if (input >= s->count) return breach(s, "warned of an input that it was not given");
    return answer(s, csl_case_add_warning(s->c, s->inputs[input], place, text, &s->error));
}

static int32_t take_failure(const csl_sink *sink, uint32_t input, const char *place, const char *text)
{
    session *s = session_of(sink);
    if (!s->c) return CSL_PLUGIN_STOP;
    if (input >= s->count) return breach(s, "failed an input that it was not given");
    char where[256];
    snprintf(where, sizeof where, "%s%s%s", csl_case_source(s->c, s->inputs[input]),
             place && place[0] ? ": " : "", place ? place : "");
    return stop(s, CSL_EFORMAT, where, text && text[0] ? text : "the adapter cannot use this file");
}

static int32_t take_picture(const csl_sink *sink, const csl_picture *p)
{
    session *s = session_of(sink);
    if (!s->c || s->status != CSL_OK) return CSL_PLUGIN_STOP;
    if (!p || !CSL_HAS(p, csl_picture, aspect))
        return breach(s, "emitted a picture whose struct_size is too small");
    if (p->input >= s->count || !p->grey || !p->width || !p->height || p->width > CSL_PREVIEW_MAX_DIM ||
        p->height > CSL_PREVIEW_MAX_DIM || !(p->aspect > 0.01 && p->aspect < 100))
        return breach(s, "emitted a picture without pixels, or larger than 512 x 512");
    if (s->c->picture.width) return CSL_PLUGIN_OK; /* the first one stays */
    uint8_t *grey = csl_arena_alloc(s->c->arena, p->width, p->height);
    char *caption = csl_arena_strdup(s->c->arena, p->caption ? p->caption : "");
    if (!grey || !caption) return stop(s, CSL_ENOMEM, NULL, "the case needs more memory than its limit");
    memcpy(grey, p->grey, (size_t)p->width * p->height);
    s->c->picture = (csl_case_picture){.input = s->inputs[p->input],
                                       .width = p->width,
                                       .height = p->height,
                                       .grey = grey,
                                       .caption = caption,
                                       .aspect = p->aspect};
    return CSL_PLUGIN_OK;
}

const csl_preview host_preview = {.struct_size = sizeof host_preview, .revision = 1, .emit = take_picture};

/* Outside embed there is no case. */
static const char *id_of_case(const csl_sink *sink)
{
    const csl_case *c = session_of(sink)->c;
    return c ? c->id : NULL;
}

static const char *patient_of_case(const csl_sink *sink)
{
    const csl_case *c = session_of(sink)->c;
    return c ? c->patient : NULL;
}

const csl_case_extension host_case = {
    .struct_size = sizeof host_case, .revision = 1, .id = id_of_case, .patient = patient_of_case};

/* The surest plugin for these first bytes, -1 if none is sure enough. */
static int claim(const csl_registry *registry, const csl_mapping *file, const char *name)
{
    uint64_t length = file->length < PROBE_BYTES ? file->length : PROBE_BYTES;
    uint32_t best = 0;
    int chosen = -1;
    for (size_t i = 0; i < registry->count; i++) {
        const csl_plugin *t = registry->slots[i].entry.table;
        if (!t) continue;
        slot_enter(registry, &registry->slots[i], true);
        uint32_t sure = t->probe(file->bytes, length, name);
        slot_enter(registry, NULL, false);
        manners_restore(&registry->manners);
        if (sure < SURE_ENOUGH || sure > 100 || sure < best) continue;
        if (sure == best && strcmp(t->id, registry->slots[chosen].entry.table->id) > 0) continue;
        best = sure;
        chosen = (int)i;
    }
    return chosen;
}

/* Calls embed of one plugin on the files it claimed. */
static csl_status embed(csl_registry *registry, slot *s, int index, const csl_mapping *files,
                        const int *claims, csl_case *c, csl_error *error)
{
    uint32_t *map = csl_arena_alloc(c->arena, c->input_count, sizeof *map), count = 0;
    csl_input *inputs = csl_arena_alloc(c->arena, c->input_count, sizeof *inputs);
    if (!map || !inputs)
        return csl_fail(error, CSL_ENOMEM, NULL, "the case needs more memory than its limit");
    for (uint32_t i = 0; i < c->input_count; i++) {
        if (claims[i] != index) continue;
        lseek(files[i].descriptor, 0, SEEK_SET);
        inputs[count] = (csl_input){.struct_size = sizeof *inputs,
                                    .descriptor = files[i].descriptor,
                                    .name = c->inputs[i].path,
                                    .bytes = files[i].bytes,
                                    .length = files[i].length};
        map[count++] = i;
    }
    if (!count) return CSL_OK;

    const csl_plugin *t = s->entry.table;
    csl_modality_spec spec = csl_plugin_spec(t, 0);
    session *call = s->session ? s->session : calloc(1, sizeof *call);
    if (!call) return csl_fail(error, CSL_ENOMEM, NULL, "no memory for a plugin's call");
    s->session = call;
    *call = (session){.sink = {.struct_size = sizeof call->sink,
                               .token = take_token,
                               .fact = take_fact,
                               .warn = take_warning,
                               .fail = take_failure},
                      .table = t,
                      .inputs = map,
                      .count = count};
    csl_status status = csl_case_modality_for(c, &spec, &call->modalities[0], error);
    if (status != CSL_OK) return status;
    int modality = (int)(call->modalities[0] - c->modalities);
    for (uint32_t i = 0; i < count; i++) c->inputs[map[i]].modality = modality;
    if ((status = slot_init(registry, s, error)) != CSL_OK) return status;
    call->c = c;
    size_t spoken = c->fact_count + c->warning_count;
    slot_enter(registry, s, false);
    int32_t result = t->embed(s->instance, inputs, count, &call->sink);
    call->c = NULL;
    slot_enter(registry, NULL, false);
    manners_restore(&registry->manners);
    if (call->status != CSL_OK) {
        if (error) *error = call->error;
        return call->status;
    }
    if (result == CSL_PLUGIN_NO_MEMORY)
        return csl_fail(error, CSL_ENOMEM, c->inputs[map[0]].path, "plugin %s ran out of memory", t->id);
    if (result != CSL_PLUGIN_OK)
        return csl_fail(error, CSL_EMISMATCH, c->inputs[map[0]].path,
                        "plugin %s gave up (code %d) without a reason", t->id, result);
    bool said = c->fact_count + c->warning_count > spoken;
    for (size_t i = 0; i < csl_plugin_spec_count(t) && i <= CSL_MAX_STREAMS && !said; i++)
        said = call->modalities[i] && call->modalities[i]->count;
    if (said) return CSL_OK;
    char text[256];
    snprintf(text, sizeof text, "plugin %s read it and said nothing", t->id);
    return csl_case_add_warning(c, map[0], NULL, text, error);
}

csl_status csl_host_read(csl_registry *registry, const char *const *paths, const char *const *names,
                         size_t count, csl_case *c, csl_error *error)
{
    if (count > MAX_INPUTS)
        return csl_fail(error, CSL_ELIMIT, c->id, "%zu files in one case, at most %d are read", count,
                        MAX_INPUTS);
    csl_mapping *files = calloc(count + 1, sizeof *files);
    int *claims = calloc(count + 1, sizeof *claims);
    csl_status status =
        files && claims ? CSL_OK : csl_fail(error, CSL_ENOMEM, c->id, "no memory for %zu files", count);
    for (size_t i = 0; status == CSL_OK && i < count; i++) {
        csl_digest digest;
        status = csl_map(paths[i], &files[i], error);
        if (status == CSL_OK) status = csl_sha256_descriptor(files[i].descriptor, paths[i], &digest, error);
        if (status == CSL_OK) status = csl_case_add_input(c, names[i], files[i].length, &digest, error);
        if (status != CSL_OK) {
            if (error) snprintf(error->place, sizeof error->place, "%s", names[i]);
            break;
        }
        claims[i] = claim(registry, &files[i], names[i]);
        if (claims[i] < 0)
            status =
                csl_case_add_warning(c, (uint32_t)i, NULL,
                                     files[i].length ? "no adapter knows this kind of file; it was left out"
                                                     : "is empty; it was left out",
                                     error);
    }
    for (size_t i = 0; status == CSL_OK && i < registry->count; i++)
        if (registry->slots[i].entry.table)
            status = embed(registry, &registry->slots[i], (int)i, files, claims, c, error);
    for (size_t i = 0; files && i < count; i++) csl_unmap(&files[i]);
    free(files);
    free(claims);
    return status;
}
