#include "fuzz/feed.h"

#include <consilium/plugin.h>
#include <consilium/preview.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dcm.h"

/* What an adapter said of one case. */
typedef struct hearing {
    csl_sink sink; /* first, so that a sink is its hearing */
    const csl_plugin *plugin;
    unsigned tokens, failures;
    const char *broken;
} hearing;

static const csl_plugin *plugin;
static void *instance;

/* The sink may be the only reader: the sum keeps the compiler from leaving the reading out. */
static volatile unsigned read_so_far;

static bool text_ends(const char *text, size_t most)
{
    size_t length = strnlen(text, most);
    read_so_far += (unsigned)length;
    return length < most;
}

enum { MOST_TEXT = 4096 };

static int32_t broke(hearing *h, const char *how)
{
    if (!h->broken) h->broken = how;
    return CSL_PLUGIN_OK;
}

static int32_t take_token(const csl_sink *sink, const csl_token *t)
{
    hearing *h = (hearing *)(uintptr_t)sink;
    if (t->stream > h->plugin->stream_count) return broke(h, "a token of a stream that there is not");
    const csl_stream *stream = t->stream ? h->plugin->streams[t->stream - 1] : NULL;
    size_t features = stream ? stream->feature_count : h->plugin->feature_count,
           positions = stream ? stream->position_count : h->plugin->position_count;
    if (h->tokens++ > CSL_MAX_TOKENS) return CSL_PLUGIN_STOP;
    for (size_t i = 0; i < features; i++)
        if (isinf(t->features[i])) broke(h, "an infinite feature");
    for (size_t i = 0; i < positions; i++)
        if (isinf(t->position[i])) broke(h, "an infinite position");
    if (t->input != 0) broke(h, "a token of an input that there is not");
    if (!text_ends(t->label, MOST_TEXT) || (t->code && !text_ends(t->code, MOST_TEXT)))
        broke(h, "a label or code without an end");
    if (t->tile && (t->tile->row >= t->tile->rows || t->tile->column >= t->tile->columns ||
                    t->tile->rows > CSL_MAX_TILES || t->tile->columns > CSL_MAX_TILES))
        broke(h, "a tile outside its picture");
    return CSL_PLUGIN_OK;
}

static int32_t take_fact(const csl_sink *sink, const csl_fact *f)
{
    hearing *h = (hearing *)(uintptr_t)sink;
    if (!text_ends(f->value, MOST_TEXT) || (f->system && !text_ends(f->system, MOST_TEXT)) ||
        (f->place && !text_ends(f->place, MOST_TEXT)))
        broke(h, "a fact without an end");
    return CSL_PLUGIN_OK;
}

static int32_t take_warning(const csl_sink *sink, uint32_t input, const char *place, const char *text)
{
    hearing *h = (hearing *)(uintptr_t)sink;
    if (input != 0 || (place && !text_ends(place, MOST_TEXT)) || !text_ends(text, MOST_TEXT))
        broke(h, "a warning without an end or an input");
    return CSL_PLUGIN_OK;
}

static int32_t take_failure(const csl_sink *sink, uint32_t input, const char *place, const char *text)
{
    ((hearing *)(uintptr_t)sink)->failures++;
    return take_warning(sink, input, place, text);
}

static int32_t take_picture(const csl_sink *sink, const csl_picture *p)
{
    hearing *h = (hearing *)(uintptr_t)sink;
    if (!p->width || !p->height || p->width > CSL_PREVIEW_MAX_DIM || p->height > CSL_PREVIEW_MAX_DIM)
        return broke(h, "a key image of a size that there is not");
    for (size_t i = 0; i < (size_t)p->width * p->height; i++) read_so_far += p->grey[i];
    if (!(p->aspect > 0) || isinf(p->aspect)) broke(h, "a key image of an aspect that there is not");
    return CSL_PLUGIN_OK;
}

static const void *extension(const csl_host *host, const char *id, uint32_t revision)
{
    static const csl_preview preview = {sizeof preview, 1, take_picture};
    (void)host;
    return revision <= 1 && strcmp(id, CSL_EXT_PREVIEW) == 0 ? &preview : NULL;
}

bool feed_open(void)
{
    static const csl_host host = {.struct_size = sizeof host,
                                  .abi_major = CSL_ABI_MAJOR,
                                  .abi_minor = CSL_ABI_MINOR,
                                  .version = "test",
                                  .get_extension = extension};
    if (instance) return true;
    plugin = consilium_plugin_entry(CSL_ABI_MAJOR, CSL_ABI_MINOR);
    csl_dcm_error error = {{0}, {0}};
    if (csl_dcm_library_open(&error) != CSL_PLUGIN_OK) {
        fprintf(stderr, "the adapter cannot work here: %s: %s\n", error.place, error.text);
        return false;
    }
    return plugin && plugin->init(&host, &instance) == CSL_PLUGIN_OK;
}

const char *feed(const uint8_t *bytes, size_t length)
{
    hearing h = {.sink = {.struct_size = sizeof h.sink,
                          .token = take_token,
                          .fact = take_fact,
                          .warn = take_warning,
                          .fail = take_failure},
                 .plugin = plugin};
    csl_input input = {
        .struct_size = sizeof input, .descriptor = -1, .name = "x", .bytes = bytes, .length = length};
    read_so_far += plugin->probe(bytes, length < 65536 ? length : 65536, "x");
    int32_t status = plugin->embed(instance, &input, 1, &h.sink);
    if (status != CSL_PLUGIN_OK && status != CSL_PLUGIN_BAD_INPUT && status != CSL_PLUGIN_NO_MEMORY)
        return "neither a result nor a refusal";
    if (h.failures != (status == CSL_PLUGIN_BAD_INPUT)) return "a refusal that is not said once";
    return h.broken;
}

uint64_t feed_pixels(const uint8_t *bytes, size_t length)
{
    csl_dcm_file *file = NULL;
    csl_dcm_error error;
    csl_dcm_header header;
    uint64_t size = 0;
    if (csl_dcm_open(bytes, length, &file, &error) == CSL_PLUGIN_OK &&
        csl_dcm_header_read(file, &header, &error) == CSL_PLUGIN_OK && header.pixels.rows) {
        const csl_dcm_pixels *p = &header.pixels;
        size = (uint64_t)p->rows * p->columns * p->samples * p->frames * ((p->bits_allocated + 7) / 8);
    }
    csl_dcm_close(file);
    return size;
}
