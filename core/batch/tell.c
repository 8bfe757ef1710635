/* What the conductor tells of itself. The texts are for a terminal; all else of an event holds nothing of
 * patients. */
#include <stdio.h>

#include "batch/conductor.h"

void tell(const conductor *c, csl_event event)
{
    event.model = c->model;
    event.run = c->summary;
    if (c->o->tell) c->o->tell(c->o->context, &event);
}

void tell_case(const conductor *c, const char *id, size_t position, csl_event event)
{
    char tag[CSL_AUDIT_CASE_TAG];
    if (!c->endless) event.row = position + 1;
    event.tag = csl_audit_case_tag(c->pseudonyms, id, tag, NULL) == CSL_OK ? tag : NULL;
    tell(c, event);
}

void tell_again(void *context, size_t index, const csl_manifest_case *which, const char *reason,
                unsigned attempt, double seconds)
{
    const conductor *c = context;
    char text[512];
    snprintf(text, sizeof text, "case %s: %s; it is tried again in %g s", which->id, reason, seconds);
    tell_case(
        c, which->id, position_of(c, index),
        (csl_event){.kind = CSL_EVENT_CASE_RETRIED, .text = text, .attempt = attempt, .seconds = seconds});
}

void tell_replaced(void *context, unsigned worker, const char *why)
{
    tell(context, (csl_event){.kind = CSL_EVENT_WORKER_REPLACED, .worker = worker + 1, .detail = why});
}

void tell_failure(const csl_run_options *o, run_step step, const csl_error *error)
{
    static const struct {
        const char *name;
        bool place, message; /* that hold no name of a case, file or patient */
    } steps[] = {[STEP_OPTIONS] = {"options", true, true}, [STEP_CASES] = {"cases", false, false},
                 [STEP_WORKERS] = {"workers", true, true}, [STEP_LOG] = {"log", true, true},
                 [STEP_LIST] = {"list", false, false},     [STEP_SCORING] = {"scoring", false, true},
                 [STEP_RESULTS] = {"results", false, true}};
    char detail[sizeof error->place + sizeof error->message + 2];
    const char *place = steps[step].place ? error->place : "";
    snprintf(detail, sizeof detail, "%s%s%s", place, place[0] ? ": " : "", error->message);
    csl_event event = {.kind = CSL_EVENT_FAILED,
                       .step = steps[step].name,
                       .reason = csl_code_word(error->code),
                       .detail = steps[step].message ? detail : NULL};
    if (o->tell) o->tell(o->context, &event);
}

void tell_end(const conductor *c)
{
    const csl_run_summary *s = c->summary;
    char text[160];
    snprintf(text, sizeof text, "stopped after %zu of %zu cases%s; run again to resume",
             s->scored + s->failed + s->withheld, s->total,
             s->too_many_failed ? ", too many of which failed" : "");
    if (s->stopped)
        tell(c, (csl_event){.kind = CSL_EVENT_STOPPED, .text = text});
    else
        tell(c, (csl_event){.kind = CSL_EVENT_FINISHED});
}
