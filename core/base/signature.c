#include "base/signature.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

enum { SIGNATURE_BYTES = 64, MAX_FILE = 64 * 1024 /* of a key or signature */ };

static char *signature_path(const char *path)
{
    char *out = NULL;
    return asprintf(&out, "%s.sig", path) < 0 ? NULL : out;
}

/* OpenSSL would ask the terminal for the passphrase of an encrypted key. */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer, (void)size, (void)writing, (void)context;
    return -1;
}

static csl_status read_key(const char *path, bool private_key, EVP_PKEY **key, csl_error *error)
{
    *key = NULL;
    char *text;
    size_t length;
    csl_status status = csl_read_file(path, MAX_FILE, &text, &length, error);
    if (status != CSL_OK) return status;
    BIO *bio = BIO_new_mem_buf(text, (int)length);
    if (!bio)
        status = csl_fail(error, CSL_ENOMEM, path, "no memory");
    else
        *key = private_key ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL)
                           : PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    OPENSSL_cleanse(text, length);
    free(text);
    ERR_clear_error();
    if (*key && EVP_PKEY_get_base_id(*key) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(*key);
        *key = NULL;
    }
    if (status == CSL_OK && !*key)
        status =
            csl_fail(error, CSL_ECRYPTO, path, "is not a readable Ed25519 %s",
                     private_key ? "private key in PEM (PKCS#8, without a passphrase)" : "public key in PEM");
    return status;
}

static bool made_by(EVP_PKEY *key, const char *signature, const uint8_t *bytes, size_t length)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestVerify(context, (const uint8_t *)signature, SIGNATURE_BYTES, bytes, length) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}

/* The first key of the folder that made the signature, or NULL. What is no key is passed over. */
static csl_status find_signer(const char *trust, const char *signature, const uint8_t *bytes, size_t length,
                              char **signer, csl_error *error)
{
    csl_names names;
    csl_error why = {0};
    csl_status status = csl_list_folder(trust, &names, &why);
    if (status != CSL_OK) return csl_fail(error, status, NULL, "trust folder %s: %s", trust, why.message);
    for (size_t i = 0; !*signer && i < names.count && status == CSL_OK; i++) {
        size_t end = strlen(names.items[i]);
        if (end < 5 || strcmp(names.items[i] + end - 4, ".pem")) continue;
        char *path = csl_path_join(trust, names.items[i]);
        EVP_PKEY *key = NULL;
        bool found =
            path && read_key(path, false, &key, NULL) == CSL_OK && made_by(key, signature, bytes, length);
        if (!path || (found && !(*signer = strdup(names.items[i]))))
            status = csl_fail(error, CSL_ENOMEM, trust, "no memory");
        EVP_PKEY_free(key);
        free(path);
    }
    csl_names_free(&names);
    return status;
}

/* path.sig: *signature is malloc'ed, or NULL where there is none. */
static csl_status read_signature(const char *path, csl_signature *state, char **signature, csl_error *error)
{
    *state = CSL_SIGNATURE_NONE;
    *signature = NULL;
    size_t length = 0;
    char *beside = signature_path(path);
    csl_status status = beside ? csl_read_file(beside, MAX_FILE, signature, &length, error)
                               : csl_fail(error, CSL_ENOMEM, path, "no memory");
    free(beside);
    if (status == CSL_ENOTFOUND) {
        if (error) *error = (csl_error){0};
        return CSL_OK;
    }
    *state = CSL_SIGNATURE_UNKNOWN;
    if (status == CSL_OK && length != SIGNATURE_BYTES) {
        free(*signature);
        *signature = NULL;
        status =
            csl_fail(error, CSL_ECRYPTO, path, "its signature has %zu bytes, an Ed25519 signature has %d",
                     length, SIGNATURE_BYTES);
    }
    return status;
}

csl_status csl_signature_find(const char *path, const uint8_t *bytes, size_t length, const char *trust,
                              csl_signature *state, char **signer, csl_error *error)
{
    *signer = NULL;
    char *signature;
    csl_status status = read_signature(path, state, &signature, error);
    if (status == CSL_OK && signature && trust)
        status = find_signer(trust, signature, bytes, length, signer, error);
    if (*signer) *state = CSL_SIGNATURE_TRUSTED;
    free(signature);
    return status;
}

csl_status csl_signature_check(const char *path, const uint8_t *bytes, size_t length, const char *key_path,
                               csl_signature *state, csl_error *error)
{
    *state = CSL_SIGNATURE_NONE;
    EVP_PKEY *key;
    csl_status status = read_key(key_path, false, &key, error);
    if (status != CSL_OK) return status;
    char *signature;
    status = read_signature(path, state, &signature, error);
    if (status == CSL_OK && signature && made_by(key, signature, bytes, length))
        *state = CSL_SIGNATURE_TRUSTED;
    free(signature);
    EVP_PKEY_free(key);
    return status;
}

csl_status csl_signature_write(const char *path, const char *key_path, csl_error *error)
{
    csl_mapping file;
    csl_status status = csl_map(path, &file, error);
    if (status != CSL_OK) return status;
    unsigned char signature[SIGNATURE_BYTES];
    size_t length = sizeof signature;
    char *beside = signature_path(path);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY *key;
    status = read_key(key_path, true, &key, error);
    if (status != CSL_OK) goto done;
    if (!context || !beside)
        status = csl_fail(error, CSL_ENOMEM, path, "no memory");
    else if (EVP_DigestSignInit(context, NULL, NULL, NULL, key) != 1 ||
             EVP_DigestSign(context, signature, &length, file.bytes, file.length) != 1)
        status = csl_fail(error, CSL_ECRYPTO, path, "cannot be signed with %s", key_path);
    else
        status = csl_write_file_atomic(beside, signature, length, error);
done:
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    free(beside);
    csl_unmap(&file);
    return status;
}
