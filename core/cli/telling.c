#include "cli/telling.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/verb.h"

enum { MAX_METRICS = 1 << 18 };
static const double json_progress_seconds = 5, file_seconds = 5;

csl_status csl_telling_open(csl_telling *t, const char *verb, const char *log, const char *metrics_file,
                            const char *metrics_listen, csl_error *error)
{
    *t = (csl_telling){.verb = verb, .json = log && !strcmp(log, "json"), .file = metrics_file};
    if (log && !t->json && strcmp(log, "text"))
        return csl_fail(error, CSL_EUSAGE, NULL, "log takes text or json, not '%.100s'", log);
    if (metrics_listen) {
        csl_status status = csl_metrics_address(metrics_listen, t->address, &t->port, error);
        if (status != CSL_OK) return status;
    }
    if ((metrics_file || metrics_listen) && !(t->metrics = csl_metrics_new()))
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory for metrics");
    return CSL_OK;
}

csl_status csl_telling_start(csl_telling *t, csl_error *error)
{
    char *before, text[128];
    size_t length;
    if (t->file && csl_read_file(t->file, MAX_METRICS, &before, &length, NULL) == CSL_OK) {
        csl_metrics_recall(t->metrics, before);
        free(before);
    }
    if (!t->address[0]) return CSL_OK;
    csl_status status = csl_metrics_page_open(t->address, &t->port, &t->page, error);
    if (status != CSL_OK) return status;
    bool six = strchr(t->address, ':') != NULL;
    snprintf(text, sizeof text, "metrics are at http://%s%s%s:%u/metrics", six ? "[" : "", t->address,
             six ? "]" : "", t->port);
    csl_tell(t, &(csl_event){.kind = CSL_EVENT_METRICS_SERVED, .text = text, .detail = text});
    return CSL_OK;
}

void csl_telling_close(csl_telling *t)
{
    csl_metrics_page_close(t->page);
    csl_metrics_free(t->metrics);
    *t = (csl_telling){0};
}

/* ---- metrics ---- */

static void write_file(csl_telling *t, const csl_buffer *text)
{
    csl_error why = {0};
    t->written = csl_seconds();
    if (csl_write_file_atomic(t->file, text->bytes, text->length, &why) == CSL_OK) {
        t->lost = false;
        return;
    }
    char said[sizeof why.place + sizeof why.message + 32];
    snprintf(said, sizeof said, "metrics cannot be written: %s: %s", why.place, why.message);
    if (!t->lost) csl_tell(t, &(csl_event){.kind = CSL_EVENT_METRICS_LOST, .text = said, .detail = said});
    t->lost = true; /* said once */
}

static void publish(csl_telling *t, csl_event_kind kind)
{
    bool ends = kind == CSL_EVENT_FINISHED || kind == CSL_EVENT_STOPPED || kind == CSL_EVENT_FAILED;
    bool changes = ends || kind == CSL_EVENT_STARTED || kind == CSL_EVENT_METRICS_SERVED;
    bool writes = t->file && (changes || csl_seconds() - t->written > file_seconds);
    if (!changes && kind != CSL_EVENT_PROGRESS) return;
    csl_buffer text;
    csl_buffer_init(&text, MAX_METRICS);
    csl_metrics_text(t->metrics, &text);
    if (t->page) csl_metrics_page_show(t->page, &text);
    if (writes) write_file(t, &text);
    csl_buffer_free(&text);
}

/* ---- messages ---- */

/* Rate and time left are of this start: what an earlier one did came for nothing. */
static void show_progress(csl_telling *t, const csl_run_summary *s)
{
    char rest[128] = "";
    size_t before = s->resumed, done = s->scored + s->failed + s->withheld;
    if (before == s->total) return; /* nothing was left to do */
    if (done > before && done == t->shown) return;
    t->shown = done;
    int used = 0;
    if (before)
        used = snprintf(rest, sizeof rest, "%zu done before%s", before, s->failed || s->withheld ? ", " : "");
    if (s->failed || s->withheld)
        snprintf(rest + used, sizeof rest - (size_t)used, "%zu failed, %zu withheld", s->failed, s->withheld);
    csl_progress(t->verb, done - before, s->total - before, rest);
}

static void show(csl_telling *t, const csl_event *e)
{
    if (!t->endless && (e->kind == CSL_EVENT_STARTED || e->kind == CSL_EVENT_PROGRESS))
        show_progress(t, e->run);
    if (!e->text) return;
    csl_progress_end();
    fprintf(stderr, "consilium: %s: ", t->verb);
    csl_print_text(stderr, e->text);
    fputc('\n', stderr);
}

static void print_line(csl_telling *t, const csl_event *e)
{
    bool goes_on = e->kind == CSL_EVENT_PROGRESS;
    if (goes_on && csl_seconds() - t->told < json_progress_seconds) return;
    if (goes_on && t->endless) {
        size_t done = e->run->scored + e->run->failed + e->run->withheld;
        if (done == t->shown && !e->queue->running) return;
        t->shown = done;
    }
    if (goes_on || e->kind == CSL_EVENT_STARTED) t->told = csl_seconds();
    char *line = csl_event_line(e);
    if (line) fprintf(stderr, "%s\n", line);
    free(line);
}

void csl_tell(void *context, const csl_event *event)
{
    csl_telling *t = context;
    if (t->json)
        print_line(t, event);
    else
        show(t, event);
    if (!t->metrics) return;
    csl_metrics_take(t->metrics, event);
    publish(t, event->kind);
}

int csl_tell_error(csl_telling *t, bool told, const csl_error *error)
{
    if (!t->json) {
        csl_progress_end();
        return csl_complain(error);
    }
    char detail[sizeof error->place + sizeof error->message + 2];
    snprintf(detail, sizeof detail, "%s%s%s", error->place, error->place[0] ? ": " : "", error->message);
    if (!told)
        csl_tell(t, &(csl_event){.kind = CSL_EVENT_FAILED,
                                 .step = "options",
                                 .reason = csl_code_word(error->code),
                                 .detail = detail});
    return error->code == CSL_EUSAGE ? CSL_EXIT_USAGE : CSL_EXIT_CANNOT;
}
