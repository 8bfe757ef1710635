#include "cli/telling.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/verb.h"

static const double json_progress_seconds = 5;

csl_status csl_telling_open(csl_telling *t, const char *verb, const char *log, csl_error *error)
{
    *t = (csl_telling){.verb = verb, .json = log && !strcmp(log, "json")};
    if (!log || t->json || !strcmp(log, "text")) return CSL_OK;
    return csl_fail(error, CSL_EUSAGE, NULL, "--log takes text or json, not '%.100s'", log);
}

/* Rate and time left are of this start: what an earlier one did came for nothing. */
static void show_progress(const csl_telling *t, const csl_run_summary *s)
{
    char rest[128] = "";
    size_t before = s->resumed, done = s->scored + s->failed + s->withheld;
    if (before == s->total) return; /* nothing was left to do */
    int used = 0;
    if (before)
        used = snprintf(rest, sizeof rest, "%zu done before%s", before, s->failed || s->withheld ? ", " : "");
    if (s->failed || s->withheld)
        snprintf(rest + used, sizeof rest - (size_t)used, "%zu failed, %zu withheld", s->failed, s->withheld);
    csl_progress(t->verb, done - before, s->total - before, rest);
}

static void show(const csl_telling *t, const csl_event *e)
{
    if (e->kind == CSL_EVENT_STARTED || e->kind == CSL_EVENT_PROGRESS) show_progress(t, e->run);
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
