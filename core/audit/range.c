#include "audit/range.h"

#include <string.h>

/* The root over 2^height leaves from `first` on, which is a multiple of that. */
static csl_status full_subtree(const audit_folder *folder, audit_hasher *hasher, uint64_t size,
                               uint64_t first, unsigned height, csl_digest *root, csl_error *error)
{
    unsigned level = height / 8;
    uint64_t from = first >> (8 * level), index = from / AUDIT_TILE;
    csl_digest hashes[AUDIT_TILE];
    char name[AUDIT_NAME];
    csl_status status = audit_tile_read(
        folder, level, index, audit_tile_width(audit_level_count(size, level), index), hashes, name, error);
    if (status == CSL_OK) audit_row_root(hasher, &hashes[from % AUDIT_TILE], (size_t)1 << height % 8, root);
    return status;
}

/* Full subtrees, the largest first, joined from the right. */
csl_status audit_range_root(const audit_folder *folder, audit_hasher *hasher, uint64_t size, uint64_t first,
                            uint64_t end, csl_digest *root, csl_error *error)
{
    csl_digest blocks[64];
    size_t count = 0;
    csl_status status = CSL_OK;
    while (status == CSL_OK && first < end) {
        unsigned height = 63 - (unsigned)__builtin_clzll(end - first);
        status = full_subtree(folder, hasher, size, first, height, &blocks[count++], error);
        first += (uint64_t)1 << height;
    }
    if (status != CSL_OK) return status;
    *root = blocks[--count];
    while (count) audit_node_hash(hasher, &blocks[--count], root, root);
    return CSL_OK;
}

csl_status audit_consistency(const audit_folder *folder, audit_hasher *hasher, uint64_t size, uint64_t from,
                             uint64_t to, csl_digest hashes[AUDIT_CONSISTENCY], size_t *count,
                             csl_error *error)
{
    /* From the top: at each step the half that `from` does not end in; below all of them the subtree that
     * ends just there, unless it is the whole older tree, whose root the verifier has. */
    uint64_t ranges[AUDIT_CONSISTENCY][2], first = 0, end = to;
    size_t n = 0;
    bool whole = true;
    while (from != end) {
        uint64_t half = (uint64_t)1 << (63 - __builtin_clzll(end - first - 1));
        if (from <= first + half) {
            ranges[n][0] = first + half;
            ranges[n++][1] = end;
            end = first + half;
        } else {
            ranges[n][0] = first;
            ranges[n++][1] = first + half;
            first += half;
            whole = false;
        }
    }
    if (!whole) {
        ranges[n][0] = first;
        ranges[n++][1] = end;
    }
    csl_status status = CSL_OK;
    for (size_t i = 0; status == CSL_OK && i < n; i++)
        status = audit_range_root(folder, hasher, size, ranges[n - 1 - i][0], ranges[n - 1 - i][1],
                                  &hashes[i], error);
    *count = n;
    return status;
}

bool audit_consistency_holds(audit_hasher *hasher, uint64_t from, uint64_t to, const csl_digest *from_root,
                             const csl_digest *to_root, const csl_digest *hashes, size_t count)
{
    if (from > to) return false;
    if (!from) return !count;
    if (from == to) return !count && !memcmp(from_root, to_root, sizeof *to_root);
    uint64_t f = from - 1, t = to - 1;
    csl_digest older, newer;
    size_t at = 0;
    while (f & 1) f >>= 1, t >>= 1;
    if (from & (from - 1)) { /* no power of two: the proof begins inside the older tree */
        if (!count) return false;
        older = newer = hashes[at++];
    } else {
        older = newer = *from_root;
    }
    for (; at < count; at++) {
        if (!t) return false;
        if (f & 1 || f == t) {
            audit_node_hash(hasher, &hashes[at], &older, &older);
            audit_node_hash(hasher, &hashes[at], &newer, &newer);
            while (f && !(f & 1)) f >>= 1, t >>= 1;
        } else {
            audit_node_hash(hasher, &newer, &hashes[at], &newer);
        }
        f >>= 1;
        t >>= 1;
    }
    return !t && !hasher->failed && !memcmp(&older, from_root, sizeof older) &&
           !memcmp(&newer, to_root, sizeof newer);
}
