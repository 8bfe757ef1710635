#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/anchor.h"
#include "audit/key.h"
#include "audit/token.h"
#include "base/file.h"

csl_status audit_key_write_new(const char *path, const void *bytes, size_t length, mode_t mode,
                               csl_error *error)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (descriptor < 0) {
        if (errno == EEXIST)
            return csl_fail(error, CSL_EUSAGE, path, "exists already; a key is never overwritten");
        return csl_fail_errno(error, path, "cannot create");
    }
    /* The mode given to open is cut by the umask, never widened. */
    csl_status status = csl_write_all(descriptor, bytes, length, error);
    if (status == CSL_OK && fsync(descriptor) < 0) status = csl_fail_errno(error, path, "cannot sync");
    close(descriptor);
    if (status != CSL_OK) {
        if (error && !error->place[0]) snprintf(error->place, sizeof error->place, "%s", path);
        unlink(path);
    }
    return status;
}

static csl_status sync_folder(const char *path, csl_error *error)
{
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    csl_status status = CSL_OK;
    if (descriptor < 0 || fsync(descriptor) < 0) status = csl_fail_errno(error, path, "cannot sync");
    if (descriptor >= 0) close(descriptor);
    return status;
}

/* The files of a new key in a folder; `private` is the PEM or the URI. */
typedef struct place {
    char *private, *public, *pseudonyms;
} place;

static csl_status place_in(const char *folder, const char *private_name, place *p, csl_error *error)
{
    p->private = csl_path_join(folder, private_name);
    p->public = csl_path_join(folder, "audit.vkey");
    p->pseudonyms = csl_path_join(folder, "audit.hmac");
    return p->private && p->public && p->pseudonyms ? CSL_OK
                                                    : csl_fail(error, CSL_ENOMEM, folder, "no memory");
}

static void place_free(place *p)
{
    free(p->private);
    free(p->public);
    free(p->pseudonyms);
}

/* A key is never overwritten; the pseudonym key of the folder, if there is one, goes on. */
static csl_status write_files(const char *folder, const place *p, const void *private, size_t length,
                              audit_vkey *vkey, csl_error *error)
{
    char line[AUDIT_VKEY + 1];
    csl_status status = audit_vkey_number(vkey, error);
    if (status != CSL_OK) return status;
    audit_vkey_format(vkey, line);
    strcat(line, "\n");
    status = csl_make_folders(folder, error);
    if (status == CSL_OK && csl_is_file(p->public))
        status = csl_fail(error, CSL_EUSAGE, p->public, "exists already; a key is never overwritten");
    if (status == CSL_OK) status = audit_key_write_new(p->private, private, length, 0600, error);
    if (status != CSL_OK) return status;
    status = audit_key_write_new(p->public, line, strlen(line), 0644, error);
    if (status == CSL_OK && vkey->type == AUDIT_LOG_KEY && !csl_is_file(p->pseudonyms))
        status = csl_audit_pseudonyms_make(p->pseudonyms, error);
    if (status == CSL_OK) status = sync_folder(folder, error);
    if (status != CSL_OK) unlink(p->private);
    return status;
}

static csl_status begin(const char *origin, uint8_t type, audit_vkey *vkey, csl_error *error)
{
    *vkey = (audit_vkey){.type = type};
    csl_status status = audit_check_origin(origin, strlen(origin), error);
    if (status == CSL_OK) memcpy(vkey->origin, origin, strlen(origin));
    return status;
}

/* PKCS#8 in PEM, encrypted under a passphrase of that many bytes; 0: as it is. */
static bool write_pem(BIO *bio, EVP_PKEY *pkey, const char *passphrase, size_t length)
{
    enum { ROUNDS = 600000 /* OWASP's for PBKDF2 with HMAC-SHA-256 */ };
    if (!length) return PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) == 1;
    PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(pkey);
    X509_ALGOR *how = PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), ROUNDS, NULL, 0, NULL, NID_hmacWithSHA256);
    X509_SIG *sealed = plain && how ? PKCS8_set0_pbe(passphrase, (int)length, plain, how) : NULL;
    bool good = sealed && PEM_write_bio_PKCS8(bio, sealed) == 1;
    if (!sealed) X509_ALGOR_free(how); /* otherwise it is part of `sealed` */
    X509_SIG_free(sealed);
    PKCS8_PRIV_KEY_INFO_free(plain);
    return good;
}

static csl_status make(const char *folder, const char *origin, uint8_t type, const char *passphrase,
                       csl_error *error)
{
    audit_vkey vkey;
    place p = {0};
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    BIO *bio = BIO_new(BIO_s_secmem());
    size_t public_length = AUDIT_PUBLIC;
    char *pem = NULL;
    long length = 0;
    csl_status status = begin(origin, type, &vkey, error);
    if (status == CSL_OK) status = place_in(folder, "audit.pem", &p, error);
    if (status == CSL_OK &&
        (!pkey || !bio || EVP_PKEY_get_raw_public_key(pkey, vkey.public_key, &public_length) != 1 ||
         !write_pem(bio, pkey, passphrase, strlen(passphrase)) ||
         (length = BIO_get_mem_data(bio, &pem)) <= 0))
        status = csl_fail(error, CSL_ECRYPTO, NULL, "OpenSSL cannot make an Ed25519 key");
    if (status == CSL_OK) status = write_files(folder, &p, pem, (size_t)length, &vkey, error);
    if (pem) OPENSSL_cleanse(pem, (size_t)length);
    BIO_free(bio);
    EVP_PKEY_free(pkey);
    place_free(&p);
    return status;
}

csl_status csl_audit_keygen(const char *folder, const char *origin, csl_error *error)
{
    return make(folder, origin, AUDIT_LOG_KEY, "", error);
}

csl_status csl_audit_keygen_witness(const char *folder, const char *name, csl_error *error)
{
    return make(folder, name, AUDIT_WITNESS_KEY, "", error);
}

csl_status csl_audit_keygen_encrypted(const char *folder, const char *origin,
                                      const csl_audit_passphrase *passphrase, csl_error *error)
{
    char text[CSL_AUDIT_MAX_PASSPHRASE] = "";
    csl_status status = passphrase->ask(passphrase->context, "the new key", text, sizeof text, error);
    if (status == CSL_OK && strlen(text) < CSL_AUDIT_MIN_PASSPHRASE)
        status = csl_fail(error, CSL_EUSAGE, folder, "a passphrase has at least %d bytes, this one has %zu",
                          CSL_AUDIT_MIN_PASSPHRASE, strlen(text));
    if (status == CSL_OK) status = make(folder, origin, AUDIT_LOG_KEY, text, error);
    OPENSSL_cleanse(text, sizeof text);
    return status;
}

csl_status csl_audit_keygen_token(const char *folder, const char *origin, const char *uri,
                                  const csl_audit_passphrase *passphrase, csl_error *error)
{
    audit_vkey vkey;
    audit_token *token = NULL;
    place p = {0};
    size_t length = strlen(uri);
    char *line = malloc(length + 2);
    csl_status status =
        line ? begin(origin, AUDIT_LOG_KEY, &vkey, error) : csl_fail(error, CSL_ENOMEM, folder, "no memory");
    if (status == CSL_OK) status = place_in(folder, "audit.uri", &p, error);
    if (status == CSL_OK) status = audit_token_open(uri, passphrase, &token, vkey.public_key, error);
    if (status == CSL_OK) {
        memcpy(line, uri, length);
        strcpy(line + length, "\n");
        status = write_files(folder, &p, line, length + 1, &vkey, error);
    }
    audit_token_close(token);
    free(line);
    place_free(&p);
    return status;
}
