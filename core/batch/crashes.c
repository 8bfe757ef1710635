#include "batch/crashes.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/host.h"

static const char *id_at(const crashes *c, size_t i)
{
    return json_string_value(json_object_get(json_array_get(c->loaded, i), "id"));
}

/* Its place among those loaded; CRASHES_MAX_PLUGINS if it is none of them. */
static size_t find(const crashes *c, const char *plugin)
{
    size_t count = json_array_size(c->loaded);
    for (size_t i = 0; i < count && i < CRASHES_MAX_PLUGINS; i++) {
        if (id_at(c, i) && !strcmp(id_at(c, i), plugin)) return i;
    }
    return CRASHES_MAX_PLUGINS;
}

const char *crashes_known(const crashes *c, const char *plugin)
{
    return id_at(c, find(c, plugin));
}

static bool forbidden(const crashes *c, size_t plugin)
{
    return c->limit && plugin < CRASHES_MAX_PLUGINS && c->counts[plugin] >= c->limit;
}

bool crashes_count(crashes *c, const char *plugin, bool stumbled)
{
    size_t i = find(c, plugin);
    if (i == CRASHES_MAX_PLUGINS) return false;
    c->stumbled[i] = c->stumbled[i] || stumbled;
    return ++c->counts[i] == c->limit;
}

const char *crashes_unasked(const crashes *c, size_t *at)
{
    for (; *at < json_array_size(c->loaded) && *at < CRASHES_MAX_PLUGINS; ++*at)
        if (c->stumbled[*at] && forbidden(c, *at)) return id_at(c, (*at)++);
    return NULL;
}

bool crashes_forbid(const crashes *c, const json_t *adapters, char reason[CRASHES_REASON])
{
    json_t *adapter;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)adapters, i, adapter)
    {
        const char *id = json_string_value(adapter);
        if (!id || !forbidden(c, find(c, id))) continue;
        snprintf(reason, CRASHES_REASON, "plugin %s is under quarantine: it crashed in %u cases before", id,
                 c->limit);
        return true;
    }
    return false;
}

csl_status crashes_keep(const crashes *c, const char *folder, const char *run, csl_error *error)
{
    csl_status status = CSL_OK;
    char day[16];
    time_t t = time(NULL);
    struct tm parts;
    gmtime_r(&t, &parts);
    strftime(day, sizeof day, "%Y-%m-%d", &parts);
    for (size_t i = 0; status == CSL_OK && i < json_array_size(c->loaded) && i < CRASHES_MAX_PLUGINS; i++) {
        if (!forbidden(c, i)) continue;
        const char *hex = json_string_value(json_object_get(json_array_get(c->loaded, i), "sha256"));
        char reason[CRASHES_REASON];
        csl_digest digest;
        snprintf(reason, sizeof reason, "it crashed in %u cases of the run %s, which ended on %s",
                 c->counts[i], run, day);
        status = csl_unhex(hex ? hex : "", digest.bytes, sizeof digest.bytes, error);
        if (status == CSL_OK) status = csl_quarantine_add(folder, &digest, reason, error);
    }
    return status;
}
