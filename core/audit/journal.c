#include "audit/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char name[] = AUDIT_JOURNAL, magic[] = "csl-wal\n";

enum { BLOCK = 4096, MAGIC = sizeof magic - 1, LENGTHS = CSL_SHA256_BYTES + MAGIC, HEAD = LENGTHS + 12 };
enum { GROWTH = 1 << 20 };

void audit_journal_init(audit_journal *journal)
{
    *journal = (audit_journal){.file = -1};
    csl_buffer_init(&journal->record, AUDIT_MAX_JOURNAL);
}

void audit_journal_close(audit_journal *journal)
{
    if (journal->file >= 0) close(journal->file);
    journal->file = -1;
    csl_buffer_free(&journal->record);
}

void audit_journal_restart(audit_journal *journal)
{
    journal->at = 0;
    journal->chain = (csl_digest){{0}};
}

bool audit_journal_fits(const audit_journal *journal, size_t note, size_t entries)
{
    size_t first = HEAD + AUDIT_MAX_CHECKPOINT + BLOCK;
    return journal->at + first + HEAD + note + entries + BLOCK <= AUDIT_MAX_JOURNAL;
}

/* ---- writing ---- */

static void number(uint8_t *to, size_t value)
{
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Adds a record to the buffer, filled up to a whole block. */
static csl_status format(audit_journal *journal, const csl_buffer *note, const void *entries, size_t length,
                         unsigned count, csl_error *error)
{
    static const uint8_t zeros[BLOCK];
    csl_buffer *out = &journal->record;
    size_t start = out->length;
    uint8_t lengths[12];
    number(lengths, note->length);
    number(lengths + 4, length);
    number(lengths + 8, count);
    csl_buffer_append(out, journal->chain.bytes, sizeof journal->chain.bytes);
    csl_buffer_append(out, magic, MAGIC);
    csl_buffer_append(out, lengths, sizeof lengths);
    csl_buffer_append(out, note->bytes, note->length);
    if (!csl_buffer_append(out, entries, length))
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory for the journal");
    csl_status status = csl_sha256(out->bytes + start, out->length - start, &journal->chain, error);
    if (status != CSL_OK) return status;
    memcpy(out->bytes + start, journal->chain.bytes, sizeof journal->chain.bytes);
    if (!csl_buffer_append(out, zeros, (BLOCK - out->length % BLOCK) % BLOCK))
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory for the journal");
    return CSL_OK;
}

static csl_status put(audit_journal *journal, const audit_folder *folder, const uint8_t *bytes, size_t length,
                      uint64_t at, csl_error *error)
{
    while (length) {
        ssize_t put = pwrite(journal->file, bytes, length, (off_t)at);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return csl_fail_errno(error, folder->path, "%s: cannot write", name);
        bytes += put;
        length -= (size_t)put;
        at += (size_t)put;
    }
    return CSL_OK;
}

/* Writes zeros ahead, so that the records to come change the file's bytes and nothing else: their sync then
 * waits for one write alone. */
static csl_status make_room(audit_journal *journal, const audit_folder *folder, csl_error *error)
{
    static const uint8_t zeros[1 << 16];
    csl_status status = CSL_OK;
    bool created = journal->file < 0;
    if (created) {
        journal->file =
            openat(folder->descriptor, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (journal->file < 0) return csl_fail_errno(error, folder->path, "%s: cannot create", name);
    }
    uint64_t end = journal->at + journal->record.length + GROWTH;
    for (; status == CSL_OK && journal->room < end; journal->room += sizeof zeros)
        status = put(journal, folder, zeros, sizeof zeros, journal->room, error);
    if (status == CSL_OK && fsync(journal->file) < 0)
        status = csl_fail_errno(error, folder->path, "%s: cannot sync", name);
    if (status == CSL_OK && created && fsync(folder->descriptor) < 0)
        status = csl_fail_errno(error, folder->path, "cannot sync the folder");
    return status;
}

csl_status audit_journal_add(audit_journal *journal, const audit_folder *folder, const csl_buffer *base,
                             const csl_buffer *note, const void *entries, size_t length, unsigned count,
                             csl_error *error)
{
    csl_status status = CSL_OK;
    csl_buffer_clear(&journal->record);
    if (!journal->at) status = format(journal, base, NULL, 0, 0, error);
    if (status == CSL_OK) status = format(journal, note, entries, length, count, error);
    if (status == CSL_OK && journal->at + journal->record.length > journal->room)
        status = make_room(journal, folder, error);
    if (status == CSL_OK)
        status = put(journal, folder, journal->record.bytes, journal->record.length, journal->at, error);
    if (status == CSL_OK && fdatasync(journal->file) < 0)
        status = csl_fail_errno(error, folder->path, "%s: cannot sync", name);
    if (status == CSL_OK) journal->at += journal->record.length;
    return status;
}

csl_status audit_journal_remove(audit_journal *journal, const audit_folder *folder, csl_error *error)
{
    if (journal->file >= 0) close(journal->file);
    journal->file = -1;
    journal->room = 0;
    audit_journal_restart(journal);
    if (unlinkat(folder->descriptor, name, 0) < 0 && errno != ENOENT)
        return csl_fail_errno(error, folder->path, "%s: cannot remove", name);
    return CSL_OK;
}

/* ---- reading ---- */

csl_status audit_journal_open(const audit_folder *folder, audit_journal_reader *reader, csl_error *error)
{
    *reader = (audit_journal_reader){0};
    /* Room that was made ahead of the last record. */
    csl_buffer_init(&reader->file, (size_t)AUDIT_MAX_JOURNAL + 2 * GROWTH);
    return audit_file_read(folder, name, &reader->file, error);
}

void audit_journal_reader_close(audit_journal_reader *reader)
{
    csl_buffer_free(&reader->file);
}

void audit_journal_rewind(audit_journal_reader *reader)
{
    reader->at = 0;
    reader->chain = (csl_digest){{0}};
}

static size_t read_number(const uint8_t *from)
{
    return (size_t)from[0] << 24 | (size_t)from[1] << 16 | (size_t)from[2] << 8 | from[3];
}

/* Do the entries fill their bytes exactly? */
static bool entries_fit(const audit_journal_record *r)
{
    size_t at = 0;
    for (unsigned i = 0; i < r->count; i++) {
        if (r->entries_length - at < 2) return false;
        size_t length = (size_t)r->entries[at] << 8 | r->entries[at + 1];
        if (length > r->entries_length - at - 2) return false;
        at += 2 + length;
    }
    return at == r->entries_length;
}

csl_status audit_journal_next(audit_journal_reader *reader, audit_journal_record *record, csl_error *error)
{
    size_t left = reader->file.length - reader->at;
    uint8_t *bytes = reader->file.bytes + reader->at;
    if (left < HEAD || memcmp(bytes + CSL_SHA256_BYTES, magic, MAGIC) != 0) return CSL_ENOTFOUND;
    *record = (audit_journal_record){
        .note = (const char *)bytes + HEAD,
        .note_length = read_number(bytes + LENGTHS),
        .entries_length = read_number(bytes + LENGTHS + 4),
        .count = (unsigned)read_number(bytes + LENGTHS + 8),
    };
    if (record->note_length > left - HEAD || record->entries_length > left - HEAD - record->note_length ||
        record->count >= AUDIT_TILE)
        return CSL_ENOTFOUND;
    record->entries = bytes + HEAD + record->note_length;
    size_t length = HEAD + record->note_length + record->entries_length;
    csl_digest claimed, found;
    memcpy(&claimed, bytes, sizeof claimed);
    memcpy(bytes, &reader->chain, sizeof reader->chain);
    csl_status status = csl_sha256(bytes, length, &found, error);
    memcpy(bytes, &claimed, sizeof claimed);
    if (status != CSL_OK) return status;
    if (memcmp(&claimed, &found, sizeof found) != 0 || !entries_fit(record)) return CSL_ENOTFOUND;
    reader->chain = found;
    length += (BLOCK - length % BLOCK) % BLOCK;
    reader->at += length < left ? length : left;
    return CSL_OK;
}

csl_status audit_journal_measure(audit_journal_reader *reader, const audit_folder *folder,
                                 const audit_vkey *vkey, audit_journal_span *span, csl_error *error)
{
    audit_journal_record record;
    *span = (audit_journal_span){0};
    csl_status status;
    while ((status = audit_journal_next(reader, &record, error)) == CSL_OK) {
        audit_checkpoint *to = span->records ? &span->last : &span->first;
        status = audit_checkpoint_read(folder->path, record.note, record.note_length, vkey, to, error);
        if (to->foreign) {
            /* Older than this key, whose first checkpoint was synced: of no use any more. */
            span->records = 0;
            return CSL_OK;
        }
        if (status != CSL_OK) return status;
        if (!span->records++) span->last = span->first;
    }
    return status == CSL_ENOTFOUND ? CSL_OK : status;
}
