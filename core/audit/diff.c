#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit/checkpoint.h"
#include "audit/range.h"

typedef struct side {
    audit_folder folder; /* closed if it is a checkpoint alone */
    audit_checkpoint checkpoint;
} side;

static csl_status side_open(const char *path, const audit_vkey *vkey, side *s, csl_error *error)
{
    *s = (side){.folder.descriptor = -1};
    if (csl_is_folder(path)) {
        csl_status status = audit_folder_open(path, &s->folder, error);
        return status == CSL_OK ? audit_checkpoint_load(&s->folder, vkey, &s->checkpoint, error) : status;
    }
    char *text = NULL;
    csl_status status = csl_read_file(path, AUDIT_MAX_CHECKPOINT, &text, NULL, error);
    if (status == CSL_OK)
        status = audit_checkpoint_read(path, text, strlen(text), vkey, &s->checkpoint, error);
    free(text);
    return status;
}

/* The first entry in which the tiles differ, below `size`; size itself if there is none. */
static csl_status first_difference(const side sides[2], uint64_t size, uint64_t *entry, csl_error *error)
{
    for (*entry = 0; *entry < size;) {
        csl_digest hashes[2][AUDIT_TILE];
        unsigned width = AUDIT_TILE;
        char name[AUDIT_NAME];
        for (int k = 0; k < 2; k++) {
            unsigned there = audit_tile_width(sides[k].checkpoint.size, *entry / AUDIT_TILE);
            csl_status status =
                audit_tile_read(&sides[k].folder, 0, *entry / AUDIT_TILE, there, hashes[k], name, error);
            if (status != CSL_OK) return status;
            if (there < width) width = there;
        }
        for (unsigned i = 0; i < width; i++, ++*entry)
            if (memcmp(&hashes[0][i], &hashes[1][i], sizeof hashes[0][i]) != 0) return CSL_OK;
    }
    return CSL_OK;
}

static csl_status compare(const side sides[2], audit_hasher *hasher, csl_error *error)
{
    const audit_checkpoint *old = &sides[0].checkpoint, *new = &sides[1].checkpoint;
    const char *path = sides[1].folder.path;
    if (strcmp(old->origin, new->origin) != 0)
        return csl_fail(error, CSL_EMISMATCH, path, "is the log %s, the older one is %s", new->origin,
                        old->origin);
    csl_digest proof[AUDIT_CONSISTENCY];
    size_t count = 0;
    csl_status status = CSL_OK;
    if (old->size && old->size <= new->size)
        status = audit_consistency(&sides[1].folder, hasher, new->size, old->size, new->size, proof, &count,
                                   error);
    if (status != CSL_OK) return status;
    if (old->size <= new->size && !hasher->failed &&
        audit_consistency_holds(hasher, old->size, new->size, &old->root, &new->root, proof, count))
        return CSL_OK;
    if (hasher->failed) return csl_fail(error, CSL_ECRYPTO, path, "OpenSSL cannot compute SHA-256");
    uint64_t both = old->size < new->size ? old->size : new->size, entry = both;
    if (sides[0].folder.descriptor >= 0) status = first_difference(sides, both, &entry, error);
    if (status != CSL_OK) return status;
    if (entry < both)
        return csl_fail(error, CSL_EMISMATCH, path, "entry %" PRIu64 " is another one than in the older log",
                        entry);
    if (old->size > new->size)
        return csl_fail(error, CSL_EMISMATCH, path,
                        "has %" PRIu64 " entries, the older log %" PRIu64 ": all from entry %" PRIu64
                        " on were cut off",
                        new->size, old->size, new->size);
    return csl_fail(
        error, CSL_EMISMATCH, path,
        "its first %" PRIu64 " entries are not those that the older checkpoint was signed over%s", old->size,
        sides[0].folder.descriptor >= 0 ? "; the tiles agree, so `verify` says which log is damaged" : "");
}

csl_status csl_audit_diff(const char *old_path, const char *new_path, const char *vkey_text,
                          uint64_t sizes[2], csl_error *error)
{
    side sides[2] = {{.folder.descriptor = -1}, {.folder.descriptor = -1}};
    audit_hasher hasher = {0};
    audit_vkey vkey;
    csl_status status = vkey_text ? audit_vkey_parse(vkey_text, &vkey, error) : CSL_OK;
    if (status == CSL_OK) status = side_open(old_path, vkey_text ? &vkey : NULL, &sides[0], error);
    if (status == CSL_OK) status = side_open(new_path, vkey_text ? &vkey : NULL, &sides[1], error);
    if (status == CSL_OK && sides[1].folder.descriptor < 0)
        status = csl_fail(error, CSL_EUSAGE, new_path,
                          "the newer one must be a log: the proof comes from its tiles");
    if (status == CSL_OK) status = audit_hasher_open(&hasher, error);
    if (status == CSL_OK) {
        status = compare(sides, &hasher, error);
        sizes[0] = sides[0].checkpoint.size;
        sizes[1] = sides[1].checkpoint.size;
    }
    audit_hasher_close(&hasher);
    audit_folder_close(&sides[0].folder);
    audit_folder_close(&sides[1].folder);
    return status;
}
