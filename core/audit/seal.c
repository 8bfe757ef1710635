/* Commitments, tags and seals: the cryptography of openings, without their file. */
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "audit/opening.h"
#include "audit/pseudonym.h"

audit_hiding audit_hiding_of(const char *role)
{
    static const struct {
        const char *role;
        audit_hiding hiding;
    } hidden[] = {{"case", AUDIT_COMMITTED},
                  {"input", AUDIT_COMMITTED},
                  {"reason", AUDIT_COMMITTED},
                  {"study", AUDIT_COMMITTED},
                  {"patient", AUDIT_PSEUDONYM}};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (!strcmp(role, hidden[i].role)) return hidden[i].hiding;
    return AUDIT_PLAIN;
}

csl_status audit_commitment(const uint8_t salt[AUDIT_SALT], const char *role, const char *id,
                            char out[AUDIT_COMMITMENT], csl_error *error)
{
    csl_digest digest;
    csl_status status = audit_hmac(salt, role, id, strlen(id), &digest, error);
    if (status != CSL_OK) return status;
    memcpy(out, "commitment:", 11);
    csl_digest_hex(&digest, out + 11);
    return CSL_OK;
}

csl_status csl_audit_case_tag(const csl_audit_pseudonyms *key, const char *case_id,
                              char out[CSL_AUDIT_CASE_TAG], csl_error *error)
{
    csl_digest digest;
    csl_status status = audit_pseudonyms_hmac(key, "case-tag", case_id, strlen(case_id), &digest, error);
    if (status == CSL_OK) csl_hex(digest.bytes, AUDIT_TAG, out);
    return status;
}

/* A context that is keyed and has taken the index as what is authenticated beside the text. */
static EVP_CIPHER_CTX *begin(const csl_audit_pseudonyms *key, const uint8_t salt[AUDIT_SALT], uint64_t index,
                             int sealing, csl_error *error)
{
    static const uint8_t nonce[12];
    static EVP_CIPHER *cipher; /* for the life of the program: looking it up takes longer than using it */
    char number[24];
    csl_digest own;
    int done, length = snprintf(number, sizeof number, "%" PRIu64, index);
    if (audit_pseudonyms_hmac(key, "seal", salt, AUDIT_SALT, &own, error) != CSL_OK) return NULL;
    if (!cipher) cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool good = cipher && context &&
                EVP_CipherInit_ex(context, cipher, NULL, own.bytes, nonce, sealing) == 1 &&
                EVP_CipherUpdate(context, NULL, &done, (const uint8_t *)number, length) == 1;
    OPENSSL_cleanse(&own, sizeof own);
    if (good) return context;
    EVP_CIPHER_CTX_free(context);
    csl_fail(error, CSL_ECRYPTO, NULL, "OpenSSL cannot encrypt with AES-256-GCM");
    return NULL;
}

enum { MOST = 1 << 30 /* OpenSSL counts in int */ };

csl_status audit_seal(const csl_audit_pseudonyms *key, const uint8_t salt[AUDIT_SALT], uint64_t index,
                      const void *plain, size_t length, csl_buffer *sealed, csl_error *error)
{
    static const uint8_t proof[AUDIT_SEAL];
    csl_buffer_clear(sealed);
    if (length > MOST || !csl_buffer_append(sealed, plain, length) ||
        !csl_buffer_append(sealed, proof, sizeof proof))
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory for what opens an entry");
    EVP_CIPHER_CTX *context = begin(key, salt, index, 1, error);
    if (!context) return error ? error->code : CSL_ECRYPTO;
    int done = 0, last = 0;
    bool good = EVP_CipherUpdate(context, sealed->bytes, &done, plain, (int)length) == 1 &&
                done == (int)length && EVP_CipherFinal_ex(context, sealed->bytes + done, &last) == 1 &&
                !last &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, AUDIT_SEAL, sealed->bytes + length) == 1;
    EVP_CIPHER_CTX_free(context);
    return good ? CSL_OK : csl_fail(error, CSL_ECRYPTO, NULL, "OpenSSL cannot encrypt with AES-256-GCM");
}

csl_status audit_unseal(const csl_audit_pseudonyms *key, const uint8_t salt[AUDIT_SALT], uint64_t index,
                        const uint8_t *sealed, size_t length, uint8_t *plain, csl_error *error)
{
    if (length < AUDIT_SEAL || length > MOST)
        return csl_fail(error, CSL_EFORMAT, NULL, "entry %" PRIu64 ": what opens it was cut", index);
    EVP_CIPHER_CTX *context = begin(key, salt, index, 0, error);
    if (!context) return error ? error->code : CSL_ECRYPTO;
    uint8_t proof[AUDIT_SEAL], nothing[AUDIT_SEAL];
    memcpy(proof, sealed + length - AUDIT_SEAL, AUDIT_SEAL);
    int done = 0, last = 0;
    bool good = EVP_CipherUpdate(context, plain, &done, sealed, (int)(length - AUDIT_SEAL)) == 1 &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, AUDIT_SEAL, proof) == 1 &&
                EVP_CipherFinal_ex(context, nothing, &last) == 1;
    EVP_CIPHER_CTX_free(context);
    return good ? CSL_OK
                : csl_fail(error, CSL_ECRYPTO, NULL,
                           "entry %" PRIu64
                           ": what opens it was altered, or sealed with another pseudonym key",
                           index);
}
