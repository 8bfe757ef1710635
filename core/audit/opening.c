#include "audit/opening.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/pseudonym.h"
#include "audit/text.h"
#include "base/file.h"

enum { MAX_PENDING = 1 << 30, MAX_IDS = 128 << 20, PIECE = 65536 };

char *audit_openings_path(const char *folder)
{
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/') length--;
    size_t size = length + sizeof ".openings";
    char *path = malloc(size);
    if (path) snprintf(path, size, "%.*s.openings", (int)length, folder);
    return path;
}

/* ---- opening the store ---- */

/* Where the line that ends before `end` begins: behind the newline before it. CSL_EIO if the file cannot be
 * read. */
static csl_status line_start(const audit_veil *veil, off_t end, off_t *start, csl_error *error)
{
    char piece[PIECE];
    off_t at = end;
    while (at > 0) {
        size_t length = at < PIECE ? (size_t)at : PIECE;
        ssize_t got = pread(veil->descriptor, piece, length, at - (off_t)length);
        if (got != (ssize_t)length) return csl_fail_errno(error, veil->path, "cannot read");
        for (size_t i = length; i > 0; i--) {
            if (piece[i - 1] != '\n' || at - (off_t)length + (off_t)i == end) continue;
            *start = at - (off_t)length + (off_t)i;
            return CSL_OK;
        }
        at -= (off_t)length;
    }
    *start = 0;
    return CSL_OK;
}

/* Lines stand in the order of the log, so those of entries that a crash kept from being committed are the
 * last. */
static csl_status drop_beyond(audit_veil *veil, uint64_t size, csl_error *error)
{
    struct stat st;
    if (fstat(veil->descriptor, &st) < 0) return csl_fail_errno(error, veil->path, "cannot stat");
    off_t end = st.st_size;
    while (end > 0) {
        off_t start;
        char number[24] = "", last = 0;
        csl_status status = line_start(veil, end, &start, error);
        if (status != CSL_OK) return status;
        size_t most = (size_t)(end - start) < sizeof number - 1 ? (size_t)(end - start) : sizeof number - 1;
        if (pread(veil->descriptor, number, most, start) != (ssize_t)most ||
            pread(veil->descriptor, &last, 1, end - 1) != 1)
            return csl_fail_errno(error, veil->path, "cannot read");
        char *rest;
        uint64_t index = strtoull(number, &rest, 10);
        if (last == '\n' && (rest == number || *rest != ' '))
            return csl_fail(
                error, CSL_EFORMAT, veil->path,
                "byte %jd: a line begins with an entry's index; is this the log's file of openings?",
                (intmax_t)start);
        if (last == '\n' && index < size) break;
        end = start;
    }
    veil->end = end;
    if (end != st.st_size && ftruncate(veil->descriptor, end) < 0)
        return csl_fail_errno(error, veil->path, "cannot cut off what was not committed");
    return CSL_OK;
}

/* The last line must open with this key: a store of two keys could be read with neither. A destroyed line
 * opens with none, and says nothing. */
static csl_status check_key(const audit_veil *veil, csl_error *error)
{
    struct stat st;
    off_t start;
    if (fstat(veil->descriptor, &st) < 0) return csl_fail_errno(error, veil->path, "cannot stat");
    if (!st.st_size) return CSL_OK;
    csl_status status = line_start(veil, st.st_size, &start, error);
    if (status != CSL_OK) return status;
    size_t length = (size_t)(st.st_size - start) - 1;
    char *text = malloc(length + 1);
    uint8_t *sealed = malloc(length + 1), salt[AUDIT_SALT];
    if (!text || !sealed)
        status = csl_fail(error, CSL_ENOMEM, veil->path, "no memory");
    else if (pread(veil->descriptor, text, length, start) != (ssize_t)length)
        status = csl_fail_errno(error, veil->path, "cannot read");
    if (status == CSL_OK) {
        text[length] = 0;
        char *rest, *tag, *salt_text;
        uint64_t index = strtoull(text, &rest, 10);
        tag = *rest == ' ' ? rest + 1 : NULL;
        salt_text = tag ? strchr(tag, ' ') : NULL;
        char *seal = salt_text ? strchr(salt_text + 1, ' ') : NULL;
        long count = -1;
        if (seal) {
            *seal++ = 0;
            count = csl_unhex(salt_text + 1, salt, sizeof salt, NULL) == CSL_OK
                        ? audit_unbase64(seal, strlen(seal), sealed, length)
                        : -1;
        }
        if (!tag || (tag[0] != '-' && count < 0))
            status = csl_fail(error, CSL_EFORMAT, veil->path, "its last line is not INDEX TAG SALT SEALED");
        else if (tag[0] != '-' &&
                 audit_unseal(veil->key, salt, index, sealed, (size_t)count, sealed, NULL) != CSL_OK)
            status = csl_fail(error, CSL_EMISMATCH, veil->path, "was sealed with another pseudonym key");
    }
    free(text);
    free(sealed);
    return status;
}

/* The name of a new file must be as durable as what comes to stand in it. */
static csl_status sync_above(const char *path, csl_error *error)
{
    char *folder = strdup(path), *slash = folder ? strrchr(folder, '/') : NULL;
    if (!folder) return csl_fail(error, CSL_ENOMEM, path, "no memory");
    if (slash) slash[slash == folder] = 0;
    int descriptor = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    csl_status status = CSL_OK;
    if (descriptor < 0 || fsync(descriptor) < 0)
        status = csl_fail_errno(error, path, "cannot sync the folder above");
    if (descriptor >= 0) close(descriptor);
    free(folder);
    return status;
}

csl_status audit_veil_open(const char *folder, const csl_audit_pseudonyms *key, uint64_t size,
                           audit_veil **out, csl_error *error)
{
    *out = NULL;
    audit_veil *veil = calloc(1, sizeof *veil);
    if (!veil) return csl_fail(error, CSL_ENOMEM, folder, "no memory");
    csl_status status = CSL_OK;
    veil->key = key;
    veil->descriptor = -1;
    csl_buffer_init(&veil->pending, MAX_PENDING);
    csl_buffer_init(&veil->ids, MAX_IDS);
    csl_buffer_init(&veil->sealed, MAX_IDS);
    if (!(veil->path = audit_openings_path(folder)))
        status = csl_fail(error, CSL_ENOMEM, folder, "no memory");
    else if ((veil->descriptor = open(veil->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
        status = csl_fail_errno(error, veil->path, "cannot open");
    if (status == CSL_OK) status = drop_beyond(veil, size, error);
    if (status == CSL_OK) status = check_key(veil, error);
    if (status == CSL_OK) status = sync_above(veil->path, error);
    if (status == CSL_OK)
        *out = veil;
    else
        audit_veil_close(veil);
    return status;
}

void audit_veil_close(audit_veil *veil)
{
    if (!veil) return;
    if (veil->descriptor >= 0) close(veil->descriptor);
    csl_buffer_free(&veil->pending);
    csl_buffer_free(&veil->ids);
    csl_buffer_free(&veil->sealed);
    free(veil->objects);
    free(veil->path);
    free(veil);
}

/* ---- events ---- */

/* Copies the objects and collects the ids that are hidden: what is sealed. */
static csl_status collect(audit_veil *veil, const csl_audit_event *event, size_t *hidden, csl_error *error)
{
    if (event->object_count > veil->capacity) {
        csl_audit_object *more = reallocarray(veil->objects, event->object_count, sizeof *more);
        if (!more) return csl_fail(error, CSL_ENOMEM, veil->path, "no memory for an audit event");
        veil->objects = more;
        veil->capacity = event->object_count;
    }
    csl_buffer_clear(&veil->ids);
    for (size_t i = 0; i < event->object_count; i++) {
        csl_audit_object object = veil->objects[i] = event->objects[i];
        if (!object.role || !object.id || audit_hiding_of(object.role) == AUDIT_PLAIN) continue;
        ++*hidden;
        csl_buffer_append(&veil->ids, object.role, strlen(object.role) + 1);
        csl_buffer_append(&veil->ids, object.id, strlen(object.id) + 1);
    }
    return veil->ids.failed ? csl_fail(error, CSL_ELIMIT, veil->path,
                                       "an audit event has more than %d bytes of ids", MAX_IDS)
                            : CSL_OK;
}

/* Replaces the ids in the copies; their texts stand in veil->ids, which was sealed before. */
static csl_status hide(audit_veil *veil, const uint8_t salt[AUDIT_SALT], size_t count, size_t hidden,
                       csl_error *error)
{
    csl_buffer_clear(&veil->ids);
    static const char text[AUDIT_COMMITMENT];
    csl_status status = CSL_OK;
    /* Room first: the texts must not move. */
    for (size_t i = 0; i < hidden; i++) csl_buffer_append(&veil->ids, text, sizeof text);
    if (veil->ids.failed) return csl_fail(error, CSL_ENOMEM, veil->path, "no memory for an audit event");
    char *at = (char *)veil->ids.bytes;
    for (size_t i = 0; status == CSL_OK && i < count; i++) {
        csl_audit_object *object = &veil->objects[i];
        audit_hiding hiding = object->role && object->id ? audit_hiding_of(object->role) : AUDIT_PLAIN;
        if (hiding == AUDIT_PLAIN) continue;
        status = hiding == AUDIT_PSEUDONYM ? csl_audit_pseudonym(veil->key, object->id, at, error)
                                           : audit_commitment(salt, object->role, object->id, at, error);
        object->id = at;
        at += AUDIT_COMMITMENT;
    }
    return status;
}

csl_status audit_veil_event(audit_veil *veil, uint64_t index, csl_audit_event *event, csl_error *error)
{
    size_t hidden = 0;
    uint8_t salt[AUDIT_SALT];
    char tag[2 * AUDIT_TAG + 1], salt_text[2 * AUDIT_SALT + 1];
    veil->before = veil->pending.length;
    csl_status status = collect(veil, event, &hidden, error);
    if (status != CSL_OK || !hidden) return status;
    const char *case_id = "";
    for (size_t i = event->object_count; i > 0; i--)
        if (event->objects[i - 1].role && event->objects[i - 1].id &&
            !strcmp(event->objects[i - 1].role, "case"))
            case_id = event->objects[i - 1].id;
    if (RAND_priv_bytes(salt, sizeof salt) != 1)
        return csl_fail(error, CSL_ECRYPTO, veil->path, "OpenSSL has no random numbers");
    status = csl_audit_case_tag(veil->key, case_id, tag, error);
    if (status == CSL_OK)
        status = audit_seal(veil->key, salt, index, veil->ids.bytes, veil->ids.length, &veil->sealed, error);
    if (status == CSL_OK) status = hide(veil, salt, event->object_count, hidden, error);
    if (status != CSL_OK) return status;
    csl_hex(salt, sizeof salt, salt_text);
    if (!csl_buffer_printf(&veil->pending, "%" PRIu64 " %s %s ", index, tag, salt_text) ||
        !audit_base64_append(&veil->pending, veil->sealed.bytes, veil->sealed.length) ||
        !csl_buffer_text(&veil->pending, "\n")) {
        csl_buffer_clear(&veil->pending);
        return csl_fail(error, CSL_ENOMEM, veil->path, "no memory for what opens an entry");
    }
    event->objects = veil->objects;
    return CSL_OK;
}

void audit_veil_take_back(audit_veil *veil)
{
    veil->pending.length = veil->before;
}

csl_status audit_veil_sync(audit_veil *veil, csl_error *error)
{
    if (!veil->pending.length) return CSL_OK;
    csl_status status = CSL_OK;
    for (size_t done = 0; status == CSL_OK && done < veil->pending.length;) {
        ssize_t put =
            pwrite(veil->descriptor, veil->pending.bytes + done, veil->pending.length - done, veil->end);
        if (put > 0) {
            done += (size_t)put;
            veil->end += put;
        } else if (put == 0 || errno != EINTR)
            status = csl_fail_errno(error, NULL, "cannot write");
    }
    if (status == CSL_OK && fdatasync(veil->descriptor) < 0)
        status = csl_fail_errno(error, NULL, "cannot sync");
    if (status != CSL_OK && error && !error->place[0])
        snprintf(error->place, sizeof error->place, "%s", veil->path);
    csl_buffer_clear(&veil->pending);
    return status;
}
