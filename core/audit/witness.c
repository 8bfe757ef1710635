/* The witness's side of C2SP tlog-witness: requests in, answers out; the latest checkpoint of each log is
 * kept. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit/anchor.h"
#include "audit/checkpoint.h"
#include "audit/range.h"
#include "audit/text.h"
#include "base/file.h"

struct csl_audit_witness {
    char *folder;
    const csl_audit_key *key;
    audit_vkey *logs;
    size_t log_count;
    audit_hasher hasher;
};

csl_status csl_audit_witness_open(const char *folder, const csl_audit_key *key, char *const *logs,
                                  size_t log_count, csl_audit_witness **out, csl_error *error)
{
    *out = NULL;
    csl_audit_witness *w = calloc(1, sizeof *w);
    csl_status status = CSL_OK;
    if (!w || !(w->folder = strdup(folder)) || !(w->logs = calloc(log_count + 1, sizeof *w->logs)))
        status = csl_fail(error, CSL_ENOMEM, folder, "no memory");
    if (status == CSL_OK && audit_key_public(key)->type != AUDIT_WITNESS_KEY)
        status = csl_fail(error, CSL_EUSAGE, folder,
                          "the key of %s is a log's; `keygen --witness` makes a witness's",
                          csl_audit_key_origin(key));
    for (size_t i = 0; status == CSL_OK && i < log_count; i++)
        status = audit_vkey_parse(logs[i], &w->logs[w->log_count++], error);
    if (status == CSL_OK) status = audit_hasher_open(&w->hasher, error);
    if (status == CSL_OK) status = csl_make_folders(folder, error);
    if (status != CSL_OK) {
        csl_audit_witness_close(w);
        return status;
    }
    w->key = key;
    *out = w;
    return CSL_OK;
}

void csl_audit_witness_close(csl_audit_witness *w)
{
    if (!w) return;
    audit_hasher_close(&w->hasher);
    free(w->logs);
    free(w->folder);
    free(w);
}

/* ---- what a request says ---- */

typedef struct submission {
    uint64_t old;
    csl_digest proof[AUDIT_CONSISTENCY];
    size_t count;
    const char *note;
    size_t note_length;
    audit_checkpoint checkpoint;
} submission;

enum { MAX_PROOF_LINES = 63 };

/* "old N", proof lines, an empty line, the checkpoint. False if it is anything else. */
static bool parse(const char *text, size_t length, submission *s)
{
    const char *at = text, *end = text + length, *newline;
    *s = (submission){0};
    if (memchr(text, 0, length) || length < 6 || memcmp(text, "old ", 4) != 0) return false;
    at += 4;
    if (!(newline = memchr(at, '\n', (size_t)(end - at))) || newline == at || newline - at > 19 ||
        (at[0] == '0' && newline - at > 1))
        return false;
    for (; at < newline; at++) {
        if (!isdigit((unsigned char)*at)) return false;
        s->old = s->old * 10 + (uint64_t)(*at - '0');
    }
    for (at++; (newline = memchr(at, '\n', (size_t)(end - at))) && newline != at; at = newline + 1)
        if (s->count == MAX_PROOF_LINES ||
            audit_unbase64(at, (size_t)(newline - at), s->proof[s->count++].bytes, CSL_SHA256_BYTES) !=
                CSL_SHA256_BYTES)
            return false;
    if (!newline) return false;
    s->note = newline + 1;
    s->note_length = (size_t)(end - s->note);
    return s->note_length <= AUDIT_MAX_CHECKPOINT &&
           audit_checkpoint_read("", s->note, s->note_length, NULL, &s->checkpoint, NULL) == CSL_OK;
}

/* ---- the latest checkpoints ---- */

static char *state_path(const csl_audit_witness *w, const char *origin)
{
    csl_digest digest;
    char hex[CSL_SHA256_HEX];
    if (csl_sha256(origin, strlen(origin), &digest, NULL) != CSL_OK) return NULL;
    csl_digest_hex(&digest, hex);
    return csl_path_join(w->folder, hex);
}

/* Size 0 if the log is new here. */
static csl_status read_state(const char *path, audit_checkpoint *latest, csl_error *error)
{
    char *text = NULL;
    size_t length;
    *latest = (audit_checkpoint){0};
    if (!csl_is_file(path)) return CSL_OK;
    csl_status status = csl_read_file(path, AUDIT_MAX_CHECKPOINT + 1024, &text, &length, error);
    if (status == CSL_OK) status = audit_checkpoint_read(path, text, length, NULL, latest, error);
    free(text);
    return status;
}

/* ---- answers ---- */

static void answer_with(csl_audit_answer *answer, int code, const char *type, const char *text)
{
    answer->code = code;
    answer->type = type;
    csl_buffer_clear(&answer->body);
    csl_buffer_text(&answer->body, text);
}

static const char plain[] = "text/plain; charset=utf-8";

/* Whether one of the keys that are trusted for the origin has signed, and none of them wrongly. */
static int check_signature(const csl_audit_witness *w, const submission *s)
{
    bool known = false, is_signed = false;
    for (size_t i = 0; i < w->log_count; i++) {
        audit_checkpoint checkpoint;
        if (strcmp(w->logs[i].origin, s->checkpoint.origin) != 0) continue;
        known = true;
        csl_status status =
            audit_checkpoint_read("", s->note, s->note_length, &w->logs[i], &checkpoint, NULL);
        if (status != CSL_OK && !checkpoint.foreign) return 403;
        is_signed = is_signed || status == CSL_OK;
    }
    return !known ? 404 : is_signed ? 200 : 403;
}

/* Of a submission that is signed: the status code by what this witness has seen before. */
static int check_consistency(csl_audit_witness *w, const submission *s, const audit_checkpoint *latest)
{
    if (s->old > s->checkpoint.size) return 400;
    if (s->old != latest->size) return 409;
    if (!s->checkpoint.size) {
        csl_digest empty;
        if (csl_sha256("", 0, &empty, NULL) != CSL_OK ||
            memcmp(&empty, &s->checkpoint.root, sizeof empty) != 0)
            return 422;
    }
    return audit_consistency_holds(&w->hasher, s->old, s->checkpoint.size, &latest->root, &s->checkpoint.root,
                                   s->proof, s->count)
               ? 200
               : 422;
}

/* Cosigns, keeps the checkpoint with the cosignature, and only then answers. */
static void cosign(csl_audit_witness *w, const submission *s, const char *path, csl_audit_answer *answer)
{
    csl_buffer line, kept;
    csl_buffer_init(&line, 1024);
    csl_buffer_init(&kept, AUDIT_MAX_CHECKPOINT + 1024);
    csl_status status =
        audit_checkpoint_cosign(w->key, s->note, s->note_length, (uint64_t)time(NULL), &line, NULL);
    if (status == CSL_OK && (!csl_buffer_append(&kept, s->note, s->note_length) ||
                             !csl_buffer_append(&kept, line.bytes, line.length)))
        status = CSL_ENOMEM;
    if (status == CSL_OK) status = csl_write_file_atomic(path, kept.bytes, kept.length, NULL);
    if (status == CSL_OK)
        answer_with(answer, 200, plain, (const char *)line.bytes);
    else
        answer_with(answer, 500, plain, "the witness cannot keep the checkpoint\n");
    csl_buffer_free(&line);
    csl_buffer_free(&kept);
}

void csl_audit_witness_add(csl_audit_witness *w, const void *request, size_t length, csl_audit_answer *answer)
{
    submission s;
    audit_checkpoint latest;
    if (length > CSL_AUDIT_MAX_COSIGN || !parse(request, length, &s)) {
        answer_with(answer, 400, plain, "is not an old size, a proof and a checkpoint\n");
        return;
    }
    char *path = state_path(w, s.checkpoint.origin), size[32];
    int code = check_signature(w, &s);
    if (code == 404)
        answer_with(answer, code, plain, "this log is not known here\n");
    else if (code == 403)
        answer_with(answer, code, plain, "the checkpoint is not signed by a key of its log\n");
    else if (!path || read_state(path, &latest, NULL) != CSL_OK)
        answer_with(answer, 500, plain, "the witness cannot read what it saw of this log\n");
    else if ((code = check_consistency(w, &s, &latest)) == 200)
        cosign(w, &s, path, answer);
    else if (code == 409) {
        snprintf(size, sizeof size, "%" PRIu64 "\n", latest.size);
        answer_with(answer, code, "text/x.tlog.size", size);
    } else
        answer_with(answer, code, plain,
                    code == 400 ? "the old size is larger than the checkpoint's\n"
                                : "the checkpoint does not continue what was cosigned before\n");
    free(path);
}

void csl_audit_witness_get(csl_audit_witness *w, const char *origin_hash, csl_audit_answer *answer)
{
    uint8_t digest[CSL_SHA256_BYTES];
    char hex[CSL_SHA256_HEX], *text = NULL;
    /* Nothing but 64 digits becomes part of a path. */
    bool good = csl_unhex(origin_hash, digest, sizeof digest, NULL) == CSL_OK;
    if (good) csl_hex(digest, sizeof digest, hex);
    char *path = good ? csl_path_join(w->folder, hex) : NULL;
    if (path && csl_is_file(path) &&
        csl_read_file(path, AUDIT_MAX_CHECKPOINT + 1024, &text, NULL, NULL) == CSL_OK)
        answer_with(answer, 200, plain, text);
    else
        answer_with(answer, 404, plain, "no checkpoint of such a log was cosigned here\n");
    free(text);
    free(path);
}
