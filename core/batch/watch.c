/* The conductor of a list that grows: what `drop.h` finds complete is scored, made durable as in a run, and
 * moved away if asked. All that must be remembered stands in the store and in the folders, so that a start
 * after a kill finds in them what there is left to do. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "batch/archive.h"
#include "batch/conductor.h"
#include "batch/drop.h"
#include "batch/export.h"
#include "batch/ledger.h"

enum { DEFAULT_QUIET = 60, DEFAULT_POLL = 5, LINE = 1200 };
/* Tables are written anew at most so often, and in at most one part in so many of the time. */
static const double export_seconds = 2, export_share = 20, space_seconds = 1;
static const uint64_t least_space = (uint64_t)64 << 20;

typedef struct watch {
    const csl_watch_options *o;
    csl_run_options run; /* o's, with a `stop` of our own */
    conductor *c;
    drop *d;
    char *ring[WINDOW];      /* ids of cases that were begun, until their results are in sight */
    char before[WINDOW][16]; /* the status of the earlier result, or "" */
    size_t running;
    volatile int stop;
    bool leaving, changed; /* changed: since the tables were written */
    double exported, export_took, space_looked;
    bool space;
    uint64_t first_entry; /* of this start: results with an earlier one are older */
} watch;

/* Something about one case: text for a terminal, for others its pseudonym and the kind of error. */
static void say(const watch *w, csl_event_kind kind, const char *id, const csl_error *error, const char *what)
{
    char text[LINE];
    snprintf(text, sizeof text, "case %s%s%s%s%s%s", id, what, error ? ": " : "", error ? error->place : "",
             error && error->place[0] ? ": " : "", error ? error->message : "");
    tell_case(w->c, id, 0,
              (csl_event){.kind = kind, .text = text, .reason = error ? csl_code_word(error->code) : NULL});
}

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

static void beat(void *context)
{
    const watch *w = context;
    if (w->o->beat) w->o->beat(w->o->run.context);
}

static archive_beat beats(watch *w)
{
    return (archive_beat){.call = beat, .context = w};
}

/* ---- when its result is durable ---- */

static const char *destination(const watch *w, const char *status)
{
    return !strcmp(status, "failed") && w->o->failed ? w->o->failed : w->o->archive;
}

/* One that cannot be listed is not moved: nobody can tell what that would be. */
static bool is_listed(const csl_manifest_case *c)
{
    return c->count && strcmp(c->names[0], ".");
}

/* A file that came between the last look and the move was moved with the others: all go back, to be read
 * again.
 */
static void check_moved(watch *w, const char *folder, const char *moved, const csl_manifest_case *c,
                        const char *stamp)
{
    char signature[INPUTS_STAMP], now[INPUTS_STAMP];
    const char *name = strrchr(moved, '/') + 1;
    csl_manifest_case there;
    csl_error error = {0};
    if (drop_read(folder, name, &there, signature, &error) != CSL_OK) return;
    inputs_stamp(&there, now);
    csl_manifest_case_free(&there);
    if (!strcmp(now, stamp)) return;
    say(w, CSL_EVENT_CASE_CAME_ON, c->id, NULL, ": files came while it was moved away; it is moved back");
    if (archive_take(folder, name, c->folder, beats(w), &error) != CSL_OK)
        say(w, CSL_EVENT_CASE_STAYS, c->id, &error, " is not moved back");
}

/* Where one is asked for, moves a case that is done with to where it is kept. Else, and where that fails, it
 * stays, and is looked at again. The store says it before, so that after a kill a case is known by it
 * wherever it is. */
static void put_away(watch *w, const char *id, const char *status, const char *stamp)
{
    char signature[INPUTS_STAMP], now[INPUTS_STAMP], *moved = NULL;
    const char *to = destination(w, status);
    csl_manifest_case c;
    struct stat before, after;
    csl_error error = {0};
    if (!to || drop_read(w->run.cases, id, &c, signature, &error) != CSL_OK) return;
    inputs_stamp(&c, now);
    if (strcmp(now, stamp) || !is_listed(&c) || stat(c.folder, &before) < 0) goto done;
    csl_status put = store_set_moved(w->c->store, id, true, &error);
    if (put == CSL_OK) put = archive_put(w->run.cases, id, to, beats(w), &moved, &error);
    if (put != CSL_OK) {
        say(w, CSL_EVENT_CASE_STAYS, id, &error, " stays where it is");
        store_set_moved(w->c->store, id, false, NULL);
    } else if (stat(moved, &after) == 0 && before.st_ino == after.st_ino && before.st_dev == after.st_dev) {
        check_moved(w, to, moved, &c, stamp); /* a copy takes no more than what it was asked to */
    }
done:
    csl_manifest_case_free(&c);
    free(moved);
}

static void count(csl_run_summary *s, const char *status, size_t by)
{
    if (!strcmp(status, "scored")) s->scored += by;
    if (!strcmp(status, "failed")) s->failed += by;
    if (!strcmp(status, "withheld")) s->withheld += by;
}

static void published(void *context, size_t index, const store_row *row)
{
    watch *w = context;
    const char *before = w->before[index % WINDOW];
    csl_run_summary *s = w->c->summary;
    count(s, before, SIZE_MAX); /* by -1: it has another result now */
    s->total += !before[0];
    put_away(w, row->id, row->status, row->stamp);
    drop_release(w->d, row->id);
    free(w->ring[index % WINDOW]);
    w->ring[index % WINDOW] = NULL;
    w->running--;
    w->changed = true;
}

/* ---- what comes ---- */

static bool has_space(watch *w)
{
    double now = csl_seconds();
    struct statvfs s;
    if (now - w->space_looked < space_seconds) return w->space;
    w->space_looked = now;
    bool before = w->space;
    w->space = statvfs(w->run.out, &s) < 0 || (uint64_t)s.f_bavail * s.f_frsize >= least_space;
    if (before == w->space) return w->space;
    char text[LINE];
    snprintf(text, sizeof text,
             w->space ? "%s: there is space again"
                      : "%s: less than 64 MiB are free; no case is begun until there is more",
             w->run.out);
    tell(w->c, (csl_event){.kind = w->space ? CSL_EVENT_SPACE_BACK : CSL_EVENT_SPACE_SHORT,
                           .text = text,
                           .detail = text});
    return w->space;
}

/* A failed case that is back from where failed ones go, or that was asked for by --retry. */
static bool asked_again(const watch *w, const store_found *f)
{
    return !strcmp(f->status, "failed") && (f->moved || (w->run.retry && f->audit_index < w->first_entry));
}

static bool wanted(void *context, const csl_manifest_case *c)
{
    watch *w = context;
    store_found f;
    char stamp[INPUTS_STAMP];
    if (store_find(w->c->store, c->id, &f, NULL) != CSL_OK || !f.there) return true;
    inputs_stamp(c, stamp);
    return strcmp(stamp, f.stamp) || asked_again(w, &f) || (destination(w, f.status) && is_listed(c));
}

/* Its files are the ones that were read, wherever they have been since. */
static bool is_known(watch *w, const csl_manifest_case *c, store_found *f)
{
    char stamp[INPUTS_STAMP], *line = NULL;
    inputs_stamp(c, stamp);
    if (!strcmp(stamp, f->stamp)) return true;
    bool same = store_line(w->c->store, c->id, &line, NULL) == CSL_OK && !inputs_differ(c, line);
    free(line);
    if (!same || store_restamp(w->c->store, c->id, stamp, NULL) != CSL_OK) return false;
    memcpy(f->stamp, stamp, sizeof f->stamp);
    return true;
}

/* What came later belongs to what came before: the files that were moved away come back. */
static void reunite(watch *w, const csl_manifest_case *c)
{
    const char *const folders[] = {w->o->archive, w->o->failed};
    for (size_t i = 0; i < 2; i++) {
        csl_error error = {0};
        if (!folders[i]) continue;
        csl_status status = archive_take(folders[i], c->id, c->folder, beats(w), &error);
        if (status != CSL_OK && status != CSL_ENOTFOUND)
            say(w, CSL_EVENT_CASE_STAYS, c->id, &error, " is without its earlier files");
    }
}

static drop_answer begin(watch *w, const char *id, const char *before)
{
    size_t place = w->c->count % WINDOW;
    if (w->ring[place] || !(w->ring[place] = strdup(id))) return DROP_LATER;
    snprintf(w->before[place], sizeof w->before[place], "%s", before);
    w->running++;
    w->c->count++;
    pool_grow(w->c->p);
    return DROP_TAKEN;
}

static drop_answer complete(void *context, const csl_manifest_case *c)
{
    watch *w = context;
    store_found f;
    if (!has_space(w) || store_find(w->c->store, c->id, &f, NULL) != CSL_OK) return DROP_LATER;
    if (!f.there) return begin(w, c->id, "");
    if (w->ring[w->c->count % WINDOW]) return DROP_LATER; /* before much is read for nothing */
    bool known = is_known(w, c, &f), again = asked_again(w, &f);
    if (!known && f.moved) {
        csl_manifest_case whole;
        char signature[INPUTS_STAMP];
        reunite(w, c);
        if (drop_read(w->run.cases, c->id, &whole, signature, NULL) != CSL_OK) return DROP_LATER;
        known = is_known(w, &whole, &f);
        csl_manifest_case_free(&whole);
    }
    if (known && !again) {
        put_away(w, c->id, f.status, f.stamp);
        return DROP_FORGET;
    }
    if (!known)
        say(w, CSL_EVENT_CASE_CHANGED, c->id, NULL,
            ": its files are not those that were read; it is done again");
    return begin(w, c->id, f.status);
}

/* What it is when its turn comes. */
static csl_status open_case(void *context, size_t index, csl_manifest_case *which, csl_error *error)
{
    conductor *c = context;
    watch *w = c->published_context;
    const char *id = w->ring[index % WINDOW];
    char signature[INPUTS_STAMP];
    csl_status status = drop_read(w->run.cases, id, which, signature, error);
    if (status == CSL_ENOTFOUND) {
        *which = (csl_manifest_case){.id = strdup(id), .folder = csl_path_join(w->run.cases, id)};
        status = which->id && which->folder
                     ? csl_fail(error, CSL_EFORMAT, id, "its folder was taken away before its turn came")
                     : csl_fail(error, CSL_ENOMEM, w->run.cases, "no memory for a case");
    }
    if (which->id) inputs_stamp(which, c->stamps[index % WINDOW]);
    return status;
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
    if (status == CSL_OK) (void)store_settle(c->store, NULL); /* who reads it now keeps it as it is */
    c->summary->left = w->leaving;
    c->summary->stopped = c->summary->too_many_failed;
    return status;
}

/* ---- the whole ---- */

/* What is written must not be taken for a case. */
static csl_status check_apart(const char *in, const char *what, const char *folder, csl_error *error)
{
    char real_in[PATH_MAX], real[PATH_MAX];
    if (!folder || !realpath(in, real_in) || !realpath(folder, real)) return CSL_OK;
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

/* The folders are made first, so that they have real paths to be compared by. */
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
                             .wanted = wanted,
                             .complete = complete,
                             .ignored = ignored,
                             .lost = lost,
                             .context = w};
    c->published = published;
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
    if (status == CSL_OK) status = conductor_make(&w->run, summary, open_case, true, &w->c, &why);
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
    if (status == CSL_OK) status = conductor_make(&options->run, &none_of_it, open_case, true, &c, error);
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
