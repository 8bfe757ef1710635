/* Reading what opens a log's commitments, and destroying it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/opening.h"
#include "audit/pseudonym.h"
#include "audit/text.h"
#include "base/file.h"

/* Where a line stands in the file, behind its index; of a destroyed one the tag is zero bytes. */
typedef struct line {
    uint64_t index;
    size_t at, length; /* from TAG to the end of SEALED */
} line;

struct csl_audit_openings {
    const csl_audit_pseudonyms *key;
    char *path;
    csl_mapping file;
    line *lines;
    size_t count, capacity;
    /* of the event that was opened last */
    uint64_t index;
    bool open;
    char salt[2 * AUDIT_SALT + 1];
    uint8_t *ids;
    size_t ids_length;
};

enum { BEFORE_SEALED = 2 * AUDIT_TAG + 1 + 2 * AUDIT_SALT + 1 };

static csl_status add_line(csl_audit_openings *o, size_t start, size_t end, csl_error *error)
{
    const uint8_t *bytes = o->file.bytes;
    line l = {.at = start};
    while (l.at < end && bytes[l.at] >= '0' && bytes[l.at] <= '9' && l.at - start < 19)
        l.index = l.index * 10 + (uint64_t)(bytes[l.at++] - '0');
    bool good = l.at > start && l.at < end && bytes[l.at++] == ' ' && end - l.at > BEFORE_SEALED &&
                bytes[l.at + 2 * AUDIT_TAG] == ' ' && bytes[l.at + BEFORE_SEALED - 1] == ' ' &&
                (!o->count || l.index > o->lines[o->count - 1].index);
    if (!good)
        return csl_fail(error, CSL_EFORMAT, o->path,
                        "byte %zu: is no line INDEX TAG SALT SEALED with an index above that before it",
                        start);
    l.length = end - l.at;
    if (o->count == o->capacity) {
        size_t more = o->capacity ? 2 * o->capacity : 256;
        line *lines = reallocarray(o->lines, more, sizeof *lines);
        if (!lines) return csl_fail(error, CSL_ENOMEM, o->path, "no memory");
        o->lines = lines;
        o->capacity = more;
    }
    o->lines[o->count++] = l;
    return CSL_OK;
}

csl_status csl_audit_openings_read(const char *folder, const csl_audit_pseudonyms *key,
                                   csl_audit_openings **out, csl_error *error)
{
    *out = NULL;
    csl_audit_openings *o = calloc(1, sizeof *o);
    if (!o || !(o->path = audit_openings_path(folder))) {
        free(o);
        return csl_fail(error, CSL_ENOMEM, folder, "no memory");
    }
    o->key = key;
    csl_status status = csl_map(o->path, &o->file, error);
    if (status == CSL_ENOTFOUND) {
        status = CSL_OK;
        if (error) *error = (csl_error){0};
    }
    for (size_t start = 0; status == CSL_OK && start < o->file.length;) {
        const uint8_t *newline = memchr(o->file.bytes + start, '\n', o->file.length - start);
        if (!newline) break; /* a writer is at work, or crashed */
        size_t end = (size_t)(newline - o->file.bytes);
        status = add_line(o, start, end, error);
        start = end + 1;
    }
    if (status == CSL_OK)
        *out = o;
    else
        csl_audit_openings_free(o);
    return status;
}

void csl_audit_openings_free(csl_audit_openings *o)
{
    if (!o) return;
    csl_unmap(&o->file);
    free(o->ids);
    free(o->lines);
    free(o->path);
    free(o);
}

csl_status csl_audit_openings_find(const csl_audit_openings *o, const char *case_id, csl_audit_found visit,
                                   void *context, csl_error *error)
{
    char tag[2 * AUDIT_TAG + 1];
    csl_status status = csl_audit_case_tag(o->key, case_id, tag, error);
    for (size_t i = 0; status == CSL_OK && i < o->count; i++)
        if (!memcmp(o->file.bytes + o->lines[i].at, tag, sizeof tag - 1) && visit(context, o->lines[i].index))
            break;
    return status;
}

/* ---- opening an event ---- */

static const line *find_line(const csl_audit_openings *o, uint64_t index)
{
    size_t low = 0, high = o->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (o->lines[middle].index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low < o->count && o->lines[low].index == index ? &o->lines[low] : NULL;
}

/* Makes the event of that first entry the one that is open; none, where it was destroyed or never had a line.
 */
static csl_status open_event(csl_audit_openings *o, uint64_t index, csl_error *error)
{
    if (o->open && o->index == index) return CSL_OK;
    o->open = true;
    o->index = index;
    o->ids_length = 0;
    o->salt[0] = 0;
    const line *l = find_line(o, index);
    const char *text = l ? (const char *)o->file.bytes + l->at : NULL;
    if (!l || text[0] == '-') return CSL_OK;
    size_t length = l->length - BEFORE_SEALED;
    uint8_t salt[AUDIT_SALT], *sealed = malloc(length), *ids = realloc(o->ids, length);
    if (ids) o->ids = ids;
    csl_status status = CSL_OK;
    memcpy(o->salt, text + 2 * AUDIT_TAG + 1, 2 * AUDIT_SALT);
    o->salt[2 * AUDIT_SALT] = 0;
    long count = sealed && ids ? audit_unbase64(text + BEFORE_SEALED, length, sealed, length) : 0;
    if (!sealed || !ids)
        status = csl_fail(error, CSL_ENOMEM, o->path, "no memory to open entry %" PRIu64, index);
    else if (count < 0 || csl_unhex(o->salt, salt, sizeof salt, NULL) != CSL_OK)
        status = csl_fail(error, CSL_EFORMAT, o->path,
                          "entry %" PRIu64 ": SALT is not hexadecimal or SEALED not base64", index);
    else
        status = audit_unseal(o->key, salt, index, sealed, (size_t)count, o->ids, error);
    if (status == CSL_OK) o->ids_length = (size_t)count - AUDIT_SEAL;
    /* Pairs of texts, each with its end: what was sealed was whole. */
    if (status == CSL_OK && o->ids_length && o->ids[o->ids_length - 1] != 0)
        status = csl_fail(error, CSL_EFORMAT, o->path, "entry %" PRIu64 ": what opens it is no list of ids",
                          index);
    if (status != CSL_OK) {
        o->open = false;
        if (error && !error->place[0]) snprintf(error->place, sizeof error->place, "%s", o->path);
    }
    free(sealed);
    return status;
}

/* The id that a role's hidden text stands for, NULL if the event holds none such. */
static csl_status stands_for(const csl_audit_openings *o, const csl_audit_record_object *object,
                             const char **id, csl_error *error)
{
    uint8_t salt[AUDIT_SALT];
    audit_hiding hiding = audit_hiding_of(object->role);
    csl_status status = csl_unhex(o->salt, salt, sizeof salt, error);
    *id = NULL;
    for (size_t at = 0; status == CSL_OK && at < o->ids_length;) {
        const char *role = (const char *)o->ids + at, *value = role + strlen(role) + 1;
        if ((size_t)(value - (const char *)o->ids) >= o->ids_length) break;
        at = (size_t)(value - (const char *)o->ids) + strlen(value) + 1;
        if (strcmp(role, object->role) != 0) continue;
        char text[AUDIT_COMMITMENT];
        status = hiding == AUDIT_PSEUDONYM ? csl_audit_pseudonym(o->key, value, text, error)
                                           : audit_commitment(salt, role, value, text, error);
        if (status == CSL_OK && !strcmp(text, object->id)) {
            *id = value;
            return CSL_OK;
        }
    }
    return status;
}

/* "part 2 of 3 of entry 17" belongs to entry 17. */
static uint64_t first_entry(uint64_t index, const csl_audit_record *record)
{
    static const char before[] = " of entry ";
    const char *at = strstr(record->part, before);
    return at ? strtoull(at + sizeof before - 1, NULL, 10) : index;
}

csl_status csl_audit_reveal(csl_audit_openings *o, uint64_t index, csl_audit_record *record, char *salt,
                            csl_error *error)
{
    csl_status status = open_event(o, first_entry(index, record), error);
    if (status == CSL_OK && salt) memcpy(salt, o->salt, sizeof o->salt);
    for (size_t i = 0; status == CSL_OK && o->salt[0] && i < record->object_count; i++) {
        csl_audit_record_object *object = &record->objects[i];
        const char *id;
        if (audit_hiding_of(object->role) == AUDIT_PLAIN) continue;
        status = stands_for(o, object, &id, error);
        if (status != CSL_OK) break;
        if (!id)
            return csl_fail(error, CSL_EMISMATCH, o->path,
                            "entry %" PRIu64 ": what opens it is not what its %s commits to", index,
                            object->role);
        char *copy = strdup(id);
        if (!copy) return csl_fail(error, CSL_ENOMEM, o->path, "no memory");
        free(object->id);
        object->id = copy;
    }
    return status;
}

/* ---- erasing ---- */

typedef struct found {
    char (*texts)[24];
    csl_audit_object *objects;
    uint64_t *indexes;
    size_t count, capacity;
    bool failed;
} found;

static int collect(void *context, uint64_t index)
{
    found *f = context;
    if (f->count == f->capacity) {
        size_t more = f->capacity ? 2 * f->capacity : 16;
        uint64_t *indexes = reallocarray(f->indexes, more, sizeof *indexes);
        f->failed = !indexes;
        if (f->failed) return 1;
        f->indexes = indexes;
        f->capacity = more;
    }
    f->indexes[f->count++] = index;
    return 0;
}

/* Says in the log which entries lose what opens them. */
static csl_status announce(csl_audit_log *log, found *f, const char *folder, csl_error *error)
{
    f->texts = calloc(f->count, sizeof *f->texts);
    f->objects = calloc(f->count, sizeof *f->objects);
    if (!f->texts || !f->objects) return csl_fail(error, CSL_ENOMEM, folder, "no memory");
    for (size_t i = 0; i < f->count; i++) {
        snprintf(f->texts[i], sizeof f->texts[i], "%" PRIu64, f->indexes[i]);
        f->objects[i] = (csl_audit_object){.role = "entry", .id = f->texts[i]};
    }
    csl_audit_event event = {
        .kind = CSL_AUDIT_ERASED, .success = true, .objects = f->objects, .object_count = f->count};
    csl_status status = csl_audit_append(log, &event, NULL, NULL, error);
    return status == CSL_OK ? csl_audit_commit(log, error) : status;
}

static csl_status destroy(const csl_audit_openings *o, const found *f, csl_error *error)
{
    static const char dashes[] = "----------------------------------------------------------------";
    int descriptor = open(o->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) return csl_fail_errno(error, o->path, "cannot open");
    csl_status status = CSL_OK;
    for (size_t i = 0; status == CSL_OK && i < f->count; i++) {
        const line *l = find_line(o, f->indexes[i]);
        for (size_t at = 0; at < l->length && status == CSL_OK;) {
            size_t piece = l->length - at < sizeof dashes - 1 ? l->length - at : sizeof dashes - 1;
            /* The spaces between the fields stand. */
            char out[sizeof dashes];
            memcpy(out, dashes, piece);
            for (size_t k = 0; k < piece; k++)
                if (at + k == 2 * AUDIT_TAG || at + k == BEFORE_SEALED - 1) out[k] = ' ';
            if (pwrite(descriptor, out, piece, (off_t)(l->at + at)) != (ssize_t)piece)
                status = csl_fail_errno(error, o->path, "cannot overwrite");
            at += piece;
        }
    }
    if (status == CSL_OK && fsync(descriptor) < 0) status = csl_fail_errno(error, o->path, "cannot sync");
    close(descriptor);
    return status;
}

csl_status csl_audit_erase(const char *folder, const csl_audit_key *key,
                           const csl_audit_pseudonyms *pseudonyms, const char *case_id, size_t *count,
                           csl_error *error)
{
    csl_audit_log *log = NULL;
    csl_audit_openings *o = NULL;
    found f = {0};
    *count = 0;
    if (!csl_is_folder(folder)) return csl_fail(error, CSL_ENOTFOUND, folder, "is no audit log");
    /* The log is locked while it is open: no run appends to the openings meanwhile. */
    csl_status status = csl_audit_open(folder, key, &log, error);
    if (status == CSL_OK) status = csl_audit_openings_read(folder, pseudonyms, &o, error);
    if (status == CSL_OK) status = csl_audit_openings_find(o, case_id, collect, &f, error);
    if (status == CSL_OK && f.failed) status = csl_fail(error, CSL_ENOMEM, folder, "no memory");
    if (status == CSL_OK && !f.count)
        status = csl_fail(
            error, CSL_ENOTFOUND, folder,
            "nothing opens an entry about case %.200s: it was erased, never logged, or logged with another "
            "pseudonym key",
            case_id);
    if (status == CSL_OK) status = announce(log, &f, folder, error);
    if (status == CSL_OK) status = destroy(o, &f, error);
    if (status == CSL_OK) *count = f.count;
    free(f.texts);
    free(f.objects);
    free(f.indexes);
    csl_audit_openings_free(o);
    csl_audit_close(log);
    return status;
}
