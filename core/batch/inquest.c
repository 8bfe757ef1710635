#include "batch/inquest.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/frame.h"

enum { ASKED_SECONDS = 10 }; /* are enough for what looks at 64 KiB of each file */

static bool is_left_out(const child_case *which, const char *plugin)
{
    for (size_t i = 0; i < which->without_count; i++)
        if (!strcmp(which->without[i], plugin)) return true;
    return false;
}

/* How a plugin ends alone. */
static child_end try_alone(const child_nest *nest, const child_case *which, const char *plugin,
                           double seconds)
{
    duty d = *nest->d;
    child_nest own = *nest;
    child_case alone = *which;
    csl_buffer answer, errors;
    char reason[CHILD_REASON];
    if (seconds < d.limits.wall_seconds) d.limits.wall_seconds = (unsigned)seconds;
    own.d = &d;
    alone.alone = plugin;
    csl_buffer_init(&answer, d.maximum + CSL_FRAME_HEADER);
    csl_buffer_init(&errors, CHILD_MAX_ERRORS);
    child_end end = child_run(&own, &alone, &answer, &errors, reason);
    csl_buffer_free(&answer);
    csl_buffer_free(&errors);
    return end;
}

void inquest(const child_nest *nest, const child_case *which, child_end *end, char plugin[STAGE_TEXT])
{
    char said[STAGE_TEXT];
    double most = nest->d->limits.wall_seconds, until = csl_seconds() + 2 * most;
    if (*end == CHILD_STUMBLED && most > ASKED_SECONDS) most = ASKED_SECONDS;
    memcpy(said, plugin, sizeof said);
    /* First the one that the child said, which is at no place of the registry. */
    for (size_t i = 0, count = csl_registry_count(nest->registry); i <= count; i++) {
        const csl_plugin *table = i ? csl_registry_entry_at(nest->registry, i - 1)->table : NULL;
        const char *id = table ? table->id : i ? "" : said;
        double left = until - csl_seconds();
        if (!id[0] || (i && !strcmp(id, said)) || is_left_out(which, id)) continue;
        if (left < 1) break;
        child_end alone = try_alone(nest, which, id, left < most ? left : most);
        if (alone != CHILD_CRASHED && alone != CHILD_STUMBLED) continue;
        *end = alone;
        snprintf(plugin, STAGE_TEXT, "%s", id);
        return;
    }
    plugin[0] = 0;
}
