/* Inside batch: from what a child answered to a line of results.ndjson.
 *
 * The conductor believes numbers within their ranges, texts of bounded length and hashes that look like
 * hashes; names of cases, files, labels and modalities are its own. The line is made anew from what was
 * checked. */
#ifndef CSL_BATCH_RECORD_H
#define CSL_BATCH_RECORD_H

#include <jansson.h>

#include "base/buffer.h"
#include "batch/batch.h"

/* What the results of a run have in common; checked once, from the first hello. */
typedef struct record_card {
    char model[CSL_SHA256_HEX];
    json_t *labels;     /* [{"name", "code", "system"}] */
    json_t *tasks;      /* [{"name", "answers": [text]}] */
    json_t *modalities; /* [text] */
} record_card;

/* Borrows from hello. CSL_EINTERNAL if the hello is not what worker.h and score.h say. */
csl_status record_card_read(const json_t *hello, record_card *card, csl_error *error);

typedef struct record {
    json_t *line;        /* all of the line but its "audit" member */
    char *text;          /* the same as text, once it was asked for */
    const char *status;  /* "scored", "failed" or "withheld" */
    csl_audit_kind kind; /* what the log calls it */
    char *audit_reason;  /* why not scored, for the log: without values of patients */
    const char *word;    /* the same in one word of docs/operations.md; NULL if scored */
    char *why;           /* the same with them, NULL if scored; the log hides it */
    json_t *patients;    /* [identifier], for the log, which hides them too; may be NULL */
    json_t *studies;     /* [fact of a study, as study.h reads it], for the log; may be NULL */
    json_t *adapters;    /* [plugin id or "", an input]; NULL if it is not known */
    csl_buffer png;      /* key image; length 0: none */
} record;

/* Bytes of an answer, as score.h has it. CSL_EFORMAT says what broke the contract. */
csl_status record_read(const record_card *card, const csl_manifest_case *which, const uint8_t *bytes,
                       size_t length, record *r, csl_error *error);
/* A case without an answer. word: why, as record has it; hashes[count]: hex or "", of the case's files; count
 * may be 0. */
csl_status record_fail(const record_card *card, const csl_manifest_case *which, const char *word,
                       const char *reason, char *const *hashes, size_t count, record *r, csl_error *error);
/* Makes a failure of what was answered: its inputs and their hashes stay. reason: without values of patients.
 */
csl_status record_refuse(record *r, const char *word, const char *reason, csl_error *error);
void record_free(record *r);
/* The line as text, malloc'ed; with its audit member unless leaf is NULL. */
char *record_text(record *r, uint64_t index, const csl_digest *leaf);

#endif
