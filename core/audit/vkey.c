#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/key.h"
#include "audit/text.h"
#include "base/file.h"

/* A name that signed-note allows, and narrower: graphic ASCII alone, so that no two origins look the same. */
csl_status audit_check_origin(const char *origin, size_t length, csl_error *error)
{
    if (!length || length >= AUDIT_ORIGIN)
        return csl_fail(error, CSL_EUSAGE, NULL, "an origin has 1 to %d characters, this one has %zu",
                        AUDIT_ORIGIN - 1, length);
    for (size_t i = 0; i < length; i++)
        if (origin[i] <= ' ' || origin[i] > '~' || origin[i] == '+')
            return csl_fail(error, CSL_EUSAGE, NULL,
                            "an origin has no spaces, '+' or characters outside ASCII; for example "
                            "hospital.example/consilium");
    return CSL_OK;
}

csl_status audit_vkey_number(audit_vkey *vkey, csl_error *error)
{
    uint8_t text[AUDIT_ORIGIN + 2 + AUDIT_PUBLIC];
    size_t length = strlen(vkey->origin);
    memcpy(text, vkey->origin, length);
    text[length++] = '\n';
    text[length++] = vkey->type;
    memcpy(text + length, vkey->public_key, AUDIT_PUBLIC);
    csl_digest digest;
    csl_status status = csl_sha256(text, length + AUDIT_PUBLIC, &digest, error);
    if (status == CSL_OK) memcpy(vkey->id, digest.bytes, AUDIT_KEY_ID);
    return status;
}

csl_status audit_vkey_parse(const char *text, audit_vkey *vkey, csl_error *error)
{
    return audit_vkey_parse_type(text, AUDIT_LOG_KEY, vkey, error);
}

csl_status audit_vkey_parse_type(const char *text, uint8_t type, audit_vkey *vkey, csl_error *error)
{
    static const char form[] = "a verifier key is one line ORIGIN+HASH+BASE64";
    *vkey = (audit_vkey){0};
    size_t length = strlen(text);
    while (length && strchr(" \t\r\n", text[length - 1])) length--;
    const char *hash = memchr(text, '+', length);
    const char *material = hash ? memchr(hash + 1, '+', length - (size_t)(hash + 1 - text)) : NULL;
    if (!material) return csl_fail(error, CSL_EUSAGE, NULL, "%s; this one lacks a '+'", form);
    csl_status status = audit_check_origin(text, (size_t)(hash - text), error);
    if (status != CSL_OK) return status;
    memcpy(vkey->origin, text, (size_t)(hash - text));
    hash++;
    material++;
    uint8_t key[1 + AUDIT_PUBLIC];
    if (audit_unbase64(material, length - (size_t)(material - text), key, sizeof key) != sizeof key)
        return csl_fail(error, CSL_EUSAGE, NULL, "%s; its last part is not base64 of %zu bytes", form,
                        sizeof key);
    if (type ? key[0] != type : key[0] != AUDIT_LOG_KEY && key[0] != AUDIT_WITNESS_KEY)
        return csl_fail(error, CSL_EUSAGE, NULL, "the verifier key is of type %u, where %s is needed", key[0],
                        type == AUDIT_WITNESS_KEY ? "4 (a witness's)"
                        : type                    ? "1 (a log's)"
                                                  : "1 (a log's) or 4 (a witness's)");
    vkey->type = key[0];
    memcpy(vkey->public_key, key + 1, AUDIT_PUBLIC);
    status = audit_vkey_number(vkey, error);
    if (status != CSL_OK) return status;
    char id[2 * AUDIT_KEY_ID + 1];
    csl_hex(vkey->id, AUDIT_KEY_ID, id);
    if ((size_t)(material - 1 - hash) != sizeof id - 1 || memcmp(hash, id, sizeof id - 1) != 0)
        return csl_fail(error, CSL_EUSAGE, NULL, "%s; its HASH should be %s, so a part of it is altered",
                        form, id);
    return CSL_OK;
}

void audit_vkey_format(const audit_vkey *vkey, char out[AUDIT_VKEY])
{
    uint8_t key[1 + AUDIT_PUBLIC] = {vkey->type};
    memcpy(key + 1, vkey->public_key, AUDIT_PUBLIC);
    char id[2 * AUDIT_KEY_ID + 1], material[AUDIT_BASE64(sizeof key) + 1];
    csl_hex(vkey->id, AUDIT_KEY_ID, id);
    audit_base64(key, sizeof key, material);
    snprintf(out, AUDIT_VKEY, "%s+%s+%s", vkey->origin, id, material);
}

csl_status csl_audit_vkey_read(const char *file_or_text, char **vkey_text, csl_error *error)
{
    audit_vkey vkey;
    if (audit_vkey_parse_type(file_or_text, 0, &vkey, NULL) == CSL_OK) {
        *vkey_text = strdup(file_or_text);
        return *vkey_text ? CSL_OK : csl_fail(error, CSL_ENOMEM, NULL, "no memory");
    }
    *vkey_text = NULL;
    if (!csl_is_file(file_or_text)) {
        csl_status status =
            audit_vkey_parse_type(file_or_text, 0, &vkey, error); /* says what is wrong with the text */
        return strchr(file_or_text, '+')
                   ? status
                   : csl_fail(error, CSL_EUSAGE, file_or_text,
                              "is neither a file nor a verifier key (ORIGIN+HASH+BASE64)");
    }
    csl_status status = csl_read_file(file_or_text, 4096, vkey_text, NULL, error);
    if (status == CSL_OK) status = audit_vkey_parse_type(*vkey_text, 0, &vkey, error);
    if (status == CSL_EUSAGE && error) snprintf(error->place, sizeof error->place, "%s", file_or_text);
    if (status != CSL_OK) {
        free(*vkey_text);
        *vkey_text = NULL;
    }
    return status;
}

csl_status audit_vkey_verify(const audit_vkey *vkey, const void *text, size_t length,
                             const uint8_t signature[AUDIT_SIGNATURE], csl_error *error)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, vkey->public_key, AUDIT_PUBLIC);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    csl_status status = CSL_OK;
    if (!key || !context || EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) != 1)
        status = csl_fail(error, CSL_ECRYPTO, NULL, "OpenSSL cannot verify with this Ed25519 key");
    else if (EVP_DigestVerify(context, signature, AUDIT_SIGNATURE, text, length) != 1)
        status = csl_fail(error, CSL_ECRYPTO, NULL, "signature does not verify");
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return status;
}
