#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "batch/batch.h"
#include "batch/text.h"

/* What a line of an event may hold beside time, level, event and message. */
enum {
    CASE = 1,
    ENTRY = 2,
    REASON = 4,
    PLUGIN = 8,
    DETAIL = 16,
    STEP = 32,
    WORKER = 64,
    ATTEMPT = 128,
    SECONDS = 256,
    MODEL = 512,
    RUN = 1024,
    QUEUE = 2048
};

static const struct kind {
    const char *name, *level, *message;
    int holds;
} kinds[CSL_EVENTS] = {
    [CSL_EVENT_KEY_MADE] = {"key-made", "info", "no key was named: one was made, which signs from now on",
                            DETAIL},
    [CSL_EVENT_METRICS_SERVED] = {"metrics-served", "info", "metrics can be read by HTTP", DETAIL},
    [CSL_EVENT_PLUGIN_REFUSED] = {"plugin-refused", "warning", "a plugin was not loaded", DETAIL},
    [CSL_EVENT_STARTED] = {"run-started", "info", "the run starts", MODEL | RUN | QUEUE},
    [CSL_EVENT_CASE_CHANGED] = {"case-changed", "info",
                                "the files of a case are not those that were read: it is done again", CASE},
    [CSL_EVENT_CASE_RETRIED] = {"case-retried", "warning",
                                "a case ended as it may not another time: it is tried again",
                                CASE | ATTEMPT | SECONDS},
    [CSL_EVENT_CASE_SCORED] = {"case-scored", "info", "a case was scored",
                               CASE | ENTRY | WORKER | ATTEMPT | SECONDS},
    [CSL_EVENT_CASE_WITHHELD] = {"case-withheld", "warning", "the score of a case is withheld",
                                 CASE | ENTRY | REASON | WORKER | ATTEMPT | SECONDS},
    [CSL_EVENT_CASE_FAILED] = {"case-failed", "warning", "a case failed",
                               CASE | ENTRY | REASON | PLUGIN | WORKER | ATTEMPT | SECONDS},
    [CSL_EVENT_WORKER_REPLACED] = {"worker-replaced", "warning", "a worker was replaced", WORKER | DETAIL},
    [CSL_EVENT_PLUGIN_QUARANTINED] = {"plugin-quarantined", "error",
                                      "a plugin crashed too often: cases with files of it fail", PLUGIN},
    [CSL_EVENT_QUARANTINE_NOT_KEPT] = {"quarantine-not-kept", "warning",
                                       "later runs will load a plugin that is under quarantine", DETAIL},
    [CSL_EVENT_ANCHOR_FAILED] = {"anchor-failed", "warning",
                                 "another who vouches for the audit log did not answer as it should", DETAIL},
    [CSL_EVENT_LOG_SILENT] = {"log-silent", "error",
                              "the audit log could not be told that a start was refused", 0},
    [CSL_EVENT_METRICS_LOST] = {"metrics-lost", "warning", "the file of metrics cannot be written", DETAIL},
    [CSL_EVENT_PROGRESS] = {"progress", "info", "the run goes on", RUN | QUEUE},
    [CSL_EVENT_DROP_IGNORED] = {"drop-ignored", "warning",
                                "something in the folder that is watched is no case, and is left alone", 0},
    [CSL_EVENT_DROP_LOST] = {"drop-lost", "error",
                             "the folder that is watched cannot be looked at; it is tried again", DETAIL},
    [CSL_EVENT_CASE_STAYS] = {"case-stays", "warning",
                              "a case could not be moved; it stays where it is and is tried again",
                              CASE | REASON},
    [CSL_EVENT_CASE_CAME_ON] = {"case-came-on", "info", "files came while a case was moved: it is moved back",
                                CASE},
    [CSL_EVENT_SPACE_SHORT] = {"space-short", "error",
                               "little space is left for results: no case is begun until there is more",
                               DETAIL},
    [CSL_EVENT_SPACE_BACK] = {"space-back", "info", "there is space for results again", DETAIL},
    [CSL_EVENT_RELOAD_REFUSED] = {"reload-refused", "error",
                                  "the configuration as it is now will not do: the one there was goes on", 0},
    [CSL_EVENT_RELOADING] =
        {"reloading", "info",
         "what runs is finished, then the configuration, the model and plugins are read again", 0},
    [CSL_EVENT_STOPPED] = {"run-stopped", "error", "the run was stopped with cases left", RUN},
    [CSL_EVENT_FINISHED] = {"run-finished", "info", "the run is complete", RUN},
    [CSL_EVENT_FAILED] = {"run-failed", "error", "the run cannot go on", STEP | REASON | DETAIL},
};

const char *csl_code_word(csl_status code)
{
    static const char *const words[] = {[CSL_OK] = "done",
                                        [CSL_EUSAGE] = "usage",
                                        [CSL_EFORMAT] = "format",
                                        [CSL_EIO] = "io",
                                        [CSL_ENOMEM] = "memory",
                                        [CSL_ELIMIT] = "limit",
                                        [CSL_ENOTFOUND] = "not-found",
                                        [CSL_EMISMATCH] = "mismatch",
                                        [CSL_ECRYPTO] = "crypto",
                                        [CSL_EINTERNAL] = "internal"};
    return words[code];
}

/* RFC 3339, in milliseconds. */
static json_t *time_now(void)
{
    struct timespec t;
    struct tm parts;
    char day[32];
    clock_gettime(CLOCK_REALTIME, &t);
    gmtime_r(&t.tv_sec, &parts);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &parts);
    return json_sprintf("%s.%03ldZ", day, t.tv_nsec / 1000000);
}

static void put_text(json_t *line, const char *name, const char *text)
{
    char *copy = text ? strdup(text) : NULL;
    if (!copy) return;
    text_clean(copy);
    json_object_set_new(line, name, json_string(copy));
    free(copy);
}

static void put_count(json_t *line, const char *name, uint64_t count)
{
    json_object_set_new(line, name, json_integer((json_int_t)count));
}

static void put_run(json_t *line, const csl_run_summary *run)
{
    put_count(line, "total", run->total);
    put_count(line, "scored", run->scored);
    put_count(line, "failed", run->failed);
    put_count(line, "withheld", run->withheld);
    put_count(line, "resumed", run->resumed);
}

static void put_queue(json_t *line, const csl_queue *queue)
{
    put_count(line, "waiting", queue->waiting);
    put_count(line, "running", queue->running);
    put_count(line, "answered", queue->answered);
}

char *csl_event_line(const csl_event *e)
{
    const struct kind *k = &kinds[e->kind];
    json_t *line = json_object();
    json_object_set_new(line, "time", time_now());
    put_text(line, "level", k->level);
    put_text(line, "event", k->name);
    put_text(line, "message", k->message);
    if (k->holds & CASE && e->tag) put_text(line, "case", e->tag);
    if (k->holds & CASE && e->row) put_count(line, "row", e->row);
    if (k->holds & ENTRY) put_count(line, "entry", e->entry);
    if (k->holds & STEP) put_text(line, "step", e->step);
    if (k->holds & REASON) put_text(line, "reason", e->reason);
    if (k->holds & PLUGIN) put_text(line, "plugin", e->plugin);
    if (k->holds & WORKER) put_count(line, "worker", e->worker);
    if (k->holds & ATTEMPT) put_count(line, "attempt", e->attempt);
    if (k->holds & SECONDS) json_object_set_new(line, "seconds", json_real(e->seconds));
    if (k->holds & MODEL) put_text(line, "model", e->model);
    if (k->holds & RUN && e->run) put_run(line, e->run);
    if (k->holds & QUEUE && e->queue) put_queue(line, e->queue);
    if (k->holds & DETAIL) put_text(line, "detail", e->detail);
    char *text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(6));
    json_decref(line);
    return text;
}
