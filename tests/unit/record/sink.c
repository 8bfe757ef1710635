#include "sink.h"

#include <consilium/options.h>
#include <criterion/criterion.h>
#include <criterion/logging.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void *instance;              /* of the plugin, with the options of `settings` */
static const char *const *settings; /* NAME, VALUE, ..., NULL */

static const char *get_option(const csl_host *host, const char *name)
{
    (void)host;
    for (const char *const *s = settings; s && *s; s += 2)
        if (!strcmp(*s, name)) return s[1];
    return NULL;
}

static int32_t refuse_option(const csl_host *host, const char *name, const char *text)
{
    (void)host, (void)name, (void)text;
    return CSL_PLUGIN_BAD_INPUT;
}

static const void *host_extension(const csl_host *host, const char *id, uint32_t revision)
{
    static const csl_options options = {sizeof options, 1, get_option, refuse_option};
    (void)host, (void)revision;
    return strcmp(id, CSL_EXT_OPTIONS) ? NULL : &options;
}

int32_t begin_with(const char *const *wanted)
{
    csl_host host = {.struct_size = sizeof host,
                     .abi_major = CSL_ABI_MAJOR,
                     .version = "test",
                     .get_extension = host_extension};
    const csl_plugin *p = record_plugin();
    if (instance) p->deinit(instance);
    instance = NULL;
    settings = wanted;
    return p->init(&host, &instance);
}

/* What the sink's functions write into: the interface has no room for a context. */
static seen *current;

const csl_plugin *record_plugin(void)
{
    static const csl_plugin *table;
    if (table) return table;
    void *library = dlopen(CSL_BINARY_DIR "/plugins/record.so", RTLD_NOW | RTLD_LOCAL);
    cr_assert(library, "%s", dlerror());
    csl_plugin_entry_fn entry;
    *(void **)&entry = dlsym(library, CSL_PLUGIN_ENTRY_SYMBOL);
    cr_assert(entry);
    table = entry(CSL_ABI_MAJOR, CSL_ABI_MINOR);
    cr_assert(table);
    cr_assert_eq(table->feature_count, FEATURES);
    cr_assert_eq(begin_with(NULL), CSL_PLUGIN_OK);
    return table;
}

int feature(const char *name)
{
    const csl_plugin *p = record_plugin();
    for (int i = 0; i < FEATURES; i++)
        if (!strcmp(p->feature_names[i], name)) return i;
    cr_assert_fail("no feature %s", name);
    return -1;
}

/* Room for one more in steps of powers of two. */
static void *grown(void *items, size_t count, size_t size)
{
    if (count & (count - 1)) return items;
    items = realloc(items, (count ? count * 2 : 1) * size);
    cr_assert(items);
    return items;
}

static int32_t on_token(const csl_sink *sink, const csl_token *t)
{
    (void)sink;
    current->tokens = grown(current->tokens, current->token_count, sizeof *current->tokens);
    seen_token *kept = &current->tokens[current->token_count++];
    *kept = (seen_token){.label = strdup(t->label),
                         .code = strdup(t->code ? t->code : ""),
                         .position = t->position[0],
                         .input = t->input,
                         .stream = t->stream};
    const csl_plugin *p = record_plugin();
    size_t count = t->stream ? p->streams[t->stream - 1]->feature_count : FEATURES;
    memcpy(kept->f, t->features, (count < FEATURES ? count : FEATURES) * sizeof *kept->f);
    return CSL_PLUGIN_OK;
}

static int32_t on_fact(const csl_sink *sink, const csl_fact *f)
{
    (void)sink;
    current->facts = grown(current->facts, current->fact_count, sizeof *current->facts);
    current->facts[current->fact_count++] =
        (seen_fact){f->kind, f->input, strdup(f->value), strdup(f->system ? f->system : "")};
    return CSL_PLUGIN_OK;
}

static int32_t on_warn(const csl_sink *sink, uint32_t input, const char *place, const char *text)
{
    (void)sink, (void)input;
    size_t used = strlen(current->warnings);
    snprintf(current->warnings + used, sizeof current->warnings - used, "%s: %s\n", place, text);
    current->warning_count++;
    return CSL_PLUGIN_OK;
}

static int32_t on_fail(const csl_sink *sink, uint32_t input, const char *place, const char *text)
{
    (void)sink, (void)input;
    cr_assert_str_empty(current->failure, "one failure a case");
    snprintf(current->failure, sizeof current->failure, "%s: %s", place, text);
    return CSL_PLUGIN_OK;
}

seen *look_all(const csl_input *inputs, uint32_t count)
{
    const csl_plugin *p = record_plugin();
    csl_sink sink = {sizeof sink, 0, on_token, on_fact, on_warn, on_fail};
    seen *s = calloc(1, sizeof *s);
    cr_assert(s);
    current = s;
    s->status = p->embed(instance, inputs, count, &sink);
    cr_assert_eq(s->status == CSL_PLUGIN_BAD_INPUT, *s->failure != 0,
                 "a refused file is refused with a reason");
    return s;
}

seen *look(const void *bytes, size_t length)
{
    /* A block of its own, exactly as long: reading past its end is seen by AddressSanitizer. */
    uint8_t *copy = malloc(length ? length : 1);
    cr_assert(copy);
    if (length) memcpy(copy, bytes, length);
    csl_input input = {
        .struct_size = sizeof input, .descriptor = -1, .name = "record", .bytes = copy, .length = length};
    seen *s = look_all(&input, 1);
    free(copy);
    return s;
}

seen *look_text(const char *text)
{
    char *copy = strdup(text);
    cr_assert(copy);
    for (char *c = copy; *c; c++)
        if (*c == '\'') *c = '"';
    seen *s = look(copy, strlen(copy));
    free(copy);
    return s;
}

void seen_free(seen *s)
{
    for (size_t i = 0; i < s->token_count; i++) free(s->tokens[i].label), free(s->tokens[i].code);
    for (size_t i = 0; i < s->fact_count; i++) free(s->facts[i].value), free(s->facts[i].system);
    free(s->tokens);
    free(s->facts);
    free(s);
}

static bool is_demographic(const seen_token *t)
{
    return !strcmp(t->code, "http://loinc.org|30525-0") || !strcmp(t->code, "http://loinc.org|46098-0");
}

const char *tokens_of(const seen *s)
{
    static char text[65536];
    size_t used = 0;
    text[0] = 0;
    for (size_t i = 0; i < s->token_count && used < sizeof text; i++)
        if (!s->tokens[i].stream && !is_demographic(&s->tokens[i]))
            used += (size_t)snprintf(text + used, sizeof text - used, "%s | %s\n", s->tokens[i].label,
                                     s->tokens[i].code);
    return text;
}

const char *facts_of(const seen *s)
{
    static const char *const kinds[] = {"?",    "id",    "birth",  "sex",  "sex?",
                                        "date", "build", "sample", "name", "death"};
    static char text[16384];
    size_t used = 0;
    text[0] = 0;
    for (size_t i = 0; i < s->fact_count && used < sizeof text; i++) {
        const seen_fact *f = &s->facts[i];
        used += (size_t)snprintf(text + used, sizeof text - used, "%s %s%s%s\n", kinds[f->kind], f->value,
                                 *f->system ? " " : "", f->system);
    }
    return text;
}

const seen_token *token_with(const seen *s, const char *code)
{
    for (size_t i = 0; i < s->token_count; i++)
        if (!strcmp(s->tokens[i].code, code)) return &s->tokens[i];
    return NULL;
}

const char *real_files(const char *below)
{
    static char path[4096];
    struct stat about;
    const char *folder = getenv("CONSILIUM_TEST_DATA");
    snprintf(path, sizeof path, "%s/%s", folder ? folder : CSL_SOURCE_DIR "/../shared/data", below);
    if (!stat(path, &about) && S_ISDIR(about.st_mode)) return path;
    cr_log_info("skipped: no real files at %s", path);
    return NULL;
}
