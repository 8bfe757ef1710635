/* Roots over ranges of a log's leaves, read from its tiles: what proofs are made of. */
#ifndef CSL_AUDIT_RANGE_H
#define CSL_AUDIT_RANGE_H

#include "audit/tile.h"

/* Root over leaves [first, end) of a log of `size` leaves, 0 < end - first; first is a multiple of the
 * largest power of two that is at most end - first. */
csl_status audit_range_root(const audit_folder *folder, audit_hasher *hasher, uint64_t size, uint64_t first,
                            uint64_t end, csl_digest *root, csl_error *error);

/* The proof that the tree of the first `from` leaves is the beginning of that of the first `to` (RFC 6962
 * section 2.1.2), from > 0. Fills hashes and *count; none where both are the same. */
enum { AUDIT_CONSISTENCY = 64 };
csl_status audit_consistency(const audit_folder *folder, audit_hasher *hasher, uint64_t size, uint64_t from,
                             uint64_t to, csl_digest hashes[AUDIT_CONSISTENCY], size_t *count,
                             csl_error *error);
/* Whether such a proof leads from the one root to the other (RFC 9162 section 2.1.4.2). A proof from 0 leaves
 * is empty. */
bool audit_consistency_holds(audit_hasher *hasher, uint64_t from, uint64_t to, const csl_digest *from_root,
                             const csl_digest *to_root, const csl_digest *hashes, size_t count);

#endif
