#include <stdio.h>
#include <string.h>

#include "batch/store.h"
#include "batch/store_sql.h"

static void copy(char *to, size_t size, const unsigned char *text)
{
    snprintf(to, size, "%s", text ? (const char *)text : "");
}

/* Runs a statement that gives no rows, with one or two texts (the second may be NULL). */
static csl_status change(csl_store *s, const char *sql, const char *one, const char *two, csl_error *error)
{
    sqlite3_stmt *q = NULL;
    csl_status status = store_prepare(s, sql, &q, error);
    if (status == CSL_OK) sqlite3_bind_text(q, 1, one, -1, SQLITE_STATIC);
    if (status == CSL_OK && two) sqlite3_bind_text(q, 2, two, -1, SQLITE_STATIC);
    while (store_next(s, q, &status, error)) {
    }
    sqlite3_finalize(q);
    return status;
}

csl_status store_find(csl_store *s, const char *id, store_found *found, csl_error *error)
{
    sqlite3_stmt *q = NULL;
    *found = (store_found){0};
    csl_status status =
        store_prepare(s,
                      "SELECT status, stamp, audit_index, EXISTS(SELECT 1 FROM moved WHERE id=?1) "
                      "FROM result WHERE id=?1",
                      &q, error);
    if (status == CSL_OK) sqlite3_bind_text(q, 1, id, -1, SQLITE_STATIC);
    if (store_next(s, q, &status, error)) {
        found->there = true;
        copy(found->status, sizeof found->status, sqlite3_column_text(q, 0));
        copy(found->stamp, sizeof found->stamp, sqlite3_column_text(q, 1));
        found->audit_index = (uint64_t)sqlite3_column_int64(q, 2);
        found->moved = sqlite3_column_int(q, 3) != 0;
    }
    sqlite3_finalize(q);
    return status;
}

csl_status store_line(csl_store *s, const char *id, char **json, csl_error *error)
{
    sqlite3_stmt *q = NULL;
    *json = NULL;
    csl_status status = store_prepare(s, "SELECT json FROM result WHERE id=?1", &q, error);
    if (status == CSL_OK) sqlite3_bind_text(q, 1, id, -1, SQLITE_STATIC);
    if (store_next(s, q, &status, error)) *json = strdup((const char *)sqlite3_column_text(q, 0));
    if (status == CSL_OK && !*json) status = csl_fail(error, CSL_ENOTFOUND, s->path, "no result of %s", id);
    sqlite3_finalize(q);
    return status;
}

csl_status store_restamp(csl_store *s, const char *id, const char *stamp, csl_error *error)
{
    return change(s, "UPDATE result SET stamp=?2 WHERE id=?1", id, stamp, error);
}

csl_status store_set_moved(csl_store *s, const char *id, bool moved, csl_error *error)
{
    return change(s, moved ? "INSERT OR IGNORE INTO moved VALUES(?1)" : "DELETE FROM moved WHERE id=?1", id,
                  NULL, error);
}

csl_status store_count(csl_store *s, csl_run_summary *counts, csl_error *error)
{
    sqlite3_stmt *q = NULL;
    csl_status status = store_prepare(s, "SELECT status, count(*) FROM result GROUP BY status", &q, error);
    while (store_next(s, q, &status, error)) {
        const char *name = (const char *)sqlite3_column_text(q, 0);
        size_t count = (size_t)sqlite3_column_int64(q, 1);
        if (!strcmp(name, "scored")) counts->scored = count;
        if (!strcmp(name, "failed")) counts->failed = count;
        if (!strcmp(name, "withheld")) counts->withheld = count;
        counts->total += count;
    }
    sqlite3_finalize(q);
    return status;
}
