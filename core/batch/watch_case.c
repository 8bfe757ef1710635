#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/file.h"
#include "batch/archive.h"
#include "batch/watch.h"

enum { LINE = 1200 };
static const double space_seconds = 1;
static const uint64_t least_space = (uint64_t)64 << 20;

/* Something about one case: text for a terminal, for others its pseudonym and the kind of error. */
static void say(const watch *w, csl_event_kind kind, const char *id, const csl_error *error, const char *what)
{
    char text[LINE];
    snprintf(text, sizeof text, "case %s%s%s%s%s%s", id, what, error ? ": " : "", error ? error->place : "",
             error && error->place[0] ? ": " : "", error ? error->message : "");
    tell_case(w->c, id, 0,
              (csl_event){.kind = kind, .text = text, .reason = error ? csl_code_word(error->code) : NULL});
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

void watch_published(void *context, size_t index, const store_row *row)
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

bool watch_wants(void *context, const csl_manifest_case *c)
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

drop_answer watch_complete(void *context, const csl_manifest_case *c)
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
csl_status watch_open_case(void *context, size_t index, csl_manifest_case *which, csl_error *error)
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
