#include "fuzz/feed.h"

#include <consilium/plugin.h>
#include <consilium/preview.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "file/dcm.h"
#include "fuzz/hearing.h"

static const csl_plugin *plugin;
static void *instance;
static volatile unsigned read_so_far; /* keeps the compiler from leaving the reading out */

static int32_t take_picture(const csl_sink *sink, const csl_picture *p)
{
    hearing *h = (hearing *)(uintptr_t)sink;
    if (!p->width || !p->height || p->width > CSL_PREVIEW_MAX_DIM || p->height > CSL_PREVIEW_MAX_DIM)
        return hearing_broke(h, "a key image of a size that there is not");
    for (size_t i = 0; i < (size_t)p->width * p->height; i++) read_so_far += p->grey[i];
    if (!(p->aspect > 0) || isinf(p->aspect)) hearing_broke(h, "a key image of an aspect that there is not");
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
    hearing h = hearing_of(plugin, 1);
    csl_input input = {
        .struct_size = sizeof input, .descriptor = -1, .name = "x", .bytes = bytes, .length = length};
    read_so_far += plugin->probe(bytes, length < 65536 ? length : 65536, "x");
    int32_t status = plugin->embed(instance, &input, 1, &h.sink);
    return hearing_verdict(&h, status);
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
