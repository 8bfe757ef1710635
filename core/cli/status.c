/* consilium status: how far a run is, and how it goes. */
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "batch/batch.h"
#include "cli/verb.h"

enum { MOST = 10, QUIET = 60 /* seconds that are worth a word */ };

static void help(void)
{
    puts("Usage: consilium status DIR [--json]\n\n"
         "How far the run in DIR is, at what rate, when it will end, why cases failed, and which took "
         "longest. It only reads, and may\n"
         "be asked while the run goes on.\n\n"
         "  --json   print a JSON object\n"
         "  --help   this text\n\n"
         "Exit codes: 0 done, 2 wrong usage, 3 there is no run.");
}

typedef struct state {
    csl_store_survey survey;
    size_t total;
    bool going_on, watched;         /* watched: the results of `consilium watch` */
    double idle;                    /* seconds since the last result; NAN: none yet, or not running */
    const char *started, *finished; /* facts; NULL: not known */
    json_t *reasons, *slowest;
} state;

static void add_reason(void *context, const char *reason, size_t cases)
{
    json_array_append_new(((state *)context)->reasons,
                          json_pack("{s:s, s:I}", "reason", reason, "cases", (json_int_t)cases));
}

static void add_slow(void *context, const char *id, double seconds)
{
    json_array_append_new(((state *)context)->slowest,
                          json_pack("{s:s, s:f}", "case", id, "seconds", seconds));
}

static csl_status look(csl_store *store, const char *out, state *s, csl_error *error)
{
    const char *cases = csl_store_fact(store, "cases");
    s->total = cases ? strtoul(cases, NULL, 10) : 0;
    s->started = csl_store_fact(store, "started");
    s->finished = csl_store_fact(store, "finished");
    s->watched = csl_store_fact(store, "watch") != NULL;
    s->going_on = csl_run_is_going_on(out);
    s->idle = NAN;
    s->reasons = json_array();
    s->slowest = json_array();
    csl_status status = csl_store_look(store, &s->survey, error);
    if (status == CSL_OK && s->going_on && s->survey.last > 0)
        s->idle = fmax(0, (double)time(NULL) - s->survey.last);
    if (s->watched) s->total = s->survey.scored + s->survey.failed + s->survey.withheld; /* so far */
    if (status == CSL_OK) status = csl_store_reasons(store, MOST, add_reason, s, error);
    if (status == CSL_OK) status = csl_store_slowest(store, MOST, add_slow, s, error);
    return status;
}

static size_t done(const state *s)
{
    return s->survey.scored + s->survey.failed + s->survey.withheld;
}

static const char *word(const state *s)
{
    return s->watched           ? (s->going_on ? "watching" : "stopped")
           : s->going_on        ? "running"
           : done(s) < s->total ? "stopped"
                                : "finished";
}

static double seconds_left(const state *s)
{
    return s->going_on && s->survey.rate > 0 && done(s) < s->total
               ? (double)(s->total - done(s)) / s->survey.rate
               : NAN;
}

static void print_text(const state *s, const char *out)
{
    json_t *item;
    size_t i;
    double left = seconds_left(s);
    csl_print_text(stdout, out);
    printf(": %s, %zu of %zu cases", word(s), done(s), s->total);
    if (s->going_on && s->survey.rate > 0) printf(", %.3g a second", s->survey.rate);
    if (isfinite(left))
        printf(", about %.0f %s left", left < 120 ? ceil(left) : ceil(left / 60), left < 120 ? "s" : "min");
    if (s->idle > QUIET) printf(", no result for %.0f min", floor(s->idle / 60));
    printf("\n  %zu scored, %zu failed, %zu withheld", s->survey.scored, s->survey.failed,
           s->survey.withheld);
    if (s->started) printf("; started %s", s->started);
    if (s->finished && !s->going_on) printf(", finished %s", s->finished);
    putchar('\n');
    if (json_array_size(s->reasons)) puts("why cases failed");
    json_array_foreach(s->reasons, i, item)
    {
        printf("  %6lld  ", (long long)json_integer_value(json_object_get(item, "cases")));
        csl_print_text(stdout, json_string_value(json_object_get(item, "reason")));
        putchar('\n');
    }
    if (json_array_size(s->slowest)) puts("which took longest");
    json_array_foreach(s->slowest, i, item)
    {
        printf("  %6.2f s  ", json_real_value(json_object_get(item, "seconds")));
        csl_print_text(stdout, json_string_value(json_object_get(item, "case")));
        putchar('\n');
    }
}

static void print_json(const state *s)
{
    double left = seconds_left(s);
    json_t *all =
        json_pack("{s:s, s:I, s:I, s:I, s:I, s:f, s:o, s:o, s:s?, s:s?, s:O, s:O}", "state", word(s), "total",
                  (json_int_t)s->total, "scored", (json_int_t)s->survey.scored, "failed",
                  (json_int_t)s->survey.failed, "withheld", (json_int_t)s->survey.withheld, "rate",
                  s->survey.rate, "seconds_left", isfinite(left) ? json_real(left) : json_null(),
                  "seconds_idle", isfinite(s->idle) ? json_real(s->idle) : json_null(), "started", s->started,
                  "finished", s->going_on ? NULL : s->finished, "reasons", s->reasons, "slowest", s->slowest);
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

int csl_verb_status(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'J'}, {"help", no_argument, NULL, 'h'}, {0}};
    bool json = false;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'J': json = true; break;
        case 'h': help(); return CSL_EXIT_DONE;
        default: return csl_usage("status", "unknown option");
        }
    }
    if (argc - optind != 1) return csl_usage("status", "name the folder of one run");
    state s = {0};
    csl_store *store;
    csl_error error = {0};
    csl_status status = csl_store_open_read(argv[optind], &store, &error);
    if (status != CSL_OK) return csl_complain(&error);
    status = look(store, argv[optind], &s, &error);
    if (status == CSL_OK && json)
        print_json(&s);
    else if (status == CSL_OK)
        print_text(&s, argv[optind]);
    json_decref(s.reasons);
    json_decref(s.slowest);
    csl_store_close(store);
    return status == CSL_OK ? CSL_EXIT_DONE : csl_complain(&error);
}
