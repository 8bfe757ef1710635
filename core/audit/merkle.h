/* The Merkle tree of RFC 6962 section 2.1, kept as C2SP tlog-tiles keeps it: rows of 256 hashes, where each
 * hash of a row is the root over a full row (a tile) of the level below. */
#ifndef CSL_AUDIT_MERKLE_H
#define CSL_AUDIT_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/hash.h"

enum {
    AUDIT_TILE = 256, /* hashes in a full tile */
    AUDIT_LEVELS = 8, /* 256 to the 8th leaves are 2 to the 64th */
    AUDIT_PROOF = 64  /* the longest inclusion proof */
};

/* SHA-256 set up once. `failed` sticks if OpenSSL ever refuses; whoever relies on the hashes looks at it
 * before acting. */
typedef struct audit_hasher {
    void *context;
    bool failed;
} audit_hasher;

csl_status audit_hasher_open(audit_hasher *hasher, csl_error *error);
void audit_hasher_close(audit_hasher *hasher);

void audit_leaf_hash(audit_hasher *hasher, const void *entry, size_t length,
                     csl_digest *out); /* H(0x00, entry) */
/* The same of the entry behind a byte that may be written to for that time: one piece is hashed faster than
 * two. */
void audit_leaf_hash_behind(audit_hasher *hasher, uint8_t *before, size_t length, csl_digest *out);
void audit_node_hash(audit_hasher *hasher, const csl_digest *left, const csl_digest *right,
                     csl_digest *out); /* H(0x01, l, r) */
/* The root over 1 to 256 hashes, a power of two of them, that are roots of equal full subtrees. */
void audit_row_root(audit_hasher *hasher, const csl_digest *hashes, size_t count, csl_digest *out);

/* The right edge of the tree: of each level the hashes of its last tile while that is not full. 64 KiB. */
typedef struct audit_edge {
    uint64_t size; /* leaves */
    csl_digest hashes[AUDIT_LEVELS][AUDIT_TILE];
} audit_edge;

/* Hashes at `level` in a tree of `size` leaves, over all tiles; how many of them stand in the last, partial
 * one. */
static inline uint64_t audit_level_count(uint64_t size, unsigned level)
{
    return size >> (8 * level);
}
static inline unsigned audit_level_width(uint64_t size, unsigned level)
{
    return (unsigned)(audit_level_count(size, level) & (AUDIT_TILE - 1));
}

/* How many of `count` things in tiles stand in tile `index`, which holds at least one. */
static inline unsigned audit_tile_width(uint64_t count, uint64_t index)
{
    uint64_t left = count - index * AUDIT_TILE;
    return left < AUDIT_TILE ? (unsigned)left : AUDIT_TILE;
}

/* Called with each tile that has become full, lower levels first. */
typedef csl_status (*audit_full_tile)(void *context, unsigned level, uint64_t index, const csl_digest *hashes,
                                      csl_error *error);
csl_status audit_edge_push(audit_edge *edge, audit_hasher *hasher, const csl_digest *leaf,
                           audit_full_tile full, void *context, csl_error *error);
/* Root over all leaves; of an empty tree SHA-256 of nothing. */
void audit_edge_root(const audit_edge *edge, audit_hasher *hasher, csl_digest *root);

/* The steps from the root of a tree of `size` leaves down to leaf `index`: the range of leaves beside the
 * path at each. Fills siblings[][2] = {first, end} from the leaf's sibling up, as a proof lists them, and
 * returns their number. */
size_t audit_path(uint64_t index, uint64_t size, uint64_t siblings[AUDIT_PROOF][2]);
/* The root that a proof leads to. CSL_EFORMAT if the number of hashes is not that of a proof for (index,
 * size). */
csl_status audit_path_root(audit_hasher *hasher, uint64_t index, uint64_t size, const csl_digest *leaf,
                           const csl_digest *proof, size_t count, csl_digest *root, csl_error *error);

#endif
