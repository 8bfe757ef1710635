/* Plugins for tests: each claims text files whose first line is "zoo NAME", and behaves as NAME says. A
 * source includes this and defines zoo_embed; what of the table is to be otherwise it defines before. */
#ifndef ZOO_H
#define ZOO_H

#include <consilium/plugin.h>
#include <stdio.h>
#include <string.h>

#define ZOO_TEXT_(x) #x
#define ZOO_TEXT(x)  ZOO_TEXT_(x)

static int32_t zoo_embed(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink);

static inline int zoo_is_mine(const uint8_t *head, uint64_t length)
{
    static const char mark[] = "zoo " ZOO_TEXT(ZOO_NAME) "\n";
    return length >= sizeof mark - 1 && !memcmp(head, mark, sizeof mark - 1);
}

#ifndef ZOO_PROBE
#define ZOO_PROBE zoo_probe
static uint32_t zoo_probe(const uint8_t *head, uint64_t length, const char *name)
{
    (void)name;
    return zoo_is_mine(head, length) ? 100 : 0;
}
#endif

#ifndef ZOO_INIT
#define ZOO_INIT zoo_init
static int32_t zoo_init(const csl_host *host, void **instance)
{
    (void)host;
    *instance = NULL;
    return CSL_PLUGIN_OK;
}
#endif

#ifndef ZOO_DEINIT
#define ZOO_DEINIT zoo_deinit
static void zoo_deinit(void *instance)
{
    (void)instance;
}
#endif

#define ZOO_TABLE                                                                                            \
    {                                                                                                        \
        .struct_size = sizeof(csl_plugin), .abi_major = CSL_ABI_MAJOR, .abi_minor = CSL_ABI_MINOR,           \
        .feature_count = 1, .coded_feature = -1, .id = "org.example." ZOO_TEXT(ZOO_NAME),                    \
        .name = "zoo " ZOO_TEXT(ZOO_NAME), .version = "1.0.0", .modality = ZOO_TEXT(ZOO_NAME),               \
        .feature_names = zoo_names, .feature_units = zoo_units, .probe = ZOO_PROBE, .init = ZOO_INIT,        \
        .embed = zoo_embed, .deinit = ZOO_DEINIT                                                             \
    }

static const char *const zoo_names[] = {"value"}, *const zoo_units[] = {"1"};

#ifndef ZOO_ENTRY
const csl_plugin *consilium_plugin_entry(uint32_t major, uint32_t minor)
{
    static const csl_plugin table = ZOO_TABLE;
    (void)major, (void)minor;
    return &table;
}
#endif

#endif
