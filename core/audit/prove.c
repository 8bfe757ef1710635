#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit/checkpoint.h"
#include "audit/merkle.h"
#include "audit/range.h"
#include "audit/text.h"
#include "audit/tile.h"

static const char magic[] = "c2sp.org/tlog-proof@v1\n";

/* ---- proving ---- */

typedef struct prover {
    audit_folder folder;
    audit_hasher hasher;
    csl_buffer note;
    audit_checkpoint checkpoint;
} prover;

static csl_status prover_open(const char *path, prover *p, csl_error *error)
{
    *p = (prover){.folder.descriptor = -1};
    csl_buffer_init(&p->note, AUDIT_MAX_CHECKPOINT);
    csl_status status = audit_folder_open(path, &p->folder, error);
    if (status == CSL_OK) status = audit_hasher_open(&p->hasher, error);
    if (status == CSL_OK) status = audit_file_read(&p->folder, "checkpoint", &p->note, error);
    if (status == CSL_OK)
        status = audit_checkpoint_read(path, p->note.length ? (const char *)p->note.bytes : "",
                                       p->note.length, NULL, &p->checkpoint, error);
    return status;
}

static void prover_close(prover *p)
{
    csl_buffer_free(&p->note);
    audit_hasher_close(&p->hasher);
    audit_folder_close(&p->folder);
}

static csl_status read_entry(prover *p, uint64_t index, audit_bundle *bundle, const uint8_t **entry,
                             size_t *length, csl_error *error)
{
    if (index >= p->checkpoint.size)
        return csl_fail(error, CSL_ENOTFOUND, p->folder.path,
                        "has %" PRIu64 " entries, so there is no entry %" PRIu64, p->checkpoint.size, index);
    csl_status status =
        audit_bundle_read(&p->folder, index / AUDIT_TILE,
                          audit_tile_width(p->checkpoint.size, index / AUDIT_TILE), bundle, error);
    if (status == CSL_OK) *entry = audit_bundle_entry(bundle, (unsigned)(index % AUDIT_TILE), length);
    return status;
}

csl_status csl_audit_entry(const char *folder, uint64_t index, uint8_t **copy, size_t *length,
                           csl_error *error)
{
    prover p;
    audit_bundle bundle;
    const uint8_t *entry = NULL;
    *copy = NULL;
    audit_bundle_init(&bundle);
    csl_status status = prover_open(folder, &p, error);
    if (status == CSL_OK) status = read_entry(&p, index, &bundle, &entry, length, error);
    if (status == CSL_OK) {
        *copy = malloc(*length + 1);
        if (*copy)
            memcpy(*copy, entry, *length);
        else
            status = csl_fail(error, CSL_ENOMEM, folder, "no memory for an entry");
    }
    audit_bundle_free(&bundle);
    prover_close(&p);
    return status;
}

static csl_status format_proof(const prover *p, uint64_t index, const csl_digest *hashes, size_t count,
                               char **proof, csl_error *error)
{
    csl_buffer text;
    csl_buffer_init(&text, AUDIT_MAX_CHECKPOINT + 8192);
    csl_buffer_printf(&text, "%sindex %" PRIu64 "\n", magic, index);
    for (size_t i = 0; i < count; i++) {
        audit_base64_append(&text, hashes[i].bytes, sizeof hashes[i].bytes);
        csl_buffer_text(&text, "\n");
    }
    csl_buffer_text(&text, "\n");
    if (!csl_buffer_append(&text, p->note.bytes, p->note.length)) {
        csl_buffer_free(&text);
        return csl_fail(error, CSL_ENOMEM, p->folder.path, "no memory for a proof");
    }
    *proof = (char *)text.bytes;
    return CSL_OK;
}

csl_status csl_audit_prove(const char *folder, uint64_t index, char **proof, csl_error *error)
{
    prover p;
    audit_bundle bundle;
    const uint8_t *entry = NULL;
    size_t length = 0;
    uint64_t siblings[AUDIT_PROOF][2];
    csl_digest hashes[AUDIT_PROOF], leaf, root;
    *proof = NULL;
    audit_bundle_init(&bundle);
    csl_status status = prover_open(folder, &p, error);
    if (status == CSL_OK) status = read_entry(&p, index, &bundle, &entry, &length, error);
    if (status != CSL_OK) goto done;
    audit_leaf_hash(&p.hasher, entry, length, &leaf);
    size_t count = audit_path(index, p.checkpoint.size, siblings);
    for (size_t i = 0; status == CSL_OK && i < count; i++)
        status = audit_range_root(&p.folder, &p.hasher, p.checkpoint.size, siblings[i][0], siblings[i][1],
                                  &hashes[i], error);
    if (status == CSL_OK)
        status = audit_path_root(&p.hasher, index, p.checkpoint.size, &leaf, hashes, count, &root, error);
    if (status != CSL_OK) goto done;
    if (p.hasher.failed || memcmp(&root, &p.checkpoint.root, sizeof root) != 0)
        status =
            csl_fail(error, CSL_EFORMAT, folder,
                     "entry %" PRIu64
                     " and the tiles do not lead to the checkpoint's root; `consilium audit verify` says "
                     "which is altered",
                     index);
    else
        status = format_proof(&p, index, hashes, count, proof, error);
done:
    audit_bundle_free(&bundle);
    prover_close(&p);
    return status;
}

/* ---- checking ---- */

typedef struct parsed_proof {
    uint64_t index;
    csl_digest hashes[AUDIT_PROOF];
    size_t count;
    const char *checkpoint;
} parsed_proof;

/* The line at `*at` without its end, and moves on to the next; NULL if no newline comes. */
static const char *next_line(const char **at, size_t *length)
{
    const char *line = *at, *newline = strchr(line, '\n');
    if (!newline) return NULL;
    *length = (size_t)(newline - line);
    *at = newline + 1;
    return line;
}

static csl_status parse_proof(const char *text, parsed_proof *proof, csl_error *error)
{
    static const char index[] = "index ", extra[] = "extra ";
    *proof = (parsed_proof){0};
    if (strncmp(text, magic, sizeof magic - 1) != 0)
        return csl_fail(error, CSL_EFORMAT, NULL, "proof: line 1 is not %.*s", (int)sizeof magic - 2, magic);
    const char *at = text + sizeof magic - 1, *line;
    size_t length = 0;
    if (!strncmp(at, extra, sizeof extra - 1)) next_line(&at, &length);
    line = next_line(&at, &length);
    char *end = NULL;
    if (!line || strncmp(line, index, sizeof index - 1) != 0 || line[sizeof index - 1] < '0' ||
        line[sizeof index - 1] > '9' || (line[sizeof index - 1] == '0' && line[sizeof index] != '\n') ||
        (proof->index = strtoull(line + sizeof index - 1, &end, 10), end != line + length))
        return csl_fail(error, CSL_EFORMAT, NULL, "proof: has no line 'index N'");
    for (;;) {
        line = next_line(&at, &length);
        if (!line) return csl_fail(error, CSL_EFORMAT, NULL, "proof: ends before its checkpoint");
        if (!length) break;
        if (proof->count == AUDIT_PROOF || audit_unbase64(line, length, proof->hashes[proof->count].bytes,
                                                          CSL_SHA256_BYTES) != CSL_SHA256_BYTES)
            return csl_fail(error, CSL_EFORMAT, NULL,
                            "proof: hash %zu is not base64 of 32 bytes, or one too many", proof->count + 1);
        proof->count++;
    }
    proof->checkpoint = at;
    return CSL_OK;
}

csl_status csl_audit_check_proof(const char *text, const uint8_t *entry, size_t length, const char *vkey_text,
                                 csl_error *error)
{
    audit_vkey vkey;
    parsed_proof proof;
    audit_checkpoint checkpoint;
    audit_hasher hasher;
    csl_digest leaf, root;
    csl_status status = audit_vkey_parse(vkey_text, &vkey, error);
    if (status == CSL_OK) status = parse_proof(text, &proof, error);
    if (status == CSL_OK)
        status = audit_checkpoint_read(NULL, proof.checkpoint, strlen(proof.checkpoint), &vkey, &checkpoint,
                                       error);
    if (status == CSL_OK) status = audit_hasher_open(&hasher, error);
    if (status != CSL_OK) return status;
    audit_leaf_hash(&hasher, entry, length, &leaf);
    status = audit_path_root(&hasher, proof.index, checkpoint.size, &leaf, proof.hashes, proof.count, &root,
                             error);
    if (status == CSL_OK && (hasher.failed || memcmp(&root, &checkpoint.root, sizeof root) != 0))
        status =
            csl_fail(error, CSL_EMISMATCH, NULL, "proof: does not show that this is entry %" PRIu64 " of %s",
                     proof.index, checkpoint.origin);
    audit_hasher_close(&hasher);
    return status;
}
