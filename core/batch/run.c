#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch/conductor.h"
#include "batch/export.h"
#include "batch/ledger.h"

static void count_crash(void *context, const char *plugin)
{
    bool stumbled = plugin[0] == STORE_STUMBLED;
    crashes_count(context, plugin + stumbled, stumbled);
}

static bool in_shard(const csl_run_options *o, size_t position)
{
    return !o->shards || position % o->shards == o->shard - 1;
}

/* Whether a result stands: its files are those that were read, and nobody asks for another try. */
static bool keep(void *context, size_t position, const char *status, const char *stamp, const char *json)
{
    conductor *c = context;
    csl_manifest_case which;
    char now[INPUTS_STAMP], text[512];
    if (c->o->retry && !strcmp(status, "failed")) return false;
    /* One that cannot be listed is done again, and fails. */
    if (csl_manifest_get(c->manifest, position, &which, NULL) != CSL_OK) return false;
    inputs_stamp(&which, now);
    bool same = !strcmp(now, stamp) || !inputs_differ(&which, json);
    snprintf(text, sizeof text, "case %s: its files are not those that were read; it is done again",
             which.id);
    if (!same) tell_case(c, which.id, position, (csl_event){.kind = CSL_EVENT_CASE_CHANGED, .text = text});
    csl_manifest_case_free(&which);
    return same;
}

static csl_status open_case(void *context, size_t index, csl_manifest_case *which, csl_error *error)
{
    conductor *c = context;
    csl_status status = csl_manifest_get(c->manifest, c->list[index], which, error);
    if (which->id) inputs_stamp(which, c->stamps[index % WINDOW]);
    return status;
}

static csl_status list_cases(conductor *c, csl_error *error)
{
    size_t count = csl_manifest_count(c->manifest);
    bool *done = calloc(count + 1, sizeof *done);
    c->list = calloc(count + 1, sizeof *c->list);
    csl_status status = done && c->list
                            ? CSL_OK
                            : csl_fail(error, CSL_ENOMEM, c->o->cases, "no memory for the list of cases");
    if (status == CSL_OK) status = store_match(c->store, c->manifest, keep, c, done, c->summary, error);
    if (status == CSL_OK) status = store_each_crash(c->store, done, count_crash, &c->crashed, error);
    if (status == CSL_OK) status = leave_out(c, error);
    for (size_t i = 0; status == CSL_OK && i < count; i++)
        if (in_shard(c->o, i) && !done[i]) c->list[c->count++] = i;
    free(done);
    return status;
}

/* ---- the whole ---- */

static csl_status finish(conductor *c, csl_error *error)
{
    char finished[32];
    const csl_run_summary *s = c->summary;
    c->summary->stopped = s->scored + s->failed + s->withheld < s->total;
    csl_status status = CSL_OK;
    if (!c->summary->stopped) {
        status = export_results(c->store, c->o->out, error);
        csl_status logged =
            status == CSL_OK ? ledger_export(c->log, c->o->out, error) : ledger_export_failed(c->log, NULL);
        if (status == CSL_OK) status = logged;
    }
    if (status == CSL_OK && !c->summary->stopped) keep_quarantine(c);
    bool early = c->summary->stopped || status != CSL_OK;
    csl_status stopped = ledger_stop(c->log, early, status == CSL_OK ? error : NULL);
    if (status == CSL_OK) status = stopped;
    if (stopped == CSL_OK) stopped = ask_anchors(c, status == CSL_OK ? error : NULL);
    if (status == CSL_OK) status = stopped;
    if (early) return status;
    utc_now(finished);
    if (status == CSL_OK) status = store_set_fact(c->store, "finished", finished, error);
    return status == CSL_OK ? store_settle(c->store, error) : status;
}

static csl_status conduct(conductor *c, csl_error *error)
{
    const csl_run_options *o = c->o;
    csl_status status;
    c->step = STEP_CASES;
    if ((status = csl_manifest_open(o->cases, &c->manifest, error)) != CSL_OK) return status;
    for (size_t i = 0; i < csl_manifest_count(c->manifest); i++) c->summary->total += in_shard(o, i);
    unsigned jobs = jobs_or_default(o->jobs, c->summary->total);
    if ((status = conductor_open(c, jobs, error)) != CSL_OK) return status;
    if ((status = describe_run(c, error)) != CSL_OK) return status;
    if ((status = note_limits(c, error)) != CSL_OK) return status;
    c->step = STEP_LIST;
    if ((status = list_cases(c, error)) != CSL_OK) return status;
    c->step = STEP_LOG;
    if ((status = ledger_start(c->log, csl_store_fact(c->store, "configuration"), o->settings_file, c->hello,
                               o->model, c->model, error)) != CSL_OK)
        return status;
    if ((status = ask_anchors(c, error)) != CSL_OK) return status;
    c->step = STEP_SCORING;
    char now[32];
    utc_now(now);
    if ((status = store_set_fact(c->store, "resumed", now, error)) != CSL_OK) return status;
    csl_queue queue = {.waiting = c->count};
    tell(c, (csl_event){.kind = CSL_EVENT_STARTED, .queue = &queue});
    if ((status = pool_run(c->p, c->count, take, tick, c, error)) != CSL_OK) return status;
    if ((status = flush_group(c, error)) != CSL_OK) return status;
    c->step = STEP_RESULTS;
    return finish(c, error);
}

csl_status csl_run(const csl_run_options *options, csl_run_summary *summary, csl_error *error)
{
    conductor *c = NULL;
    csl_error why = {0};
    csl_status status = conductor_make(options, summary, open_case, false, &c, &why);
    if (status == CSL_OK) status = conduct(c, &why);
    if (status == CSL_OK)
        tell_end(c);
    else
        tell_failure(options, c ? c->step : STEP_OPTIONS, &why);
    if (status != CSL_OK && error) *error = why;
    conductor_close(c);
    return status;
}
