#include "audit/key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/pem.h"
#include "audit/secret.h"
#include "audit/token.h"
#include "base/file.h"

struct csl_audit_key {
    audit_vkey vkey;
    audit_secret *secret; /* RFC 8032 section 5.1.5: the private key */
    audit_token *token;   /* or what holds it */
};

void csl_audit_key_free(csl_audit_key *key)
{
    if (!key) return;
    audit_secret_free(key->secret);
    audit_token_close(key->token);
    free(key);
}

const char *csl_audit_key_origin(const csl_audit_key *key)
{
    return key->vkey.origin;
}

char *csl_audit_key_vkey(const csl_audit_key *key)
{
    char *line = malloc(AUDIT_VKEY + 1);
    if (!line) return NULL;
    audit_vkey_format(&key->vkey, line);
    return strcat(line, "\n");
}

const audit_vkey *audit_key_public(const csl_audit_key *key)
{
    return &key->vkey;
}

char *audit_key_sibling(const char *key_path, const char *ending)
{
    static const char *const own[] = {".pem", ".uri"};
    size_t length = strlen(key_path), stem = length;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (length > 4 && !strcmp(key_path + length - 4, own[i])) stem = length - 4;
    size_t size = stem + strlen(ending) + 1;
    char *path = malloc(size);
    if (path) snprintf(path, size, "%.*s%s", (int)stem, key_path, ending);
    return path;
}

/* OpenSSL's own copy of the key is gone (and wiped by it) when this returns. */
static csl_status read_pem(const char *path, const char *pem, size_t length,
                           const csl_audit_passphrase *passphrase, csl_audit_key *key, csl_error *error)
{
    EVP_PKEY *pkey = NULL;
    size_t seed_length = AUDIT_SECRET, public_length = AUDIT_PUBLIC;
    csl_status status = audit_pem_read(path, pem, length, passphrase, &pkey, error);
    if (status != CSL_OK) return status;
    if (EVP_PKEY_get_id(pkey) != EVP_PKEY_ED25519)
        status =
            csl_fail(error, CSL_ECRYPTO, path, "is not an Ed25519 key; `consilium audit keygen` makes one");
    else if (EVP_PKEY_get_raw_private_key(pkey, key->secret->bytes, &seed_length) != 1 ||
             EVP_PKEY_get_raw_public_key(pkey, key->vkey.public_key, &public_length) != 1)
        status = csl_fail(error, CSL_ECRYPTO, path, "OpenSSL does not give the key out");
    key->secret->present = status == CSL_OK;
    EVP_PKEY_free(pkey);
    return status;
}

static csl_status read_private(const char *path, const csl_audit_passphrase *passphrase, csl_audit_key *key,
                               csl_error *error)
{
    char *text = NULL;
    size_t length = 0;
    csl_status status = csl_read_file(path, AUDIT_MAX_PEM, &text, &length, error);
    if (status != CSL_OK) return status;
    if (!strncmp(text, "pkcs11:", 7)) {
        text[strcspn(text, "\r\n")] = 0;
        status = audit_token_open(text, passphrase, &key->token, key->vkey.public_key, error);
    } else
        status = read_pem(path, text, length, passphrase, key, error);
    OPENSSL_cleanse(text, length);
    free(text);
    return status;
}

csl_status csl_audit_key_load(const char *path, csl_audit_key **key, csl_error *error)
{
    return csl_audit_key_unlock(path, NULL, key, error);
}

csl_status csl_audit_key_unlock(const char *path, const csl_audit_passphrase *passphrase, csl_audit_key **out,
                                csl_error *error)
{
    *out = NULL;
    char *beside = audit_key_sibling(path, ".vkey"), *text = NULL;
    csl_audit_key *key = calloc(1, sizeof *key);
    csl_status status = CSL_OK;
    audit_vkey vkey;
    if (!beside || !key || !(key->secret = audit_secret_new())) {
        status = csl_fail(error, CSL_ENOMEM, path, "no memory");
        goto done;
    }
    status = read_private(path, passphrase, key, error);
    if (status == CSL_OK) status = csl_read_file(beside, 4096, &text, NULL, error);
    if (status != CSL_OK) goto done;
    status = audit_vkey_parse_type(text, 0, &vkey, error);
    if (status == CSL_EUSAGE) {
        status = CSL_EFORMAT;
        if (error) {
            error->code = status;
            snprintf(error->place, sizeof error->place, "%s", beside);
        }
    }
    if (status == CSL_OK && memcmp(vkey.public_key, key->vkey.public_key, AUDIT_PUBLIC) != 0)
        status = csl_fail(error, CSL_EMISMATCH, beside, "is not the public half of %s", path);
    if (status != CSL_OK) goto done;
    key->vkey = vkey;
    *out = key;
    key = NULL;
done:
    csl_audit_key_free(key);
    free(text);
    free(beside);
    return status;
}

csl_status audit_key_sign(const csl_audit_key *key, const void *text, size_t length,
                          uint8_t signature[AUDIT_SIGNATURE], csl_error *error)
{
    if (key->token) return audit_token_sign(key->token, text, length, signature, error);
    if (!key->secret->present)
        return csl_fail(error, CSL_EUSAGE, NULL, "the signing key stays in the process that loaded it");
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->secret->bytes, AUDIT_SECRET);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t signature_length = AUDIT_SIGNATURE;
    csl_status status = CSL_OK;
    if (!pkey || !context || EVP_DigestSignInit(context, NULL, NULL, NULL, pkey) != 1 ||
        EVP_DigestSign(context, signature, &signature_length, text, length) != 1 ||
        signature_length != AUDIT_SIGNATURE)
        status = csl_fail(error, CSL_ECRYPTO, NULL, "OpenSSL cannot sign with the Ed25519 key");
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pkey);
    return status;
}
