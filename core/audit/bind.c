/* An index of logs. Each binding is an event of two objects:
 *   log         id: its verifier key; detail: its folder, seen from the folder of the index
 *   checkpoint  id: its size in decimal; SHA-256: its root */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/log.h"
#include "audit/rotation.h"

/* The way from one folder to another, both as the system names them. */
static csl_status way(const char *from, const char *to, char out[PATH_MAX], csl_error *error)
{
    char *a = realpath(from, NULL), *b = realpath(to, NULL);
    size_t same = 0, at = 0;
    csl_status status = a && b ? CSL_OK : csl_fail_errno(error, a ? to : from, "cannot find");
    for (size_t i = 0; status == CSL_OK; i++) {
        bool ends_a = !a[i] || a[i] == '/', ends_b = !b[i] || b[i] == '/';
        if (ends_a && ends_b) same = i;
        if (!a[i] || !b[i] || a[i] != b[i]) break;
    }
    for (const char *p = status == CSL_OK ? a + same : ""; *p; p++)
        if (*p == '/' && p[1] && at + 4 < PATH_MAX) at += (size_t)sprintf(out + at, "../");
    if (status == CSL_OK) {
        const char *rest = b + same + (b[same] == '/');
        if (at + strlen(rest) + 2 > PATH_MAX)
            status = csl_fail(error, CSL_ELIMIT, to, "the way to it is too long");
        else
            snprintf(out + at, PATH_MAX - at, "%s", rest[0] ? rest : ".");
    }
    free(a);
    free(b);
    return status;
}

csl_status csl_audit_bind(csl_audit_log *index, const char *folder, const char *vkey_text, uint64_t *entry,
                          csl_error *error)
{
    csl_audit_verdict verdict;
    audit_vkey vkey;
    char path[PATH_MAX], key[AUDIT_VKEY], size[24], root[CSL_SHA256_HEX];
    csl_status status = audit_vkey_parse(vkey_text, &vkey, error);
    if (status == CSL_OK) status = csl_audit_verify(folder, vkey_text, &verdict, error);
    if (status == CSL_OK) status = way(index->path, folder, path, error);
    if (status != CSL_OK) return status;
    audit_vkey_format(&vkey, key);
    snprintf(size, sizeof size, "%" PRIu64, verdict.size);
    csl_digest_hex(&verdict.root, root);
    csl_audit_object objects[] = {{.role = "log", .id = key, .detail = path},
                                  {.role = "checkpoint", .id = size, .sha256 = root}};
    csl_audit_event event = {
        .kind = CSL_AUDIT_LOG_BOUND, .success = true, .objects = objects, .object_count = 2};
    return csl_audit_append(index, &event, entry, NULL, error);
}

typedef struct follower {
    const char *folder;
    csl_audit_bound visit;
    void *context;
    csl_status status;
    csl_error *error;
} follower;

/* What an entry of the index in `folder` binds; *path is malloc'ed. */
static csl_status read_bound(const char *folder, uint64_t number, const csl_audit_record *record, char **path,
                             uint64_t *size, csl_digest *root, csl_error *error)
{
    const csl_audit_record_object *log = &record->objects[0], *bound = &record->objects[1];
    if (record->object_count != 2 || strcmp(log->role, "log") != 0 ||
        strcmp(bound->role, "checkpoint") != 0 ||
        csl_unhex(bound->sha256, root->bytes, sizeof root->bytes, NULL) != CSL_OK)
        return csl_fail(error, CSL_EFORMAT, folder, "entry %" PRIu64 " of the index binds no log", number);
    *size = strtoull(bound->id, NULL, 10);
    *path = log->detail[0] == '/' ? strdup(log->detail) : csl_path_join(folder, log->detail);
    return *path ? CSL_OK : csl_fail(error, CSL_ENOMEM, folder, "no memory");
}

csl_status csl_audit_bound_folder(const char *folder, uint64_t entry, char **bound, csl_error *error)
{
    uint8_t *bytes = NULL;
    size_t length;
    uint64_t size;
    csl_digest root;
    csl_audit_record record;
    csl_status status = csl_audit_entry(folder, entry, &bytes, &length, error);
    if (status != CSL_OK) return status;
    status = csl_audit_record_read(bytes, length, &record, error);
    if (status == CSL_OK) status = read_bound(folder, entry, &record, bound, &size, &root, error);
    csl_audit_record_free(&record);
    free(bytes);
    return status;
}

static csl_status follow(follower *f, uint64_t number, const csl_audit_record *record)
{
    csl_digest root;
    csl_audit_verdict verdict;
    uint64_t size;
    char place[64], *path = NULL;
    snprintf(place, sizeof place, "entry %" PRIu64 " of the index", number);
    csl_status status = read_bound(f->folder, number, record, &path, &size, &root, f->error);
    if (status == CSL_OK)
        status = csl_audit_verify_from(path, record->objects[0].id, place, size, &root, &verdict, f->error);
    if (status == CSL_OK && f->visit) f->visit(f->context, path, size, &verdict);
    free(path);
    return status;
}

static int look(void *context, uint64_t index, const uint8_t *entry, size_t length)
{
    follower *f = context;
    csl_audit_record record;
    if (strcmp(audit_entry_type(entry, length), "log-bound") != 0) return 0;
    f->status = csl_audit_record_read(entry, length, &record, f->error);
    if (f->status == CSL_OK) f->status = follow(f, index, &record);
    csl_audit_record_free(&record);
    return f->status != CSL_OK;
}

csl_status csl_audit_verify_bound(const char *folder, csl_audit_bound visit, void *context, csl_error *error)
{
    csl_error own = {0};
    follower f = {.folder = folder, .visit = visit, .context = context, .error = &own};
    csl_status status = csl_audit_each(folder, look, &f, &own);
    if (status == CSL_OK) status = f.status;
    if (status != CSL_OK && error) *error = own;
    return status;
}
