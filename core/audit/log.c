#include "audit/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/checkpoint.h"
#include "audit/clock.h"
#include "audit/merkle.h"
#include "audit/message.h"
#include "audit/opening.h"
#include "audit/rotation.h"
#include "audit/tile.h"
#include "audit/writer.h"

struct csl_audit_log {
    char *path;
    audit_folder folder;
    int lock;
    const csl_audit_key *key;
    audit_hasher hasher;
    audit_writer writer;
    audit_actor actor;
    audit_messages messages;
    audit_veil *veil; /* NULL unless protected */
    audit_clock clock;
    int64_t last_time; /* of the last entry when the log was opened; INT64_MIN once it was looked at */
    uint64_t committed;
    bool broken;     /* a write failed: what is on disk is not known */
    csl_buffer last; /* bytes of the last, partial entry bundle */
    csl_buffer note; /* scratch for a checkpoint */
    audit_edge edge;
};

/* ---- opening ---- */

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

static csl_status write_checkpoint(csl_audit_log *log, csl_error *error)
{
    csl_digest root;
    audit_edge_root(&log->edge, &log->hasher, &root);
    if (log->hasher.failed) return csl_fail(error, CSL_ECRYPTO, log->path, "OpenSSL cannot compute SHA-256");
    csl_status status = audit_checkpoint_sign(log->key, log->edge.size, &root, &log->note, error);
    if (status != CSL_OK) return status;
    return audit_replace(&log->folder, "checkpoint", log->note.bytes, log->note.length, error);
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
    if (faccessat(log->folder.descriptor, "tile", F_OK, 0) == 0)
        return csl_fail(error, CSL_EFORMAT, log->path,
                        "checkpoint is missing, but there are tiles: this log is damaged");
    csl_status status = write_checkpoint(log, error);
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
    return status;
}

/* Leaves at the edge what the checkpoint stands on and nothing else: a crash may have left a full tile where
 * the checkpoint has a partial one, and wider partial ones. What lies further out is overwritten when the log
 * comes there. */
static csl_status settle_edge(csl_audit_log *log, csl_error *error)
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
                         ? audit_writer_put(&log->writer, name, log->last.bytes, log->last.length, error)
                         : audit_writer_put(&log->writer, name, log->edge.hashes[level],
                                            width * sizeof *log->edge.hashes[level], error);
    }
    if (status == CSL_OK) status = audit_writer_sync(&log->writer, error);
    for (unsigned level = 0; status == CSL_OK && level <= AUDIT_ENTRIES; level++) {
        unsigned tree_level = level == AUDIT_ENTRIES ? 0 : level;
        uint64_t index = audit_level_count(log->edge.size, tree_level) / AUDIT_TILE;
        audit_tile_name(level, index, AUDIT_TILE, name);
        if (unlinkat(log->folder.descriptor, name, 0) < 0 && errno != ENOENT && errno != ENOTDIR)
            status = csl_fail_errno(error, log->path, "%s: cannot remove", name);
        else
            status = audit_remove_partials(&log->folder, level, index,
                                           audit_level_width(log->edge.size, tree_level) + 1, error);
    }
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

csl_status csl_audit_open(const char *folder, const csl_audit_key *key, csl_audit_log **out, csl_error *error)
{
    *out = NULL;
    csl_audit_log *log = calloc(1, sizeof *log);
    if (!log) return csl_fail(error, CSL_ENOMEM, folder, "no memory");
    csl_status status = CSL_OK;
    log->key = key;
    log->folder.descriptor = log->lock = -1;
    log->last_time = INT64_MIN;
    audit_clock_start(&log->clock);
    csl_buffer_init(&log->last, (size_t)AUDIT_TILE * (2 + CSL_AUDIT_MAX_ENTRY));
    csl_buffer_init(&log->note, AUDIT_MAX_CHECKPOINT);
    audit_messages_init(&log->messages);
    audit_writer_init(&log->writer, &log->folder);
    audit_actor_now(&log->actor, csl_audit_key_origin(key));
    if (!(log->path = strdup(folder))) {
        status = csl_fail(error, CSL_ENOMEM, folder, "no memory");
        goto done;
    }
    status = csl_make_folders(folder, error);
    if (status == CSL_OK) status = audit_hasher_open(&log->hasher, error);
    if (status == CSL_OK) status = audit_folder_open(log->path, &log->folder, error);
    if (status == CSL_OK) status = lock(log, error);
    if (status != CSL_OK) goto done;
    status = audit_file_read(&log->folder, "checkpoint", &log->note, error);
    if (status == CSL_ENOTFOUND) {
        status = create(log, error);
        goto done;
    }
    audit_checkpoint checkpoint;
    if (status == CSL_OK)
        status = audit_checkpoint_read(log->path, (const char *)log->note.bytes, log->note.length,
                                       audit_key_public(key), &checkpoint, error);
    if (status == CSL_OK) status = read_edge(log, &checkpoint, error);
    if (status == CSL_OK) status = settle_edge(log, error);
    if (status == CSL_OK) status = read_last_time(log, error);
    log->committed = log->edge.size;
done:
    if (status == CSL_OK)
        *out = log;
    else
        csl_audit_close(log);
    return status;
}

void csl_audit_close(csl_audit_log *log)
{
    if (!log) return;
    audit_writer_close(&log->writer);
    audit_messages_free(&log->messages);
    audit_veil_close(log->veil);
    audit_hasher_close(&log->hasher);
    csl_buffer_free(&log->last);
    csl_buffer_free(&log->note);
    audit_folder_close(&log->folder);
    if (log->lock >= 0) close(log->lock);
    free(log->path);
    free(log);
}

void audit_log_clock(csl_audit_log *log, void (*read)(struct timespec *wall, struct timespec *boot))
{
    log->clock.read = read;
    audit_clock_start(&log->clock);
}

uint64_t csl_audit_size(const csl_audit_log *log)
{
    return log->committed;
}

/* ---- appending ---- */

static csl_status refuse(const csl_audit_log *log, csl_error *error)
{
    return csl_fail(error, CSL_EUSAGE, log->path,
                    "writing to this log failed before; close it and open it again");
}

/* Does the checkpoint on disk stand on partial tiles of this tile? */
static bool in_use(const csl_audit_log *log, unsigned tree_level, uint64_t index)
{
    return audit_level_width(log->committed, tree_level) &&
           audit_level_count(log->committed, tree_level) / AUDIT_TILE == index;
}

/* level: a level of the tree, or AUDIT_ENTRIES. */
static csl_status put(csl_audit_log *log, unsigned level, uint64_t index, unsigned width, const void *bytes,
                      size_t length, csl_error *error)
{
    csl_status status = CSL_OK;
    /* A tile that no checkpoint has touched may find partial ones here from before a crash; they are of
     * another history. */
    if (!in_use(log, level == AUDIT_ENTRIES ? 0 : level, index))
        status = audit_remove_partials(&log->folder, level, index, 1, error);
    char name[AUDIT_NAME];
    audit_tile_name(level, index, width, name);
    return status == CSL_OK ? audit_writer_put(&log->writer, name, bytes, length, error) : status;
}

static csl_status put_full(void *context, unsigned level, uint64_t index, const csl_digest *hashes,
                           csl_error *error)
{
    csl_audit_log *log = context;
    csl_status status = CSL_OK;
    if (level == 0) {
        status = put(log, AUDIT_ENTRIES, index, AUDIT_TILE, log->last.bytes, log->last.length, error);
        csl_buffer_clear(&log->last);
    }
    return status == CSL_OK ? put(log, level, index, AUDIT_TILE, hashes, AUDIT_TILE * sizeof *hashes, error)
                            : status;
}

csl_status audit_log_append_bytes(csl_audit_log *log, const void *entry, size_t length, csl_digest *leaf,
                                  csl_error *error)
{
    if (log->broken) return refuse(log, error);
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

csl_status csl_audit_protect(csl_audit_log *log, const csl_audit_pseudonyms *key, csl_error *error)
{
    if (log->veil) return csl_fail(error, CSL_EUSAGE, log->path, "this log hides identifiers already");
    return audit_veil_open(log->path, key, log->committed, &log->veil, error);
}

/* A patient's identifier never stands in a log as it is. */
static csl_status refuse_patients(const csl_audit_log *log, const csl_audit_event *event, csl_error *error)
{
    for (size_t i = 0; i < event->object_count; i++)
        if (event->objects[i].role && audit_hiding_of(event->objects[i].role) == AUDIT_PSEUDONYM)
            return csl_fail(error, CSL_EUSAGE, log->path,
                            "a patient is named in a log that hides no identifiers");
    return CSL_OK;
}

/* An event that is written as it comes, at a time. */
static csl_status append_at(csl_audit_log *log, const csl_audit_event *event, const struct timespec *when,
                            uint64_t *index, csl_digest *leaf, csl_error *error)
{
    uint64_t first = log->edge.size;
    audit_messages *messages = &log->messages;
    csl_audit_event hidden = *event;
    csl_status status =
        log->veil ? audit_veil_event(log->veil, first, &hidden, error) : refuse_patients(log, event, error);
    if (status == CSL_OK) status = audit_messages_write(messages, &hidden, &log->actor, when, first, error);
    if (status != CSL_OK && log->veil) audit_veil_take_back(log->veil);
    for (size_t i = 0; status == CSL_OK && i < messages->count; i++)
        status = audit_log_append_bytes(log, messages->text.bytes + messages->start[i],
                                        messages->start[i + 1] - messages->start[i], i ? NULL : leaf, error);
    if (status == CSL_OK && index) *index = first;
    return status;
}

/* Looks at the clock, and says in the log if it jumped. */
static csl_status look_at_clock(csl_audit_log *log, struct timespec *now, csl_error *error)
{
    int64_t jump = audit_clock_look(&log->clock, now), behind = 0;
    if (log->last_time > log->clock.wall) behind = log->last_time - log->clock.wall;
    log->last_time = INT64_MIN;
    if (!jump && !behind) return CSL_OK;
    char reason[160];
    if (jump)
        snprintf(reason, sizeof reason,
                 "since the last look it moved %+.3f s beyond the clock that counts since the start of the "
                 "machine",
                 (double)jump * 1e-9);
    else
        snprintf(reason, sizeof reason, "it is %.3f s behind the last entry", (double)behind * 1e-9);
    csl_audit_event jumped = {.kind = CSL_AUDIT_CLOCK, .reason = reason};
    return append_at(log, &jumped, now, NULL, NULL, error);
}

csl_status csl_audit_append(csl_audit_log *log, const csl_audit_event *event, uint64_t *index,
                            csl_digest *leaf, csl_error *error)
{
    if (log->broken) return refuse(log, error);
    struct timespec now;
    csl_status status = look_at_clock(log, &now, error);
    return status == CSL_OK ? append_at(log, event, &now, index, leaf, error) : status;
}

/* The partial tiles that the new size ends in, where they differ from those on disk. */
static csl_status put_partials(csl_audit_log *log, csl_error *error)
{
    csl_status status = CSL_OK;
    uint64_t size = log->edge.size;
    unsigned width = audit_level_width(size, 0);
    if (width)
        status = put(log, AUDIT_ENTRIES, size / AUDIT_TILE, width, log->last.bytes, log->last.length, error);
    for (unsigned level = 0; status == CSL_OK && level < AUDIT_LEVELS; level++) {
        uint64_t count = audit_level_count(size, level);
        width = audit_level_width(size, level);
        if (width && count != audit_level_count(log->committed, level))
            status = put(log, level, count / AUDIT_TILE, width, log->edge.hashes[level],
                         width * sizeof *log->edge.hashes[level], error);
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
            (void)audit_remove_partials(&log->folder, level, index, 1, NULL);
    }
}

csl_status csl_audit_commit(csl_audit_log *log, csl_error *error)
{
    if (log->broken) return refuse(log, error);
    uint64_t before = log->committed;
    if (log->edge.size == before) return CSL_OK;
    csl_status status = log->veil ? audit_veil_sync(log->veil, error) : CSL_OK;
    if (status == CSL_OK) status = put_partials(log, error);
    if (status == CSL_OK) status = audit_writer_sync(&log->writer, error);
    if (status == CSL_OK) status = write_checkpoint(log, error);
    if (status != CSL_OK) {
        log->broken = true;
        return status;
    }
    log->committed = log->edge.size;
    drop_outdated(log, before);
    return CSL_OK;
}

csl_status csl_audit_rotate(csl_audit_log *log, const csl_audit_key *next, csl_error *error)
{
    if (log->broken) return refuse(log, error);
    struct timespec now;
    csl_digest root;
    char vkey[AUDIT_VKEY], signature[AUDIT_ROTATION_SIGNATURE];
    csl_status status = look_at_clock(log, &now, error);
    if (status == CSL_OK) status = csl_audit_commit(log, error);
    if (status != CSL_OK) return status;
    audit_edge_root(&log->edge, &log->hasher, &root);
    if (log->hasher.failed) return csl_fail(error, CSL_ECRYPTO, log->path, "OpenSSL cannot compute SHA-256");
    status = audit_rotation_sign(log->key, audit_key_public(next), log->edge.size, &root, signature, error);
    if (status != CSL_OK) return status;
    audit_vkey_format(audit_key_public(next), vkey);
    csl_audit_object object = {.role = "key", .id = vkey, .detail = signature};
    csl_audit_event event = {
        .kind = CSL_AUDIT_KEY_ROTATED, .success = true, .objects = &object, .object_count = 1};
    status = append_at(log, &event, &now, NULL, NULL, error);
    if (status != CSL_OK) return status;
    log->key = next;
    return csl_audit_commit(log, error);
}
