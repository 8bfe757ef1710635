#include "audit/pem.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <string.h>

/* Gives OpenSSL the passphrase; without one it would ask on the terminal. */
typedef struct asking {
    const csl_audit_passphrase *passphrase;
    const char *path;
    csl_status status;
    csl_error *error;
} asking;

static int give_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)writing;
    asking *a = context;
    if (!a->passphrase || size < 1) {
        a->status = csl_fail(a->error, CSL_ECRYPTO, a->path, "is encrypted, and there is no passphrase");
        return -1;
    }
    a->status = a->passphrase->ask(a->passphrase->context, a->path, buffer, (size_t)size, a->error);
    return a->status == CSL_OK ? (int)strnlen(buffer, (size_t)size) : -1;
}

csl_status audit_pem_read(const char *path, const char *pem, size_t length,
                          const csl_audit_passphrase *passphrase, EVP_PKEY **key, csl_error *error)
{
    asking a = {.passphrase = passphrase, .path = path, .error = error};
    BIO *bio = BIO_new_mem_buf(pem, (int)length);
    *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &a) : NULL;
    BIO_free(bio);
    if (*key) return CSL_OK;
    if (a.status != CSL_OK) return a.status;
    return csl_fail(error, CSL_ECRYPTO, path,
                    strstr(pem, "ENCRYPTED")
                        ? "cannot be decrypted: the passphrase is another, or the file was altered"
                        : "is not a private key in PEM (PKCS#8)");
}
