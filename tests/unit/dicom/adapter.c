#include "adapter.h"

#include <consilium/options.h>

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const csl_plugin *plugin;
static struct {
    const char *name, *value;
} settings[8];
static size_t setting_count;
static void *library, *instance;

static int32_t hear_token(const csl_sink *sink, const csl_token *token)
{
    heard *h = (heard *)(uintptr_t)sink;
    if (h->token_count == MAX_HEARD) return CSL_PLUGIN_STOP;
    heard_token *to = &h->tokens[h->token_count++];
    to->input = token->input;
    to->stream = token->stream;
    if (to->stream > plugin->stream_count) return CSL_PLUGIN_STOP;
    uint32_t count = to->stream ? plugin->streams[to->stream - 1]->feature_count : FEATURES;
    memcpy(to->features, token->features, count * sizeof *to->features);
    uint32_t axes = to->stream ? plugin->streams[to->stream - 1]->position_count : 3;
    memcpy(to->position, token->position, axes * sizeof *to->position);
    snprintf(to->label, sizeof to->label, "%s", token->label);
    snprintf(to->code, sizeof to->code, "%s", token->code ? token->code : "");
    for (uint32_t i = 0; i < count; i++) {
        if (isinf(to->features[i])) return CSL_PLUGIN_STOP;
    }
    return CSL_PLUGIN_OK;
}

static void keep(heard_text *to, uint32_t kind, uint32_t input, const char *text, const char *system,
                 const char *place)
{
    to->kind = kind;
    to->input = input;
    snprintf(to->text, sizeof to->text, "%s", text);
    snprintf(to->system, sizeof to->system, "%s", system ? system : "");
    snprintf(to->place, sizeof to->place, "%s", place ? place : "");
}

static int32_t hear_fact(const csl_sink *sink, const csl_fact *fact)
{
    heard *h = (heard *)(uintptr_t)sink;
    if (h->fact_count == MAX_HEARD) return CSL_PLUGIN_STOP;
    keep(&h->facts[h->fact_count++], fact->kind, fact->input, fact->value, fact->system, fact->place);
    return CSL_PLUGIN_OK;
}

static int32_t hear_warning(const csl_sink *sink, uint32_t input, const char *place, const char *text)
{
    heard *h = (heard *)(uintptr_t)sink;
    if (h->warning_count == MAX_HEARD) return CSL_PLUGIN_STOP;
    keep(&h->warnings[h->warning_count++], 0, input, text, NULL, place);
    return CSL_PLUGIN_OK;
}

static int32_t hear_failure(const csl_sink *sink, uint32_t input, const char *place, const char *text)
{
    heard *h = (heard *)(uintptr_t)sink;
    h->failure_count++;
    keep(&h->failure, 0, input, text, NULL, place);
    return CSL_PLUGIN_OK;
}

static int32_t hear_picture(const csl_sink *sink, const csl_picture *picture)
{
    heard *h = (heard *)(uintptr_t)sink;
    if (h->picture.width || picture->width == 0 || picture->width > 256 || picture->height > 256)
        return CSL_PLUGIN_STOP;
    h->picture = *picture;
    memcpy(h->grey, picture->grey, (size_t)picture->width * picture->height);
    snprintf(h->caption, sizeof h->caption, "%s", picture->caption);
    return CSL_PLUGIN_OK;
}

static const char *get_option(const csl_host *host, const char *name)
{
    (void)host;
    for (size_t i = 0; i < setting_count; i++) {
        if (strcmp(settings[i].name, name) == 0) return settings[i].value;
    }
    return NULL;
}

static int32_t refuse_option(const csl_host *host, const char *name, const char *text)
{
    (void)host;
    fprintf(stderr, "option %s must be %s\n", name, text);
    return CSL_PLUGIN_BAD_INPUT;
}

void adapter_set(const char *name, const char *value)
{
    settings[setting_count].name = name;
    settings[setting_count++].value = value;
}

static const void *host_extension(const csl_host *host, const char *id, uint32_t revision)
{
    static const csl_preview preview = {sizeof preview, 1, hear_picture};
    (void)host;
    static const csl_options options = {sizeof options, 1, get_option, refuse_option};
    if (revision > 1) return NULL;
    return strcmp(id, CSL_EXT_PREVIEW) == 0   ? (const void *)&preview
           : strcmp(id, CSL_EXT_OPTIONS) == 0 ? &options
                                              : NULL;
}

const csl_plugin *adapter_open(void)
{
    static const csl_host host = {.struct_size = sizeof host,
                                  .abi_major = CSL_ABI_MAJOR,
                                  .abi_minor = CSL_ABI_MINOR,
                                  .version = "test",
                                  .get_extension = host_extension};
    if (plugin) return plugin;
    library = dlopen(CSL_BINARY_DIR "/plugins/dicom.so", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return NULL;
    }
    csl_plugin_entry_fn entry = NULL;
    void *symbol = dlsym(library, CSL_PLUGIN_ENTRY_SYMBOL);
    memcpy(&entry, &symbol, sizeof entry); /* ISO C has no cast from object to function pointers */
    const csl_plugin *table = entry ? entry(CSL_ABI_MAJOR, CSL_ABI_MINOR) : NULL;
    if (!table || table->feature_count != FEATURES || table->position_count != 3 ||
        strcmp(table->feature_names[MEAN], "mean") != 0 ||
        strcmp(table->feature_names[TEXTURE], "texture") != 0 ||
        strcmp(table->feature_names[SLICE_MM], "slice_spacing") != 0 ||
        table->init(&host, &instance) != CSL_PLUGIN_OK) {
        fprintf(stderr, "dicom.so does not offer what these tests expect\n");
        return NULL;
    }
    plugin = table;
    return plugin;
}

void adapter_close(void)
{
    if (plugin) plugin->deinit(instance);
    if (library) dlclose(library);
    plugin = NULL;
    library = NULL;
    setting_count = 0;
}

double heard_feature(const heard_token *token, const char *name)
{
    const csl_stream *stream = token->stream ? plugin->streams[token->stream - 1] : NULL;
    const char *const *names = stream ? stream->feature_names : plugin->feature_names;
    for (uint32_t i = 0; i < (stream ? stream->feature_count : plugin->feature_count); i++) {
        if (strcmp(names[i], name) == 0) return (double)token->features[i];
    }
    fprintf(stderr, "no feature %s\n", name);
    return -INFINITY;
}

heard *adapter_embed(const file_set *set)
{
    heard *h = calloc(1, sizeof *h);
    csl_input *inputs = calloc(set->count, sizeof *inputs);
    h->sink = (csl_sink){sizeof h->sink, 0, hear_token, hear_fact, hear_warning, hear_failure};
    h->tokens = calloc(MAX_HEARD, sizeof *h->tokens);
    h->facts = calloc(MAX_HEARD, sizeof *h->facts);
    h->warnings = calloc(MAX_HEARD, sizeof *h->warnings);
    for (uint32_t i = 0; i < set->count; i++) {
        inputs[i] = (csl_input){.struct_size = sizeof inputs[i],
                                .descriptor = -1,
                                .name = set->files[i].name,
                                .bytes = set->files[i].bytes,
                                .length = set->files[i].length};
    }
    h->status = plugin->embed(instance, inputs, set->count, &h->sink);
    free(inputs);
    return h;
}

void heard_free(heard *h)
{
    if (!h) return;
    free(h->tokens);
    free(h->facts);
    free(h->warnings);
    free(h);
}

const char *heard_fact(const heard *h, uint32_t kind)
{
    for (size_t i = 0; i < h->fact_count; i++) {
        if (h->facts[i].kind == kind) return h->facts[i].text;
    }
    return NULL;
}

static int32_t keep_file(const csl_synth_writer *writer, const char *name, const uint8_t *bytes,
                         uint64_t length)
{
    set_add((file_set *)(uintptr_t)writer, name, bytes, length);
    return 0;
}

file_set *set_new(void)
{
    file_set *set = calloc(1, sizeof *set);
    set->writer = (csl_synth_writer){sizeof set->writer, 0, keep_file};
    return set;
}

void set_free(file_set *set)
{
    for (uint32_t i = 0; set && i < set->count; i++) free(set->files[i].bytes);
    free(set);
}

/* Exactly as long as the content, so that a read past the end is seen. */
void set_add(file_set *set, const char *name, const uint8_t *bytes, uint64_t length)
{
    file_bytes *file = &set->files[set->count++];
    snprintf(file->name, sizeof file->name, "%s", name);
    file->bytes = malloc(length ? length : 1);
    memcpy(file->bytes, bytes, length);
    file->length = length;
}

bool set_add_path(file_set *set, const char *path)
{
    FILE *stream = fopen(path, "rb");
    if (!stream) return false;
    fseek(stream, 0, SEEK_END);
    long length = ftell(stream);
    rewind(stream);
    file_bytes *file = &set->files[set->count++];
    const char *slash = strrchr(path, '/');
    snprintf(file->name, sizeof file->name, "%s", slash ? slash + 1 : path);
    file->bytes = malloc(length > 0 ? (size_t)length : 1);
    file->length = fread(file->bytes, 1, (size_t)length, stream);
    fclose(stream);
    return true;
}

file_set *set_synth(uint64_t seed, double density, bool conjoined)
{
    const char *names[] = {"image.density", "image.conjoined"};
    const double values[] = {density, conjoined ? 1 : 0};
    const csl_synth *synth = plugin->get_extension(CSL_EXT_SYNTH, 1);
    csl_synth_subject subject = {.struct_size = sizeof subject,
                                 .trait_count = 2,
                                 .seed = seed,
                                 .patient_id = "SYN-000017",
                                 .sample = "SYN-000017-S1",
                                 .family = "Grün",
                                 .given = "Ada",
                                 .birth_date = "1961-02-28",
                                 .sex = "female",
                                 .study_time = "2024-03-02T10:15:30",
                                 .trait_names = names,
                                 .trait_values = values};
    file_set *set = set_new();
    if (synth->write(&subject, &set->writer) != CSL_PLUGIN_OK) {
        set_free(set);
        return NULL;
    }
    return set;
}

const char *real_path(const char *path)
{
    static char full[1024];
    const char *folder = getenv("CONSILIUM_TEST_DATA");
    snprintf(full, sizeof full, "%s/%s", folder && *folder ? folder : CSL_SOURCE_DIR "/../shared/data", path);
    if (access(full, R_OK) == 0) return full;
    fprintf(stderr, "skipped: no real files (%s)\n", path);
    return NULL;
}
