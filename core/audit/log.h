/* Inside of a log that is being written: what append.c (events), log.c (entries, commits) and open.c (open,
 * recover) share, and what the tests and the benchmark use to append entries that are no events.
 *
 * A commit that stays inside the last tile goes into the journal and nowhere else; csl_audit_publish writes
 * the files that readers see, and syncs none. A commit that completes a tile syncs its files, moves the
 * checkpoint into place and starts the journal anew. So `settled`, the size whose files are synced, `shown`,
 * the size that readers see, and `committed` lie in this order and in one tile. */
#ifndef CSL_AUDIT_LOG_H
#define CSL_AUDIT_LOG_H

#include "audit/anchor.h"
#include "audit/audit.h"
#include "audit/checkpoint.h"
#include "audit/clock.h"
#include "audit/journal.h"
#include "audit/merkle.h"
#include "audit/message.h"
#include "audit/opening.h"
#include "audit/writer.h"

struct csl_audit_log {
    char *path;
    audit_folder folder;
    int lock;
    const csl_audit_key *key; /* NULL: only recovering */
    const audit_vkey *vkey;
    audit_hasher hasher;
    audit_writer writer;
    audit_journal journal;
    audit_actor actor;
    audit_messages messages;
    audit_veil *veil;               /* NULL unless protected */
    const csl_audit_signer *signer; /* NULL: checkpoints bear no certificate's signature */
    audit_clock clock;
    int64_t last_time; /* of the last entry when the log was opened; INT64_MIN once it was looked at */
    uint64_t settled, shown, committed;
    bool published[AUDIT_TILE]; /* widths of the last tile whose partial files are not synced */
    bool recovering;            /* what is appended is known to be on disk, in the journal */
    bool broken;                /* a write failed: what is on disk is not known */
    csl_buffer last;            /* bytes of the last, partial entry bundle */
    size_t last_committed;      /* how many of them are committed */
    csl_buffer note;            /* the newest checkpoint */
    csl_buffer base;            /* that of `settled` */
    audit_edge edge;
};

/* As csl_audit_append, of bytes as they are, at most CSL_AUDIT_MAX_ENTRY. */
csl_status audit_log_append_bytes(csl_audit_log *log, const void *entry, size_t length, csl_digest *leaf,
                                  csl_error *error);

/* Has the log read other clocks than the machine's. */
void audit_log_clock(csl_audit_log *log, void (*read)(struct timespec *wall, struct timespec *boot));

/* After a failed write: CSL_EUSAGE, and what to do. */
csl_status audit_log_refuse(const csl_audit_log *log, csl_error *error);
/* As csl_audit_commit; synced: under its own name, so that the journal is not needed. */
csl_status audit_log_commit(csl_audit_log *log, bool synced, csl_error *error);
/* Puts the partial tiles that the edge ends in where they are missing or torn, to be synced. */
csl_status audit_log_publish_again(csl_audit_log *log, csl_error *error);
/* Signs the newest checkpoint with the certificate; without one, takes an older signature away. */
csl_status audit_log_certify(const csl_audit_log *log, csl_error *error);
/* Publishes what is committed and syncs it; nothing may be pending. The next record of the journal is a first
 * one. */
csl_status audit_log_settle(csl_audit_log *log, csl_error *error);

#endif
