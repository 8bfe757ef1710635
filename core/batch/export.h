/* Inside batch: files that people and programs read, made from the run store. */
#ifndef CSL_BATCH_EXPORT_H
#define CSL_BATCH_EXPORT_H

#include "batch/store.h"

/* Writes OUT/results.ndjson, OUT/results.csv and OUT/failed/CASE.txt; each appears whole or not at all. */
csl_status export_results(csl_store *store, const char *out_folder, csl_error *error);

/* A case's id as a file name: bytes other than letters, digits, '.', '-' and '_' (and a leading '.') become
 * %XX. Needs 3 * strlen(id) + 1 bytes. */
void export_file_name(const char *id, char *out);

#endif
