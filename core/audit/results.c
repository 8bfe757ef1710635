/* Whether a run's results are those that its log vouches for. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/checkpoint.h"
#include "audit/tile.h"

/* A log that vouches for lines. */
typedef struct voucher {
    uint64_t entry; /* of the index that binds it; OWN: the log itself */
    char *path;     /* NULL: not opened */
    audit_folder folder;
    audit_bundle bundle; /* of the entry that was looked at last */
    uint64_t bundle_index, size;
} voucher;

enum { OPEN_LOGS = 32 }; /* merged lines name the logs of all shards in turn */
static const uint64_t OWN = UINT64_MAX;

typedef struct results {
    const char *folder;
    audit_hasher hasher;
    voucher logs[OPEN_LOGS];
    size_t next; /* whose place the next log takes */
    const char *path;
} results;

static void voucher_close(voucher *v)
{
    if (!v->path) return;
    audit_bundle_free(&v->bundle);
    audit_folder_close(&v->folder);
    free(v->path);
    v->path = NULL;
}

static csl_status voucher_open(voucher *v, const char *index, uint64_t entry, csl_error *error)
{
    audit_checkpoint checkpoint;
    *v = (voucher){.entry = entry, .folder.descriptor = -1, .bundle_index = UINT64_MAX};
    csl_status status = CSL_OK;
    if (entry != OWN)
        status = csl_audit_bound_folder(index, entry, &v->path, error);
    else if (!(v->path = strdup(index)))
        status = csl_fail(error, CSL_ENOMEM, index, "no memory");
    if (status != CSL_OK) return status;
    audit_bundle_init(&v->bundle);
    status = audit_folder_open(v->path, &v->folder, error);
    if (status == CSL_OK) status = audit_checkpoint_load(&v->folder, NULL, &checkpoint, error);
    if (status == CSL_OK) v->size = checkpoint.size;
    if (status != CSL_OK) voucher_close(v);
    return status;
}

static csl_status find_log(results *r, uint64_t entry, voucher **found, csl_error *error)
{
    for (size_t i = 0; i < OPEN_LOGS; i++) {
        *found = &r->logs[i];
        if ((*found)->path && (*found)->entry == entry) return CSL_OK;
    }
    *found = &r->logs[r->next];
    r->next = (r->next + 1) % OPEN_LOGS;
    voucher_close(*found);
    return voucher_open(*found, r->folder, entry, error);
}

/* ---- lines ---- */

typedef struct vouched {
    uint64_t log, index;
    csl_digest leaf;
    csl_digest line; /* of the line without its member audit */
} vouched;

/* The number before *length, and the fixed text before that; *length becomes what is left before them. */
static bool number_behind(const char *line, size_t *length, const char *text, uint64_t *number)
{
    size_t end = *length, digits = 0, before = strlen(text);
    while (digits < end && line[end - digits - 1] >= '0' && line[end - digits - 1] <= '9') digits++;
    if (!digits || digits > 18 || end - digits < before || memcmp(line + end - digits - before, text, before))
        return false;
    *number = strtoull(line + end - digits, NULL, 10);
    *length = end - digits - before;
    return true;
}

/* A line ends with ,"audit":{"index":N,"leaf_hash":"HEX"}} as `run` writes it, or with ,"log":N before the }}
 * as `merge` does. */
static bool split_line(const char *line, size_t *length, vouched *v)
{
    static const char leaf[] = ",\"leaf_hash\":\"";
    enum { LEAF = sizeof leaf - 1, HEX = CSL_SHA256_HEX - 1, TAIL = LEAF + HEX + 1 };
    char hex[CSL_SHA256_HEX] = "";
    if (*length < 2 || memcmp(line + *length - 2, "}}", 2)) return false;
    *length -= 2;
    if (!number_behind(line, length, ",\"log\":", &v->log)) v->log = OWN;
    if (*length < TAIL || line[*length - 1] != '"' || memcmp(line + *length - TAIL, leaf, LEAF)) return false;
    memcpy(hex, line + *length - HEX - 1, HEX);
    *length -= TAIL;
    return csl_unhex(hex, v->leaf.bytes, sizeof v->leaf.bytes, NULL) == CSL_OK &&
           number_behind(line, length, ",\"audit\":{\"index\":", &v->index);
}

static csl_status read_line(const results *r, uint64_t number, const char *line, size_t length, vouched *v,
                            csl_error *error)
{
    if (!split_line(line, &length, v))
        return csl_fail(error, CSL_EFORMAT, r->path, "line %" PRIu64 " does not end with its audit member",
                        number);
    char *without = malloc(length + 1);
    if (!without) return csl_fail(error, CSL_ENOMEM, r->path, "line %" PRIu64 ": no memory", number);
    memcpy(without, line, length);
    without[length] = '}';
    csl_status status = csl_sha256(without, length + 1, &v->line, error);
    free(without);
    return status;
}

static csl_status read_entry(voucher *r, uint64_t index, const uint8_t **entry, size_t *length,
                             csl_error *error)
{
    uint64_t bundle = index / AUDIT_TILE;
    if (bundle != r->bundle_index) {
        r->bundle_index = UINT64_MAX;
        csl_status status =
            audit_bundle_read(&r->folder, bundle, audit_tile_width(r->size, bundle), &r->bundle, error);
        if (status != CSL_OK) return status;
        r->bundle_index = bundle;
    }
    *entry = audit_bundle_entry(&r->bundle, (unsigned)(index % AUDIT_TILE), length);
    return CSL_OK;
}

/* The hash of the object of that role, and of that id unless it is NULL; "" if the record has none. */
static void find_hash(const csl_audit_record *record, const char *role, const char *id,
                      char hex[CSL_SHA256_HEX])
{
    for (size_t i = 0; i < record->object_count; i++) {
        const csl_audit_record_object *o = &record->objects[i];
        if (!strcmp(o->role, role) && (!id || !strcmp(o->id, id)))
            snprintf(hex, CSL_SHA256_HEX, "%s", o->sha256);
    }
}

static csl_status check_line(results *r, uint64_t number, const vouched *v, csl_error *error)
{
    voucher *log;
    csl_status opened = find_log(r, v->log, &log, error);
    if (opened != CSL_OK) return opened;
    if (v->index >= log->size)
        return csl_fail(error, CSL_EMISMATCH, r->path,
                        "line %" PRIu64 " names entry %" PRIu64 " of %s, which ends before it", number,
                        v->index, log->path);
    char said[CSL_SHA256_HEX] = "", found[CSL_SHA256_HEX];
    csl_digest_hex(&v->line, found);
    /* The event of a case with many inputs goes on over several entries, the result being in the last. */
    bool goes_on = true;
    for (uint64_t index = v->index; goes_on && !said[0] && index < log->size; index++) {
        const uint8_t *entry;
        size_t length;
        csl_digest leaf;
        csl_audit_record record;
        csl_status status = read_entry(log, index, &entry, &length, error);
        if (status != CSL_OK) return status;
        audit_leaf_hash(&r->hasher, entry, length, &leaf);
        if (index == v->index && memcmp(&leaf, &v->leaf, sizeof leaf) != 0)
            return csl_fail(error, CSL_EMISMATCH, r->path,
                            "line %" PRIu64 ": its leaf hash is not that of entry %" PRIu64, number, index);
        status = csl_audit_record_read(entry, length, &record, error);
        if (status != CSL_OK) return status;
        find_hash(&record, "result", NULL, said);
        goes_on = record.part[0] != 0;
        csl_audit_record_free(&record);
    }
    if (strcmp(said, found) != 0)
        return csl_fail(error, CSL_EMISMATCH, r->path,
                        "line %" PRIu64 " is not what entry %" PRIu64
                        " vouches for: its SHA-256 is %s, there stands %s",
                        number, v->index, found, said[0] ? said : "none");
    return CSL_OK;
}

static csl_status check_lines(results *r, const csl_mapping *file, uint64_t *lines, csl_error *error)
{
    const char *at = (const char *)file->bytes, *end = at + file->length;
    csl_status status = CSL_OK;
    for (*lines = 0; status == CSL_OK && at < end; ++*lines) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        vouched v;
        if (!newline)
            return csl_fail(error, CSL_EFORMAT, r->path, "line %" PRIu64 " does not end with a newline",
                            *lines + 1);
        status = read_line(r, *lines + 1, at, (size_t)(newline - at), &v, error);
        if (status == CSL_OK) status = check_line(r, *lines + 1, &v, error);
        at = newline + 1;
    }
    return status;
}

/* ---- whole files ---- */

typedef struct export_entry {
    bool any;
    uint64_t index;
    char ndjson[CSL_SHA256_HEX], csv[CSL_SHA256_HEX];
} export_entry;

/* Remembers the last export that did not fail. */
static int look_for_export(void *context, uint64_t index, const uint8_t *entry, size_t length)
{
    static const char code[] = "csd-code=\"110106\"";
    export_entry *e = context;
    if (!memmem(entry, length, code, sizeof code - 1)) return 0;
    csl_audit_record record;
    export_entry found = {.any = true, .index = index};
    if (csl_audit_record_read(entry, length, &record, NULL) == CSL_OK && record.outcome == 0) {
        find_hash(&record, "file", "results.ndjson", found.ndjson);
        find_hash(&record, "file", "results.csv", found.csv);
        if (found.ndjson[0]) *e = found;
    }
    csl_audit_record_free(&record);
    return 0;
}

static csl_status check_file(const char *path, const char *said, uint64_t index, csl_error *error)
{
    csl_digest digest;
    char found[CSL_SHA256_HEX];
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return csl_fail_errno(error, path, "cannot open");
    csl_status status = csl_sha256_descriptor(descriptor, path, &digest, error);
    close(descriptor);
    if (status != CSL_OK) return status;
    csl_digest_hex(&digest, found);
    if (!strcmp(found, said)) return CSL_OK;
    return csl_fail(error, CSL_EMISMATCH, path,
                    "is not the file that entry %" PRIu64
                    " says was written: its SHA-256 is %s, there stands %s",
                    index, found, said);
}

/* results.csv in the folder of results.ndjson. */
static csl_status check_csv(const char *ndjson, const export_entry *e, csl_error *error)
{
    const char *slash = strrchr(ndjson, '/');
    size_t folder = slash ? (size_t)(slash + 1 - ndjson) : 0;
    char *path = malloc(folder + sizeof "results.csv");
    if (!path) return csl_fail(error, CSL_ENOMEM, ndjson, "no memory");
    memcpy(path, ndjson, folder);
    memcpy(path + folder, "results.csv", sizeof "results.csv");
    csl_status status = check_file(path, e->csv, e->index, error);
    free(path);
    return status;
}

csl_status csl_audit_check_results(const char *folder, const char *ndjson, uint64_t *lines, bool *whole,
                                   csl_error *error)
{
    results r = {.folder = folder, .path = ndjson};
    csl_mapping file = {.descriptor = -1};
    export_entry exported = {0};
    *lines = 0;
    csl_status status = audit_hasher_open(&r.hasher, error);
    if (status == CSL_OK) status = csl_map(ndjson, &file, error);
    if (status == CSL_OK) status = check_lines(&r, &file, lines, error);
    if (status == CSL_OK) status = csl_audit_each(folder, look_for_export, &exported, error);
    *whole = exported.any;
    if (status == CSL_OK && exported.any) status = check_file(ndjson, exported.ndjson, exported.index, error);
    if (status == CSL_OK && exported.any) status = check_csv(ndjson, &exported, error);
    if (status == CSL_OK && r.hasher.failed)
        status = csl_fail(error, CSL_ECRYPTO, folder, "OpenSSL cannot compute SHA-256");
    csl_unmap(&file);
    for (size_t i = 0; i < OPEN_LOGS; i++) voucher_close(&r.logs[i]);
    audit_hasher_close(&r.hasher);
    return status;
}
