/* The conductor of a list that grows: what `drop.h` finds complete is scored, made durable as in a run, and
 * moved away if asked. All that must be remembered stands in the store and in the folders, so that a start
 * after a kill finds in them what there is left to do. */
#include "batch/watch.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "batch/export.h"
#include "batch/ledger.h"

enum { DEFAULT_QUIET = 60, DEFAULT_POLL = 5, LINE = 1200 };
/* Tables are written anew at most so often, and in at most one part in so many of the time. */
static const double export_seconds = 2, export_share = 20;

static void ignored(void *context, const char *text)
{
    tell(((watch *)context)->c, (csl_event){.kind = CSL_EVENT_DROP_IGNORED, .text = text});
}

static void lost(void *context, const char *why)
{
    const watch *w = context;
    char text[LINE];
    snprintf(text, sizeof text, "%s: cannot open folder: %s; it is tried again", w->run.cases, why);
    tell(w->c, (csl_event){.kind = CSL_EVENT_DROP_LOST, .text = text, .detail = why});
}

/* ---- going on ---- */

/* Later results in the log would be there before they are staged: those that wait go first (store.h). */
static csl_status write_tables(watch *w, csl_error *error)
{
    double began = csl_seconds();
    csl_status status = flush_group(w->c, error);
    if (status == CSL_OK) status = export_results(w->c->store, w->run.out, error);
    if (status == CSL_OK) status = ledger_export(w->c->log, w->run.out, error);
    if (status == CSL_OK) status = csl_audit_commit(w->c->log, error);
    w->changed = status != CSL_OK;
    w->exported = csl_seconds();
    w->export_took = w->exported - began;
    return status;
}

static bool tables_are_due(const watch *w)
{
    double rest = w->export_took * export_share;
    return w->changed && csl_seconds() - w->exported > (rest > export_seconds ? rest : export_seconds);
}

static csl_status watch_tick(void *context, csl_error *error)
{
    watch *w = context;
    int asked = w->o->run.stop ? *w->o->run.stop : 0;
    w->stop = asked ? asked : w->leaving;
    csl_status status = tick(w->c, error);
    csl_watch_word word =
        w->o->turn ? w->o->turn(w->run.context, w->c->summary, drop_waiting(w->d) - w->running, w->running)
                   : CSL_WATCH_ON;
    if (word == CSL_WATCH_LEAVE) {
        w->leaving = true;
        tell(w->c, (csl_event){.kind = CSL_EVENT_RELOADING});
    }
    if (word == CSL_WATCH_REFUSED)
        tell(w->c,
             (csl_event){.kind = CSL_EVENT_RELOAD_REFUSED,
                         .text = "the configuration as it is now will not do; the one there was goes on"});
    if (word == CSL_WATCH_REFUSED && status == CSL_OK) status = flush_group(w->c, error);
    if (word == CSL_WATCH_REFUSED && status == CSL_OK)
        status = ledger_configuration(w->c->log, false, "what it was to be started anew with", error);
    if (status == CSL_OK && !w->c->stop && !w->leaving) drop_look(w->d);
    if (status == CSL_OK && tables_are_due(w)) status = write_tables(w, error);
    return status;
}

static csl_status watch_take(void *context, const pool_answer *a, csl_error *error)
{
    return take(((watch *)context)->c, a, error);
}

static csl_status finish(watch *w, csl_error *error)
{
    conductor *c = w->c;
    csl_status status = flush_group(c, error);
    if (status == CSL_OK && w->changed) status = write_tables(w, error);
    csl_status stopped = ledger_stop(c->log, status != CSL_OK, status == CSL_OK ? error : NULL);
    if (status == CSL_OK) status = stopped;
    if (status == CSL_OK) status = ask_anchors(c, error);
    if (status == CSL_OK) status = store_settle(c->store, error);
    c->summary->left = w->leaving;
    c->summary->stopped = c->summary->too_many_failed;
    return status;
}

/* ---- the whole ---- */

/* The real path of a folder, or of the nearest one above it that is there. */
static bool real_place(const char *folder, char real[PATH_MAX])
{
    char path[PATH_MAX];
    bool fits = (size_t)snprintf(path, sizeof path, "%s", folder) < sizeof path;
    for (char *slash; fits && !realpath(path, real); *slash = 0)
        if (!(slash = strrchr(path, '/')) || slash == path) return realpath(slash ? "/" : ".", real) != NULL;
    return fits;
}

/* What is written must not be taken for a case. */
static csl_status check_apart(const char *in, const char *what, const char *folder, csl_error *error)
{
    char real_in[PATH_MAX], real[PATH_MAX];
    if (!folder || !realpath(in, real_in) || !real_place(folder, real)) return CSL_OK;
    size_t length = strlen(real_in);
    if (strncmp(real, real_in, length) || (real[length] && real[length] != '/')) return CSL_OK;
    return csl_fail(error, CSL_EUSAGE, folder, "%s must not be in the folder that is watched", what);
}

static csl_status check(const csl_watch_options *o, csl_error *error)
{
    if (!o->run.cases || !csl_is_folder(o->run.cases))
        return csl_fail(error, CSL_ENOTFOUND, o->run.cases, "there is no such folder to watch");
    if (o->run.shards)
        return csl_fail(error, CSL_EUSAGE, NULL, "a watch takes every case that comes: it has no shards");
    csl_status status = check_apart(o->run.cases, "the folder for results", o->run.out, error);
    if (status == CSL_OK) status = check_apart(o->run.cases, "the archive", o->archive, error);
    if (status == CSL_OK) status = check_apart(o->run.cases, "the folder for failed cases", o->failed, error);
    return status;
}

/* Looked at again when they are there: on the way there may have been `..`. */
static csl_status make_folders(const csl_watch_options *o, csl_error *error)
{
    csl_status status = o->run.out ? csl_make_folders(o->run.out, error) : CSL_OK;
    if (status == CSL_OK && o->archive) status = csl_make_folders(o->archive, error);
    if (status == CSL_OK && o->failed) status = csl_make_folders(o->failed, error);
    return status == CSL_OK ? check(o, error) : status;
}

static csl_status open_watch(watch *w, csl_error *error)
{
    conductor *c = w->c;
    drop_options dropping = {.folder = w->run.cases,
                             .quiet = w->o->quiet_seconds ? w->o->quiet_seconds : DEFAULT_QUIET,
                             .poll = w->o->poll_seconds ? w->o->poll_seconds : DEFAULT_POLL,
                             .wanted = watch_wants,
                             .complete = watch_complete,
                             .ignored = ignored,
                             .lost = lost,
                             .context = w};
    c->published = watch_published;
    c->published_context = w;
    csl_status status = conductor_open(c, jobs_or_default(w->run.jobs, SIZE_MAX), error);
    if (status == CSL_OK) status = drop_open(&dropping, &w->d, error);
    if (status == CSL_OK) status = describe_run(c, error);
    if (status == CSL_OK) status = note_limits(c, error);
    if (status == CSL_OK) status = store_count(c->store, c->summary, error);
    w->first_entry = status == CSL_OK ? csl_audit_size(c->log) : 0;
    c->summary->resumed = c->summary->total;
    if (status == CSL_OK)
        status = ledger_start(c->log, csl_store_fact(c->store, "configuration"), w->run.settings_file,
                              c->hello, w->run.model, c->model, error);
    return status == CSL_OK ? ask_anchors(c, error) : status;
}

static csl_status go_on(watch *w, csl_error *error)
{
    conductor *c = w->c;
    csl_status status = open_watch(w, error);
    if (status != CSL_OK) return status;
    c->step = STEP_SCORING;
    csl_queue queue = {0};
    tell(c, (csl_event){.kind = CSL_EVENT_STARTED, .queue = &queue});
    if (w->o->opened) w->o->opened(w->run.context);
    status = pool_run(c->p, 0, watch_take, watch_tick, w, error);
    if (status != CSL_OK) return status;
    c->step = STEP_RESULTS;
    return finish(w, error);
}

static void close_watch(watch *w)
{
    conductor_close(w->c);
    drop_close(w->d);
    for (size_t i = 0; i < WINDOW; i++) free(w->ring[i]);
    free(w);
}

csl_status csl_watch(const csl_watch_options *options, csl_run_summary *summary, csl_error *error)
{
    csl_error why = {0};
    *summary = (csl_run_summary){0};
    watch *w = calloc(1, sizeof *w);
    if (!w) return csl_fail(error, CSL_ENOMEM, options->run.out, "no memory for a watch");
    w->o = options;
    w->run = options->run;
    w->run.stop = &w->stop;
    w->space = true;
    w->changed = true; /* a kill may have come between a result and the tables */
    csl_status status = check(options, &why);
    if (status == CSL_OK) status = make_folders(options, &why);
    if (status == CSL_OK) status = conductor_make(&w->run, summary, watch_open_case, true, &w->c, &why);
    if (status == CSL_OK) status = go_on(w, &why);
    if (status == CSL_OK)
        tell_end(w->c);
    else
        tell_failure(&w->run, w->c ? w->c->step : STEP_OPTIONS, &why);
    if (status != CSL_OK && error) *error = why;
    close_watch(w);
    return status;
}

csl_status csl_watch_check(const csl_watch_options *options, csl_error *error)
{
    csl_run_summary none_of_it;
    conductor *c = NULL;
    csl_store *store = NULL;
    csl_error none = {0};
    csl_status status = check(options, error);
    if (status == CSL_OK)
        status = conductor_make(&options->run, &none_of_it, watch_open_case, true, &c, error);
    if (status == CSL_OK && access(options->run.key, R_OK) < 0)
        status = csl_fail_errno(error, options->run.key, "cannot open");
    if (status == CSL_OK) status = conductor_try(c, error);
    csl_status there = status == CSL_OK ? csl_store_open_read(options->run.out, &store, &none) : CSL_OK;
    if (there != CSL_OK && there != CSL_ENOTFOUND) {
        if (error) *error = none;
        status = there;
    }
    if (status == CSL_OK && store) status = describe_kind(store, true, options->run.out, error);
    if (status == CSL_OK && store && csl_store_fact(store, "configuration"))
        status = describe_compare(store, &c->card, options->run.out, error);
    csl_store_close(store);
    conductor_close(c);
    return status;
}
