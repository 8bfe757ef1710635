/* A plugin for the host's tests. It claims files that start with "TOY " and obeys the command after it:
 *   emit N     N tokens and a fact        fail       sink->fail         silent      returns an error and no
 * reason lie        names an input it was not given       short      a token with a small struct_size
 *   stream N   a token of stream N
 *   whose      a warning with the case and its patient, as the case extension has them
 *   infinite   an infinite feature        warn       a warning          picture     through the preview
 * extension Macros make variants that are wrong as a whole. */
#include <consilium/case.h>
#include <consilium/options.h>
#include <consilium/preview.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef ABI_MAJOR
#define ABI_MAJOR CSL_ABI_MAJOR
#endif
#ifndef TABLE_SIZE
#define TABLE_SIZE sizeof(csl_plugin)
#endif
#ifndef FEATURE_TWO
#define FEATURE_TWO "square"
#endif
#ifndef STREAM
#define STREAM "parts"
#endif
#ifndef INIT_RESULT
#define INIT_RESULT CSL_PLUGIN_OK
#endif

typedef struct toy {
    const csl_preview *preview;
    const csl_case_extension *of;
    const csl_sink *kept;
    float scale; /* the option toy.scale */
} toy;

static uint32_t toy_probe(const uint8_t *head, uint64_t length, const char *name)
{
    (void)name;
    return length >= 4 && !memcmp(head, "TOY ", 4) ? 90 : 0;
}

static int32_t toy_init(const csl_host *host, void **instance)
{
    toy *t = calloc(1, sizeof *t);
    if (!t) return CSL_PLUGIN_NO_MEMORY;
    t->preview = host->get_extension(host, CSL_EXT_PREVIEW, 1);
    t->of = host->get_extension(host, CSL_EXT_CASE, 1);
    const csl_options *options = host->get_extension(host, CSL_EXT_OPTIONS, 1);
    const char *scale = options ? options->get(host, "toy.scale") : NULL;
    t->scale = scale ? strtof(scale, NULL) : 1;
    if (!(t->scale > 0)) {
        free(t);
        return options->refuse(host, "toy.scale", "a number above 0");
    }
    *instance = t;
    if (INIT_RESULT != CSL_PLUGIN_OK) free(t);
    return INIT_RESULT;
}

static int32_t emit_into(const csl_sink *sink, uint32_t input, float value, uint32_t stream)
{
    float features[3] = {value, value * value, value + 1};
    double position = (double)value;
    csl_token token = {.struct_size = sizeof token,
                       .input = input,
                       .features = features,
                       .position = &position,
                       .label = "a toy",
                       .stream = stream};
    return sink->token(sink, &token);
}

static int32_t emit(const csl_sink *sink, uint32_t input, float value)
{
    return emit_into(sink, input, value, 0);
}

static int32_t toy_embed(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink)
{
    toy *t = instance;
    t->kept = sink;
    for (uint32_t i = 0; i < count; i++) {
        char command[64] = "";
        snprintf(command, sizeof command, "%.*s", (int)(inputs[i].length < 60 ? inputs[i].length : 60),
                 (const char *)inputs[i].bytes);
        const char *verb = command + 4;
        int32_t result = CSL_PLUGIN_OK;
        if (!strncmp(verb, "emit ", 5)) {
            for (int n = atoi(verb + 5), k = 0; k < n && result == CSL_PLUGIN_OK; k++)
                result = emit(sink, i, (float)k * t->scale);
            csl_fact fact = {.struct_size = sizeof fact,
                             .kind = CSL_FACT_SEX,
                             .input = i,
                             .value = "female",
                             .place = "line 1"};
            if (result == CSL_PLUGIN_OK) result = sink->fact(sink, &fact);
        } else if (!strncmp(verb, "fail", 4)) {
            sink->fail(sink, i, "byte 4", "a toy must not fail");
            result = CSL_PLUGIN_BAD_INPUT;
        } else if (!strncmp(verb, "silent", 6)) {
            result = CSL_PLUGIN_INTERNAL;
        } else if (!strncmp(verb, "lie", 3)) {
            result = emit(sink, count + 3, 1);
        } else if (!strncmp(verb, "infinite", 8)) {
            result = emit(sink, i, INFINITY);
        } else if (!strncmp(verb, "stream ", 7)) {
            result = emit_into(sink, i, 5, (uint32_t)atoi(verb + 7));
        } else if (!strncmp(verb, "whose", 5)) {
            char text[200];
            const char *patient = t->of->patient(sink);
            snprintf(text, sizeof text, "%s of %s", t->of->id(sink), patient ? patient : "nobody");
            result = sink->warn(sink, i, "", text);
        } else if (!strncmp(verb, "warn", 4)) {
            result = sink->warn(sink, i, "byte 4", "an odd toy");
        } else if (!strncmp(verb, "short", 5)) {
            csl_token token = {.struct_size = 8};
            result = sink->token(sink, &token);
        } else if (!strncmp(verb, "picture", 7) && t->preview) {
            const uint8_t grey[4] = {0, 85, 170, 255};
            csl_picture p = {.struct_size = sizeof p,
                             .input = i,
                             .width = 2,
                             .height = 2,
                             .grey = grey,
                             .caption = "four pixels",
                             .aspect = 1};
            result = t->preview->emit(sink, &p);
        }
        if (result != CSL_PLUGIN_OK) return result;
    }
    return CSL_PLUGIN_OK;
}

static void toy_deinit(void *instance)
{
#ifdef CALL_BACK_LATE
    toy *t = instance;
    if (t->kept && emit(t->kept, 0, 1) == CSL_PLUGIN_OK) abort();
    if (t->kept && (t->of->id(t->kept) || t->of->patient(t->kept))) abort(); /* its case is over */
#endif
    free(instance);
}

static const char *const names[] = {"value", FEATURE_TWO}, *const units[] = {"1", "1"},
                         *const axes[] = {"place"};
static const char *const part_names[] = {"a", "b", "c"}, *const part_units[] = {"1", "1", "1"};
static const csl_stream parts = {.struct_size = sizeof parts,
                                 .feature_count = 3,
                                 .position_count = 1,
                                 .coded_feature = -1,
                                 .modality = STREAM,
                                 .feature_names = part_names,
                                 .feature_units = part_units,
                                 .position_names = axes};
static const csl_option scale_option = {
    .struct_size = sizeof scale_option, .name = "toy.scale", .value = "0.1..10", .help = "of every value; 1"};
static const csl_stream *const streams[] = {&parts};
static const csl_option *const options[] = {&scale_option};

static const csl_plugin table = {.struct_size = TABLE_SIZE,
                                 .abi_major = ABI_MAJOR,
                                 .abi_minor = 0,
                                 .feature_count = 2,
                                 .position_count = 1,
                                 .coded_feature = -1,
                                 .id = "org.example.toy",
                                 .name = "Toy",
                                 .version = "0.1",
                                 .modality = "toy",
                                 .feature_names = names,
                                 .feature_units = units,
                                 .position_names = axes,
                                 .probe = toy_probe,
                                 .init = toy_init,
                                 .embed = toy_embed,
                                 .deinit = toy_deinit,
                                 .streams = streams,
                                 .options = options,
                                 .stream_count = 1,
                                 .option_count = 1};

#ifndef NO_ENTRY
const csl_plugin *consilium_plugin_entry(uint32_t host_abi_major, uint32_t host_abi_minor)
{
    (void)host_abi_major, (void)host_abi_minor;
    return &table;
}
#else
CSL_PLUGIN_EXPORT const void *another_symbol(void);
const void *another_symbol(void)
{
    return &table;
}
#endif
