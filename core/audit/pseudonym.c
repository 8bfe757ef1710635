#include "audit/pseudonym.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
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

enum {
    MAX_WORD = 32,
    MAX_VALUE = 4096 /* as texts of entries have, message.h */,
    BLOCK = 64 /* of SHA-256 */
};

/* H(key ^ pad, text) with up to two texts. */
static bool half(EVP_MD_CTX *context, const EVP_MD *md, const uint8_t key[CSL_SHA256_BYTES], uint8_t pad,
                 const void *first, size_t first_length, const void *second, size_t second_length,
                 uint8_t out[CSL_SHA256_BYTES])
{
    uint8_t block[BLOCK];
    memset(block, pad, sizeof block);
    for (size_t i = 0; i < CSL_SHA256_BYTES; i++) block[i] ^= key[i];
    bool good =
        EVP_DigestInit_ex2(context, md, NULL) == 1 && EVP_DigestUpdate(context, block, sizeof block) == 1 &&
        EVP_DigestUpdate(context, first, first_length) == 1 &&
        EVP_DigestUpdate(context, second, second_length) == 1 && EVP_DigestFinal_ex(context, out, NULL) == 1;
    OPENSSL_cleanse(block, sizeof block);
    return good;
}

/* Written out, as OpenSSL's HMAC() looks its parts up anew at each call: 6 of them are in an entry, and took
 * longer than the rest of it. */
csl_status audit_hmac(const uint8_t key[CSL_SHA256_BYTES], const char *word, const void *bytes, size_t length,
                      csl_digest *out, csl_error *error)
{
    static EVP_MD *md; /* for the life of the program */
    uint8_t inner[CSL_SHA256_BYTES];
    size_t word_length = strlen(word);
    if (word_length > MAX_WORD || length > MAX_VALUE)
        return csl_fail(error, CSL_ELIMIT, NULL, "a %.32s has %zu bytes and may have %d", word, length,
                        MAX_VALUE);
    if (!md) md = EVP_MD_fetch(NULL, "SHA256", NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = md && context && half(context, md, key, 0x36, word, word_length + 1, bytes, length, inner) &&
                half(context, md, key, 0x5c, inner, sizeof inner, "", 0, out->bytes);
    EVP_MD_CTX_free(context);
    return good ? CSL_OK : csl_fail(error, CSL_ECRYPTO, NULL, "OpenSSL cannot compute HMAC-SHA-256");
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
