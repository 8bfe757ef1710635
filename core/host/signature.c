/* Detached Ed25519 signatures of plugin files (RFC 8032): PATH.sig holds the 64 raw bytes that
 *     openssl pkeyutl -sign -rawin -inkey key.pem -in PATH -out PATH.sig
 * writes too. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "host/slot.h"

enum { SIGNATURE_BYTES = 64, MAX_KEY_FILE = 64 * 1024 };

static char *with_ending(const char *path, const char *ending)
{
    char *out = NULL;
    return asprintf(&out, "%s%s", path, ending) < 0 ? NULL : out;
}

static EVP_PKEY *read_key(const char *path, bool private_key)
{
    FILE *file = fopen(path, "re");
    if (!file) return NULL;
    EVP_PKEY *key =
        private_key ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : PEM_read_PUBKEY(file, NULL, NULL, NULL);
    fclose(file);
    ERR_clear_error();
    if (key && EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return key;
}

static bool made_by(EVP_PKEY *key, const uint8_t *signature, const uint8_t *bytes, size_t length)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestVerify(context, signature, SIGNATURE_BYTES, bytes, length) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}

/* The first key of the folder that made the signature; NULL if none did. */
static char *find_signer(const char *trust, const uint8_t *signature, const uint8_t *bytes, size_t length)
{
    csl_names names;
    if (!trust || csl_list_folder(trust, &names, NULL) != CSL_OK) return NULL;
    char *signer = NULL;
    for (size_t i = 0; !signer && i < names.count; i++) {
        size_t end = strlen(names.items[i]);
        if (end < 5 || strcmp(names.items[i] + end - 4, ".pem")) continue;
        char *path = csl_path_join(trust, names.items[i]);
        EVP_PKEY *key = path ? read_key(path, false) : NULL;
        if (key && made_by(key, signature, bytes, length)) signer = strdup(names.items[i]);
        EVP_PKEY_free(key);
        free(path);
    }
    csl_names_free(&names);
    return signer;
}

csl_status check_signature(const char *path, const csl_mapping *file, const char *trust, csl_signature *state,
                           char **signer, csl_error *error)
{
    *state = CSL_SIGNATURE_NONE;
    *signer = NULL;
    char *signature_path = with_ending(path, ".sig"), *signature = NULL;
    size_t length = 0;
    csl_status status = signature_path
                            ? csl_read_file(signature_path, MAX_KEY_FILE, &signature, &length, error)
                            : csl_fail(error, CSL_ENOMEM, NULL, "no memory");
    if (status == CSL_ENOTFOUND) status = CSL_OK; /* unsigned */
    if (status != CSL_OK || !signature) goto done;
    *state = CSL_SIGNATURE_UNKNOWN;
    if (length != SIGNATURE_BYTES) {
        status =
            csl_fail(error, CSL_ECRYPTO, NULL, "its signature has %zu bytes, an Ed25519 signature has %d",
                     length, SIGNATURE_BYTES);
        goto done;
    }
    *signer = find_signer(trust, (const uint8_t *)signature, file->bytes, file->length);
    if (*signer) *state = CSL_SIGNATURE_TRUSTED;
done:
    free(signature);
    free(signature_path);
    return status;
}

csl_status csl_plugin_sign(const char *path, const char *key_path, csl_error *error)
{
    csl_mapping file;
    csl_status status = csl_map(path, &file, error);
    if (status != CSL_OK) return status;
    unsigned char signature[SIGNATURE_BYTES];
    size_t length = sizeof signature;
    char *signature_path = with_ending(path, ".sig");
    EVP_PKEY *key = read_key(key_path, true);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!key)
        status =
            csl_fail(error, CSL_ECRYPTO, key_path, "is not a readable Ed25519 private key in PEM (PKCS#8)");
    else if (!context || !signature_path)
        status = csl_fail(error, CSL_ENOMEM, path, "no memory");
    else if (EVP_DigestSignInit(context, NULL, NULL, NULL, key) != 1 ||
             EVP_DigestSign(context, signature, &length, file.bytes, file.length) != 1)
        status = csl_fail(error, CSL_ECRYPTO, path, "cannot be signed with %s", key_path);
    else
        status = csl_write_file_atomic(signature_path, signature, length, error);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    free(signature_path);
    csl_unmap(&file);
    return status;
}
