#include "audit/key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "audit/text.h"
#include "base/file.h"

enum { SEED = 32, MAX_PEM = 16384, SIGNATURE_TYPE = 0x01 /* Ed25519, C2SP signed-note */ };

/* The private half lives in a page of its own, which is kept out of swap and core dumps and arrives zeroed in
 * a forked child, so that no worker ever holds it. Each of the three is asked for and done without where the
 * kernel refuses. */
typedef struct secret {
    uint8_t seed[SEED]; /* RFC 8032 section 5.1.5: the private key */
    uint8_t present;    /* 0 in a forked child */
} secret;

struct csl_audit_key {
    audit_vkey vkey;
    secret *secret;
};

/* ---- the public half ---- */

/* A name that signed-note allows, and narrower: graphic ASCII alone, so that no two origins look the same. */
static csl_status check_origin(const char *origin, size_t length, csl_error *error)
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

static csl_status derive_id(audit_vkey *vkey, csl_error *error)
{
    uint8_t text[AUDIT_ORIGIN + 2 + AUDIT_PUBLIC];
    size_t length = strlen(vkey->origin);
    memcpy(text, vkey->origin, length);
    text[length++] = '\n';
    text[length++] = SIGNATURE_TYPE;
    memcpy(text + length, vkey->public_key, AUDIT_PUBLIC);
    csl_digest digest;
    csl_status status = csl_sha256(text, length + AUDIT_PUBLIC, &digest, error);
    if (status == CSL_OK) memcpy(vkey->id, digest.bytes, AUDIT_KEY_ID);
    return status;
}

csl_status audit_vkey_parse(const char *text, audit_vkey *vkey, csl_error *error)
{
    static const char form[] = "a verifier key is one line ORIGIN+HASH+BASE64";
    *vkey = (audit_vkey){0};
    size_t length = strlen(text);
    while (length && strchr(" \t\r\n", text[length - 1])) length--;
    const char *hash = memchr(text, '+', length);
    const char *material = hash ? memchr(hash + 1, '+', length - (size_t)(hash + 1 - text)) : NULL;
    if (!material) return csl_fail(error, CSL_EUSAGE, NULL, "%s; this one lacks a '+'", form);
    csl_status status = check_origin(text, (size_t)(hash - text), error);
    if (status != CSL_OK) return status;
    memcpy(vkey->origin, text, (size_t)(hash - text));
    hash++;
    material++;
    uint8_t key[1 + AUDIT_PUBLIC];
    if (audit_unbase64(material, length - (size_t)(material - text), key, sizeof key) != sizeof key)
        return csl_fail(error, CSL_EUSAGE, NULL, "%s; its last part is not base64 of %zu bytes", form,
                        sizeof key);
    if (key[0] != SIGNATURE_TYPE)
        return csl_fail(error, CSL_EUSAGE, NULL, "the verifier key is of type %u, only 1 (Ed25519) is known",
                        key[0]);
    memcpy(vkey->public_key, key + 1, AUDIT_PUBLIC);
    status = derive_id(vkey, error);
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
    uint8_t key[1 + AUDIT_PUBLIC] = {SIGNATURE_TYPE};
    memcpy(key + 1, vkey->public_key, AUDIT_PUBLIC);
    char id[2 * AUDIT_KEY_ID + 1], material[AUDIT_BASE64(sizeof key) + 1];
    csl_hex(vkey->id, AUDIT_KEY_ID, id);
    audit_base64(key, sizeof key, material);
    snprintf(out, AUDIT_VKEY, "%s+%s+%s", vkey->origin, id, material);
}

csl_status csl_audit_vkey_read(const char *file_or_text, char **vkey_text, csl_error *error)
{
    audit_vkey vkey;
    if (audit_vkey_parse(file_or_text, &vkey, NULL) == CSL_OK) {
        *vkey_text = strdup(file_or_text);
        return *vkey_text ? CSL_OK : csl_fail(error, CSL_ENOMEM, NULL, "no memory");
    }
    *vkey_text = NULL;
    if (!csl_is_file(file_or_text)) {
        csl_status status =
            audit_vkey_parse(file_or_text, &vkey, error); /* says what is wrong with the text */
        return strchr(file_or_text, '+')
                   ? status
                   : csl_fail(error, CSL_EUSAGE, file_or_text,
                              "is neither a file nor a verifier key (ORIGIN+HASH+BASE64)");
    }
    csl_status status = csl_read_file(file_or_text, 4096, vkey_text, NULL, error);
    if (status == CSL_OK) status = audit_vkey_parse(*vkey_text, &vkey, error);
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

/* ---- the private half ---- */

static secret *secret_new(void)
{
    void *page = mmap(NULL, sizeof(secret), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return NULL;
    (void)mlock(page, sizeof(secret));
    (void)madvise(page, sizeof(secret), MADV_DONTDUMP);
    (void)madvise(page, sizeof(secret), MADV_WIPEONFORK);
    return page;
}

static void secret_free(secret *s)
{
    if (!s) return;
    OPENSSL_cleanse(s, sizeof *s);
    munmap(s, sizeof *s);
}

void csl_audit_key_free(csl_audit_key *key)
{
    if (!key) return;
    secret_free(key->secret);
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

/* audit.pem -> audit.vkey; any other name gets ".vkey" behind it. */
static char *vkey_path(const char *pem_path)
{
    size_t length = strlen(pem_path), ending = sizeof ".pem" - 1;
    if (length > ending && !strcmp(pem_path + length - ending, ".pem")) length -= ending;
    char *path = malloc(length + sizeof ".vkey");
    if (path) snprintf(path, length + sizeof ".vkey", "%.*s.vkey", (int)length, pem_path);
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
    size_t seed_length = SEED, public_length = AUDIT_PUBLIC;
    if (!pkey)
        status = csl_fail(error, CSL_ECRYPTO, path, "is not an unencrypted private key in PEM (PKCS#8)");
    else if (EVP_PKEY_get_id(pkey) != EVP_PKEY_ED25519)
        status =
            csl_fail(error, CSL_ECRYPTO, path, "is not an Ed25519 key; `consilium audit keygen` makes one");
    else if (EVP_PKEY_get_raw_private_key(pkey, key->secret->seed, &seed_length) != 1 ||
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
    char *path = vkey_path(pem_path), *text = NULL;
    csl_audit_key *key = calloc(1, sizeof *key);
    csl_status status = CSL_OK;
    audit_vkey vkey;
    if (!path || !key || !(key->secret = secret_new())) {
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
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->secret->seed, SEED);
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

/* A file that must not exist yet, durable. */
static csl_status write_new(const char *path, const void *bytes, size_t length, mode_t mode, csl_error *error)
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

csl_status csl_audit_keygen(const char *folder, const char *origin, csl_error *error)
{
    csl_status status = check_origin(origin, strlen(origin), error);
    if (status != CSL_OK) return status;
    audit_vkey vkey = {0};
    memcpy(vkey.origin, origin, strlen(origin));
    char line[AUDIT_VKEY + 1], *pem_path = csl_path_join(folder, "audit.pem"),
                               *public_path = csl_path_join(folder, "audit.vkey");
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    BIO *bio = BIO_new(BIO_s_secmem());
    size_t public_length = AUDIT_PUBLIC;
    char *pem = NULL;
    long length = 0;
    if (!pem_path || !public_path) {
        status = csl_fail(error, CSL_ENOMEM, folder, "no memory");
        goto done;
    }
    if (!pkey || !bio || EVP_PKEY_get_raw_public_key(pkey, vkey.public_key, &public_length) != 1 ||
        PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) != 1 ||
        (length = BIO_get_mem_data(bio, &pem)) <= 0) {
        status = csl_fail(error, CSL_ECRYPTO, NULL, "OpenSSL cannot make an Ed25519 key");
        goto done;
    }
    status = derive_id(&vkey, error);
    if (status != CSL_OK) goto done;
    audit_vkey_format(&vkey, line);
    strcat(line, "\n");
    status = csl_make_folders(folder, error);
    if (status == CSL_OK && csl_is_file(public_path))
        status = csl_fail(error, CSL_EUSAGE, public_path, "exists already; a key is never overwritten");
    if (status == CSL_OK) status = write_new(pem_path, pem, (size_t)length, 0600, error);
    if (status != CSL_OK) goto done;
    status = write_new(public_path, line, strlen(line), 0644, error);
    if (status == CSL_OK) status = sync_folder(folder, error);
    if (status != CSL_OK) unlink(pem_path);
done:
    if (pem) OPENSSL_cleanse(pem, (size_t)length);
    BIO_free(bio);
    EVP_PKEY_free(pkey);
    free(public_path);
    free(pem_path);
    return status;
}
