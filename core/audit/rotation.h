/* The replacement of a log's signing key: an entry in which the old key signs for the new one, and for the
 * log up to there. What it signs, lines ended by newlines:
 *
 *   consilium audit rotation v1
 *   ORIGIN
 *   INDEX           of the entry, decimal
 *   ROOT            over the entries before it, base64
 *   VERIFIER KEY    the new one
 *
 * The entry has an object of role "key" whose id is the new verifier key and whose detail is the signature,
 * base64. */
#ifndef CSL_AUDIT_ROTATION_H
#define CSL_AUDIT_ROTATION_H

#include "audit/key.h"

/* The texts of the entry's object. CSL_EUSAGE if the new key is of another origin, or the old one. */
enum { AUDIT_ROTATION_SIGNATURE = 88 + 1 };
csl_status audit_rotation_sign(const csl_audit_key *old, const audit_vkey *next, uint64_t index,
                               const csl_digest *root, char signature[AUDIT_ROTATION_SIGNATURE],
                               csl_error *error);

/* The code of an entry's event type if it is one that verifying acts on, "key-rotated" or "log-bound"; else
 * "". Looks at its first bytes alone, where nothing from outside stands unescaped. */
const char *audit_entry_type(const uint8_t *entry, size_t length);
/* Whether an entry says that a key was replaced. */
bool audit_rotation_is(const uint8_t *entry, size_t length);
/* Puts the new key into *vkey if its present one signed for it at this index and root. CSL_ECRYPTO, naming
 * the entry, otherwise. */
csl_status audit_rotation_follow(audit_vkey *vkey, const uint8_t *entry, size_t length, uint64_t index,
                                 const csl_digest *root, csl_error *error);

#endif
