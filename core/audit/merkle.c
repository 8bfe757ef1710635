#include "audit/merkle.h"

#include <openssl/evp.h>
#include <string.h>

csl_status audit_hasher_open(audit_hasher *hasher, csl_error *error)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    *hasher = (audit_hasher){.context = context};
    if (!context) return csl_fail(error, CSL_ENOMEM, NULL, "no memory");
    if (!EVP_DigestInit_ex(context, EVP_sha256(), NULL)) {
        audit_hasher_close(hasher);
        return csl_fail(error, CSL_ECRYPTO, NULL, "OpenSSL cannot compute SHA-256");
    }
    return CSL_OK;
}

void audit_hasher_close(audit_hasher *hasher)
{
    EVP_MD_CTX_free(hasher->context);
    hasher->context = NULL;
}

static void hash(audit_hasher *hasher, const void *bytes, size_t length, csl_digest *out)
{
    EVP_MD_CTX *context = hasher->context;
    /* A NULL type starts the digest that the context already holds: no look-up for each hash. */
    if (!EVP_DigestInit_ex(context, NULL, NULL) || !EVP_DigestUpdate(context, bytes, length) ||
        !EVP_DigestFinal_ex(context, out->bytes, NULL)) {
        hasher->failed = true;
        memset(out, 0, sizeof *out);
    }
}

void audit_leaf_hash(audit_hasher *hasher, const void *entry, size_t length, csl_digest *out)
{
    EVP_MD_CTX *context = hasher->context;
    if (!EVP_DigestInit_ex(context, NULL, NULL) || !EVP_DigestUpdate(context, "", 1) ||
        !EVP_DigestUpdate(context, entry, length) || !EVP_DigestFinal_ex(context, out->bytes, NULL)) {
        hasher->failed = true;
        memset(out, 0, sizeof *out);
    }
}

void audit_leaf_hash_behind(audit_hasher *hasher, uint8_t *before, size_t length, csl_digest *out)
{
    uint8_t kept = *before;
    *before = 0x00;
    hash(hasher, before, 1 + length, out);
    *before = kept;
}

void audit_node_hash(audit_hasher *hasher, const csl_digest *left, const csl_digest *right, csl_digest *out)
{
    uint8_t node[1 + 2 * CSL_SHA256_BYTES] = {0x01};
    memcpy(node + 1, left->bytes, CSL_SHA256_BYTES);
    memcpy(node + 1 + CSL_SHA256_BYTES, right->bytes, CSL_SHA256_BYTES);
    hash(hasher, node, sizeof node, out);
}

void audit_row_root(audit_hasher *hasher, const csl_digest *hashes, size_t count, csl_digest *out)
{
    csl_digest row[AUDIT_TILE];
    memcpy(row, hashes, count * sizeof *row);
    for (; count > 1; count /= 2)
        for (size_t i = 0; i < count / 2; i++) audit_node_hash(hasher, &row[2 * i], &row[2 * i + 1], &row[i]);
    *out = row[0];
}

csl_status audit_edge_push(audit_edge *edge, audit_hasher *hasher, const csl_digest *leaf,
                           audit_full_tile full, void *context, csl_error *error)
{
    csl_digest hash = *leaf;
    csl_status status = CSL_OK;
    for (unsigned level = 0; level < AUDIT_LEVELS; level++) {
        unsigned width = audit_level_width(edge->size, level);
        edge->hashes[level][width] = hash;
        if (width + 1 < AUDIT_TILE) break;
        status = full(context, level, audit_level_count(edge->size, level) / AUDIT_TILE, edge->hashes[level],
                      error);
        if (status != CSL_OK) break;
        audit_row_root(hasher, edge->hashes[level], AUDIT_TILE, &hash);
    }
    if (status == CSL_OK) edge->size++;
    return status;
}

void audit_edge_root(const audit_edge *edge, audit_hasher *hasher, csl_digest *root)
{
    /* RFC 6962 splits at the largest power of two below the size, so the tree is a chain of full subtrees,
     * one for each bit of the size, joined from the smallest, rightmost one. */
    bool any = false;
    for (unsigned level = 0; level < AUDIT_LEVELS; level++) {
        unsigned end = audit_level_width(edge->size, level);
        for (unsigned count = 1; count < AUDIT_TILE; count *= 2) {
            if (!(end & count)) continue;
            csl_digest block;
            audit_row_root(hasher, &edge->hashes[level][end - count], count, &block);
            end -= count;
            if (any)
                audit_node_hash(hasher, &block, root, root);
            else
                *root = block;
            any = true;
        }
    }
    if (!any && csl_sha256("", 0, root, NULL) != CSL_OK) hasher->failed = true;
}

/* The largest power of two below n, for n > 1. */
static uint64_t split(uint64_t n)
{
    return (uint64_t)1 << (63 - __builtin_clzll(n - 1));
}

size_t audit_path(uint64_t index, uint64_t size, uint64_t siblings[AUDIT_PROOF][2])
{
    size_t depth = 0;
    for (uint64_t first = 0, end = size; end - first > 1; depth++) {
        uint64_t middle = first + split(end - first);
        bool left = index < middle;
        siblings[depth][0] = left ? middle : first;
        siblings[depth][1] = left ? end : middle;
        if (left)
            end = middle;
        else
            first = middle;
    }
    for (size_t i = 0; i < depth / 2; i++) {
        for (size_t k = 0; k < 2; k++) {
            uint64_t other = siblings[i][k];
            siblings[i][k] = siblings[depth - 1 - i][k];
            siblings[depth - 1 - i][k] = other;
        }
    }
    return depth;
}

csl_status audit_path_root(audit_hasher *hasher, uint64_t index, uint64_t size, const csl_digest *leaf,
                           const csl_digest *proof, size_t count, csl_digest *root, csl_error *error)
{
    if (index >= size)
        return csl_fail(error, CSL_EFORMAT, NULL, "entry %ju is not in a log of %ju entries",
                        (uintmax_t)index, (uintmax_t)size);
    uint64_t siblings[AUDIT_PROOF][2];
    size_t depth = audit_path(index, size, siblings);
    if (count != depth)
        return csl_fail(error, CSL_EFORMAT, NULL,
                        "a proof for entry %ju of %ju has %zu hashes, this one has %zu", (uintmax_t)index,
                        (uintmax_t)size, depth, count);
    *root = *leaf;
    for (size_t i = 0; i < depth; i++) {
        if (siblings[i][0] > index)
            audit_node_hash(hasher, root, &proof[i], root);
        else
            audit_node_hash(hasher, &proof[i], root, root);
    }
    return CSL_OK;
}
