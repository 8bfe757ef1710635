/* Inside batch: what a case is called and which files it has. In all of it CSL_EFORMAT is the case's own
 * fault. */
#ifndef CSL_BATCH_CASE_FILES_H
#define CSL_BATCH_CASE_FILES_H

#include "batch/batch.h"

/* An id goes into file names, CSV, XML and HTML: UTF-8 text of one line. what: "a case's name", say. */
csl_status files_check_id(const char *id, const char *what, const char *place, csl_error *error);
/* Appends one file; takes path and name (NULL: out of memory), frees them if it fails. A name that is no text
 * is made one: it stands in results. */
csl_status files_add(csl_manifest_case *c, char *path, char *name, csl_error *error);
enum { MAX_ID_BYTES = 128 };

/* Adds every file below folder; prefix (may be "") goes before the names. */
csl_status files_add_folder(csl_manifest_case *c, const char *folder, const char *prefix, csl_error *error);
/* Adds what a row of a CSV file names, a file or a folder, relative to the case's folder. */
csl_status files_add_row(csl_manifest_case *c, const char *path, csl_error *error);
/* Sorted by name, as adapters are promised; a file that is named twice would count twice, and is refused. */
csl_status files_sort(csl_manifest_case *c, const char *csv, csl_error *error);

#endif
