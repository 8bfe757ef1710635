#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/key.h"
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

csl_status csl_audit_keygen(const char *folder, const char *origin, csl_error *error)
{
    csl_status status = audit_check_origin(origin, strlen(origin), error);
    if (status != CSL_OK) return status;
    audit_vkey vkey = {0};
    memcpy(vkey.origin, origin, strlen(origin));
    char line[AUDIT_VKEY + 1], *pem_path = csl_path_join(folder, "audit.pem"),
                               *public_path = csl_path_join(folder, "audit.vkey"),
                               *pseudonyms_path = csl_path_join(folder, "audit.hmac");
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    BIO *bio = BIO_new(BIO_s_secmem());
    size_t public_length = AUDIT_PUBLIC;
    char *pem = NULL;
    long length = 0;
    if (!pem_path || !public_path || !pseudonyms_path) {
        status = csl_fail(error, CSL_ENOMEM, folder, "no memory");
        goto done;
    }
    if (!pkey || !bio || EVP_PKEY_get_raw_public_key(pkey, vkey.public_key, &public_length) != 1 ||
        PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) != 1 ||
        (length = BIO_get_mem_data(bio, &pem)) <= 0) {
        status = csl_fail(error, CSL_ECRYPTO, NULL, "OpenSSL cannot make an Ed25519 key");
        goto done;
    }
    status = audit_vkey_number(&vkey, error);
    if (status != CSL_OK) goto done;
    audit_vkey_format(&vkey, line);
    strcat(line, "\n");
    status = csl_make_folders(folder, error);
    if (status == CSL_OK && csl_is_file(public_path))
        status = csl_fail(error, CSL_EUSAGE, public_path, "exists already; a key is never overwritten");
    if (status == CSL_OK) status = audit_key_write_new(pem_path, pem, (size_t)length, 0600, error);
    if (status != CSL_OK) goto done;
    status = audit_key_write_new(public_path, line, strlen(line), 0644, error);
    if (status == CSL_OK && !csl_is_file(pseudonyms_path))
        status = csl_audit_pseudonyms_make(pseudonyms_path, error);
    if (status == CSL_OK) status = sync_folder(folder, error);
    if (status != CSL_OK) unlink(pem_path);
done:
    if (pem) OPENSSL_cleanse(pem, (size_t)length);
    BIO_free(bio);
    EVP_PKEY_free(pkey);
    free(pseudonyms_path);
    free(public_path);
    free(pem_path);
    return status;
}
