#include "audit/pseudonym.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/key.h"
#include "audit/secret.h"
#include "base/file.h"

struct csl_audit_pseudonyms {
    audit_secret *secret;
};

/* HMAC is fed in one piece: the word, its 0 and the value. Values have at most 4,096 bytes (message.h). */
enum { MAX_WORD = 32, MAX_VALUE = 4096 };

csl_status audit_hmac(const uint8_t key[CSL_SHA256_BYTES], const char *word, const void *bytes, size_t length,
                      csl_digest *out, csl_error *error)
{
    uint8_t text[MAX_WORD + 1 + MAX_VALUE];
    size_t word_length = strlen(word);
    if (word_length > MAX_WORD || length > MAX_VALUE)
        return csl_fail(error, CSL_ELIMIT, NULL, "a %.32s has %zu bytes and may have %d", word, length,
                        MAX_VALUE);
    memcpy(text, word, word_length + 1);
    memcpy(text + word_length + 1, bytes, length);
    unsigned made = 0;
    if (!HMAC(EVP_sha256(), key, CSL_SHA256_BYTES, text, word_length + 1 + length, out->bytes, &made) ||
        made != CSL_SHA256_BYTES)
        return csl_fail(error, CSL_ECRYPTO, NULL, "OpenSSL cannot compute HMAC-SHA-256");
    return CSL_OK;
}

csl_status audit_pseudonyms_hmac(const csl_audit_pseudonyms *key, const char *word, const void *bytes,
                                 size_t length, csl_digest *out, csl_error *error)
{
    if (!key->secret->present)
        return csl_fail(error, CSL_EUSAGE, NULL, "the pseudonym key stays in the process that loaded it");
    return audit_hmac(key->secret->bytes, word, bytes, length, out, error);
}

csl_status csl_audit_pseudonym(const csl_audit_pseudonyms *key, const char *patient,
                               char out[CSL_AUDIT_PSEUDONYM], csl_error *error)
{
    csl_digest digest;
    csl_status status = audit_pseudonyms_hmac(key, "patient", patient, strlen(patient), &digest, error);
    if (status != CSL_OK) return status;
    memcpy(out, "pseudonym:", 10);
    csl_digest_hex(&digest, out + 10);
    return CSL_OK;
}

char *csl_audit_pseudonyms_path(const char *pem_path)
{
    return audit_key_sibling(pem_path, ".hmac");
}

csl_status csl_audit_pseudonyms_make(const char *path, csl_error *error)
{
    uint8_t bytes[AUDIT_SECRET];
    char line[2 * AUDIT_SECRET + 2];
    if (RAND_priv_bytes(bytes, sizeof bytes) != 1)
        return csl_fail(error, CSL_ECRYPTO, path, "OpenSSL has no random numbers");
    csl_hex(bytes, sizeof bytes, line);
    strcpy(line + 2 * AUDIT_SECRET, "\n");
    csl_status status = audit_key_write_new(path, line, sizeof line - 1, 0600, error);
    OPENSSL_cleanse(bytes, sizeof bytes);
    OPENSSL_cleanse(line, sizeof line);
    return status;
}

csl_status csl_audit_pseudonyms_load(const char *path, csl_audit_pseudonyms **out, csl_error *error)
{
    *out = NULL;
    char *text = NULL;
    size_t length = 0;
    csl_audit_pseudonyms *key = calloc(1, sizeof *key);
    csl_status status = CSL_OK;
    if (!key || !(key->secret = audit_secret_new())) {
        status = csl_fail(error, CSL_ENOMEM, path, "no memory");
        goto done;
    }
    status = csl_read_file(path, 4096, &text, &length, error);
    if (status == CSL_ENOTFOUND)
        status = csl_fail(error, status, path,
                          "is not there: a log hides identifiers with a key of its own; "
                          "`consilium audit keygen --pseudonyms FILE` makes one");
    if (status != CSL_OK) goto done;
    while (length && strchr(" \t\r\n", text[length - 1])) text[--length] = 0;
    if (strlen(text) != length || csl_unhex(text, key->secret->bytes, AUDIT_SECRET, NULL) != CSL_OK) {
        status = csl_fail(error, CSL_EFORMAT, path, "is no pseudonym key: 64 hexadecimal digits");
        goto done;
    }
    key->secret->present = 1;
    *out = key;
    key = NULL;
done:
    if (text) OPENSSL_cleanse(text, length);
    free(text);
    csl_audit_pseudonyms_free(key);
    return status;
}

void csl_audit_pseudonyms_free(csl_audit_pseudonyms *key)
{
    if (!key) return;
    audit_secret_free(key->secret);
    free(key);
}
