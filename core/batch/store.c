#include "batch/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "batch/leaf.h"
#include "batch/store_sql.h"

enum { FORMAT = 2 };

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS fact(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS result(id TEXT PRIMARY KEY, position INTEGER NOT NULL, status TEXT NOT NULL,"
    " json TEXT NOT NULL, png BLOB, errors TEXT, crashed TEXT, stamp TEXT, seconds REAL, finished REAL, "
    "audit_index INTEGER NOT NULL, "
    "leaf TEXT NOT "
    "NULL);"
    "CREATE TABLE IF NOT EXISTS staged(id TEXT PRIMARY KEY, position INTEGER NOT NULL, status TEXT NOT NULL,"
    " json TEXT NOT NULL, png BLOB, errors TEXT, crashed TEXT, stamp TEXT, seconds REAL, finished REAL, "
    "audit_index INTEGER NOT NULL, "
    "leaf TEXT NOT "
    "NULL);"
    "CREATE INDEX IF NOT EXISTS result_by_position ON result(position, id);"
    "CREATE INDEX IF NOT EXISTS result_by_status ON result(status, finished, seconds, id);"; /* survey.c */

/* Cases whose files were moved away since they were read (watch.c). */
static const char moved_table[] = "CREATE TABLE IF NOT EXISTS moved(id TEXT PRIMARY KEY) WITHOUT ROWID";

static const char publish[] = "DELETE FROM moved WHERE id IN (SELECT id FROM staged);"
                              "INSERT OR REPLACE INTO result SELECT * FROM staged; DELETE FROM staged";

static csl_status failed(const csl_store *s, csl_error *error)
{
    int code = sqlite3_errcode(s->db) & 0xff;
    csl_status status = code == SQLITE_NOMEM                              ? CSL_ENOMEM
                        : code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? CSL_EFORMAT
                                                                          : CSL_EIO;
    return csl_fail(error, status, s->path, "the run store: %s", sqlite3_errmsg(s->db));
}

static csl_status run(csl_store *s, const char *sql, csl_error *error)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? CSL_OK : failed(s, error);
}

csl_status store_prepare(csl_store *s, const char *sql, sqlite3_stmt **statement, csl_error *error)
{
    return sqlite3_prepare_v2(s->db, sql, -1, statement, NULL) == SQLITE_OK ? CSL_OK : failed(s, error);
}

bool store_next(csl_store *s, sqlite3_stmt *statement, csl_status *status, csl_error *error)
{
    if (*status != CSL_OK) return false;
    int step = sqlite3_step(statement);
    if (step != SQLITE_ROW && step != SQLITE_DONE) *status = failed(s, error);
    return step == SQLITE_ROW;
}

/* Ends a transaction that status says went well or not. */
static csl_status end(csl_store *s, csl_status status, csl_error *error)
{
    if (status == CSL_OK) status = run(s, "COMMIT", error);
    if (status != CSL_OK) sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static csl_status open_store(const char *out_folder, int flags, csl_store **out, csl_error *error)
{
    csl_store *s = calloc(1, sizeof *s);
    if (!s || !(s->path = csl_path_join(out_folder, "run.db"))) {
        free(s);
        return csl_fail(error, CSL_ENOMEM, out_folder, "no memory for the run store");
    }
    if (flags == SQLITE_OPEN_READONLY && !csl_is_file(s->path)) {
        csl_status status = csl_fail(error, CSL_ENOTFOUND, s->path,
                                     "there is no run store: name the folder that `run` was given as --out");
        csl_store_close(s);
        return status;
    }
    csl_status status =
        sqlite3_open_v2(s->path, &s->db, flags, NULL) == SQLITE_OK ? CSL_OK : failed(s, error);
    if (status == CSL_OK) {
        sqlite3_busy_timeout(s->db, 10000);
        *out = s;
    } else {
        csl_store_close(s);
    }
    return status;
}

static csl_status check_format(csl_store *s, int *format, csl_error *error)
{
    sqlite3_stmt *q = NULL;
    csl_status status = store_prepare(s, "PRAGMA user_version", &q, error);
    if (status == CSL_OK && sqlite3_step(q) != SQLITE_ROW) status = failed(s, error);
    if (status == CSL_OK) *format = sqlite3_column_int(q, 0);
    sqlite3_finalize(q);
    if (status == CSL_OK && *format != 0 && *format != FORMAT)
        status = csl_fail(error, CSL_EMISMATCH, s->path,
                          "the run store has form %d, this program writes and reads %d", *format, FORMAT);
    return status;
}

csl_status store_open(const char *out_folder, csl_store **store, csl_error *error)
{
    csl_status status = open_store(out_folder, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, store, error);
    if (status != CSL_OK) return status;
    int format = 0;
    status = check_format(*store, &format, error);
    if (status == CSL_OK) status = run(*store, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", error);
    if (status == CSL_OK) status = run(*store, moved_table, error);
    if (status == CSL_OK && format == 0) {
        char text[64];
        snprintf(text, sizeof text, "PRAGMA user_version=%d", FORMAT);
        status = run(*store, "BEGIN IMMEDIATE", error);
        if (status == CSL_OK) status = run(*store, schema, error);
        if (status == CSL_OK) status = run(*store, text, error);
        status = end(*store, status, error);
    }
    if (status != CSL_OK) {
        csl_store_close(*store);
        *store = NULL;
    }
    return status;
}

csl_status csl_store_open_read(const char *out_folder, csl_store **store, csl_error *error)
{
    csl_status status = open_store(out_folder, SQLITE_OPEN_READONLY, store, error);
    int format = 0;
    if (status == CSL_OK) {
        status = check_format(*store, &format, error);
        if (status == CSL_OK && format == 0)
            status =
                csl_fail(error, CSL_ENOTFOUND, (*store)->path, "is only being made: the run has just begun");
        if (status != CSL_OK) {
            csl_store_close(*store);
            *store = NULL;
        }
    }
    return status;
}

void csl_store_close(csl_store *store)
{
    if (!store) return;
    sqlite3_close(store->db);
    csl_names_free(&store->facts);
    free(store->path);
    free(store);
}

/* ---- facts ---- */

csl_status store_set_fact(csl_store *s, const char *name, const char *value, csl_error *error)
{
    sqlite3_stmt *q = NULL;
    csl_status status = store_prepare(s, "INSERT OR REPLACE INTO fact VALUES(?1, ?2)", &q, error);
    if (status != CSL_OK) return status;
    sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 2, value, -1, SQLITE_STATIC);
    if (sqlite3_step(q) != SQLITE_DONE) status = failed(s, error);
    sqlite3_finalize(q);
    return status;
}

const char *csl_store_fact(csl_store *s, const char *name)
{
    sqlite3_stmt *q = NULL;
    const char *value = NULL;
    if (store_prepare(s, "SELECT value FROM fact WHERE name=?1", &q, NULL) != CSL_OK) return NULL;
    sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
    if (sqlite3_step(q) == SQLITE_ROW && csl_names_add(&s->facts, (const char *)sqlite3_column_text(q, 0)))
        value = s->facts.items[s->facts.count - 1];
    sqlite3_finalize(q);
    return value;
}

/* ---- results ---- */

static double unix_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static csl_status stage_rows(csl_store *s, const store_row *rows, size_t count, csl_error *error)
{
    sqlite3_stmt *q = NULL;
    csl_status status = store_prepare(
        s, "INSERT INTO staged VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)", &q, error);
    for (size_t i = 0; status == CSL_OK && i < count; i++) {
        const store_row *r = &rows[i];
        char leaf[CSL_SHA256_HEX];
        csl_digest_hex(&r->leaf, leaf);
        sqlite3_bind_text(q, 1, r->id, -1, SQLITE_STATIC);
        sqlite3_bind_int64(q, 2, (sqlite3_int64)r->position);
        sqlite3_bind_text(q, 3, r->status, -1, SQLITE_STATIC);
        sqlite3_bind_text(q, 4, r->json, -1, SQLITE_STATIC);
        if (r->png)
            sqlite3_bind_blob64(q, 5, r->png, r->png_length, SQLITE_STATIC);
        else
            sqlite3_bind_null(q, 5);
        sqlite3_bind_text(q, 6, r->errors, -1, SQLITE_STATIC);
        sqlite3_bind_text(q, 7, r->crashed, -1, SQLITE_STATIC);
        sqlite3_bind_text(q, 8, r->stamp, -1, SQLITE_STATIC);
        sqlite3_bind_double(q, 9, r->seconds);
        sqlite3_bind_double(q, 10, unix_time());
        sqlite3_bind_int64(q, 11, (sqlite3_int64)r->audit_index);
        sqlite3_bind_text(q, 12, leaf, -1, SQLITE_TRANSIENT);
        if (sqlite3_step(q) != SQLITE_DONE) status = failed(s, error);
        sqlite3_reset(q);
    }
    sqlite3_finalize(q);
    return status;
}

csl_status store_stage(csl_store *s, const store_row *rows, size_t count, csl_error *error)
{
    csl_status status = run(s, "BEGIN IMMEDIATE", error);
    if (status != CSL_OK) return status;
    return end(s, stage_rows(s, rows, count, error), error);
}

csl_status store_publish(csl_store *s, csl_error *error)
{
    csl_status status = run(s, "BEGIN IMMEDIATE", error);
    if (status != CSL_OK) return status;
    return end(s, run(s, publish, error), error);
}

/* Whether the log holds, at the place it was meant for, the entry of a staged result. */
static csl_status entry_is_there(const char *audit_folder, uint64_t audit_size, uint64_t index,
                                 const char *leaf, bool *there, csl_error *error)
{
    *there = false;
    if (index >= audit_size) return CSL_OK;
    csl_digest found;
    char hex[CSL_SHA256_HEX];
    csl_status status = leaf_at(audit_folder, index, &found, error);
    if (status != CSL_OK) return status;
    csl_digest_hex(&found, hex);
    *there = !strcmp(hex, leaf);
    return CSL_OK;
}

csl_status store_recover(csl_store *s, const char *audit_folder, uint64_t audit_size, csl_error *error)
{
    sqlite3_stmt *all = NULL, *drop = NULL;
    csl_status status = run(s, "BEGIN IMMEDIATE", error);
    if (status != CSL_OK) return status;
    status = store_prepare(s, "SELECT id, audit_index, leaf FROM staged", &all, error);
    if (status == CSL_OK) status = store_prepare(s, "DELETE FROM staged WHERE id=?1", &drop, error);
    while (store_next(s, all, &status, error)) {
        bool there;
        status = entry_is_there(audit_folder, audit_size, (uint64_t)sqlite3_column_int64(all, 1),
                                (const char *)sqlite3_column_text(all, 2), &there, error);
        if (status != CSL_OK || there) continue;
        sqlite3_bind_text(drop, 1, (const char *)sqlite3_column_text(all, 0), -1, SQLITE_TRANSIENT);
        if (sqlite3_step(drop) != SQLITE_DONE) status = failed(s, error);
        sqlite3_reset(drop);
    }
    sqlite3_finalize(all);
    sqlite3_finalize(drop);
    if (status == CSL_OK) status = run(s, publish, error);
    return end(s, status, error);
}

/* ---- matching with a manifest ---- */

/* What store_match was asked with. */
typedef struct matching {
    csl_manifest *manifest;
    store_keep keep;
    void *context;
    bool *done;
    csl_run_summary *counts;
} matching;

static csl_status match(csl_store *s, const matching *m, csl_error *error)
{
    csl_run_summary *counts = m->counts;
    sqlite3_stmt *all = NULL, *move = NULL;
    csl_status status = store_prepare(s, "SELECT id, position, status, stamp, json FROM result", &all, error);
    if (status == CSL_OK)
        status = store_prepare(s, "UPDATE result SET position=?2 WHERE id=?1", &move, error);
    while (store_next(s, all, &status, error)) {
        const char *id = (const char *)sqlite3_column_text(all, 0);
        size_t position;
        if (!csl_manifest_find(m->manifest, id, &position)) {
            status = csl_fail(
                error, CSL_EUSAGE, s->path,
                "holds a result of case %s, which is not among the cases now: give the same cases, or "
                "another --out",
                id);
            break;
        }
        const char *what = (const char *)sqlite3_column_text(all, 2);
        const char *stamp = (const char *)sqlite3_column_text(all, 3);
        if (m->keep(m->context, position, what, stamp ? stamp : "",
                    (const char *)sqlite3_column_text(all, 4))) {
            m->done[position] = true;
            counts->scored += !strcmp(what, "scored");
            counts->failed += !strcmp(what, "failed");
            counts->withheld += !strcmp(what, "withheld");
            counts->resumed++;
        }
        if ((size_t)sqlite3_column_int64(all, 1) == position) continue;
        sqlite3_bind_text(move, 1, id, -1, SQLITE_TRANSIENT);
        sqlite3_bind_int64(move, 2, (sqlite3_int64)position);
        if (sqlite3_step(move) != SQLITE_DONE) status = failed(s, error);
        sqlite3_reset(move);
    }
    sqlite3_finalize(all);
    sqlite3_finalize(move);
    return status;
}

csl_status store_match(csl_store *s, csl_manifest *manifest, store_keep keep, void *context, bool *done,
                       csl_run_summary *counts, csl_error *error)
{
    matching m = {manifest, keep, context, done, counts};
    csl_status status = run(s, "BEGIN IMMEDIATE", error);
    return status == CSL_OK ? end(s, match(s, &m, error), error) : status;
}

/* ---- reading ---- */

csl_status store_each_crash(csl_store *s, const bool *done, void (*visit)(void *context, const char *plugin),
                            void *context, csl_error *error)
{
    sqlite3_stmt *q = NULL;
    csl_status status =
        store_prepare(s, "SELECT crashed, position FROM result WHERE crashed IS NOT NULL", &q, error);
    while (store_next(s, q, &status, error))
        if (done[sqlite3_column_int64(q, 1)]) visit(context, (const char *)sqlite3_column_text(q, 0));
    sqlite3_finalize(q);
    return status;
}

csl_status store_each_error(csl_store *s,
                            csl_status (*visit)(void *context, const csl_stored_case *stored,
                                                const char *errors, csl_error *error),
                            void *context, csl_error *error)
{
    sqlite3_stmt *q = NULL;
    csl_status status = store_prepare(
        s, "SELECT position, id, status, json, png, errors FROM result ORDER BY position, id", &q, error);
    while (store_next(s, q, &status, error)) {
        csl_stored_case stored = {.position = (size_t)sqlite3_column_int64(q, 0),
                                  .id = (const char *)sqlite3_column_text(q, 1),
                                  .status = (const char *)sqlite3_column_text(q, 2),
                                  .json = (const char *)sqlite3_column_text(q, 3),
                                  .png = sqlite3_column_blob(q, 4),
                                  .png_length = (size_t)sqlite3_column_bytes(q, 4)};
        const char *errors = (const char *)sqlite3_column_text(q, 5);
        status = visit(context, &stored, errors ? errors : "", error);
    }
    sqlite3_finalize(q);
    return status;
}

typedef struct plain_visit {
    int (*visit)(void *context, const csl_stored_case *stored);
    void *context;
    bool stopped;
} plain_visit;

static csl_status visit_plain(void *context, const csl_stored_case *stored, const char *errors,
                              csl_error *error)
{
    plain_visit *p = context;
    (void)errors, (void)error;
    p->stopped = p->visit(p->context, stored) != 0;
    return p->stopped ? CSL_EUSAGE : CSL_OK;
}

csl_status csl_store_each(csl_store *store, int (*visit)(void *context, const csl_stored_case *stored),
                          void *context, csl_error *error)
{
    plain_visit p = {.visit = visit, .context = context};
    csl_status status = store_each_error(store, visit_plain, &p, error);
    return p.stopped ? CSL_OK : status;
}

csl_status store_settle(csl_store *s, csl_error *error)
{
    int code = sqlite3_exec(s->db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL) & 0xff;
    return code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED ? CSL_OK : failed(s, error);
}
