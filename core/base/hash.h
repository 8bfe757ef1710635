/* SHA-256 (FIPS 180-4) through OpenSSL, and hexadecimal text. */
#ifndef CSL_BASE_HASH_H
#define CSL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { CSL_SHA256_BYTES = 32, CSL_SHA256_HEX = 65 /* with the terminating 0 */ };

typedef struct csl_digest {
    uint8_t bytes[CSL_SHA256_BYTES];
} csl_digest;

csl_status csl_sha256(const void *bytes, size_t length, csl_digest *digest, csl_error *error);
/* Of a whole file, read in pieces from its start by pread; the descriptor's offset does not move. */
csl_status csl_sha256_descriptor(int descriptor, const char *name, csl_digest *digest, csl_error *error);

/* Of a whole file, as hexadecimal text. */
csl_status csl_sha256_file(const char *path, char hex[CSL_SHA256_HEX], csl_error *error);

/* Lower-case hex of `length` bytes into out[2 * length + 1]. */
void csl_hex(const uint8_t *bytes, size_t length, char *out);
void csl_digest_hex(const csl_digest *digest, char out[CSL_SHA256_HEX]);
/* CSL_EFORMAT unless `text` is exactly 2 * length hex digits. */
csl_status csl_unhex(const char *text, uint8_t *bytes, size_t length, csl_error *error);

#endif
