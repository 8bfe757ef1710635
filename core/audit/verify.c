#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/ahead.h"
#include "audit/checkpoint.h"
#include "audit/journal.h"
#include "audit/merkle.h"
#include "audit/rotation.h"
#include "audit/tile.h"

/* What the log must have grown from. */
typedef struct origin {
    const char *place, *note; /* a signed checkpoint, or NULL */
    audit_checkpoint checkpoint;
} origin;

/* One pass over the entries; memory is two bundles, one tile and the edge of the tree, however long the log
 * is. */
typedef struct verifier {
    audit_folder folder;
    audit_hasher hasher;
    audit_ahead ahead;
    csl_buffer older; /* a partial tile that a wider one has replaced */
    csl_audit_verdict *verdict;
    audit_vkey vkey; /* that signs at this place of the log */
    const origin *since;
    csl_digest stored[AUDIT_TILE];
    audit_edge edge;
} verifier;

/* The first hash or entry in which an older partial tile, of `width`, differs from the newer file's bytes. */
static unsigned first_difference(const csl_buffer *older, const uint8_t *bytes, const size_t *length,
                                 unsigned width)
{
    size_t at = 0;
    while (at < older->length && at < length[width] && older->bytes[at] == bytes[at]) at++;
    unsigned w = 0;
    while (w + 1 < width && length[w + 1] <= at) w++;
    return w;
}

/* Partial tiles of older checkpoints must be beginnings of the newer file: length[w] is how many of its bytes
 * hold the first w hashes or entries. */
static csl_status check_older(verifier *v, unsigned level, uint64_t index, unsigned width, const char *newer,
                              const uint8_t *bytes, const size_t *length, csl_error *error)
{
    bool present[AUDIT_TILE];
    char name[AUDIT_NAME];
    csl_status status = audit_partials(&v->folder, level, index, present, error);
    for (unsigned w = 1; status == CSL_OK && w < width; w++) {
        if (!present[w]) continue;
        audit_tile_name(level, index, w, name);
        status = audit_file_read(&v->folder, name, &v->older, error);
        if (status == CSL_ENOTFOUND)
            status = CSL_OK; /* a writer removed it since */
        else if (status == CSL_OK &&
                 (v->older.length != length[w] || memcmp(v->older.bytes, bytes, length[w]) != 0))
            status = csl_fail(error, CSL_EFORMAT, v->folder.path,
                              "%s is not the beginning of %s: %s %" PRIu64 " differs", name, newer,
                              level == AUDIT_ENTRIES ? "entry" : "hash",
                              index * AUDIT_TILE + first_difference(&v->older, bytes, length, w));
    }
    return status;
}

/* Holds a tile on disk against the hashes that the entries lead to. */
static csl_status check_tile(verifier *v, unsigned level, uint64_t index, unsigned width,
                             const csl_digest *hashes, csl_error *error)
{
    char name[AUDIT_NAME], below[AUDIT_NAME];
    csl_status status = audit_tile_read(&v->folder, level, index, width, v->stored, name, error);
    if (status != CSL_OK) return status;
    for (unsigned i = 0; i < width; i++) {
        if (!memcmp(&v->stored[i], &hashes[i], sizeof *hashes)) continue;
        uint64_t number = index * AUDIT_TILE + i;
        if (level == 0) {
            v->verdict->verified = number;
            return csl_fail(error, CSL_EFORMAT, v->folder.path,
                            "entry %" PRIu64 " does not match its hash in %s", number, name);
        }
        audit_tile_name(level - 1, number, AUDIT_TILE, below);
        return csl_fail(error, CSL_EFORMAT, v->folder.path, "%s: its hash %u is not the root of %s", name, i,
                        below);
    }
    size_t length[AUDIT_TILE + 1];
    for (unsigned i = 0; i <= AUDIT_TILE; i++) length[i] = i * sizeof *hashes;
    return check_older(v, level, index, width, name, (const uint8_t *)hashes, length, error);
}

static csl_status check_full(void *context, unsigned level, uint64_t index, const csl_digest *hashes,
                             csl_error *error)
{
    return level ? check_tile(context, level, index, AUDIT_TILE, hashes, error) : CSL_OK;
}

/* The next entry replaces the key that signs. */
static csl_status follow_rotation(verifier *v, const uint8_t *entry, size_t length, csl_error *error)
{
    csl_digest root;
    audit_edge_root(&v->edge, &v->hasher, &root);
    csl_status status = audit_rotation_follow(&v->vkey, entry, length, v->edge.size, &root, error);
    if (status == CSL_OK) v->verdict->rotations++;
    if (status != CSL_OK && error && !error->place[0])
        snprintf(error->place, sizeof error->place, "%s", v->folder.path);
    return status;
}

/* At the size of the earlier checkpoint: is it one of this log, signed with the key of then? */
static csl_status check_since(verifier *v, csl_error *error)
{
    const origin *o = v->since;
    if (!o || v->edge.size != o->checkpoint.size) return CSL_OK;
    csl_digest root;
    audit_edge_root(&v->edge, &v->hasher, &root);
    if (memcmp(&root, &o->checkpoint.root, sizeof root) != 0)
        return csl_fail(error, CSL_EMISMATCH, v->folder.path,
                        "its first %" PRIu64
                        " entries are not those that %s was made from: the log was rewritten",
                        v->edge.size, o->place);
    audit_checkpoint again;
    return o->note ? audit_checkpoint_read(o->place, o->note, strlen(o->note), &v->vkey, &again, error)
                   : CSL_OK;
}

static csl_status check_bundle(verifier *v, uint64_t index, csl_error *error)
{
    audit_bundle *bundle;
    unsigned width;
    csl_status status = audit_ahead_next(&v->ahead, &bundle, &width, error);
    if (status == CSL_OK)
        status = check_older(v, AUDIT_ENTRIES, index, width, bundle->name, bundle->file.bytes, bundle->start,
                             error);
    if (status != CSL_OK) return status;
    csl_digest leaves[AUDIT_TILE];
    for (unsigned i = 0; i < width; i++) {
        size_t length;
        (void)audit_bundle_entry(bundle, i, &length);
        audit_leaf_hash_behind(&v->hasher, bundle->file.bytes + bundle->start[i] + 1, length, &leaves[i]);
    }
    status = check_tile(v, 0, index, width, leaves, error);
    for (unsigned i = 0; status == CSL_OK && i < width; i++) {
        size_t length;
        const uint8_t *entry = audit_bundle_entry(bundle, i, &length);
        status = check_since(v, error);
        const char *type = audit_entry_type(entry, length);
        if (status == CSL_OK && *type == 'k') status = follow_rotation(v, entry, length, error);
        v->verdict->bound += *type == 'l';
        if (status == CSL_OK)
            status = audit_edge_push(&v->edge, &v->hasher, &leaves[i], check_full, v, error);
    }
    if (status == CSL_OK) v->verdict->verified += width;
    return status;
}

static csl_status check_root(verifier *v, csl_error *error)
{
    csl_status status = CSL_OK;
    uint64_t size = v->edge.size;
    for (unsigned level = 1; status == CSL_OK && level < AUDIT_LEVELS; level++) {
        unsigned width = audit_level_width(size, level);
        if (width)
            status = check_tile(v, level, audit_level_count(size, level) / AUDIT_TILE, width,
                                v->edge.hashes[level], error);
    }
    if (status != CSL_OK) return status;
    csl_digest root;
    audit_edge_root(&v->edge, &v->hasher, &root);
    if (v->hasher.failed)
        return csl_fail(error, CSL_ECRYPTO, v->folder.path, "OpenSSL cannot compute SHA-256");
    if (!memcmp(&root, &v->verdict->root, sizeof root)) return CSL_OK;
    char found[CSL_SHA256_HEX], claimed[CSL_SHA256_HEX];
    csl_digest_hex(&root, found);
    csl_digest_hex(&v->verdict->root, claimed);
    return csl_fail(error, CSL_EFORMAT, v->folder.path,
                    "checkpoint: its root is %s, that of the %" PRIu64
                    " entries is %s: entries were altered together "
                    "with their tiles",
                    claimed, size, found);
}

/* A journal never fills a tile; one that was made to has no tiles to be held against. */
static csl_status pass_full(void *context, unsigned level, uint64_t index, const csl_digest *hashes,
                            csl_error *error)
{
    (void)context, (void)level, (void)index, (void)hashes, (void)error;
    return CSL_OK;
}

/* Entries that are committed and that readers do not see yet: they must lead from here to the journal's last
 * checkpoint. One that says nothing of them, or was begun anew since, holds none. */
static csl_status check_waiting(verifier *v, csl_error *error)
{
    audit_journal_reader reader;
    audit_journal_span span = {0};
    audit_journal_record record;
    csl_digest root, leaf;
    csl_status status = audit_journal_open(&v->folder, &reader, error);
    if (status == CSL_OK) status = audit_journal_measure(&reader, &v->folder, &v->vkey, &span, error);
    bool ahead = status == CSL_OK && span.records && span.first.size <= v->edge.size &&
                 span.last.size > v->verdict->size;
    uint64_t index = span.first.size;
    if (ahead) audit_journal_rewind(&reader);
    for (size_t i = 0; status == CSL_OK && ahead && i < span.records; i++) {
        status = audit_journal_next(&reader, &record, error);
        size_t at = 0;
        for (unsigned k = 0; status == CSL_OK && k < record.count; k++, index++) {
            size_t length = (size_t)record.entries[at] << 8 | record.entries[at + 1];
            if (index == v->edge.size) {
                audit_leaf_hash(&v->hasher, record.entries + at + 2, length, &leaf);
                status = audit_edge_push(&v->edge, &v->hasher, &leaf, pass_full, NULL, error);
            }
            at += 2 + length;
        }
    }
    if (status == CSL_OK && ahead) {
        audit_edge_root(&v->edge, &v->hasher, &root);
        if (v->edge.size != span.last.size || memcmp(&root, &span.last.root, sizeof root) != 0)
            status = csl_fail(error, CSL_EFORMAT, v->folder.path,
                              "%s: its entries do not lead to its checkpoint", AUDIT_JOURNAL);
        v->verdict->waiting = span.last.size - v->verdict->size;
    }
    audit_journal_reader_close(&reader);
    return status == CSL_ENOTFOUND ? CSL_OK : status;
}

/* A journal is there while a log is written, and after a crash. */
static void hint_at_journal(const verifier *v, csl_status status, csl_error *error)
{
    bool damaged = status == CSL_EFORMAT || status == CSL_ENOTFOUND || status == CSL_ECRYPTO;
    if (!damaged || !error || faccessat(v->folder.descriptor, AUDIT_JOURNAL, F_OK, 0) != 0) return;
    size_t length = strlen(error->message);
    snprintf(error->message + length, sizeof error->message - length,
             " (the log was not closed; if the power failed, `consilium audit recover` comes first)");
}

static csl_status verify(const char *folder, const char *vkey_text, const origin *since,
                         csl_audit_verdict *verdict, csl_error *error)
{
    *verdict = (csl_audit_verdict){0};
    audit_vkey first;
    audit_checkpoint checkpoint = {0};
    verifier *v = NULL;
    csl_error unsigned_by_first = {0};
    csl_status status = audit_vkey_parse(vkey_text, &first, error);
    if (status != CSL_OK) return status;
    if (!(v = calloc(1, sizeof *v))) return csl_fail(error, CSL_ENOMEM, folder, "no memory");
    v->verdict = verdict;
    v->vkey = first;
    v->folder.descriptor = -1;
    csl_buffer_init(&v->older, AUDIT_MAX_BUNDLE);
    status = audit_folder_open(folder, &v->folder, error);
    if (status == CSL_OK) status = audit_hasher_open(&v->hasher, error);
    if (status == CSL_OK) status = audit_checkpoint_load(&v->folder, &first, &checkpoint, &unsigned_by_first);
    /* The first key may have been replaced; whether it was, the entries say. */
    if (status == CSL_ECRYPTO && checkpoint.foreign && !strcmp(checkpoint.origin, first.origin))
        status = audit_checkpoint_load(&v->folder, NULL, &checkpoint, error);
    else if (unsigned_by_first.code && error)
        *error = unsigned_by_first;
    if (status != CSL_OK) goto done;
    v->since = since;
    if (since && since->checkpoint.size > checkpoint.size)
        status = csl_fail(error, CSL_EMISMATCH, folder,
                          "has %" PRIu64 " entries, %s says %" PRIu64 ": all from entry %" PRIu64
                          " on were cut off",
                          checkpoint.size, since->place, since->checkpoint.size, checkpoint.size);
    if (status != CSL_OK) goto done;
    verdict->size = checkpoint.size;
    verdict->root = checkpoint.root;
    memcpy(verdict->origin, checkpoint.origin, sizeof verdict->origin);
    if (status == CSL_OK) audit_ahead_open(&v->ahead, &v->folder, checkpoint.size);
    for (uint64_t index = 0; status == CSL_OK && index * AUDIT_TILE < checkpoint.size; index++)
        status = check_bundle(v, index, error);
    if (status == CSL_OK) status = check_root(v, error);
    if (status == CSL_OK) status = check_since(v, error);
    if (status == CSL_OK && verdict->rotations)
        status = audit_checkpoint_load(&v->folder, &v->vkey, &checkpoint, error);
    else if (status == CSL_OK && unsigned_by_first.code) {
        status = unsigned_by_first.code;
        if (error) *error = unsigned_by_first;
    }
    if (status == CSL_OK) status = check_waiting(v, error);
    audit_vkey_format(&v->vkey, verdict->key);
done:
    hint_at_journal(v, status, error);
    audit_ahead_close(&v->ahead);
    csl_buffer_free(&v->older);
    audit_hasher_close(&v->hasher);
    audit_folder_close(&v->folder);
    free(v);
    return status;
}

csl_status csl_audit_verify(const char *folder, const char *vkey_text, csl_audit_verdict *verdict,
                            csl_error *error)
{
    return verify(folder, vkey_text, NULL, verdict, error);
}

csl_status csl_audit_verify_since(const char *folder, const char *vkey_text, const char *place,
                                  const char *note, csl_audit_verdict *verdict, csl_error *error)
{
    *verdict = (csl_audit_verdict){0};
    origin o = {.place = place, .note = note};
    csl_status status =
        note ? audit_checkpoint_read(place, note, strlen(note), NULL, &o.checkpoint, error) : CSL_OK;
    return status == CSL_OK ? verify(folder, vkey_text, note ? &o : NULL, verdict, error) : status;
}

csl_status csl_audit_verify_from(const char *folder, const char *vkey_text, const char *place, uint64_t size,
                                 const csl_digest *root, csl_audit_verdict *verdict, csl_error *error)
{
    origin o = {.place = place, .checkpoint = {.size = size, .root = *root}};
    return verify(folder, vkey_text, &o, verdict, error);
}

csl_status csl_audit_each(const char *path, csl_audit_visit visit, void *context, csl_error *error)
{
    audit_folder folder;
    audit_checkpoint checkpoint;
    audit_bundle bundle;
    audit_bundle_init(&bundle);
    csl_status status = audit_folder_open(path, &folder, error);
    if (status == CSL_OK) status = audit_checkpoint_load(&folder, NULL, &checkpoint, error);
    bool stop = false;
    for (uint64_t index = 0; status == CSL_OK && !stop && index * AUDIT_TILE < checkpoint.size; index++) {
        unsigned width = audit_tile_width(checkpoint.size, index);
        status = audit_bundle_read(&folder, index, width, &bundle, error);
        for (unsigned i = 0; status == CSL_OK && !stop && i < width; i++) {
            size_t length;
            const uint8_t *entry = audit_bundle_entry(&bundle, i, &length);
            stop = visit(context, index * AUDIT_TILE + i, entry, length) != 0;
        }
    }
    audit_bundle_free(&bundle);
    audit_folder_close(&folder);
    return status;
}
