#include <stdio.h>
#include <string.h>

#include "host/slot.h"

csl_registry *registry_of(const csl_host *host)
{
    return (csl_registry *)((uintptr_t)host - offsetof(csl_registry, host));
}

/* Bytes of NAME in "NAME=VALUE". */
static size_t name_length(const char *setting)
{
    return strcspn(setting, "=");
}

/* The last setting of an option is the one that counts. */
static const char *get_option(const csl_host *host, const char *name)
{
    const csl_registry *registry = registry_of(host);
    for (size_t i = registry->setting_count; name && i-- > 0;) {
        const char *setting = registry->settings[i];
        size_t length = name_length(setting);
        if (length == strlen(name) && !strncmp(setting, name, length)) return setting + length + 1;
    }
    return NULL;
}

static int32_t refuse_option(const csl_host *host, const char *name, const char *text)
{
    const char *value = get_option(host, name);
    csl_fail(&registry_of(host)->refusal, CSL_EUSAGE, NULL, "option %s must be %s, not '%s'",
             name ? name : "", text ? text : "something else", value ? value : "");
    return CSL_PLUGIN_BAD_INPUT;
}

const csl_options host_options = {
    .struct_size = sizeof host_options, .revision = 1, .get = get_option, .refuse = refuse_option};

const char *csl_registry_setting(const csl_registry *registry, size_t index)
{
    return index < registry->setting_count ? registry->settings[index] : NULL;
}

bool csl_registry_has_option(const csl_registry *registry, const char *plugin_id, const char *name)
{
    for (size_t p = 0; p < registry->count; p++) {
        const csl_plugin *t = registry->slots[p].entry.table;
        if (!t || !CSL_HAS(t, csl_plugin, option_count) || (plugin_id && strcmp(plugin_id, t->id))) continue;
        for (uint32_t o = 0; o < t->option_count; o++)
            if (!strcmp(t->options[o]->name, name)) return true;
    }
    return false;
}

csl_status options_check(const csl_registry *registry, csl_error *error)
{
    for (size_t i = 0; i < registry->setting_count; i++) {
        const char *setting = registry->settings[i];
        char name[128];
        size_t length = name_length(setting);
        if (!length || !setting[length])
            return csl_fail(error, CSL_EUSAGE, NULL, "an option is NAME=VALUE, not '%s'", setting);
        snprintf(name, sizeof name, "%.*s", (int)length, setting);
        if (length >= sizeof name || !csl_registry_has_option(registry, NULL, name))
            return csl_fail(error, CSL_EUSAGE, NULL,
                            "no plugin has an option '%s'; `consilium plugin list` names those there are",
                            name);
    }
    return CSL_OK;
}
