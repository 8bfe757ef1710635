#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/log.h"

/* A record lock, not flock: forked workers must not go on holding it when this process is gone. */
static csl_status lock(csl_audit_log *log, csl_error *error)
{
    log->lock = openat(log->folder.descriptor, ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (log->lock < 0) return csl_fail_errno(error, log->path, ".lock: cannot open");
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(log->lock, F_SETLK, &whole) == 0) return CSL_OK;
    if (errno != EACCES && errno != EAGAIN) return csl_fail_errno(error, log->path, ".lock: cannot lock");
    if (fcntl(log->lock, F_GETLK, &whole) == 0 && whole.l_type != F_UNLCK && whole.l_pid > 0)
        return csl_fail(error, CSL_EUSAGE, log->path, "process %ld is writing this audit log",
                        (long)whole.l_pid);
    return csl_fail(error, CSL_EUSAGE, log->path, "another process is writing this audit log");
}

/* Makes the names of the folder and of those above it durable, as far as this path may have created them. One
 * that this process may not open or write was there before. */
static csl_status sync_way_up(const csl_audit_log *log, csl_error *error)
{
    int at = openat(log->folder.descriptor, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (const char *p = log->path; at >= 0; p++) {
        bool last = !*p;
        if (!last && *p != '/') continue;
        if (fsync(at) < 0 && errno != EINVAL && errno != EROFS) {
            csl_status status = csl_fail_errno(error, log->path, "cannot sync the folder above");
            close(at);
            return status;
        }
        int up = last ? -1 : openat(at, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(at);
        at = up;
    }
    return CSL_OK;
}

static csl_status create(csl_audit_log *log, csl_error *error)
{
    /* The first checkpoint stands before the first tile, so tiles without one have lost it. */
    if (!log->key || faccessat(log->folder.descriptor, "tile", F_OK, 0) == 0)
        return csl_fail(error, CSL_EFORMAT, log->path, "checkpoint is missing%s",
                        log->key ? ", but there are tiles: this log is damaged" : "");
    csl_digest root;
    audit_edge_root(&log->edge, &log->hasher, &root);
    if (log->hasher.failed) return csl_fail(error, CSL_ECRYPTO, log->path, "OpenSSL cannot compute SHA-256");
    csl_status status = audit_checkpoint_sign(log->key, log->edge.size, &root, &log->note, error);
    if (status == CSL_OK)
        status = audit_replace(&log->folder, "checkpoint", log->note.bytes, log->note.length, true, error);
    return status == CSL_OK ? sync_way_up(log, error) : status;
}

/* Reads the right edge of the tree and holds it against the signed root, and the last bundle against the
 * edge. */
static csl_status read_edge(csl_audit_log *log, const audit_checkpoint *checkpoint, csl_error *error)
{
    csl_status status = CSL_OK;
    char name[AUDIT_NAME];
    uint64_t size = log->edge.size = checkpoint->size;
    for (unsigned level = 0; status == CSL_OK && level < AUDIT_LEVELS; level++) {
        unsigned width = audit_level_width(size, level);
        if (width)
            status = audit_tile_read(&log->folder, level, audit_level_count(size, level) / AUDIT_TILE, width,
                                     log->edge.hashes[level], name, error);
    }
    if (status != CSL_OK) return status;
    csl_digest root;
    audit_edge_root(&log->edge, &log->hasher, &root);
    if (memcmp(&root, &checkpoint->root, sizeof root) != 0)
        return csl_fail(error, CSL_EFORMAT, log->path,
                        "the last tiles do not lead to the checkpoint's root; `consilium audit verify` says "
                        "which is altered");
    unsigned width = audit_level_width(size, 0);
    if (!width) return CSL_OK;
    audit_bundle bundle;
    audit_bundle_init(&bundle);
    status = audit_bundle_read(&log->folder, size / AUDIT_TILE, width, &bundle, error);
    for (unsigned i = 0; status == CSL_OK && i < width; i++) {
        csl_digest leaf;
        size_t length;
        const uint8_t *entry = audit_bundle_entry(&bundle, i, &length);
        audit_leaf_hash(&log->hasher, entry, length, &leaf);
        if (memcmp(&leaf, &log->edge.hashes[0][i], sizeof leaf) != 0)
            status =
                csl_fail(error, CSL_EFORMAT, log->path,
                         "entry %" PRIu64 " does not match its hash in the log's tiles", size - width + i);
    }
    if (status == CSL_OK && !csl_buffer_append(&log->last, bundle.file.bytes, bundle.start[width]))
        status = csl_fail(error, CSL_ENOMEM, log->path, "no memory for the last entries");
    audit_bundle_free(&bundle);
    log->last_committed = log->last.length;
    return status;
}

/* Leaves at the edge what the checkpoint stands on, the partial tiles of older checkpoints, up to `older`
 * entries and those published since, and nothing else: a crash may have left a full tile and other partial
 * ones there. What lies further out is overwritten when the log comes there. */
static csl_status settle_edge(csl_audit_log *log, uint64_t older, csl_error *error)
{
    csl_status status = CSL_OK;
    char name[AUDIT_NAME];
    for (unsigned level = 0; status == CSL_OK && level <= AUDIT_ENTRIES; level++) {
        unsigned tree_level = level == AUDIT_ENTRIES ? 0 : level;
        unsigned width = audit_level_width(log->edge.size, tree_level);
        uint64_t index = audit_level_count(log->edge.size, tree_level) / AUDIT_TILE;
        audit_tile_name(level, index, width, name);
        /* In a copy of a log that was growing, the full tile may stand in for the partial one. */
        if (width && faccessat(log->folder.descriptor, name, F_OK, 0) != 0)
            status = level == AUDIT_ENTRIES
                         ? audit_writer_ensure(&log->writer, name, log->last.bytes, log->last.length, error)
                         : audit_writer_ensure(&log->writer, name, log->edge.hashes[level],
                                               width * sizeof *log->edge.hashes[level], error);
    }
    if (status == CSL_OK) status = audit_writer_sync(&log->writer, error);
    for (unsigned level = 0; status == CSL_OK && level <= AUDIT_ENTRIES; level++) {
        unsigned tree_level = level == AUDIT_ENTRIES ? 0 : level;
        uint64_t index = audit_level_count(log->edge.size, tree_level) / AUDIT_TILE;
        audit_tile_name(level, index, AUDIT_TILE, name);
        status = audit_writer_remove(&log->writer, name, error);
        if (status == CSL_OK)
            status =
                audit_remove_partials(&log->writer, level, index, audit_level_width(older, tree_level) + 1,
                                      tree_level ? NULL : log->published, error);
    }
    return status == CSL_OK ? audit_writer_sync(&log->writer, error) : status;
}

/* ---- after a crash ---- */

/* Puts back what the journal's commits published, then the last checkpoint. Until that is in place nothing is
 * taken away: where no power was lost, all is there already, and readers rely on it. */
static csl_status replay(csl_audit_log *log, audit_journal_reader *reader, const audit_journal_span *span,
                         bool newest, csl_error *error)
{
    audit_journal_record record;
    audit_journal_rewind(reader);
    csl_status status = audit_journal_next(reader, &record, error);
    if (status == CSL_OK) status = read_edge(log, &span->first, error);
    log->settled = log->shown = log->committed = log->edge.size;
    log->recovering = true;
    for (size_t i = 1; status == CSL_OK && i < span->records; i++) {
        status = audit_journal_next(reader, &record, error);
        size_t at = 0;
        for (unsigned k = 0; status == CSL_OK && k < record.count; k++) {
            size_t length = (size_t)record.entries[at] << 8 | record.entries[at + 1];
            status = audit_log_append_bytes(log, record.entries + at + 2, length, NULL, error);
            at += 2 + length;
        }
        if (status == CSL_OK) status = audit_log_publish_again(log, error);
    }
    csl_digest root;
    audit_edge_root(&log->edge, &log->hasher, &root);
    if (status == CSL_OK &&
        (log->edge.size != span->last.size || memcmp(&root, &span->last.root, sizeof root) != 0))
        status = csl_fail(error, CSL_EFORMAT, log->path, "%s: its entries do not lead to its checkpoint",
                          AUDIT_JOURNAL);
    if (status == CSL_OK && newest) status = audit_writer_again(&log->writer, "checkpoint", error);
    if (status == CSL_OK) status = audit_writer_sync(&log->writer, error);
    if (status == CSL_OK && !newest) {
        csl_buffer_clear(&log->note);
        status =
            csl_buffer_append(&log->note, record.note, record.note_length)
                ? audit_replace(&log->folder, "checkpoint", log->note.bytes, log->note.length, true, error)
                : csl_fail(error, CSL_ENOMEM, log->path, "no memory for a checkpoint");
    }
    if (status == CSL_OK) status = settle_edge(log, span->first.size, error);
    memset(log->published, 0, sizeof log->published);
    log->recovering = false;
    return status;
}

/* The checkpoint file counts unless the journal is as far: only files that were synced lie beyond a journal.
 */
static csl_status find_end(csl_audit_log *log, csl_error *error)
{
    audit_checkpoint checkpoint = {0};
    audit_journal_span span = {0};
    audit_journal_reader reader;
    csl_status status = audit_journal_open(&log->folder, &reader, error);
    bool journal = status == CSL_OK;
    if (journal) status = audit_journal_measure(&reader, &log->folder, log->vkey, &span, error);
    if (status != CSL_OK && status != CSL_ENOTFOUND) goto done;
    status = audit_file_read(&log->folder, "checkpoint", &log->note, error);
    if (status == CSL_ENOTFOUND && !span.records) {
        status = create(log, error);
        goto done;
    }
    if (status == CSL_OK)
        status = audit_checkpoint_read(log->path, log->note.length ? (const char *)log->note.bytes : "",
                                       log->note.length, log->vkey, &checkpoint, error);
    /* A checkpoint of another key is no torn one. */
    bool torn =
        !checkpoint.foreign && (status == CSL_ENOTFOUND || status == CSL_EFORMAT || status == CSL_ECRYPTO);
    if (span.records && (torn || (status == CSL_OK && checkpoint.size <= span.last.size))) {
        bool newest = status == CSL_OK && checkpoint.size == span.last.size &&
                      !memcmp(&checkpoint.root, &span.last.root, sizeof checkpoint.root);
        status = replay(log, &reader, &span, newest, error);
    } else if (status == CSL_OK) {
        status = read_edge(log, &checkpoint, error);
        if (status == CSL_OK) status = settle_edge(log, checkpoint.size, error);
    }
    if (status == CSL_OK && journal) status = audit_journal_remove(&log->journal, &log->folder, error);
done:
    audit_journal_reader_close(&reader);
    return status;
}

/* When the last entry says that it was written: a clock that was set back while nothing ran shows by it. */
static csl_status read_last_time(csl_audit_log *log, csl_error *error)
{
    if (!log->edge.size) return CSL_OK;
    uint64_t last = log->edge.size - 1;
    unsigned place = (unsigned)(last % AUDIT_TILE);
    audit_bundle bundle;
    audit_bundle_init(&bundle);
    csl_status status = audit_bundle_read(&log->folder, last / AUDIT_TILE, place + 1, &bundle, error);
    if (status == CSL_OK) {
        size_t length;
        const uint8_t *entry = audit_bundle_entry(&bundle, place, &length);
        log->last_time = audit_clock_of_entry(entry, length);
    }
    audit_bundle_free(&bundle);
    return status;
}

static csl_status open_log(const char *folder, const csl_audit_key *key, const audit_vkey *vkey,
                           csl_audit_log **out, csl_error *error)
{
    *out = NULL;
    csl_audit_log *log = calloc(1, sizeof *log);
    if (!log) return csl_fail(error, CSL_ENOMEM, folder, "no memory");
    csl_status status = CSL_OK;
    log->key = key;
    log->vkey = vkey;
    log->folder.descriptor = log->lock = -1;
    log->last_time = INT64_MIN;
    audit_clock_start(&log->clock);
    csl_buffer_init(&log->last, (size_t)AUDIT_TILE * (2 + CSL_AUDIT_MAX_ENTRY));
    csl_buffer_init(&log->note, AUDIT_MAX_CHECKPOINT);
    csl_buffer_init(&log->base, AUDIT_MAX_CHECKPOINT);
    audit_messages_init(&log->messages);
    audit_writer_init(&log->writer, &log->folder);
    audit_journal_init(&log->journal);
    audit_actor_now(&log->actor, vkey->origin);
    if (!(log->path = strdup(folder))) status = csl_fail(error, CSL_ENOMEM, folder, "no memory");
    if (status == CSL_OK && key) status = csl_make_folders(folder, error);
    if (status == CSL_OK) status = audit_hasher_open(&log->hasher, error);
    if (status == CSL_OK) status = audit_folder_open(log->path, &log->folder, error);
    if (status == CSL_OK) status = lock(log, error);
    if (status == CSL_OK) status = find_end(log, error);
    if (status == CSL_OK && key) status = read_last_time(log, error);
    csl_buffer_clear(&log->base);
    if (status == CSL_OK && !csl_buffer_append(&log->base, log->note.bytes, log->note.length))
        status = csl_fail(error, CSL_ENOMEM, folder, "no memory for a checkpoint");
    log->settled = log->shown = log->committed = log->edge.size;
    if (status == CSL_OK)
        *out = log;
    else {
        log->broken = true;
        csl_audit_close(log);
    }
    return status;
}

csl_status csl_audit_open(const char *folder, const csl_audit_key *key, csl_audit_log **log, csl_error *error)
{
    return open_log(folder, key, audit_key_public(key), log, error);
}

csl_status csl_audit_recover(const char *folder, const char *vkey_text, uint64_t *size, csl_error *error)
{
    audit_vkey vkey;
    csl_audit_log *log = NULL;
    csl_status status = audit_vkey_parse(vkey_text, &vkey, error);
    if (status == CSL_OK) status = open_log(folder, NULL, &vkey, &log, error);
    if (status == CSL_OK) *size = csl_audit_size(log);
    csl_audit_close(log);
    return status;
}

void csl_audit_close(csl_audit_log *log)
{
    if (!log) return;
    /* Entries that nobody committed are in the way of showing those that somebody did. */
    bool shut = log->broken || (log->shown != log->committed && log->edge.size != log->committed);
    bool keep = shut || (log->settled != log->committed && audit_log_settle(log, NULL) != CSL_OK);
    /* What could not be synced, or shown, is in the journal. */
    if (!keep && log->journal.file >= 0) (void)audit_journal_remove(&log->journal, &log->folder, NULL);
    audit_journal_close(&log->journal);
    audit_writer_close(&log->writer);
    audit_messages_free(&log->messages);
    audit_veil_close(log->veil);
    audit_hasher_close(&log->hasher);
    csl_buffer_free(&log->last);
    csl_buffer_free(&log->note);
    csl_buffer_free(&log->base);
    audit_folder_close(&log->folder);
    if (log->lock >= 0) close(log->lock);
    free(log->path);
    free(log);
}

uint64_t csl_audit_size(const csl_audit_log *log)
{
    return log->committed;
}
