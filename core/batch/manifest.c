#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/file.h"
#include "base/hash.h"
#include "batch/case_files.h"
#include "batch/text.h"

struct csl_manifest {
    sqlite3 *list; /* temporary: SQLite keeps it in memory until it is larger than its cache */
    sqlite3_stmt *get, *find, *rows;
    char *path, *folder; /* what was asked for; what paths are relative to */
    bool is_csv;
    size_t count;
};

/* Of a folder, path is NULL. An id's position begins with 0. */
static const char schema[] = "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-4096;"
                             "CREATE TABLE found(id TEXT PRIMARY KEY, name BLOB) WITHOUT ROWID;"
                             "CREATE TABLE listed(position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
                             " patient TEXT, name BLOB);" /* of a folder, where that is no id */
                             "CREATE TABLE file(position INTEGER, line INTEGER, path TEXT NOT NULL,"
                             " PRIMARY KEY(position, line)) WITHOUT ROWID;"
                             "BEGIN";

static csl_status no_memory(csl_error *error)
{
    return csl_fail(error, CSL_ENOMEM, NULL, "no memory for the list of cases");
}

static csl_status failed(const csl_manifest *m, csl_error *error)
{
    return csl_fail(error, CSL_EIO, m->path,
                    "the list of cases, in the folder for temporary files (TMPDIR): %s",
                    sqlite3_errmsg(m->list));
}

static csl_status prepare(csl_manifest *m, const char *sql, sqlite3_stmt **statement, csl_error *error)
{
    return sqlite3_prepare_v2(m->list, sql, -1, statement, NULL) == SQLITE_OK ? CSL_OK : failed(m, error);
}

static void bind(sqlite3_stmt *statement, int at, const char *text)
{
    sqlite3_bind_text(statement, at, text, -1, SQLITE_TRANSIENT);
}

static csl_status put(csl_manifest *m, sqlite3_stmt *statement, csl_error *error)
{
    int step = sqlite3_step(statement);
    sqlite3_reset(statement);
    return step == SQLITE_DONE ? CSL_OK : failed(m, error);
}

/* ---- listing a folder ---- */

/* Of a name that is no id: what of it is text, and of its hash, since two may differ in the rest alone. Its
 * case costs itself when it is read. */
static csl_status make_id(const char *name, char id[MAX_ID_BYTES], csl_error *error)
{
    char hex[CSL_SHA256_HEX];
    csl_digest digest;
    csl_status status = csl_sha256(name, strlen(name), &digest, error);
    if (status != CSL_OK) return status;
    csl_digest_hex(&digest, hex);
    int used = snprintf(id, MAX_ID_BYTES, "%.*s", MAX_ID_BYTES - 24, name);
    text_clean(id);
    snprintf(id + used, MAX_ID_BYTES - (size_t)used, "~%.16s", hex);
    return CSL_OK;
}

static csl_status list_folder(csl_manifest *m, csl_error *error)
{
    sqlite3_stmt *add = NULL;
    DIR *folder = opendir(m->folder);
    if (!folder) return csl_fail_errno(error, m->folder, "cannot open folder");
    csl_status status = prepare(m, "INSERT INTO found VALUES(?1, ?2)", &add, error);
    for (struct dirent *entry; status == CSL_OK && (entry = readdir(folder));) {
        char *path = csl_path_join(m->folder, entry->d_name);
        if (!path) status = no_memory(error);
        if (path && entry->d_name[0] != '.' && csl_is_folder(path)) {
            char id[MAX_ID_BYTES];
            bool is_id = files_check_id(entry->d_name, "", NULL, NULL) == CSL_OK;
            if (!is_id) status = make_id(entry->d_name, id, error);
            bind(add, 1, is_id ? entry->d_name : id);
            sqlite3_bind_blob(add, 2, is_id ? NULL : entry->d_name, (int)strlen(entry->d_name) + 1,
                              SQLITE_TRANSIENT);
            if (status == CSL_OK) status = put(m, add, error);
        }
        free(path);
    }
    closedir(folder);
    sqlite3_finalize(add);
    if (status != CSL_OK) return status;
    const char *number =
        "INSERT INTO listed SELECT row_number() OVER (ORDER BY id) - 1, id, NULL, name FROM found";
    if (sqlite3_exec(m->list, number, NULL, NULL, NULL) != SQLITE_OK) return failed(m, error);
    m->count = (size_t)sqlite3_changes(m->list);
    return sqlite3_exec(m->list, "DROP TABLE found", NULL, NULL, NULL) == SQLITE_OK ? CSL_OK
                                                                                    : failed(m, error);
}

/* ---- listing the rows of a CSV file ---- */

typedef struct taking {
    sqlite3_stmt *add_case, *add_file, *set_patient;
    int id, file, patient; /* columns */
} taking;

static csl_status find_columns(const csl_csv_reader *r, taking *t, csl_error *error)
{
    t->id = csl_csv_find(r, "case");
    t->file = csl_csv_find(r, "path");
    t->patient = csl_csv_find(r, "patient");
    if (t->id >= 0 && t->file >= 0) return CSL_OK;
    return csl_fail(error, CSL_EFORMAT, r->path,
                    "has no column '%s': a list of cases needs the columns case and path and a row for each "
                    "file",
                    t->id < 0 ? "case" : "path");
}

/* A row may leave the patient out; rows of one case that name one name the same. */
static csl_status take_patient(csl_manifest *m, sqlite3_stmt *set, size_t position, const char *id,
                               const char *patient, const char *place, csl_error *error)
{
    csl_status status = files_check_id(patient, "a patient", place, error);
    if (status != CSL_OK) return status;
    bind(set, 1, patient);
    sqlite3_bind_int64(set, 2, (sqlite3_int64)position);
    status = put(m, set, error);
    if (status == CSL_OK && !sqlite3_changes(m->list))
        return csl_fail(error, CSL_EFORMAT, place, "case %s has another patient in a row before", id);
    return status;
}

static csl_status take_row(csl_manifest *m, const taking *t, const csl_csv_reader *r, csl_error *error)
{
    char place[512];
    const char *id = r->cells[t->id], *path = r->cells[t->file];
    size_t position;
    snprintf(place, sizeof place, "%s: line %zu", m->path, r->line);
    csl_status status = files_check_id(id, "a case's name", place, error);
    if (status == CSL_OK && !path[0]) status = csl_fail(error, CSL_EFORMAT, place, "the path is empty");
    if (status != CSL_OK) return status;
    if (!csl_manifest_find(m, id, &position)) {
        position = m->count++;
        sqlite3_bind_int64(t->add_case, 1, (sqlite3_int64)position);
        bind(t->add_case, 2, id);
        status = put(m, t->add_case, error);
    }
    sqlite3_bind_int64(t->add_file, 1, (sqlite3_int64)position);
    sqlite3_bind_int64(t->add_file, 2, (sqlite3_int64)r->line);
    bind(t->add_file, 3, path);
    if (status == CSL_OK) status = put(m, t->add_file, error);
    if (status == CSL_OK && t->patient >= 0 && r->cells[t->patient][0])
        status = take_patient(m, t->set_patient, position, id, r->cells[t->patient], place, error);
    return status;
}

static csl_status list_rows(csl_manifest *m, csl_error *error)
{
    csl_csv_reader r;
    taking t = {0};
    csl_status status = csl_csv_open(m->path, &r, error);
    if (status == CSL_OK) status = find_columns(&r, &t, error);
    if (status == CSL_OK)
        status = prepare(m, "INSERT INTO listed VALUES(?1, ?2, NULL, NULL)", &t.add_case, error);
    if (status == CSL_OK) status = prepare(m, "INSERT INTO file VALUES(?1, ?2, ?3)", &t.add_file, error);
    if (status == CSL_OK)
        status =
            prepare(m, "UPDATE listed SET patient=?1 WHERE position=?2 AND (patient IS NULL OR patient=?1)",
                    &t.set_patient, error);
    while (csl_csv_next(&r, &status, error)) status = take_row(m, &t, &r, error);
    if (status == CSL_OK && !m->count)
        status =
            csl_fail(error, CSL_EFORMAT, m->path,
                     "has no rows: a list of cases needs the columns case and path and a row for each file");
    sqlite3_finalize(t.add_case);
    sqlite3_finalize(t.add_file);
    sqlite3_finalize(t.set_patient);
    csl_csv_close(&r);
    return status;
}

/* ---- one case ---- */

static csl_status add_rows(csl_manifest *m, size_t position, csl_manifest_case *c, csl_error *error)
{
    csl_status status = CSL_OK;
    int step = SQLITE_DONE;
    sqlite3_bind_int64(m->rows, 1, (sqlite3_int64)position);
    while (status == CSL_OK && (step = sqlite3_step(m->rows)) == SQLITE_ROW)
        status = files_add_row(c, (const char *)sqlite3_column_text(m->rows, 0), error);
    if (status == CSL_OK && step != SQLITE_DONE) status = failed(m, error);
    sqlite3_reset(m->rows);
    return status == CSL_OK ? files_sort(c, m->path, error) : status;
}

csl_status csl_manifest_get(csl_manifest *m, size_t position, csl_manifest_case *which, csl_error *error)
{
    csl_manifest_case c = {0};
    *which = c;
    sqlite3_bind_int64(m->get, 1, (sqlite3_int64)position);
    if (sqlite3_step(m->get) != SQLITE_ROW) {
        sqlite3_reset(m->get);
        return failed(m, error);
    }
    const char *id = (const char *)sqlite3_column_text(m->get, 0);
    const char *patient = (const char *)sqlite3_column_text(m->get, 1);
    c.id = strdup(id);
    const char *name = sqlite3_column_blob(m->get, 2);
    bool is_id = !name;
    c.folder = m->is_csv ? strdup(m->folder) : csl_path_join(m->folder, name ? name : id);
    if (patient) c.patient = strdup(patient);
    bool whole = c.id && c.folder && (c.patient || !patient);
    sqlite3_reset(m->get);
    csl_status status = !whole      ? no_memory(error)
                        : m->is_csv ? add_rows(m, position, &c, error)
                                    : files_add_folder(&c, c.folder, "", error);
    if (status == CSL_OK && !is_id) status = files_check_id("", "a case's name", c.id, error);
    if (status == CSL_OK || status == CSL_EFORMAT)
        *which = c;
    else
        csl_manifest_case_free(&c);
    return status;
}

/* ---- the list ---- */

/* A cohort folder's cases are in its cases/; of a CSV file paths are relative to the folder that it is in. */
static char *find_root(const char *path, bool is_csv)
{
    if (!is_csv) {
        char *cases = csl_path_join(path, "cases");
        if (!cases || csl_is_folder(cases)) return cases;
        free(cases);
        return strdup(path);
    }
    char *folder = strdup(path), *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash) slash[slash == folder] = 0; /* the root keeps its slash */
    if (folder && !slash) strcpy(folder, path[0] ? "." : "");
    return folder;
}

static csl_status list(csl_manifest *m, csl_error *error)
{
    if (sqlite3_open("", &m->list) != SQLITE_OK ||
        sqlite3_exec(m->list, schema, NULL, NULL, NULL) != SQLITE_OK)
        return failed(m, error);
    csl_status status = prepare(m, "SELECT position FROM listed WHERE id=?1", &m->find, error);
    if (status == CSL_OK) status = m->is_csv ? list_rows(m, error) : list_folder(m, error);
    if (status == CSL_OK)
        status = prepare(m, "SELECT id, patient, name FROM listed WHERE position=?1", &m->get, error);
    if (status == CSL_OK)
        status = prepare(m, "SELECT path FROM file WHERE position=?1 ORDER BY line", &m->rows, error);
    return status;
}

csl_status csl_manifest_open(const char *path, csl_manifest **manifest, csl_error *error)
{
    csl_manifest *m = calloc(1, sizeof *m);
    bool is_csv = !csl_is_folder(path);
    if (!m || !(m->path = strdup(path)) || !(m->folder = find_root(path, is_csv))) {
        csl_manifest_close(m);
        return no_memory(error);
    }
    m->is_csv = is_csv;
    csl_status status = list(m, error);
    if (status == CSL_OK && !m->count)
        status = csl_fail(error, CSL_EFORMAT, m->folder,
                          "holds no case: each of its sub-folders is one, with the case's files in it");
    if (status == CSL_OK)
        *manifest = m;
    else
        csl_manifest_close(m);
    return status;
}

size_t csl_manifest_count(const csl_manifest *m)
{
    return m->count;
}

csl_status csl_manifest_each(csl_manifest *m, csl_status (*visit)(void *context, const char *id),
                             void *context, csl_error *error)
{
    sqlite3_stmt *all = NULL;
    int step = SQLITE_DONE;
    csl_status status = prepare(m, "SELECT id FROM listed ORDER BY position", &all, error);
    while (status == CSL_OK && (step = sqlite3_step(all)) == SQLITE_ROW)
        status = visit(context, (const char *)sqlite3_column_text(all, 0));
    if (status == CSL_OK && step != SQLITE_DONE) status = failed(m, error);
    sqlite3_finalize(all);
    return status;
}

bool csl_manifest_find(csl_manifest *m, const char *id, size_t *position)
{
    bind(m->find, 1, id);
    bool found = sqlite3_step(m->find) == SQLITE_ROW;
    if (found) *position = (size_t)sqlite3_column_int64(m->find, 0);
    sqlite3_reset(m->find);
    return found;
}

void csl_manifest_close(csl_manifest *m)
{
    if (!m) return;
    sqlite3_finalize(m->get);
    sqlite3_finalize(m->find);
    sqlite3_finalize(m->rows);
    sqlite3_close(m->list);
    free(m->path);
    free(m->folder);
    free(m);
}
