/* Inside batch: writing the run store. batch.h has the reading side.
 *
 * Results come in two steps, so that one that can be read has its audit entry durable first: store_stage
 * writes a group durably but out of sight, with the place in the log that each result will have; then the log
 * is committed; then store_publish brings the group into sight. store_recover finishes or undoes what a crash
 * left between the two. */
#ifndef CSL_BATCH_STORE_H
#define CSL_BATCH_STORE_H

#include "batch/batch.h"
#include "batch/inputs.h"

enum { STORE_STUMBLED = '?' };

typedef struct store_row {
    size_t position;                /* in the manifest; results at one place are in the order of their ids */
    const char *id, *status, *json; /* json: the line of results.ndjson */
    const uint8_t *png;             /* or NULL */
    size_t png_length;
    const char *errors;  /* of a failed case, for failed/ */
    const char *crashed; /* the plugin that did, behind STORE_STUMBLED if it was asked whether a file is its
                            own; or NULL */
    double seconds;      /* that it took */
    const char *stamp;   /* of its files (inputs.h), from before they were read */
    uint64_t audit_index;
    csl_digest leaf;
} store_row;

/* Opens or makes out_folder/run.db for writing: write-ahead log, every commit synced. */
csl_status store_open(const char *out_folder, csl_store **store, csl_error *error);
csl_status store_set_fact(csl_store *store, const char *name, const char *value, csl_error *error);

csl_status store_stage(csl_store *store, const store_row *rows, size_t count, csl_error *error);
csl_status store_publish(csl_store *store, csl_error *error);
/* Staged results whose entry is in the log of that folder are published, the others dropped. */
csl_status store_recover(csl_store *store, const char *audit_folder, uint64_t audit_size, csl_error *error);

/* Puts the results in the order of the manifest and marks those that `keep` wants: done[count]; a new result
 * takes the place of another. CSL_EUSAGE names a result whose case the manifest lacks. counts: by status, of
 * what is kept. */
typedef bool (*store_keep)(void *context, size_t position, const char *status, const char *stamp,
                           const char *json);
csl_status store_match(csl_store *store, csl_manifest *manifest, store_keep keep, void *context, bool *done,
                       csl_run_summary *counts, csl_error *error);
/* Calls visit for each result at a place where done is true and whose plugin crashed. */
csl_status store_each_crash(csl_store *store, const bool *done,
                            void (*visit)(void *context, const char *plugin), void *context,
                            csl_error *error);
/* Calls visit for each result in manifest order with what the child wrote to standard error. */
csl_status store_each_error(csl_store *store,
                            csl_status (*visit)(void *context, const csl_stored_case *stored,
                                                const char *errors, csl_error *error),
                            void *context, csl_error *error);
/* ---- one case at a time (store_case.c) ---- */

typedef struct store_found {
    bool there;
    bool moved; /* its files were moved away since (they may be back), or were to be */
    char status[16], stamp[INPUTS_STAMP];
    uint64_t audit_index;
} store_found;

csl_status store_find(csl_store *store, const char *id, store_found *found, csl_error *error);
csl_status store_line(csl_store *store, const char *id, char **json, csl_error *error); /* malloc'ed */
/* That its files have another stamp now, but are the same. */
csl_status store_restamp(csl_store *store, const char *id, const char *stamp, csl_error *error);
csl_status store_set_moved(csl_store *store, const char *id, bool moved, csl_error *error);
csl_status store_count(csl_store *store, csl_run_summary *counts, csl_error *error); /* by status */

/* One file, without its write-ahead log beside it: for a finished run. Where somebody reads it now, the log
 * stays, which is as well. */
csl_status store_settle(csl_store *store, csl_error *error);

#endif
