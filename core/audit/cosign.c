/* The log's side of C2SP tlog-witness. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/anchor.h"
#include "audit/log.h"
#include "audit/range.h"
#include "audit/text.h"

static csl_status read_checkpoint(const audit_folder *folder, csl_buffer *note, audit_checkpoint *checkpoint,
                                  csl_error *error)
{
    csl_status status = audit_file_read(folder, "checkpoint", note, error);
    return status == CSL_OK
               ? audit_checkpoint_read(folder->path, note->length ? (const char *)note->bytes : "",
                                       note->length, NULL, checkpoint, error)
               : status;
}

csl_status csl_audit_cosign_request(const char *path, uint64_t old, csl_buffer *request, csl_error *error)
{
    audit_folder folder;
    audit_hasher hasher = {0};
    audit_checkpoint checkpoint;
    csl_buffer note;
    csl_digest proof[AUDIT_CONSISTENCY];
    size_t count = 0;
    csl_buffer_init(&note, AUDIT_MAX_CHECKPOINT);
    csl_status status = audit_folder_open(path, &folder, error);
    if (status == CSL_OK) status = audit_hasher_open(&hasher, error);
    if (status == CSL_OK) status = read_checkpoint(&folder, &note, &checkpoint, error);
    if (status == CSL_OK && old > checkpoint.size)
        status = csl_fail(error, CSL_EMISMATCH, path,
                          "has %" PRIu64 " entries, but the witness has seen %" PRIu64
                          " of it: entries were cut off, or it is another log of this name",
                          checkpoint.size, old);
    if (status == CSL_OK && old)
        status =
            audit_consistency(&folder, &hasher, checkpoint.size, old, checkpoint.size, proof, &count, error);
    csl_buffer_clear(request);
    csl_buffer_printf(request, "old %" PRIu64 "\n", old);
    for (size_t i = 0; status == CSL_OK && i < count; i++) {
        audit_base64_append(request, proof[i].bytes, sizeof proof[i].bytes);
        csl_buffer_text(request, "\n");
    }
    csl_buffer_text(request, "\n");
    if (status == CSL_OK && (hasher.failed || !csl_buffer_append(request, note.bytes, note.length)))
        status = csl_fail(error, CSL_ENOMEM, path, "no memory for a request to a witness");
    csl_buffer_free(&note);
    audit_hasher_close(&hasher);
    audit_folder_close(&folder);
    return status;
}

/* The line of an answer that cosigns the note, appended to it; the others are of no one who was asked. */
static csl_status pick_line(const char *witness_vkey, const char *answer, size_t length, csl_buffer *note,
                            csl_error *error)
{
    audit_vkey witness;
    audit_checkpoint checkpoint;
    csl_status status = audit_vkey_parse_type(witness_vkey, AUDIT_WITNESS_KEY, &witness, error);
    if (status != CSL_OK) return status;
    size_t before = note->length;
    for (const char *at = answer, *end = answer + length; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        uint64_t time;
        if (!newline) break;
        if (!csl_buffer_append(note, at, (size_t)(newline + 1 - at)))
            return csl_fail(error, CSL_ENOMEM, NULL, "no memory for a cosignature");
        if (audit_checkpoint_cosigned("", (const char *)note->bytes, note->length, &witness, &time, NULL) ==
                CSL_OK &&
            audit_checkpoint_read("", (const char *)note->bytes, note->length, NULL, &checkpoint, NULL) ==
                CSL_OK)
            return CSL_OK;
        note->length = before;
        at = newline + 1;
    }
    return csl_fail(error, CSL_ECRYPTO, NULL,
                    "the witness's answer holds no cosignature that verifies with key %s", witness_vkey);
}

/* The log that nobody writes is locked for this; one that this process writes is locked already, and taking
 * that lock a second time would let it go. */
static csl_status lock(const audit_folder *folder, int *descriptor, csl_error *error)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    *descriptor = openat(folder->descriptor, ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (*descriptor < 0) return csl_fail_errno(error, folder->path, ".lock: cannot open");
    if (fcntl(*descriptor, F_SETLK, &whole) == 0) return CSL_OK;
    return csl_fail(error, CSL_EUSAGE, folder->path, "another process is writing this audit log");
}

static csl_status replace_closed(const char *path, const csl_buffer *was, const csl_buffer *note,
                                 csl_error *error)
{
    audit_folder folder;
    csl_buffer now;
    int descriptor = -1;
    csl_buffer_init(&now, AUDIT_MAX_CHECKPOINT);
    csl_status status = audit_folder_open(path, &folder, error);
    if (status == CSL_OK) status = lock(&folder, &descriptor, error);
    if (status == CSL_OK) status = audit_file_read(&folder, "checkpoint", &now, error);
    if (status == CSL_OK && (now.length != was->length || memcmp(now.bytes, was->bytes, now.length) != 0))
        status = csl_fail(error, CSL_EUSAGE, path, "was written to meanwhile; ask the witness again");
    if (status == CSL_OK)
        status = audit_replace(&folder, "checkpoint", note->bytes, note->length, true, error);
    /* A certificate's signature was over the checkpoint without this line. */
    if (status == CSL_OK && unlinkat(folder.descriptor, "checkpoint.p7s", 0) < 0 && errno != ENOENT)
        status = csl_fail_errno(error, path, "checkpoint.p7s: cannot remove");
    if (descriptor >= 0) close(descriptor);
    csl_buffer_free(&now);
    audit_folder_close(&folder);
    return status;
}

static csl_status replace_open(csl_audit_log *log, const csl_buffer *was, const csl_buffer *note,
                               csl_error *error)
{
    if (log->note.length != was->length || memcmp(log->note.bytes, was->bytes, was->length) != 0)
        return csl_fail(error, CSL_EUSAGE, log->path, "was written to meanwhile; ask the witness again");
    csl_status status = audit_log_commit(log, true, error);
    if (status == CSL_OK)
        status = audit_replace(&log->folder, "checkpoint", note->bytes, note->length, true, error);
    csl_buffer_clear(&log->note);
    csl_buffer_clear(&log->base);
    if (status == CSL_OK && (!csl_buffer_append(&log->note, note->bytes, note->length) ||
                             !csl_buffer_append(&log->base, note->bytes, note->length)))
        status = csl_fail(error, CSL_ENOMEM, log->path, "no memory for a checkpoint");
    if (status == CSL_OK) status = audit_log_certify(log, error);
    log->broken = status != CSL_OK;
    return status;
}

csl_status csl_audit_cosign_accept(const char *path, csl_audit_log *log, const char *witness_vkey,
                                   const csl_buffer *request, const void *answer, size_t length,
                                   csl_error *error)
{
    csl_buffer was, note;
    csl_buffer_init(&was, AUDIT_MAX_CHECKPOINT);
    csl_buffer_init(&note, AUDIT_MAX_CHECKPOINT);
    const char *begin = request->length ? strstr((const char *)request->bytes, "\n\n") : NULL;
    csl_status status = begin ? CSL_OK : csl_fail(error, CSL_EUSAGE, path, "no request to a witness");
    if (status == CSL_OK) {
        size_t rest = request->length - (size_t)(begin + 2 - (const char *)request->bytes);
        if (!csl_buffer_append(&was, begin + 2, rest) || !csl_buffer_append(&note, begin + 2, rest))
            status = csl_fail(error, CSL_ENOMEM, path, "no memory for a checkpoint");
    }
    if (status == CSL_OK) status = pick_line(witness_vkey, answer, length, &note, error);
    if (status == CSL_OK)
        status = log ? replace_open(log, &was, &note, error) : replace_closed(path, &was, &note, error);
    csl_buffer_free(&was);
    csl_buffer_free(&note);
    return status;
}

csl_status csl_audit_cosigned(const char *path, const char *witness_vkey, uint64_t *time, csl_error *error)
{
    audit_folder folder;
    audit_vkey witness;
    audit_checkpoint checkpoint;
    csl_buffer note;
    csl_buffer_init(&note, AUDIT_MAX_CHECKPOINT);
    csl_status status = audit_vkey_parse_type(witness_vkey, AUDIT_WITNESS_KEY, &witness, error);
    if (status != CSL_OK) return status;
    status = audit_folder_open(path, &folder, error);
    if (status == CSL_OK) status = read_checkpoint(&folder, &note, &checkpoint, error);
    if (status == CSL_OK)
        status =
            audit_checkpoint_cosigned(path, (const char *)note.bytes, note.length, &witness, time, error);
    csl_buffer_free(&note);
    audit_folder_close(&folder);
    return status;
}
