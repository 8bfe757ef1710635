/* Inside batch: the RFC 6962 leaf hash of an entry that a log holds. */
#ifndef CSL_BATCH_LEAF_H
#define CSL_BATCH_LEAF_H

#include "base/error.h"
#include "base/hash.h"

/* SHA-256(0x00, entry) (RFC 6962, section 2.1). */
csl_status leaf_at(const char *audit_folder, uint64_t index, csl_digest *leaf, csl_error *error);

#endif
