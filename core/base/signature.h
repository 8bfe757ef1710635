/* Detached Ed25519 signatures of whole files (RFC 8032): PATH.sig holds the 64 raw bytes that
 *     openssl pkeyutl -sign -rawin -inkey key.pem -in PATH -out PATH.sig
 * writes too. Private keys are PKCS#8 in PEM without a passphrase, public keys SubjectPublicKeyInfo in PEM.
 * What is checked is the caller's bytes, not the file again: so that it is they that are used afterwards. */
#ifndef CSL_BASE_SIGNATURE_H
#define CSL_BASE_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef enum csl_signature {
    CSL_SIGNATURE_NONE = 0, /* no .sig file beside it */
    CSL_SIGNATURE_TRUSTED,  /* over the file's bytes, by a key of the trust folder */
    CSL_SIGNATURE_UNKNOWN,  /* a .sig file, but no trusted key made it */
} csl_signature;

/* Signs the file at `path`. CSL_ECRYPTO if key_path holds no usable private key; then nothing is written. */
csl_status csl_signature_write(const char *path, const char *key_path, csl_error *error);

/* Looks for path.sig and for a key (*.pem) in the folder `trust` that made it over these bytes; trust may be
 * NULL: then no key is trusted. *signer is the key's file name, malloc'ed, or NULL. A .sig file of another
 * length is CSL_ECRYPTO with *state CSL_SIGNATURE_UNKNOWN; a trust folder that is needed and cannot be read
 * is an error too. */
csl_status csl_signature_find(const char *path, const uint8_t *bytes, size_t length, const char *trust,
                              csl_signature *state, char **signer, csl_error *error);

/* As csl_signature_find with one public key in place of a folder. CSL_ECRYPTO, with *state
 * CSL_SIGNATURE_NONE, if key_path holds none. */
csl_status csl_signature_check(const char *path, const uint8_t *bytes, size_t length, const char *key_path,
                               csl_signature *state, csl_error *error);

#endif
