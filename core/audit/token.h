/* An Ed25519 private key that a PKCS#11 token holds (a hardware security module, a card, SoftHSM), by way of
 * p11-kit.
 *
 * Not through OpenSSL, because no way of it leads there on every system that this is built for: the engine of
 * libp11 in Debian 12 knows no Ed25519 key, and pkcs11-provider is not in Debian 12. p11-kit loads the same
 * modules. */
#ifndef CSL_AUDIT_TOKEN_H
#define CSL_AUDIT_TOKEN_H

#include <p11-kit/uri.h>

#include "audit/key.h"

typedef struct audit_token audit_token;

/* uri (RFC 7512) names the token and the object; its module-path, if any, the module, otherwise those are
 * asked that the system has configured. The PIN is its pin-value, the first line of the file in its
 * pin-source, or asked for. CSL_ENOTFOUND if no token has such a key. */
csl_status audit_token_open(const char *uri, const csl_audit_passphrase *passphrase, audit_token **token,
                            uint8_t public_key[AUDIT_PUBLIC], csl_error *error);
void audit_token_close(audit_token *token); /* NULL is allowed */
/* CSL_EUSAGE in a forked child. */
csl_status audit_token_sign(const audit_token *token, const void *text, size_t length,
                            uint8_t signature[AUDIT_SIGNATURE], csl_error *error);

/* CSL_EUSAGE unless the text is the URI of an object in a token. */
csl_status audit_token_uri(const char *uri, P11KitUri *parsed, csl_error *error);
/* The PIN of the URI, the first line of the file that it names, or what is asked for; label: of the token. */
csl_status audit_token_pin(P11KitUri *uri, const char *label, const csl_audit_passphrase *passphrase,
                           char pin[CSL_AUDIT_MAX_PASSPHRASE], csl_error *error);

#endif
