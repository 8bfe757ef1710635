/* Private keys in PEM files, plain or encrypted. */
#ifndef CSL_AUDIT_PEM_H
#define CSL_AUDIT_PEM_H

#include <openssl/evp.h>

#include "audit/audit.h"

enum { AUDIT_MAX_PEM = 16384 };

/* The private key in a text; path is for messages. CSL_ECRYPTO if it holds none, or cannot be decrypted. */
csl_status audit_pem_read(const char *path, const char *pem, size_t length,
                          const csl_audit_passphrase *passphrase, EVP_PKEY **key, csl_error *error);

#endif
