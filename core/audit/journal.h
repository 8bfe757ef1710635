/* The journal of a log that is being written, DIR/.journal: what was committed since the last files of the
 * log were synced, so that one fdatasync makes a commit durable.
 *
 * Records, each at a multiple of 4,096 bytes (no acknowledged byte is ever in a block that is written again):
 *   SHA-256 of (that of the record before, or 32 zero bytes in the first; all of this record that follows);
 *   8 bytes "csl-wal\n"; bytes of the checkpoint (4, big endian); bytes of the entries (4); their number (4);
 *   the checkpoint; the entries, as in a bundle.
 * The first record has no entries: its checkpoint is the one whose files are synced. A journal ends where a
 * record does not continue the chain: there lies the rest of an older journal, or a write that a crash cut.
 */
#ifndef CSL_AUDIT_JOURNAL_H
#define CSL_AUDIT_JOURNAL_H

#include "audit/checkpoint.h"
#include "audit/tile.h"

#define AUDIT_JOURNAL ".journal"

enum { AUDIT_MAX_JOURNAL = 1 << 25 }; /* a tile of the largest entries, and a checkpoint for each */

typedef struct audit_journal {
    int file;      /* -1 until the first record */
    uint64_t at;   /* where the next record goes; 0: the next is a first one */
    uint64_t room; /* bytes of the file that have been written: up to there no record changes where it lies */
    csl_digest chain;
    csl_buffer record;
} audit_journal;

void audit_journal_init(audit_journal *journal);
void audit_journal_close(audit_journal *journal);

/* Is there room for a record? Where there is not, the log's files have to be synced. */
bool audit_journal_fits(const audit_journal *journal, size_t note, size_t entries);
/* Adds a record and, in front of the first, one with the checkpoint `base`: durable after this. */
csl_status audit_journal_add(audit_journal *journal, const audit_folder *folder, const csl_buffer *base,
                             const csl_buffer *note, const void *entries, size_t length, unsigned count,
                             csl_error *error);
/* The next record is a first one: all that the journal holds has been synced under its own name. */
void audit_journal_restart(audit_journal *journal);
/* Takes the file away. That it may come back after a crash does no harm: its last checkpoint is no newer than
 * the log's. */
csl_status audit_journal_remove(audit_journal *journal, const audit_folder *folder, csl_error *error);

typedef struct audit_journal_record {
    const char *note;
    size_t note_length;
    const uint8_t *entries; /* `count` of them, checked: length (2 bytes), bytes */
    size_t entries_length;
    unsigned count;
} audit_journal_record;

/* What a journal holds, as far as it continues: the checkpoint it stands on and its last. */
typedef struct audit_journal_span {
    audit_checkpoint first, last;
    size_t records; /* 0: nothing of this key, or no journal */
} audit_journal_span;

typedef struct audit_journal_reader {
    csl_buffer file;
    size_t at;
    csl_digest chain;
} audit_journal_reader;

/* CSL_ENOTFOUND if there is no journal. Close it after success and failure. */
csl_status audit_journal_open(const audit_folder *folder, audit_journal_reader *reader, csl_error *error);
/* CSL_ENOTFOUND at its end. */
csl_status audit_journal_next(audit_journal_reader *reader, audit_journal_record *record, csl_error *error);
void audit_journal_rewind(audit_journal_reader *reader);
/* Reads it to its end; checkpoints that vkey did not sign are an error, but for those of an older key. */
csl_status audit_journal_measure(audit_journal_reader *reader, const audit_folder *folder,
                                 const audit_vkey *vkey, audit_journal_span *span, csl_error *error);
void audit_journal_reader_close(audit_journal_reader *reader);

#endif
