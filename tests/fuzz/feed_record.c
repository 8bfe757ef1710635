/* The record adapter, fed one file that nobody vouches for: by itself with all that it can be asked for, and
 * as the second line of an export, where what the first one left behind is still there. */
#include <consilium/options.h>
#include <consilium/plugin.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz/feed.h"
#include "fuzz/hearing.h"

static const csl_plugin *plugin;
static const char *const *settings; /* name, value, ..., NULL */

static const char *get_option(const csl_host *host, const char *name)
{
    (void)host;
    for (size_t i = 0; settings[i]; i += 2)
        if (!strcmp(settings[i], name)) return settings[i + 1];
    return NULL;
}

static int32_t refuse_option(const csl_host *host, const char *name, const char *text)
{
    (void)host, (void)name, (void)text;
    return CSL_PLUGIN_BAD_INPUT;
}

static const void *extension(const csl_host *host, const char *id, uint32_t revision)
{
    static const csl_options options = {sizeof options, 1, get_option, refuse_option};
    (void)host;
    return revision <= 1 && strcmp(id, CSL_EXT_OPTIONS) == 0 ? &options : NULL;
}

bool feed_open(void)
{
    plugin = consilium_plugin_entry(CSL_ABI_MAJOR, CSL_ABI_MINOR);
    return plugin != NULL;
}

static const char *embed(const uint8_t *bytes, size_t length, const char *const *set)
{
    static const csl_host host = {.struct_size = sizeof host,
                                  .abi_major = CSL_ABI_MAJOR,
                                  .abi_minor = CSL_ABI_MINOR,
                                  .version = "test",
                                  .get_extension = extension};
    csl_input input = {
        .struct_size = sizeof input, .descriptor = -1, .name = "record", .bytes = bytes, .length = length};
    void *instance = NULL;
    settings = set;
    if (plugin->init(&host, &instance) != CSL_PLUGIN_OK) return "no instance";
    hearing h = hearing_of(plugin, 1);
    int32_t status = plugin->embed(instance, &input, 1, &h.sink);
    plugin->deinit(instance);
    return hearing_verdict(&h, status);
}

const char *feed(const uint8_t *bytes, size_t length)
{
    static const char line[] =
        "{\"resourceType\":\"Patient\",\"id\":\"1\",\"gender\":\"male\",\"name\":[{\"family\":\"F\"}]}\n";
    static const char *const all[] = {"record.scores", "yes", NULL}, *const strict[] = {"record.strict",
                                                                                        "yes",
                                                                                        "deidentify",
                                                                                        "yes",
                                                                                        "record.notes",
                                                                                        "no",
                                                                                        NULL};
    const char *broken = embed(bytes, length, all);
    if (broken) return broken;
    uint8_t *lines = malloc(sizeof line + length);
    if (!lines) return NULL;
    memcpy(lines, line, sizeof line - 1);
    memcpy(lines + sizeof line - 1, bytes, length);
    broken = embed(lines, sizeof line - 1 + length, strict);
    free(lines);
    return broken;
}

/* What a tree may cost is told by the file's length: docs/record.md. */
uint64_t feed_pixels(const uint8_t *bytes, size_t length)
{
    (void)bytes;
    return 16 * (uint64_t)length;
}
