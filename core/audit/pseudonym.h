/* The pseudonym key and what is computed with it: names of patients in the log, tags and seals of openings.
 */
#ifndef CSL_AUDIT_PSEUDONYM_H
#define CSL_AUDIT_PSEUDONYM_H

#include "audit/audit.h"

/* HMAC-SHA-256 (FIPS 198-1) of word, 0x00 and the bytes: the word keeps uses of one key apart. */
csl_status audit_hmac(const uint8_t key[CSL_SHA256_BYTES], const char *word, const void *bytes, size_t length,
                      csl_digest *out, csl_error *error);
/* The same under the pseudonym key. CSL_EUSAGE in a forked child. */
csl_status audit_pseudonyms_hmac(const csl_audit_pseudonyms *key, const char *word, const void *bytes,
                                 size_t length, csl_digest *out, csl_error *error);

#endif
