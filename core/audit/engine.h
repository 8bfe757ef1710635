/* A private key of any kind that OpenSSL signs CMS with (RSA, EC) in a PKCS#11 token, by way of OpenSSL's
 * engine `pkcs11` (libp11). The log's own key cannot go this way: token.h. */
#ifndef CSL_AUDIT_ENGINE_H
#define CSL_AUDIT_ENGINE_H

#include <openssl/evp.h>

#include "audit/audit.h"

/* uri and PIN as audit_token_open has them. The engine stays loaded as long as the process. CSL_ENOTFOUND if
 * there is no engine or no such key. */
csl_status audit_engine_key(const char *uri, const csl_audit_passphrase *passphrase, EVP_PKEY **key,
                            csl_error *error);

#endif
