#include "fuzz/hearing.h"

#include <math.h>
#include <string.h>

/* The sink may be the only reader: the sum keeps the compiler from leaving the reading out. */
static volatile unsigned read_so_far;

bool hearing_text_ends(const char *text)
{
    enum { MOST_TEXT = 4096 };
    size_t length = strnlen(text, MOST_TEXT);
    read_so_far += (unsigned)length;
    return length < MOST_TEXT;
}

int32_t hearing_broke(hearing *h, const char *how)
{
    if (!h->broken) h->broken = how;
    return CSL_PLUGIN_OK;
}

static int32_t take_token(const csl_sink *sink, const csl_token *t)
{
    hearing *h = (hearing *)(uintptr_t)sink;
    if (t->stream > h->plugin->stream_count) return hearing_broke(h, "a token of a stream that there is not");
    const csl_stream *stream = t->stream ? h->plugin->streams[t->stream - 1] : NULL;
    size_t features = stream ? stream->feature_count : h->plugin->feature_count,
           positions = stream ? stream->position_count : h->plugin->position_count;
    if (h->tokens++ > CSL_MAX_TOKENS) return CSL_PLUGIN_STOP;
    for (size_t i = 0; i < features; i++)
        if (isinf(t->features[i])) hearing_broke(h, "an infinite feature");
    for (size_t i = 0; i < positions; i++)
        if (isinf(t->position[i])) hearing_broke(h, "an infinite position");
    if (t->input >= h->inputs) hearing_broke(h, "a token of an input that there is not");
    if (!hearing_text_ends(t->label) || (t->code && !hearing_text_ends(t->code)))
        hearing_broke(h, "a label or code without an end");
    if (t->tile && (t->tile->row >= t->tile->rows || t->tile->column >= t->tile->columns ||
                    t->tile->rows > CSL_MAX_TILES || t->tile->columns > CSL_MAX_TILES))
        hearing_broke(h, "a tile outside its picture");
    return CSL_PLUGIN_OK;
}

static int32_t take_fact(const csl_sink *sink, const csl_fact *f)
{
    hearing *h = (hearing *)(uintptr_t)sink;
    if (!hearing_text_ends(f->value) || (f->system && !hearing_text_ends(f->system)) ||
        (f->place && !hearing_text_ends(f->place)))
        hearing_broke(h, "a fact without an end");
    return CSL_PLUGIN_OK;
}

static int32_t take_warning(const csl_sink *sink, uint32_t input, const char *place, const char *text)
{
    hearing *h = (hearing *)(uintptr_t)sink;
    if (input >= h->inputs || (place && !hearing_text_ends(place)) || !hearing_text_ends(text))
        hearing_broke(h, "a warning without an end or an input");
    return CSL_PLUGIN_OK;
}

static int32_t take_failure(const csl_sink *sink, uint32_t input, const char *place, const char *text)
{
    ((hearing *)(uintptr_t)sink)->failures++;
    return take_warning(sink, input, place, text);
}

hearing hearing_of(const csl_plugin *plugin, uint32_t inputs)
{
    return (hearing){.sink = {.struct_size = sizeof(csl_sink),
                              .token = take_token,
                              .fact = take_fact,
                              .warn = take_warning,
                              .fail = take_failure},
                     .plugin = plugin,
                     .inputs = inputs};
}

const char *hearing_verdict(const hearing *h, int32_t status)
{
    if (status != CSL_PLUGIN_OK && status != CSL_PLUGIN_BAD_INPUT && status != CSL_PLUGIN_NO_MEMORY &&
        !(status == CSL_PLUGIN_STOP && h->failures))
        return "neither a result nor a refusal";
    bool refused = status == CSL_PLUGIN_BAD_INPUT || status == CSL_PLUGIN_STOP;
    return h->failures != refused ? "a refusal that is not said once" : h->broken;
}
