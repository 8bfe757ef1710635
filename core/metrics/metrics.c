#include "metrics/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { MAX_BOUNDS = 16, MAX_PLUGINS = 256, MAX_ID = 128, OUTCOMES = 3 };

/* Upper bounds, in seconds. */
static const double case_bounds[MAX_BOUNDS] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                               2.5,   5,    10,    30,   60,  120,  300};
static const double commit_bounds[MAX_BOUNDS] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                 0.1,   0.25,   0.5,   1,    2.5};

static const char *const outcomes[OUTCOMES] = {"scored", "failed", "withheld"};
static const char *const failure_reasons[] = {"format",   "not-found", "io",        "memory",   "limit",
                                              "mismatch", "usage",     "crypto",    "internal", "crash",
                                              "answer",   "machine",   "quarantine"};
static const char *const withheld_reasons[] = {"identity", "novel", "undecided"};
enum {
    FAILURES = sizeof failure_reasons / sizeof *failure_reasons,
    WITHHELD = sizeof withheld_reasons / sizeof *withheld_reasons
};

typedef enum state { STARTING, RUNNING, FINISHED, STOPPED, FAILED, STATES } state;
static const char *const states[STATES] = {"starting", "running", "finished", "stopped", "failed"};

typedef struct histogram {
    uint64_t counts[MAX_BOUNDS + 1]; /* each of its own; the last is beyond all bounds */
    double sum;
} histogram;

typedef struct plugin_count {
    char id[MAX_ID];
    uint64_t crashes;
} plugin_count;

struct csl_metrics {
    double started, last_result, last_success; /* UNIX time; 0: not yet */
    state now;
    uint64_t by_outcome[OUTCOMES], failures[FAILURES], withheld[WITHHELD];
    uint64_t retries, replaced, quarantined, anchors, entries;
    double audit_seconds, store_seconds;
    histogram cases, commits;
    plugin_count plugins[MAX_PLUGINS];
    size_t plugin_count;
    csl_run_summary run;
    csl_queue queue;
};

static double unix_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

csl_metrics *csl_metrics_new(void)
{
    csl_metrics *m = calloc(1, sizeof *m);
    if (m) m->started = unix_time();
    return m;
}

void csl_metrics_free(csl_metrics *m)
{
    free(m);
}

/* ---- taking in ---- */

static void observe(histogram *h, const double *bounds, double value)
{
    size_t i = 0;
    while (i < MAX_BOUNDS && bounds[i] > 0 && value > bounds[i]) i++;
    h->counts[i]++;
    h->sum += value;
}

static void count_word(uint64_t *counts, const char *const *words, size_t count, const char *word)
{
    for (size_t i = 0; word && i < count; i++)
        if (!strcmp(words[i], word)) counts[i]++;
}

static void count_crash(csl_metrics *m, const char *plugin)
{
    size_t i = 0;
    if (!plugin) plugin = "unknown";
    while (i < m->plugin_count && strcmp(m->plugins[i].id, plugin)) i++;
    if (i == MAX_PLUGINS) return;
    if (i == m->plugin_count) snprintf(m->plugins[m->plugin_count++].id, MAX_ID, "%s", plugin);
    m->plugins[i].crashes++;
}

static void take_case(csl_metrics *m, const csl_event *e, size_t outcome)
{
    m->by_outcome[outcome]++;
    m->last_result = unix_time();
    observe(&m->cases, case_bounds, e->seconds);
    count_word(m->failures, failure_reasons, FAILURES, e->kind == CSL_EVENT_CASE_FAILED ? e->reason : NULL);
    count_word(m->withheld, withheld_reasons, WITHHELD,
               e->kind == CSL_EVENT_CASE_WITHHELD ? e->reason : NULL);
    if (e->reason && !strcmp(e->reason, "crash")) count_crash(m, e->plugin);
}

static void take_commit(csl_metrics *m, const csl_commit *c)
{
    m->entries += c->entries;
    m->audit_seconds += c->audit_seconds;
    m->store_seconds += c->store_seconds;
    observe(&m->commits, commit_bounds, c->audit_seconds);
}

void csl_metrics_take(csl_metrics *m, const csl_event *e)
{
    if (e->run) m->run = *e->run;
    if (e->queue) m->queue = *e->queue;
    if (e->commit) take_commit(m, e->commit);
    switch (e->kind) {
    case CSL_EVENT_STARTED: m->now = RUNNING; break;
    case CSL_EVENT_FINISHED:
        m->now = FINISHED;
        m->last_success = unix_time();
        break;
    case CSL_EVENT_STOPPED: m->now = STOPPED; break;
    case CSL_EVENT_FAILED: m->now = FAILED; break;
    case CSL_EVENT_CASE_SCORED: take_case(m, e, 0); break;
    case CSL_EVENT_CASE_FAILED: take_case(m, e, 1); break;
    case CSL_EVENT_CASE_WITHHELD: take_case(m, e, 2); break;
    case CSL_EVENT_CASE_RETRIED: m->retries++; break;
    case CSL_EVENT_WORKER_REPLACED: m->replaced++; break;
    case CSL_EVENT_PLUGIN_QUARANTINED: m->quarantined++; break;
    case CSL_EVENT_ANCHOR_FAILED: m->anchors++; break;
    default: break;
    }
}

static const char success_name[] = "consilium_last_success_timestamp_seconds";

void csl_metrics_recall(csl_metrics *m, const char *text)
{
    char wanted[sizeof success_name + 2];
    snprintf(wanted, sizeof wanted, "\n%s ", success_name);
    const char *line = strstr(text, wanted);
    double when = line ? strtod(line + strlen(wanted), NULL) : 0;
    if (when > 0 && when <= m->started) m->last_success = when;
}

/* ---- writing ---- */

static void head(csl_buffer *out, const char *name, const char *type, const char *help)
{
    csl_buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_one(csl_buffer *out, const char *name, const char *type, const char *help, double value)
{
    head(out, name, type, help);
    csl_buffer_printf(out, "%s %.15g\n", name, value);
}

static void put_words(csl_buffer *out, const char *name, const char *type, const char *help,
                      const char *label, const char *const *words, const uint64_t *counts, size_t count)
{
    head(out, name, type, help);
    for (size_t i = 0; i < count; i++)
        csl_buffer_printf(out, "%s{%s=\"%s\"} %" PRIu64 "\n", name, label, words[i], counts[i]);
}

static void put_histogram(csl_buffer *out, const char *name, const char *help, const histogram *h,
                          const double *bounds)
{
    uint64_t so_far = 0;
    size_t i = 0;
    head(out, name, "histogram", help);
    for (; i < MAX_BOUNDS && bounds[i] > 0; i++) {
        so_far += h->counts[i];
        csl_buffer_printf(out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, bounds[i], so_far);
    }
    so_far += h->counts[i];
    csl_buffer_printf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %.15g\n%s_count %" PRIu64 "\n", name,
                      so_far, name, h->sum, name, so_far);
}

static double resident_bytes(void)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file) return 0;
    if (fscanf(file, "%*u %llu", &pages) != 1) pages = 0;
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static double processor_seconds(void)
{
    struct rusage u = {0};
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

/* Names and versions of plugins come from files; ids have no character that would need an escape. */
static void put_crashes(csl_buffer *out, const csl_metrics *m)
{
    static const char name[] = "consilium_worker_crashes_total";
    head(out, name, "counter", "Processes that read a case and crashed, by the plugin that ran.");
    for (size_t i = 0; i < m->plugin_count; i++)
        csl_buffer_printf(out, "%s{plugin=\"%s\"} %" PRIu64 "\n", name, m->plugins[i].id,
                          m->plugins[i].crashes);
}

static void put_cases(csl_buffer *out, const csl_metrics *m)
{
    const csl_run_summary *r = &m->run;
    put_words(out, "consilium_cases_total", "counter", "Cases of this process whose results became durable.",
              "outcome", outcomes, m->by_outcome, OUTCOMES);
    put_words(out, "consilium_case_failures_total", "counter", "Failed cases, by reason.", "reason",
              failure_reasons, m->failures, FAILURES);
    put_words(out, "consilium_cases_withheld_total", "counter", "Withheld cases, by reason.", "reason",
              withheld_reasons, m->withheld, WITHHELD);
    put_one(out, "consilium_case_retries_total", "counter", "Times that a case was tried again.",
            (double)m->retries);
    put_histogram(out, "consilium_case_seconds", "From handing a case to a worker to its answer.", &m->cases,
                  case_bounds);
    put_one(out, "consilium_run_cases", "gauge", "Cases of the run, or shard.", (double)r->total);
    put_one(out, "consilium_run_cases_done", "gauge", "Those with a result, of earlier starts too.",
            (double)(r->scored + r->failed + r->withheld));
    put_words(out, "consilium_queue_cases", "gauge", "Cases without a durable result.", "state",
              (const char *const[]){"waiting", "running", "answered"},
              (const uint64_t[]){m->queue.waiting, m->queue.running, m->queue.answered}, 3);
}

void csl_metrics_text(const csl_metrics *m, csl_buffer *out)
{
    uint64_t state_is[STATES] = {0};
    static const char stage_name[] = "consilium_stage_seconds_total";
    state_is[m->now] = 1;
    head(out, "consilium_build_info", "gauge", "The program.");
    csl_buffer_printf(out, "consilium_build_info{version=\"%s\"} 1\n", CSL_VERSION);
    put_words(out, "consilium_run_state", "gauge", "1 for the state that the run is in.", "state", states,
              state_is, STATES);
    put_cases(out, m);
    head(out, stage_name, "counter", "Time spent: in workers, in the run store, in the audit log.");
    csl_buffer_printf(out,
                      "%s{stage=\"cases\"} %.15g\n%s{stage=\"store\"} %.15g\n%s{stage=\"audit\"} %.15g\n",
                      stage_name, m->cases.sum, stage_name, m->store_seconds, stage_name, m->audit_seconds);
    put_crashes(out, m);
    put_one(out, "consilium_workers_replaced_total", "counter",
            "Workers that ended, kept silent or broke the protocol.", (double)m->replaced);
    put_one(out, "consilium_plugins_quarantined_total", "counter", "Plugins that crashed too often.",
            (double)m->quarantined);
    put_one(out, "consilium_audit_entries_total", "counter",
            "Entries of results made durable in the audit log.", (double)m->entries);
    put_histogram(out, "consilium_audit_commit_seconds", "Making a group of entries durable.", &m->commits,
                  commit_bounds);
    put_one(out, "consilium_anchor_failures_total", "counter",
            "Times that a witness or timestamp authority failed.", (double)m->anchors);
    put_one(out, "consilium_start_timestamp_seconds", "gauge", "When this process started.", m->started);
    put_one(out, "consilium_last_result_timestamp_seconds", "gauge",
            "When a result last became durable; 0: none did.", m->last_result);
    put_one(out, success_name, "gauge",
            "When a run last came to its end, of this process or an earlier one; 0: none did.",
            m->last_success);
    put_one(out, "consilium_resident_memory_bytes", "gauge", "Memory of the conductor.", resident_bytes());
    put_one(out, "consilium_cpu_seconds_total", "counter", "Processor time of the conductor.",
            processor_seconds());
}
