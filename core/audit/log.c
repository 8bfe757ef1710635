#include "audit/log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

csl_status audit_log_refuse(const csl_audit_log *log, csl_error *error)
{
    return csl_fail(error, CSL_EUSAGE, log->path,
                    "writing to this log failed before; close it and open it again");
}

/* Does the checkpoint that readers see stand on partial tiles of this tile? */
static bool in_use(const csl_audit_log *log, unsigned tree_level, uint64_t index)
{
    return audit_level_width(log->shown, tree_level) &&
           audit_level_count(log->shown, tree_level) / AUDIT_TILE == index;
}

/* level: a level of the tree, or AUDIT_ENTRIES. */
static csl_status put(csl_audit_log *log, unsigned level, uint64_t index, unsigned width, const void *bytes,
                      size_t length, bool keep, csl_error *error)
{
    csl_status status = CSL_OK;
    char name[AUDIT_NAME];
    audit_tile_name(level, index, width, name);
    if (log->recovering) return audit_writer_ensure(&log->writer, name, bytes, length, error);
    /* A tile that no checkpoint has touched may find partial ones here from before a crash; they are of
     * another history. */
    if (!in_use(log, level == AUDIT_ENTRIES ? 0 : level, index))
        status = audit_remove_partials(&log->writer, level, index, 1, NULL, error);
    return status == CSL_OK ? audit_writer_put(&log->writer, name, bytes, length, keep, error) : status;
}

static csl_status put_full(void *context, unsigned level, uint64_t index, const csl_digest *hashes,
                           csl_error *error)
{
    csl_audit_log *log = context;
    csl_status status = CSL_OK;
    if (level == 0) {
        status = put(log, AUDIT_ENTRIES, index, AUDIT_TILE, log->last.bytes, log->last.length, true, error);
        csl_buffer_clear(&log->last);
    }
    return status == CSL_OK
               ? put(log, level, index, AUDIT_TILE, hashes, AUDIT_TILE * sizeof *hashes, true, error)
               : status;
}

csl_status audit_log_append_bytes(csl_audit_log *log, const void *entry, size_t length, csl_digest *leaf,
                                  csl_error *error)
{
    if (log->broken) return audit_log_refuse(log, error);
    if (length > CSL_AUDIT_MAX_ENTRY)
        return csl_fail(error, CSL_ELIMIT, log->path, "an entry has %zu bytes and may have %d", length,
                        CSL_AUDIT_MAX_ENTRY);
    uint8_t prefix[2] = {(uint8_t)(length >> 8), (uint8_t)length};
    csl_digest hash;
    audit_leaf_hash(&log->hasher, entry, length, &hash);
    csl_buffer_append(&log->last, prefix, sizeof prefix);
    csl_status status = csl_buffer_append(&log->last, entry, length)
                            ? audit_edge_push(&log->edge, &log->hasher, &hash, put_full, log, error)
                            : csl_fail(error, CSL_ENOMEM, log->path, "no memory for an entry");
    log->broken = status != CSL_OK;
    if (leaf) *leaf = hash;
    return status;
}

/* ---- committing ---- */

/* The partial tiles that the new size ends in, where they differ from those that readers see. */
static csl_status put_partials(csl_audit_log *log, bool keep, csl_error *error)
{
    csl_status status = CSL_OK;
    uint64_t size = log->edge.size;
    unsigned width = audit_level_width(size, 0);
    if (width)
        status =
            put(log, AUDIT_ENTRIES, size / AUDIT_TILE, width, log->last.bytes, log->last.length, keep, error);
    for (unsigned level = 0; status == CSL_OK && level < AUDIT_LEVELS; level++) {
        uint64_t count = audit_level_count(size, level);
        width = audit_level_width(size, level);
        if (width && count != audit_level_count(log->shown, level))
            status = put(log, level, count / AUDIT_TILE, width, log->edge.hashes[level],
                         width * sizeof *log->edge.hashes[level], keep, error);
    }
    return status;
}

/* Partial tiles whose full tile is published now serve nobody (tlog-tiles lets a log delete them). That one
 * of them stays behind harms nothing. */
static void drop_outdated(csl_audit_log *log, uint64_t before)
{
    for (unsigned level = 0; level <= AUDIT_ENTRIES; level++) {
        unsigned tree_level = level == AUDIT_ENTRIES ? 0 : level;
        uint64_t index = audit_level_count(before, tree_level) / AUDIT_TILE;
        if (audit_level_width(before, tree_level) &&
            audit_level_count(log->edge.size, tree_level) / AUDIT_TILE > index)
            (void)audit_remove_partials(&log->writer, level, index, 1, NULL, NULL);
    }
}

static csl_status sign(csl_audit_log *log, csl_error *error)
{
    csl_digest root;
    audit_edge_root(&log->edge, &log->hasher, &root);
    if (log->hasher.failed) return csl_fail(error, CSL_ECRYPTO, log->path, "OpenSSL cannot compute SHA-256");
    return audit_checkpoint_sign(log->key, log->edge.size, &root, &log->note, error);
}

/* What is on disk under its own name is `committed` now, and synced. */
static csl_status now_settled(csl_audit_log *log, csl_error *error)
{
    log->settled = log->committed;
    memset(log->published, 0, sizeof log->published);
    audit_journal_restart(&log->journal);
    csl_buffer_clear(&log->base);
    return csl_buffer_append(&log->base, log->note.bytes, log->note.length)
               ? CSL_OK
               : csl_fail(error, CSL_ENOMEM, log->path, "no memory for a checkpoint");
}

static void now_committed(csl_audit_log *log)
{
    log->committed = log->edge.size;
    log->last_committed = log->last.length;
}

static void now_shown(csl_audit_log *log)
{
    log->shown = log->committed;
    log->published[audit_level_width(log->shown, 0)] = true;
}

/* What the journal holds, under its own names: the partial tiles, then the checkpoint and its certificate's
 * signature. */
static csl_status show(csl_audit_log *log, csl_error *error)
{
    csl_status status = put_partials(log, false, error);
    if (status == CSL_OK)
        status = audit_replace(&log->folder, "checkpoint", log->note.bytes, log->note.length, false, error);
    if (status == CSL_OK) now_shown(log);
    return status == CSL_OK ? audit_log_certify(log, error) : status;
}

csl_status audit_log_publish_again(csl_audit_log *log, csl_error *error)
{
    csl_status status = put_partials(log, true, error);
    now_committed(log);
    now_shown(log);
    return status;
}

/* The two files of each size inside the last tile that readers saw: to be synced, or removed. */
static csl_status each_published(csl_audit_log *log, bool remove, csl_error *error)
{
    csl_status status = CSL_OK;
    for (unsigned i = 0; status == CSL_OK && i < 2 * AUDIT_TILE; i++) {
        char name[AUDIT_NAME];
        if (!log->published[i / 2]) continue;
        audit_tile_name(i % 2 ? 0 : AUDIT_ENTRIES, log->settled / AUDIT_TILE, i / 2, name);
        status = remove ? audit_writer_remove(&log->writer, name, error)
                        : audit_writer_again(&log->writer, name, error);
    }
    return status;
}

csl_status audit_log_settle(csl_audit_log *log, csl_error *error)
{
    csl_status status = log->shown == log->committed ? CSL_OK : show(log, error);
    if (status == CSL_OK) status = each_published(log, false, error);
    if (status == CSL_OK) status = audit_writer_again(&log->writer, "checkpoint", error);
    if (status == CSL_OK) status = audit_writer_sync(&log->writer, error);
    if (status == CSL_OK) status = now_settled(log, error);
    log->broken = status != CSL_OK;
    return status;
}

/* Files first, then the checkpoint that names them. */
static csl_status commit_files(csl_audit_log *log, csl_error *error)
{
    uint64_t before = log->shown;
    bool inside = before / AUDIT_TILE == log->edge.size / AUDIT_TILE;
    /* What was published in a tile that is full now goes without ever having been synced, and before the
     * checkpoint moves on: a crash must not leave one of them torn beside the full tile. Readers find that in
     * its place. */
    csl_status status = each_published(log, !inside, error);
    if (status == CSL_OK) status = put_partials(log, true, error);
    if (status == CSL_OK) status = audit_writer_sync(&log->writer, error);
    if (status == CSL_OK)
        status = audit_replace(&log->folder, "checkpoint", log->note.bytes, log->note.length, true, error);
    if (status != CSL_OK) return status;
    now_committed(log);
    log->shown = log->committed;
    status = now_settled(log, error);
    drop_outdated(log, before);
    return status == CSL_OK ? audit_log_certify(log, error) : status;
}

static csl_status commit_journal(csl_audit_log *log, csl_error *error)
{
    csl_status status = audit_journal_add(
        &log->journal, &log->folder, &log->base, &log->note, log->last.bytes + log->last_committed,
        log->last.length - log->last_committed, (unsigned)(log->edge.size - log->committed), error);
    if (status == CSL_OK) now_committed(log);
    return status;
}

csl_status audit_log_commit(csl_audit_log *log, bool synced, csl_error *error)
{
    if (log->broken) return audit_log_refuse(log, error);
    if (log->edge.size == log->committed)
        return synced && log->settled != log->committed ? audit_log_settle(log, error) : CSL_OK;
    csl_status status = log->veil ? audit_veil_sync(log->veil, error) : CSL_OK;
    if (status == CSL_OK) status = sign(log, error);
    if (status == CSL_OK) {
        bool inside = log->settled / AUDIT_TILE == log->edge.size / AUDIT_TILE;
        bool fits = inside && audit_journal_fits(&log->journal, log->note.length,
                                                 log->last.length - log->last_committed);
        status = fits && !synced ? commit_journal(log, error) : commit_files(log, error);
    }
    log->broken = status != CSL_OK;
    return status;
}

csl_status csl_audit_commit(csl_audit_log *log, csl_error *error)
{
    return audit_log_commit(log, false, error);
}

csl_status csl_audit_publish(csl_audit_log *log, csl_error *error)
{
    csl_status status = audit_log_commit(log, false, error);
    if (status != CSL_OK || log->shown == log->committed) return status;
    status = show(log, error);
    log->broken = status != CSL_OK;
    return status;
}
