/* The two halves of a log's key. The public half is a C2SP signed-note verifier key of the Ed25519 kind. */
#ifndef CSL_AUDIT_KEY_H
#define CSL_AUDIT_KEY_H

#include <sys/types.h>

#include "audit/audit.h"

enum { AUDIT_ORIGIN = 256, AUDIT_PUBLIC = 32, AUDIT_SIGNATURE = 64, AUDIT_KEY_ID = 4, AUDIT_VKEY = 512 };

/* What a key signs, as C2SP signed-note numbers it. */
enum { AUDIT_LOG_KEY = 0x01 /* Ed25519 */, AUDIT_WITNESS_KEY = 0x04 /* Ed25519, cosignature/v1 */ };

typedef struct audit_vkey {
    uint8_t type;
    char origin[AUDIT_ORIGIN];
    uint8_t id[AUDIT_KEY_ID]; /* first bytes of SHA-256(origin, 0x0A, type, public key) */
    uint8_t public_key[AUDIT_PUBLIC];
} audit_vkey;

/* "ORIGIN+8 hex digits+BASE64(type, public key)"; white space at the end is passed over. CSL_EUSAGE says
 * which part is wrong. */
csl_status audit_vkey_parse(const char *text, audit_vkey *vkey, csl_error *error); /* of a log */
csl_status audit_vkey_parse_type(const char *text, uint8_t type, audit_vkey *vkey,
                                 csl_error *error); /* 0: any */
csl_status audit_check_origin(const char *origin, size_t length, csl_error *error);
/* Fills id from the rest. */
csl_status audit_vkey_number(audit_vkey *vkey, csl_error *error);
void audit_vkey_format(const audit_vkey *vkey, char out[AUDIT_VKEY]);
/* CSL_ECRYPTO if the signature is not that of the text. */
csl_status audit_vkey_verify(const audit_vkey *vkey, const void *text, size_t length,
                             const uint8_t signature[AUDIT_SIGNATURE], csl_error *error);

const audit_vkey *audit_key_public(const csl_audit_key *key);
csl_status audit_key_sign(const csl_audit_key *key, const void *text, size_t length,
                          uint8_t signature[AUDIT_SIGNATURE], csl_error *error);

/* audit.pem or audit.uri -> audit.vkey, where ending is ".vkey"; any other name gets the ending behind it.
 * NULL out of memory. */
char *audit_key_sibling(const char *key_path, const char *ending);
/* A file that must not exist yet (CSL_EUSAGE), durable but for its name. */
csl_status audit_key_write_new(const char *path, const void *bytes, size_t length, mode_t mode,
                               csl_error *error);

#endif
