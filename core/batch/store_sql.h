/* Inside batch: the run store as its own files see it. */
#ifndef CSL_BATCH_STORE_SQL_H
#define CSL_BATCH_STORE_SQL_H

#include <sqlite3.h>

#include "base/file.h"
#include "batch/batch.h"

struct csl_store {
    sqlite3 *db;
    char *path;
    csl_names facts; /* texts that csl_store_fact handed out */
};

csl_status store_prepare(csl_store *s, const char *sql, sqlite3_stmt **statement, csl_error *error);
/* Steps to the next row. False at the end, and after a failure, which *status then says. */
bool store_next(csl_store *s, sqlite3_stmt *statement, csl_status *status, csl_error *error);

#endif
