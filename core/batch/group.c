#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "batch/conductor.h"
#include "batch/ledger.h"

static const double group_seconds = 0.2, anchor_seconds = 300, progress_seconds = 1;
static const size_t group_bytes = (size_t)32 << 20;

void forget_group(conductor *c)
{
    for (size_t i = 0; i < c->grouped; i++) {
        free((char *)(uintptr_t)c->rows[i].id);
        free((char *)(uintptr_t)c->rows[i].json);
        free((char *)(uintptr_t)c->rows[i].errors);
        free((char *)(uintptr_t)c->rows[i].crashed);
        free((char *)(uintptr_t)c->rows[i].stamp);
        record_free(&c->records[i]);
    }
    c->grouped = c->group_size = 0;
}

void report_progress(conductor *c, const csl_commit *commit)
{
    csl_queue queue = pool_queue(c->p);
    c->told = csl_seconds();
    tell(c, (csl_event){.kind = CSL_EVENT_PROGRESS, .queue = &queue, .commit = commit});
}

/* After they became durable. */
static void tell_group(const conductor *c)
{
    for (size_t i = 0; i < c->grouped; i++) {
        csl_event event = c->events[i];
        event.entry = c->rows[i].audit_index;
        tell_case(c, c->rows[i].id, c->rows[i].position, event);
    }
}

/* Durable out of sight, durable in the log, in sight: in this order (store.h). Last, the log's readers see
 * the entries. */
csl_status flush_group(conductor *c, csl_error *error)
{
    if (!c->grouped) return CSL_OK;
    uint64_t entries = csl_audit_size(c->log);
    double began = csl_seconds();
    csl_status status = store_stage(c->store, c->rows, c->grouped, error);
    double staged = csl_seconds();
    if (status == CSL_OK) status = csl_audit_commit(c->log, error);
    double committed = csl_seconds();
    if (status == CSL_OK) status = store_publish(c->store, error);
    csl_commit commit = {.entries = csl_audit_size(c->log) - entries,
                         .audit_seconds = committed - staged,
                         .store_seconds = csl_seconds() - committed + staged - began};
    if (status == CSL_OK) status = csl_audit_publish(c->log, error);
    for (size_t i = 0; status == CSL_OK && i < c->grouped; i++) {
        c->summary->scored += !strcmp(c->rows[i].status, "scored");
        c->summary->failed += !strcmp(c->rows[i].status, "failed");
        c->summary->withheld += !strcmp(c->rows[i].status, "withheld");
        if (c->published) c->published(c->published_context, c->indexes[i], &c->rows[i]);
    }
    if (status == CSL_OK) tell_group(c);
    forget_group(c);
    if (status == CSL_OK) report_progress(c, &commit);
    return status;
}

csl_status ask_anchors(conductor *c, csl_error *error)
{
    csl_anchor_report report;
    csl_error why = {0};
    char text[1100];
    c->anchored = csl_seconds();
    if (!c->o->anchors.tsa && !c->o->anchors.witness) return CSL_OK;
    csl_status status = csl_anchor(c->audit_folder, c->log, &c->o->anchors, &report, &why);
    if (status == CSL_OK) return CSL_OK;
    snprintf(text, sizeof text, "%s: %s%s", why.place, why.message,
             report.waiting ? "; `consilium audit anchor` asks again for what waits" : "");
    tell(c, (csl_event){.kind = CSL_EVENT_ANCHOR_FAILED, .text = text, .detail = text});
    if (status != CSL_EMISMATCH || c->alerted) return CSL_OK;
    c->alerted = true;
    return ledger_alert(c->log, text, error);
}

csl_status tick(void *context, csl_error *error)
{
    conductor *c = context;
    c->summary->too_many_failed = c->o->max_failures && c->failures >= c->o->max_failures;
    int asked = c->o->stop ? *c->o->stop : 0;
    c->stop = asked ? asked : c->summary->too_many_failed;
    bool due = c->grouped == GROUP || c->group_size > group_bytes ||
               (c->grouped && csl_seconds() - c->group_since > group_seconds);
    bool asks = csl_seconds() - c->anchored > anchor_seconds;
    csl_status status = due || asks ? flush_group(c, error) : CSL_OK;
    if (csl_seconds() - c->told > progress_seconds) report_progress(c, NULL);
    return status == CSL_OK && asks ? ask_anchors(c, error) : status;
}

/* Of an answer or a failure; a reason of the conductor's own goes before the answer. */
static csl_status read_answer(conductor *c, const pool_answer *a, record *r, csl_error *error)
{
    static const char *const ends[] = {[CHILD_FAILED] = "limit",
                                       [CHILD_CRASHED] = "crash",
                                       [CHILD_STUMBLED] = "crash",
                                       [CHILD_UNLUCKY] = "machine"};
    const csl_manifest_case *which = a->which;
    csl_error broken = {0};
    char forbidden[CRASHES_REASON];
    if (a->reason)
        return record_fail(&c->card, which, ends[a->end], a->reason, a->hashes, a->hash_count, r, error);
    if (record_read(&c->card, which, a->bytes, a->length, r, &broken) != CSL_OK)
        return record_fail(&c->card, which, "answer", broken.message, NULL, 0, r, error);
    if (crashes_forbid(&c->crashed, r->adapters, forbidden))
        return record_refuse(r, "quarantine", forbidden, error);
    return CSL_OK;
}

csl_status leave_out(conductor *c, csl_error *error)
{
    size_t at = 0;
    for (const char *plugin; (plugin = crashes_unasked(&c->crashed, &at));)
        if (!pool_leave_out(c->p, plugin)) return csl_fail(error, CSL_ENOMEM, c->o->out, "no memory");
    return CSL_OK;
}

static bool has_crashed(const pool_answer *a)
{
    return (a->end == CHILD_CRASHED || a->end == CHILD_STUMBLED) && a->plugin[0];
}

/* For the store; malloc'ed, NULL if no plugin crashed. */
static char *crash_of(const pool_answer *a)
{
    char text[STAGE_TEXT + 1] = {a->end == CHILD_STUMBLED ? STORE_STUMBLED : 0};
    if (!has_crashed(a)) return NULL;
    snprintf(text + strlen(text), STAGE_TEXT, "%s", a->plugin);
    return strdup(text);
}

/* A plugin that crashed too often is so in the log, too. */
static csl_status note_crash(conductor *c, const pool_answer *a, csl_error *error)
{
    char text[CRASHES_REASON];
    if (!has_crashed(a)) return CSL_OK;
    bool first = crashes_count(&c->crashed, a->plugin, a->end == CHILD_STUMBLED);
    csl_status status = leave_out(c, error);
    if (!first || status != CSL_OK) return status;
    snprintf(text, sizeof text,
             "plugin %s crashed in %u cases and is under quarantine: cases with files of it fail", a->plugin,
             c->crashed.limit);
    tell(c, (csl_event){.kind = CSL_EVENT_PLUGIN_QUARANTINED,
                        .text = text,
                        .plugin = crashes_known(&c->crashed, a->plugin)});
    if (c->endless) keep_quarantine(c); /* it may go on for months */
    return ledger_quarantine(c->log, a->plugin, text, error);
}

csl_status take(void *context, const pool_answer *a, csl_error *error)
{
    conductor *c = context;
    const csl_manifest_case *which = a->which;
    record *r = &c->records[c->grouped];
    store_row *row = &c->rows[c->grouped];
    csl_status status = read_answer(c, a, r, error);
    if (status != CSL_OK) return status;
    bool failed = !strcmp(r->status, "failed");
    c->failures += failed;
    *row = (store_row){.position = position_of(c, a->index),
                       .id = strdup(which->id),
                       .stamp = strdup(c->stamps[a->index % WINDOW]),
                       .seconds = a->seconds,
                       .status = r->status,
                       .png = r->png.length ? r->png.bytes : NULL,
                       .png_length = r->png.length,
                       .errors = failed ? strdup(a->errors) : NULL,
                       .crashed = crash_of(a)};
    c->events[c->grouped] = (csl_event){.kind = failed                        ? CSL_EVENT_CASE_FAILED
                                                : strcmp(r->status, "scored") ? CSL_EVENT_CASE_WITHHELD
                                                                              : CSL_EVENT_CASE_SCORED,
                                        .reason = r->word,
                                        .plugin = crashes_known(&c->crashed, a->plugin),
                                        .worker = a->worker + 1,
                                        .attempt = a->attempt,
                                        .seconds = a->seconds};
    c->indexes[c->grouped] = a->index;
    if (!c->grouped) c->group_since = csl_seconds();
    c->grouped++;
    if (!row->id || !row->stamp) return csl_fail(error, CSL_ENOMEM, c->o->out, "no memory for a result");
    status = ledger_case(c->log, r, which->id, c->model, &row->audit_index, &row->leaf, error);
    if (status == CSL_OK && !(row->json = record_text(r, row->audit_index, &row->leaf)))
        status = csl_fail(error, CSL_ENOMEM, c->o->out, "no memory for a result");
    if (status == CSL_OK) c->group_size += strlen(row->json) + row->png_length;
    if (status == CSL_OK) status = note_crash(c, a, error);
    return status == CSL_OK ? tick(c, error) : status;
}
