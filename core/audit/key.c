#include "audit/key.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/secret.h"
#include "base/file.h"

enum { MAX_PEM = 16384 };

struct csl_audit_key {
    audit_vkey vkey;
    audit_secret *secret; /* RFC 8032 section 5.1.5: the private key */
};

void csl_audit_key_free(csl_audit_key *key)
{
    if (!key) return;
    audit_secret_free(key->secret);
    free(key);
}

const char *csl_audit_key_origin(const csl_audit_key *key)
{
    return key->vkey.origin;
}

const audit_vkey *audit_key_public(const csl_audit_key *key)
{
    return &key->vkey;
}

char *audit_key_sibling(const char *pem_path, const char *ending)
{
    size_t length = strlen(pem_path), pem = sizeof ".pem" - 1;
    if (length > pem && !strcmp(pem_path + length - pem, ".pem")) length -= pem;
    size_t size = length + strlen(ending) + 1;
    char *path = malloc(size);
    if (path) snprintf(path, size, "%.*s%s", (int)length, pem_path, ending);
    return path;
}

/* Encrypted keys would make OpenSSL ask on the terminal. */
static int no_password(char *buffer, int size, int writing, void *context)
{
    (void)buffer, (void)size, (void)writing, (void)context;
    return -1;
}

/* OpenSSL's own copy of the key is gone (and wiped by it) when this returns. */
static csl_status read_pem(const char *path, csl_audit_key *key, csl_error *error)
{
    char *pem = NULL;
    size_t length = 0;
    BIO *bio = NULL;
    EVP_PKEY *pkey = NULL;
    csl_status status = csl_read_file(path, MAX_PEM, &pem, &length, error);
    if (status != CSL_OK) return status;
    bio = BIO_new_mem_buf(pem, (int)length);
    pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    size_t seed_length = AUDIT_SECRET, public_length = AUDIT_PUBLIC;
    if (!pkey)
        status = csl_fail(error, CSL_ECRYPTO, path, "is not an unencrypted private key in PEM (PKCS#8)");
    else if (EVP_PKEY_get_id(pkey) != EVP_PKEY_ED25519)
        status =
            csl_fail(error, CSL_ECRYPTO, path, "is not an Ed25519 key; `consilium audit keygen` makes one");
    else if (EVP_PKEY_get_raw_private_key(pkey, key->secret->bytes, &seed_length) != 1 ||
             EVP_PKEY_get_raw_public_key(pkey, key->vkey.public_key, &public_length) != 1)
        status = csl_fail(error, CSL_ECRYPTO, path, "OpenSSL does not give the key out");
    key->secret->present = status == CSL_OK;
    EVP_PKEY_free(pkey);
    BIO_free(bio);
    OPENSSL_cleanse(pem, length);
    free(pem);
    return status;
}

csl_status csl_audit_key_load(const char *pem_path, csl_audit_key **out, csl_error *error)
{
    *out = NULL;
    char *path = audit_key_sibling(pem_path, ".vkey"), *text = NULL;
    csl_audit_key *key = calloc(1, sizeof *key);
    csl_status status = CSL_OK;
    audit_vkey vkey;
    if (!path || !key || !(key->secret = audit_secret_new())) {
        status = csl_fail(error, CSL_ENOMEM, pem_path, "no memory");
        goto done;
    }
    status = read_pem(pem_path, key, error);
    if (status == CSL_OK) status = csl_read_file(path, 4096, &text, NULL, error);
    if (status != CSL_OK) goto done;
    status = audit_vkey_parse(text, &vkey, error);
    if (status == CSL_EUSAGE) {
        status = CSL_EFORMAT;
        if (error) {
            error->code = status;
            snprintf(error->place, sizeof error->place, "%s", path);
        }
    }
    if (status == CSL_OK && memcmp(vkey.public_key, key->vkey.public_key, AUDIT_PUBLIC) != 0)
        status = csl_fail(error, CSL_EMISMATCH, path, "is not the public half of %s", pem_path);
    if (status != CSL_OK) goto done;
    key->vkey = vkey;
    *out = key;
    key = NULL;
done:
    csl_audit_key_free(key);
    free(text);
    free(path);
    return status;
}

csl_status audit_key_sign(const csl_audit_key *key, const void *text, size_t length,
                          uint8_t signature[AUDIT_SIGNATURE], csl_error *error)
{
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
