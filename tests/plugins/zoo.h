/* Plugins for tests: each claims text files whose first line is "zoo NAME", and behaves as NAME says. A
 * source defines NAME and the function embed, then includes nothing more. */
#ifndef ZOO_H
#define ZOO_H

#include <consilium/plugin.h>
#include <stdio.h>
#include <string.h>

#define ZOO_TEXT_(x) #x
#define ZOO_TEXT(x)  ZOO_TEXT_(x)

static int32_t zoo_embed(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink);

static uint32_t zoo_probe(const uint8_t *head, uint64_t length, const char *name)
{
    static const char mark[] = "zoo " ZOO_TEXT(ZOO_NAME) "\n";
    (void)name;
    return length >= sizeof mark - 1 && !memcmp(head, mark, sizeof mark - 1) ? 100 : 0;
}

static int32_t zoo_init(const csl_host *host, void **instance)
{
    (void)host;
    *instance = NULL;
    return CSL_PLUGIN_OK;
}

static void zoo_deinit(void *instance)
{
    (void)instance;
}

const csl_plugin *consilium_plugin_entry(uint32_t major, uint32_t minor)
{
    static const char *const feature_names[] = {"value"}, *const feature_units[] = {"1"};
    static const csl_plugin table = {.struct_size = sizeof table,
                                     .abi_major = CSL_ABI_MAJOR,
                                     .abi_minor = CSL_ABI_MINOR,
                                     .feature_count = 1,
                                     .coded_feature = -1,
                                     .id = "org.example." ZOO_TEXT(ZOO_NAME),
                                     .name = "zoo " ZOO_TEXT(ZOO_NAME),
                                     .version = "1.0.0",
                                     .modality = ZOO_TEXT(ZOO_NAME),
                                     .feature_names = feature_names,
                                     .feature_units = feature_units,
                                     .probe = zoo_probe,
                                     .init = zoo_init,
                                     .embed = zoo_embed,
                                     .deinit = zoo_deinit};
    (void)major, (void)minor;
    return &table;
}

#endif
