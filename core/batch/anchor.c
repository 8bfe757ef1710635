/* Carries a log's checkpoints to a timestamp authority and a witness: within a bounded time, and never so
 * that a run fails because they do not answer. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/anchor.h"
#include "base/clock.h"
#include "batch/batch.h"
#include "net/http.h"

static const double whole_seconds = 15;
enum { REQUEST_MS = 5000, MAX_URL = 2048 };

typedef struct errand {
    const char *folder;
    csl_audit_log *log;
    const csl_anchors *who;
    csl_anchor_report *report;
    double since;
    csl_buffer request, answer;
} errand;

static csl_status post(errand *e, const char *url, const char *type, long *code, csl_error *error)
{
    double left = whole_seconds - (csl_seconds() - e->since);
    if (left <= 0) return csl_fail(error, CSL_EIO, url, "no time was left to ask");
    csl_http_request request = {.url = url,
                                .type = type,
                                .body = e->request.bytes,
                                .length = e->request.length,
                                .milliseconds =
                                    left * 1000 < REQUEST_MS ? (unsigned)(left * 1000) + 1 : REQUEST_MS};
    return csl_http(&request, &e->answer, code, error);
}

/* ---- the witness ---- */

/* What a witness says of a checkpoint that it does not take. */
static csl_status refused(const errand *e, const char *url, long code, csl_error *error)
{
    int length = (int)strcspn((const char *)e->answer.bytes, "\r\n");
    if (length > 200) length = 200;
    for (int i = 0; i < length; i++)
        if (e->answer.bytes[i] < 0x20 || e->answer.bytes[i] > 0x7e) e->answer.bytes[i] = '?';
    csl_status status = code == 422 ? CSL_EMISMATCH : CSL_EIO;
    return csl_fail(error, status, url, "%s (HTTP %ld: %.*s)",
                    code == 422 ? "the log does not continue what the witness has seen: it was written anew"
                                : "the witness does not cosign",
                    code, length, (const char *)e->answer.bytes);
}

/* The size that the witness has seen, which it names in an answer 409. */
static bool read_size(const csl_buffer *answer, uint64_t *size)
{
    const char *text = answer->length ? (const char *)answer->bytes : "";
    char *end;
    if (text[0] < '0' || text[0] > '9') return false;
    *size = strtoull(text, &end, 10);
    return *end == '\n' && !end[1];
}

static csl_status ask_witness(errand *e, csl_error *error)
{
    char url[MAX_URL];
    size_t length = strlen(e->who->witness);
    while (length && e->who->witness[length - 1] == '/') length--;
    snprintf(url, sizeof url, "%.*s/add-checkpoint", (int)length, e->who->witness);
    uint64_t old = 0;
    long code = 409;
    /* The first time with 0, which a witness that knows the log answers with what it has seen. */
    for (int round = 0; round < 2 && code == 409; round++) {
        csl_status status = csl_audit_cosign_request(e->folder, old, &e->request, error);
        if (status == CSL_OK) status = post(e, url, "application/octet-stream", &code, error);
        if (status != CSL_OK) return status;
        csl_buffer_append(&e->answer, "", 0);
        if (code == 409 && !read_size(&e->answer, &old))
            return csl_fail(error, CSL_EIO, url, "the witness answers 409 without a size");
    }
    if (code != 200) return refused(e, url, code, error);
    csl_status status = csl_audit_cosign_accept(e->folder, e->log, e->who->witness_key, &e->request,
                                                e->answer.bytes, e->answer.length, error);
    e->report->cosigned = status == CSL_OK;
    return status;
}

/* ---- the authority ---- */

static csl_status stamp_one(errand *e, uint64_t size, csl_error *error)
{
    long code = 0;
    csl_status status = csl_audit_timestamp_request(e->folder, size, &e->request, error);
    if (status == CSL_OK) status = post(e, e->who->tsa, "application/timestamp-query", &code, error);
    if (status == CSL_OK && code != 200)
        status = csl_fail(error, CSL_EIO, e->who->tsa, "the authority answers with HTTP %ld", code);
    return status == CSL_OK ? csl_audit_timestamp_accept(e->folder, size, &e->request, e->answer.bytes,
                                                         e->answer.length, error)
                            : status;
}

/* The newest first: it stands for all before it. What is not answered waits in the queue. */
static csl_status ask_authority(errand *e, csl_error *error)
{
    uint64_t sizes[CSL_AUDIT_MAX_WAITING];
    csl_status status = csl_audit_timestamp_queue(e->folder, &e->report->dropped, error);
    if (status == CSL_OK) status = csl_audit_timestamp_waiting(e->folder, sizes, &e->report->waiting, error);
    for (size_t i = e->report->waiting; status == CSL_OK && i > 0; i--) {
        status = stamp_one(e, sizes[i - 1], error);
        if (status == CSL_OK) e->report->stamped++;
    }
    e->report->waiting -= e->report->stamped;
    return status;
}

csl_status csl_anchors_check(const csl_anchors *who, csl_error *error)
{
    csl_status status = who->tsa ? csl_http_check_url(who->tsa, error) : CSL_OK;
    if (status == CSL_OK && who->witness) status = csl_http_check_url(who->witness, error);
    if (status == CSL_OK && who->witness && strlen(who->witness) > MAX_URL - 32)
        status =
            csl_fail(error, CSL_EUSAGE, "--witness", "the address is longer than %d bytes", MAX_URL - 32);
    if (status == CSL_OK && !who->witness != !who->witness_key)
        status =
            csl_fail(error, CSL_EUSAGE, NULL, "a witness is named by its address and its verifier key, both");
    return status;
}

csl_status csl_anchor(const char *folder, csl_audit_log *log, const csl_anchors *who,
                      csl_anchor_report *report, csl_error *error)
{
    *report = (csl_anchor_report){0};
    errand e = {.folder = folder, .log = log, .who = who, .report = report, .since = csl_seconds()};
    csl_buffer_init(&e.request, CSL_AUDIT_MAX_COSIGN);
    csl_buffer_init(&e.answer, CSL_AUDIT_MAX_COSIGN);
    csl_error stamping = {0};
    /* The witness first, so that the timestamp is over the cosignature too. */
    csl_status status = who->witness ? ask_witness(&e, error) : CSL_OK;
    csl_status stamped = who->tsa ? ask_authority(&e, &stamping) : CSL_OK;
    csl_buffer_free(&e.request);
    csl_buffer_free(&e.answer);
    if (status == CSL_OK && stamped != CSL_OK) {
        status = stamped;
        if (error) *error = stamping;
    } else if (stamped != CSL_OK && error) {
        size_t used = strlen(error->message);
        snprintf(error->message + used, sizeof error->message - used, "; %.200s: %.300s", stamping.place,
                 stamping.message);
    }
    return status;
}
