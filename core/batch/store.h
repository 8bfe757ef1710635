/* Inside batch: writing the run store. batch.h has the reading side.
 *
 * Results come in two steps, so that one that can be read has its audit entry durable first: store_stage
 * writes a group durably but out of sight, with the place in the log that each result will have; then the log
 * is committed; then store_publish brings the group into sight. store_recover finishes or undoes what a crash
 * left between the two. */
#ifndef CSL_BATCH_STORE_H
#define CSL_BATCH_STORE_H

#include "batch/batch.h"

typedef struct store_row {
    size_t position;                /* in the manifest */
    const char *id, *status, *json; /* json: the line of results.ndjson */
    const uint8_t *png;             /* or NULL */
    size_t png_length;
    const char *errors;  /* of a failed case, for failed/ */
    const char *crashed; /* the plugin that did, or NULL */
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
/* One file, without its write-ahead log beside it: for a finished run. */
csl_status store_settle(csl_store *store, csl_error *error);

#endif
