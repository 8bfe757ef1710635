#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/anchor.h"
#include "audit/checkpoint.h"
#include "audit/range.h"
#include "audit/tile.h"
#include "audit/writer.h"
#include "base/file.h"

#define PLACE "timestamp"

/* OpenSSL 3.4 renamed it. */
#if OPENSSL_VERSION_NUMBER >= 0x30400000L
#define trust TS_VERIFY_CTX_set0_store
#else
#define trust TS_VERIFY_CTX_set_store
#endif

enum { NONCE = 16, MAX_NAMES = 1 << 20 };

/* ---- the queue ---- */

static void name_of(uint64_t size, const char *ending, char out[AUDIT_NAME])
{
    snprintf(out, AUDIT_NAME, PLACE "/%" PRIu64 "%s", size, ending);
}

/* "17.note" -> 17; names of other kinds are passed over. */
static bool size_of(const char *name, const char *ending, uint64_t *size)
{
    char again[AUDIT_NAME], *end;
    if (name[0] < '0' || name[0] > '9') return false;
    *size = strtoull(name, &end, 10);
    snprintf(again, sizeof again, "%" PRIu64 "%s", *size, ending);
    return !strcmp(again, name);
}

static int in_order(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* All sizes with a file of that ending, smallest first; malloc'ed, at least one item long. */
static csl_status list_sizes(const audit_folder *folder, const char *ending, uint64_t **sizes, size_t *count,
                             csl_error *error)
{
    *count = 0;
    size_t room = 64;
    *sizes = calloc(room, sizeof **sizes);
    if (!*sizes) return csl_fail(error, CSL_ENOMEM, folder->path, "no memory");
    int descriptor = openat(folder->descriptor, PLACE, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0)
        return errno == ENOENT ? CSL_OK : csl_fail_errno(error, folder->path, PLACE ": cannot open");
    DIR *stream = fdopendir(descriptor);
    if (!stream) {
        close(descriptor);
        return csl_fail(error, CSL_ENOMEM, folder->path, "no memory");
    }
    csl_status status = CSL_OK;
    for (const struct dirent *entry; status == CSL_OK && (entry = readdir(stream));) {
        uint64_t size;
        if (!size_of(entry->d_name, ending, &size)) continue;
        if (*count == room) {
            uint64_t *more = *count < MAX_NAMES ? reallocarray(*sizes, room *= 2, sizeof **sizes) : NULL;
            if (!more) {
                status =
                    csl_fail(error, CSL_ELIMIT, folder->path, PLACE ": holds more than %zu files", *count);
                break;
            }
            *sizes = more;
        }
        (*sizes)[(*count)++] = size;
    }
    closedir(stream);
    qsort(*sizes, *count, sizeof **sizes, in_order);
    return status;
}

static bool is_there(const audit_folder *folder, uint64_t size, const char *ending)
{
    char name[AUDIT_NAME];
    name_of(size, ending, name);
    return faccessat(folder->descriptor, name, F_OK, 0) == 0;
}

/* Leaves in `sizes` those that have no answer yet. */
static csl_status list_waiting(const audit_folder *folder, uint64_t **sizes, size_t *count, csl_error *error)
{
    csl_status status = list_sizes(folder, ".note", sizes, count, error);
    size_t kept = 0;
    for (size_t i = 0; status == CSL_OK && i < *count; i++)
        if (!is_there(folder, (*sizes)[i], ".tsr")) (*sizes)[kept++] = (*sizes)[i];
    *count = kept;
    return status;
}

csl_status csl_audit_timestamp_waiting(const char *path, uint64_t sizes[CSL_AUDIT_MAX_WAITING], size_t *count,
                                       csl_error *error)
{
    audit_folder folder;
    uint64_t *all = NULL;
    *count = 0;
    csl_status status = audit_folder_open(path, &folder, error);
    if (status == CSL_OK) status = list_waiting(&folder, &all, count, error);
    if (*count > CSL_AUDIT_MAX_WAITING) *count = CSL_AUDIT_MAX_WAITING;
    if (status == CSL_OK) memcpy(sizes, all, *count * sizeof *sizes);
    free(all);
    audit_folder_close(&folder);
    return status;
}

static csl_status read_note(const audit_folder *folder, const char *name, csl_buffer *note,
                            audit_checkpoint *checkpoint, csl_error *error)
{
    csl_status status = audit_file_read(folder, name, note, error);
    return status == CSL_OK
               ? audit_checkpoint_read(folder->path, note->length ? (const char *)note->bytes : "",
                                       note->length, NULL, checkpoint, error)
               : status;
}

csl_status csl_audit_timestamp_queue(const char *path, size_t *dropped, csl_error *error)
{
    audit_folder folder;
    audit_checkpoint checkpoint;
    csl_buffer note;
    uint64_t *waiting = NULL;
    size_t count = 0;
    char name[AUDIT_NAME];
    *dropped = 0;
    csl_buffer_init(&note, AUDIT_MAX_CHECKPOINT);
    csl_status status = audit_folder_open(path, &folder, error);
    if (status == CSL_OK) status = read_note(&folder, "checkpoint", &note, &checkpoint, error);
    if (status != CSL_OK || !checkpoint.size || is_there(&folder, checkpoint.size, ".note")) goto done;
    if (mkdirat(folder.descriptor, PLACE, 0777) < 0 && errno != EEXIST) {
        status = csl_fail_errno(error, path, PLACE ": cannot make");
        goto done;
    }
    name_of(checkpoint.size, ".note", name);
    char *full = csl_path_join(path, name);
    status = full ? csl_write_file_atomic(full, note.bytes, note.length, error)
                  : csl_fail(error, CSL_ENOMEM, path, "no memory");
    free(full);
    if (status == CSL_OK && fsync(folder.descriptor) < 0) status = csl_fail_errno(error, path, "cannot sync");
    if (status == CSL_OK) status = list_waiting(&folder, &waiting, &count, error);
    for (size_t i = 0; status == CSL_OK && count - i > CSL_AUDIT_MAX_WAITING; i++) {
        name_of(waiting[i], ".note", name);
        if (unlinkat(folder.descriptor, name, 0) == 0)
            ++*dropped;
        else
            status = csl_fail_errno(error, path, "%s: cannot remove", name);
    }
done:
    free(waiting);
    csl_buffer_free(&note);
    audit_folder_close(&folder);
    return status;
}

/* ---- asking ---- */

/* A request for the hash of a note; nonce NULL: none. NULL if OpenSSL refuses. */
static TS_REQ *make_request(const csl_buffer *note, const uint8_t *nonce)
{
    csl_digest digest;
    TS_REQ *request = TS_REQ_new();
    TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    X509_ALGOR *hash = X509_ALGOR_new();
    ASN1_INTEGER *number = NULL;
    BIGNUM *big = nonce ? BN_bin2bn(nonce, NONCE, NULL) : NULL;
    if (hash) X509_ALGOR_set_md(hash, EVP_sha256());
    bool good = request && imprint && hash &&
                csl_sha256(note->bytes, note->length, &digest, NULL) == CSL_OK &&
                TS_REQ_set_version(request, 1) && TS_MSG_IMPRINT_set_algo(imprint, hash) &&
                TS_MSG_IMPRINT_set_msg(imprint, digest.bytes, sizeof digest.bytes) &&
                TS_REQ_set_msg_imprint(request, imprint) && TS_REQ_set_cert_req(request, 1);
    if (good && nonce)
        good = big && (number = BN_to_ASN1_INTEGER(big, NULL)) && TS_REQ_set_nonce(request, number);
    BN_free(big);
    ASN1_INTEGER_free(number);
    X509_ALGOR_free(hash);
    TS_MSG_IMPRINT_free(imprint);
    if (good) return request;
    TS_REQ_free(request);
    return NULL;
}

csl_status csl_audit_timestamp_request(const char *path, uint64_t size, csl_buffer *out, csl_error *error)
{
    audit_folder folder;
    csl_buffer note;
    char name[AUDIT_NAME];
    uint8_t nonce[NONCE], *der = NULL;
    TS_REQ *request = NULL;
    csl_buffer_init(&note, AUDIT_MAX_CHECKPOINT);
    name_of(size, ".note", name);
    csl_status status = audit_folder_open(path, &folder, error);
    if (status == CSL_OK) status = audit_file_read(&folder, name, &note, error);
    if (status != CSL_OK) goto done;
    int length = RAND_bytes(nonce, NONCE) == 1 && (request = make_request(&note, nonce))
                     ? i2d_TS_REQ(request, &der)
                     : 0;
    csl_buffer_clear(out);
    if (length <= 0 || !csl_buffer_append(out, der, (size_t)length))
        status = csl_fail(error, CSL_ECRYPTO, path, "OpenSSL cannot make a timestamp request");
done:
    OPENSSL_free(der);
    TS_REQ_free(request);
    csl_buffer_free(&note);
    audit_folder_close(&folder);
    return status;
}

/* ---- answers ---- */

static csl_status refuse(const char *place, const char *what, csl_error *error)
{
    char text[256] = "";
    unsigned long code = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(code);
    snprintf(text, sizeof text, "%s%s", reason ? ": " : "", reason ? reason : "");
    ERR_clear_error();
    return csl_fail(error, CSL_ECRYPTO, place, "%s%s", what, text);
}

/* What the authority says where it grants nothing. */
static csl_status check_granted(const char *place, TS_RESP *answer, csl_error *error)
{
    TS_STATUS_INFO *info = TS_RESP_get_status_info(answer);
    long code = info ? ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(info)) : -1;
    if ((code == TS_STATUS_GRANTED || code == TS_STATUS_GRANTED_WITH_MODS) && TS_RESP_get_token(answer))
        return CSL_OK;
    const STACK_OF(ASN1_UTF8STRING) *texts = info ? TS_STATUS_INFO_get0_text(info) : NULL;
    const ASN1_UTF8STRING *first =
        texts && sk_ASN1_UTF8STRING_num(texts) ? sk_ASN1_UTF8STRING_value(texts, 0) : NULL;
    return csl_fail(error, CSL_ECRYPTO, place, "the authority grants no timestamp (status %ld)%s%.*s", code,
                    first ? ": " : "", first ? ASN1_STRING_length(first) : 0,
                    first ? (const char *)ASN1_STRING_get0_data(first) : "");
}

/* Holds an answer against a request: hash and nonce, and the signature if there is a store. */
static bool verify_answer(TS_REQ *request, TS_RESP *answer, X509_STORE *store)
{
    TS_VERIFY_CTX *context = TS_REQ_to_TS_VERIFY_CTX(request, NULL);
    if (context && store) {
        X509_STORE_up_ref(store);
        trust(context, store);
        TS_VERIFY_CTX_add_flags(context, TS_VFY_SIGNATURE);
    }
    bool good = context && TS_RESP_verify_response(context, answer) == 1;
    TS_VERIFY_CTX_free(context);
    return good;
}

csl_status csl_audit_timestamp_accept(const char *path, uint64_t size, const csl_buffer *asked,
                                      const void *bytes, size_t length, csl_error *error)
{
    const uint8_t *at = asked->bytes, *from = bytes;
    char name[AUDIT_NAME];
    name_of(size, ".tsr", name);
    if (length > CSL_AUDIT_MAX_TIMESTAMP)
        return csl_fail(error, CSL_ELIMIT, path, "a timestamp has %zu bytes and may have %d", length,
                        CSL_AUDIT_MAX_TIMESTAMP);
    TS_REQ *request = d2i_TS_REQ(NULL, &at, (long)asked->length);
    TS_RESP *answer = d2i_TS_RESP(NULL, &from, (long)length);
    csl_status status = CSL_OK;
    if (!request || !answer || from != (const uint8_t *)bytes + length)
        status = refuse(path, "the answer is no timestamp (RFC 3161, DER)", error);
    if (status == CSL_OK) status = check_granted(path, answer, error);
    if (status == CSL_OK && !verify_answer(request, answer, NULL))
        status = refuse(path, "the timestamp is not for what was asked", error);
    char *full = csl_path_join(path, name);
    if (status == CSL_OK)
        status = full ? csl_write_file_atomic(full, bytes, length, error)
                      : csl_fail(error, CSL_ENOMEM, path, "no memory");
    ERR_clear_error();
    free(full);
    TS_REQ_free(request);
    TS_RESP_free(answer);
    return status;
}

/* ---- verifying ---- */

typedef struct stamps {
    audit_folder folder;
    audit_hasher hasher;
    audit_checkpoint log;
    X509_STORE *store;
    csl_buffer note, answer;
} stamps;

/* The checkpoint of the timestamp must be one of this log. */
static csl_status check_note(stamps *s, uint64_t size, csl_error *error)
{
    char name[AUDIT_NAME];
    audit_checkpoint checkpoint;
    csl_digest root;
    name_of(size, ".note", name);
    csl_status status = read_note(&s->folder, name, &s->note, &checkpoint, error);
    if (status != CSL_OK) return status;
    if (checkpoint.size != size || !size || size > s->log.size ||
        strcmp(checkpoint.origin, s->log.origin) != 0)
        return csl_fail(error, CSL_EFORMAT, s->folder.path,
                        "%s: is no checkpoint of the first %" PRIu64 " of this log's %" PRIu64 " entries",
                        name, size, s->log.size);
    status = audit_range_root(&s->folder, &s->hasher, s->log.size, 0, size, &root, error);
    if (status == CSL_OK && (s->hasher.failed || memcmp(&root, &checkpoint.root, sizeof root) != 0))
        status =
            csl_fail(error, CSL_EFORMAT, s->folder.path,
                     "%s: has another root than the log's first %" PRIu64 " entries: they were written anew",
                     name, size);
    return status;
}

static bool read_time(TS_RESP *answer, struct tm *parts)
{
    const TS_TST_INFO *info = TS_RESP_get_tst_info(answer);
    const ASN1_GENERALIZEDTIME *time = info ? TS_TST_INFO_get_time(info) : NULL;
    return time && ASN1_TIME_to_tm(time, parts) == 1;
}

static csl_status check_stamp(stamps *s, uint64_t size, char time[32], csl_error *error)
{
    char name[AUDIT_NAME];
    csl_status status = check_note(s, size, error);
    if (status != CSL_OK) return status;
    name_of(size, ".tsr", name);
    status = audit_file_read(&s->folder, name, &s->answer, error);
    if (status != CSL_OK) return status;
    const uint8_t *at = s->answer.length ? s->answer.bytes : (const uint8_t *)"";
    TS_RESP *answer = d2i_TS_RESP(NULL, &at, (long)s->answer.length);
    TS_REQ *request = make_request(&s->note, NULL);
    char place[sizeof error->place];
    struct tm when = {0};
    snprintf(place, sizeof place, "%.150s/%s", s->folder.path, name);
    /* Certificates run out; what counts is that they held at the time that they vouch for. */
    if (!answer || !request || !read_time(answer, &when))
        status = refuse(place, "is no timestamp (RFC 3161, DER)", error);
    else
        X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(s->store), timegm(&when));
    if (status != CSL_OK)
        ;
    else if ((status = check_granted(place, answer, error)) == CSL_OK &&
             !verify_answer(request, answer, s->store))
        status = refuse(place, "does not verify", error);
    else if (status == CSL_OK)
        strftime(time, 32, "%Y-%m-%dT%H:%M:%SZ", &when);
    TS_RESP_free(answer);
    TS_REQ_free(request);
    return status;
}

csl_status csl_audit_timestamps_verify(const char *path, const char *authorities,
                                       csl_audit_timestamp_visit visit, void *context, csl_error *error)
{
    stamps s = {.store = X509_STORE_new()};
    uint64_t *sizes = NULL;
    size_t count = 0;
    csl_buffer_init(&s.note, AUDIT_MAX_CHECKPOINT);
    csl_buffer_init(&s.answer, CSL_AUDIT_MAX_TIMESTAMP);
    csl_status status = audit_folder_open(path, &s.folder, error);
    if (status == CSL_OK) status = audit_hasher_open(&s.hasher, error);
    if (status == CSL_OK && (!s.store || X509_STORE_load_file(s.store, authorities) != 1)) {
        status = csl_fail(error, CSL_EUSAGE, authorities, "holds no certificates in PEM");
        ERR_clear_error();
    }
    if (status == CSL_OK) status = read_note(&s.folder, "checkpoint", &s.note, &s.log, error);
    if (status == CSL_OK) status = list_sizes(&s.folder, ".tsr", &sizes, &count, error);
    for (size_t i = 0; status == CSL_OK && i < count; i++) {
        char time[32] = "";
        status = check_stamp(&s, sizes[i], time, error);
        if (status == CSL_OK) visit(context, sizes[i], time);
    }
    free(sizes);
    csl_buffer_free(&s.note);
    csl_buffer_free(&s.answer);
    audit_hasher_close(&s.hasher);
    audit_folder_close(&s.folder);
    X509_STORE_free(s.store);
    return status;
}
