/* The signature of an X.509 certificate over each checkpoint: detached CMS (RFC 5652). */
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/anchor.h"
#include "audit/engine.h"
#include "audit/log.h"
#include "audit/pem.h"
#include "base/file.h"

static const char name[] = "checkpoint.p7s";
enum { SECURE_HEAP = 1 << 16, MAX_CERTIFICATES = 1 << 18, MAX_SIGNATURE = 1 << 18 };

struct csl_audit_signer {
    EVP_PKEY *key;
    X509 *certificate;
    STACK_OF(X509) * above;
};

static csl_status refuse(const char *place, const char *what, csl_error *error)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    csl_status status =
        csl_fail(error, CSL_ECRYPTO, place, "%s%s%s", what, reason ? ": " : "", reason ? reason : "");
    ERR_clear_error();
    return status;
}

static csl_status read_certificates(const char *path, csl_audit_signer *s, csl_error *error)
{
    char *pem = NULL;
    size_t length = 0;
    csl_status status = csl_read_file(path, MAX_CERTIFICATES, &pem, &length, error);
    if (status != CSL_OK) return status;
    BIO *bio = BIO_new_mem_buf(pem, (int)length);
    s->certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    if (!s->certificate) status = refuse(path, "holds no certificate in PEM", error);
    for (X509 *next; status == CSL_OK && (next = PEM_read_bio_X509(bio, NULL, NULL, NULL));)
        if (!sk_X509_push(s->above, next)) {
            X509_free(next);
            status = csl_fail(error, CSL_ENOMEM, path, "no memory for a certificate");
        }
    ERR_clear_error(); /* the end of the file is an error to OpenSSL */
    BIO_free(bio);
    free(pem);
    return status;
}

csl_status csl_audit_signer_load(const char *key, const char *certificate,
                                 const csl_audit_passphrase *passphrase, csl_audit_signer **out,
                                 csl_error *error)
{
    *out = NULL;
    char *pem = NULL;
    size_t length = 0;
    csl_audit_signer *s = calloc(1, sizeof *s);
    if (!s || !(s->above = sk_X509_new_null())) {
        free(s);
        return csl_fail(error, CSL_ENOMEM, key, "no memory");
    }
    if (!CRYPTO_secure_malloc_initialized()) (void)CRYPTO_secure_malloc_init(SECURE_HEAP, 32);
    csl_status status = csl_read_file(key, AUDIT_MAX_PEM, &pem, &length, error);
    if (status == CSL_OK && !strncmp(pem, "pkcs11:", 7)) {
        pem[strcspn(pem, "\r\n")] = 0;
        status = audit_engine_key(pem, passphrase, &s->key, error);
    } else if (status == CSL_OK)
        status = audit_pem_read(key, pem, length, passphrase, &s->key, error);
    if (status == CSL_OK) status = read_certificates(certificate, s, error);
    if (status == CSL_OK && X509_check_private_key(s->certificate, s->key) != 1) {
        ERR_clear_error();
        status = csl_fail(error, CSL_EMISMATCH, certificate, "its first certificate is not that of %s", key);
    }
    if (pem) OPENSSL_cleanse(pem, length);
    free(pem);
    if (status == CSL_OK)
        *out = s;
    else
        csl_audit_signer_free(s);
    return status;
}

void csl_audit_signer_free(csl_audit_signer *s)
{
    if (!s) return;
    EVP_PKEY_free(s->key);
    X509_free(s->certificate);
    sk_X509_pop_free(s->above, X509_free);
    free(s);
}

csl_status audit_log_certify(const csl_audit_log *log, csl_error *error)
{
    if (!log->signer) {
        if (unlinkat(log->folder.descriptor, name, 0) < 0 && errno != ENOENT)
            return csl_fail_errno(error, log->path, "%s: cannot remove", name);
        return CSL_OK;
    }
    const csl_audit_signer *s = log->signer;
    BIO *text = BIO_new_mem_buf(log->note.bytes, (int)log->note.length);
    CMS_ContentInfo *cms =
        text ? CMS_sign(s->certificate, s->key, s->above, text, CMS_DETACHED | CMS_BINARY | CMS_NOSMIMECAP)
             : NULL;
    uint8_t *der = NULL;
    int length = cms ? i2d_CMS_ContentInfo(cms, &der) : 0;
    csl_status status =
        length > 0 ? audit_replace(&log->folder, name, der, (size_t)length, false, error)
                   : refuse(log->path, "OpenSSL cannot sign the checkpoint with the certificate", error);
    OPENSSL_free(der);
    CMS_ContentInfo_free(cms);
    BIO_free(text);
    return status;
}

csl_status csl_audit_certify(csl_audit_log *log, const csl_audit_signer *signer, csl_error *error)
{
    if (log->broken) return audit_log_refuse(log, error);
    /* The newest checkpoint is in hand from the first commit on. */
    csl_status status = csl_audit_publish(log, error);
    if (status == CSL_OK) status = audit_file_read(&log->folder, "checkpoint", &log->note, error);
    log->signer = signer;
    return status == CSL_OK ? audit_log_certify(log, error) : status;
}

csl_status csl_audit_certified(const char *path, const char *authorities, char subject[256], csl_error *error)
{
    audit_folder folder;
    csl_buffer note, signature;
    csl_buffer_init(&note, AUDIT_MAX_CHECKPOINT);
    csl_buffer_init(&signature, MAX_SIGNATURE);
    X509_STORE *store = X509_STORE_new();
    CMS_ContentInfo *cms = NULL;
    BIO *text = NULL;
    csl_status status = audit_folder_open(path, &folder, error);
    if (status == CSL_OK && (!store || X509_STORE_load_file(store, authorities) != 1)) {
        ERR_clear_error();
        status = csl_fail(error, CSL_EUSAGE, authorities, "holds no certificates in PEM");
    }
    if (status == CSL_OK) status = audit_file_read(&folder, "checkpoint", &note, error);
    if (status == CSL_OK) status = audit_file_read(&folder, name, &signature, error);
    if (status != CSL_OK) goto done;
    /* A hospital's CA may give a certificate any purpose; what it is for here is agreed by naming the CA. */
    X509_STORE_set_purpose(store, X509_PURPOSE_ANY);
    const uint8_t *at = signature.length ? signature.bytes : (const uint8_t *)"";
    cms = d2i_CMS_ContentInfo(NULL, &at, (long)signature.length);
    text = BIO_new_mem_buf(note.bytes ? (const void *)note.bytes : "", (int)note.length);
    if (!cms || !text || CMS_verify(cms, NULL, store, text, NULL, CMS_DETACHED | CMS_BINARY) != 1) {
        status = refuse(path, "checkpoint.p7s: does not verify", error);
        goto done;
    }
    STACK_OF(X509) *signers = CMS_get0_signers(cms);
    if (signers && sk_X509_num(signers) > 0)
        X509_NAME_oneline(X509_get_subject_name(sk_X509_value(signers, 0)), subject, 256);
    sk_X509_free(signers);
done:
    ERR_clear_error();
    CMS_ContentInfo_free(cms);
    BIO_free(text);
    X509_STORE_free(store);
    csl_buffer_free(&note);
    csl_buffer_free(&signature);
    audit_folder_close(&folder);
    return status;
}
