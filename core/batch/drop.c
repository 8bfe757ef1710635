#include "batch/drop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "batch/case_files.h"
#include "batch/text.h"

enum { BUCKETS = 1024, SAID = 1024, LOOKS_A_QUIET = 8 };
static const double slice = 0.025, breath = 0.05, shortest_look = 0.1, longest_look = 5;
static const double share =
    10; /* a look through all of it that took a second is followed by this many without */

/* A case that is waited for. */
typedef struct waiting {
    struct waiting *next; /* of its bucket */
    char *id;
    char signature[INPUTS_STAMP];
    double since, look; /* unchanged since; when it is looked at next */
    bool taken;
} waiting;

struct drop {
    drop_options o;
    waiting *buckets[BUCKETS];
    size_t count, cursor; /* cursor: the bucket that is looked through next */
    int events;           /* inotify; -1: none */
    DIR *scan;            /* the look through all of it that goes on; NULL: none */
    double scan_due, scan_spent, rested;
    bool unreadable;     /* the folder; said */
    uint64_t said[SAID]; /* hashes of what was said already, one a place */
};

/* ---- saying things once ---- */

/* FNV-1a (Fowler, Noll, Vo). */
static uint64_t hash_text(const char *text)
{
    uint64_t h = 14695981039346656037u;
    for (; *text; text++) h = (h ^ (unsigned char)*text) * 1099511628211u;
    return h;
}

static void say_once(drop *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say_once(drop *d, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_clean(text);
    uint64_t h = hash_text(text);
    if (d->said[h % SAID] == h) return;
    d->said[h % SAID] = h;
    d->o.ignored(d->o.context, text);
}

/* ---- what is waited for ---- */

static waiting **find(drop *d, const char *id)
{
    waiting **at = &d->buckets[hash_text(id) % BUCKETS];
    while (*at && strcmp((*at)->id, id)) at = &(*at)->next;
    return at;
}

static void forget(drop *d, waiting **at)
{
    waiting *w = *at;
    *at = w->next;
    free(w->id);
    free(w);
    d->count--;
}

static double look_interval(const drop *d)
{
    double interval = d->o.quiet / LOOKS_A_QUIET;
    return interval < shortest_look ? shortest_look : interval > longest_look ? longest_look : interval;
}

static void wait_for(drop *d, const char *id, const char signature[INPUTS_STAMP])
{
    if (d->count == DROP_PENDING) return; /* it is seen again when there is room */
    waiting *w = calloc(1, sizeof *w);
    if (!w || !(w->id = strdup(id))) {
        free(w);
        return;
    }
    waiting **at = find(d, id);
    memcpy(w->signature, signature, INPUTS_STAMP);
    w->since = csl_seconds();
    w->look = w->since + look_interval(d);
    *at = w;
    d->count++;
}

/* Returns whether it is still waited for; then *at is the same. */
static bool look_at(drop *d, waiting **at)
{
    waiting *w = *at;
    csl_manifest_case c;
    char signature[INPUTS_STAMP];
    csl_error error = {0};
    csl_status status = drop_read(d->o.folder, w->id, &c, signature, &error);
    double now = csl_seconds();
    w->look = now + look_interval(d);
    if (status == CSL_ENOMEM) return true;
    if (status != CSL_EFORMAT && (status != CSL_OK || !c.count)) { /* gone, or nothing in it yet */
        if (status == CSL_OK) csl_manifest_case_free(&c);
        forget(d, at);
        return false;
    }
    bool quiet = !strcmp(signature, w->signature);
    if (!quiet) w->since = now;
    memcpy(w->signature, signature, INPUTS_STAMP);
    quiet = quiet && now - w->since >= d->o.quiet;
    drop_answer answer = quiet ? d->o.complete(d->o.context, &c) : DROP_LATER;
    w->taken = answer == DROP_TAKEN;
    csl_manifest_case_free(&c);
    if (answer == DROP_FORGET) forget(d, at);
    return answer != DROP_FORGET;
}

static void look_at_waiting(drop *d, double until)
{
    for (size_t i = 0; i < BUCKETS && csl_seconds() < until; i++) {
        waiting **at = &d->buckets[d->cursor];
        while (*at)
            if ((*at)->taken || (*at)->look > csl_seconds() || look_at(d, at)) at = &(*at)->next;
        d->cursor = (d->cursor + 1) % BUCKETS;
    }
}

void drop_release(drop *d, const char *id)
{
    waiting **at = find(d, id);
    if (*at) forget(d, at);
}

size_t drop_waiting(const drop *d)
{
    return d->count;
}

/* ---- what is there ---- */

/* One name in the folder. */
static void meet(drop *d, const char *name)
{
    if (drop_is_temporary(name) || *find(d, name)) return;
    char *path = csl_path_join(d->o.folder, name);
    csl_manifest_case c;
    char signature[INPUTS_STAMP];
    csl_error error = {0};
    struct stat s;
    if (!path || lstat(path, &s) < 0) goto done;
    if (!S_ISDIR(s.st_mode)) {
        say_once(d, "%s is left alone: a case is a folder, %s", path,
                 S_ISLNK(s.st_mode)   ? "and links are not followed"
                 : S_ISREG(s.st_mode) ? "not a file beside it"
                                      : "not what this is");
        goto done;
    }
    if (files_check_id(name, "a case's name", path, &error) != CSL_OK) {
        say_once(d, "%s is left alone: %s", path, error.message);
        goto done;
    }
    if (d->count == DROP_PENDING) goto done;
    csl_status status = drop_read(d->o.folder, name, &c, signature, &error);
    if (status != CSL_OK && status != CSL_EFORMAT) goto done;
    if ((c.count || status == CSL_EFORMAT) && d->o.wanted(d->o.context, &c)) wait_for(d, name, signature);
    csl_manifest_case_free(&c);
done:
    free(path);
}

static void scan(drop *d, double until)
{
    double began = csl_seconds();
    if (!d->scan) {
        if (began < d->scan_due) return;
        d->scan_spent = 0;
        d->scan = opendir(d->o.folder);
        if (!d->scan) {
            if (!d->unreadable) d->o.lost(d->o.context, strerror(errno));
            d->unreadable = true;
            d->scan_due = began + d->o.poll;
            return;
        }
        d->unreadable = false;
        /* Named again each time: it may be another folder by now. Watching one twice is watching it once. */
        if (d->events >= 0) inotify_add_watch(d->events, d->o.folder, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
    }
    struct dirent *entry = NULL;
    double now = began;
    while (now < until && (entry = readdir(d->scan))) {
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) meet(d, entry->d_name);
        now = csl_seconds();
    }
    d->scan_spent += csl_seconds() - began;
    if (entry || now >= until) return;
    closedir(d->scan);
    d->scan = NULL;
    double rest = d->scan_spent * share > d->o.poll ? d->scan_spent * share : d->o.poll;
    d->scan_due = csl_seconds() + rest;
}

/* What the kernel tells of spares waiting for the next look through all of it. */
static void hear(drop *d, double until)
{
    union {
        char bytes[16384];
        struct inotify_event align;
    } told;
    while (d->events >= 0 && csl_seconds() < until) {
        ssize_t got = read(d->events, told.bytes, sizeof told.bytes);
        if (got <= 0) return;
        for (ssize_t at = 0; at < got;) {
            const struct inotify_event *event = (const void *)(told.bytes + at);
            if (event->mask & IN_Q_OVERFLOW) d->scan_due = 0;
            if (event->len) meet(d, event->name);
            at += (ssize_t)(sizeof *event + event->len);
        }
    }
}

csl_status drop_open(const drop_options *options, drop **out, csl_error *error)
{
    drop *d = calloc(1, sizeof *d);
    if (!d) return csl_fail(error, CSL_ENOMEM, options->folder, "no memory to watch a folder");
    d->o = *options;
    d->events = -1;
    DIR *there = opendir(options->folder);
    if (!there) {
        csl_status status = csl_fail_errno(error, options->folder, "cannot open folder");
        drop_close(d);
        return status;
    }
    closedir(there);
    d->events = inotify_init1(IN_NONBLOCK | IN_CLOEXEC); /* without it there are still the looks */
    *out = d;
    return CSL_OK;
}

void drop_look(drop *d)
{
    double now = csl_seconds(), until = now + slice;
    if (now - d->rested < breath) return; /* however often it is called, it does not take all the time */
    hear(d, until);
    look_at_waiting(d, until);
    scan(d, until);
    d->rested = csl_seconds();
}

void drop_close(drop *d)
{
    if (!d) return;
    for (size_t i = 0; i < BUCKETS; i++)
        while (d->buckets[i]) forget(d, &d->buckets[i]);
    if (d->scan) closedir(d->scan);
    if (d->events >= 0) close(d->events);
    free(d);
}
