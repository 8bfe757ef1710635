#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* OpenSSL looks EVP_sha256() up anew at each use, which takes longer than hashing a line of text. */
static const EVP_MD *sha256(void)
{
    static EVP_MD *_Atomic found; /* for the life of the program */
    EVP_MD *md = atomic_load(&found), *nothing = NULL;
    if (md || !(md = EVP_MD_fetch(NULL, "SHA256", NULL)) ||
        atomic_compare_exchange_strong(&found, &nothing, md))
        return md;
    EVP_MD_free(md);
    return nothing; /* another thread was first */
}

csl_status csl_sha256(const void *bytes, size_t length, csl_digest *digest, csl_error *error)
{
    const EVP_MD *md = sha256();
    if (!md || !EVP_Digest(bytes, length, digest->bytes, NULL, md, NULL))
        return csl_fail(error, CSL_ECRYPTO, NULL, "OpenSSL cannot compute SHA-256");
    return CSL_OK;
}

csl_status csl_sha256_descriptor(int descriptor, const char *name, csl_digest *digest, csl_error *error)
{
    csl_status status = CSL_OK;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *md = sha256();
    if (!context || !md || !EVP_DigestInit_ex2(context, md, NULL)) {
        status = csl_fail(error, CSL_ECRYPTO, name, "OpenSSL cannot compute SHA-256");
        goto done;
    }
    unsigned char piece[65536];
    for (off_t offset = 0;;) {
        ssize_t got = pread(descriptor, piece, sizeof piece, offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            status = csl_fail_errno(error, name, "cannot read");
            goto done;
        }
        if (got == 0) break;
        EVP_DigestUpdate(context, piece, (size_t)got);
        offset += got;
    }
    EVP_DigestFinal_ex(context, digest->bytes, NULL);
done:
    EVP_MD_CTX_free(context);
    return status;
}

csl_status csl_sha256_file(const char *path, char hex[CSL_SHA256_HEX], csl_error *error)
{
    csl_digest digest;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return csl_fail_errno(error, path, "cannot open");
    csl_status status = csl_sha256_descriptor(descriptor, path, &digest, error);
    close(descriptor);
    if (status == CSL_OK) csl_digest_hex(&digest, hex);
    return status;
}

void csl_hex(const uint8_t *bytes, size_t length, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < length; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * length] = 0;
}

void csl_digest_hex(const csl_digest *digest, char out[CSL_SHA256_HEX])
{
    csl_hex(digest->bytes, CSL_SHA256_BYTES, out);
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

csl_status csl_unhex(const char *text, uint8_t *bytes, size_t length, csl_error *error)
{
    if (strlen(text) != 2 * length)
        return csl_fail(error, CSL_EFORMAT, NULL, "expected %zu hexadecimal digits, found %zu characters",
                        2 * length, strlen(text));
    for (size_t i = 0; i < length; i++) {
        int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return csl_fail(error, CSL_EFORMAT, NULL, "'%c' is not a hexadecimal digit",
                            text[high < 0 ? 2 * i : 2 * i + 1]);
        bytes[i] = (uint8_t)(high * 16 + low);
    }
    return CSL_OK;
}
