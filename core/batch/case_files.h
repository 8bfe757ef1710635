/* Inside batch: which files a case of a manifest has. In all of it CSL_EFORMAT is the case's own fault. */
#ifndef CSL_BATCH_CASE_FILES_H
#define CSL_BATCH_CASE_FILES_H

#include "batch/batch.h"

/* Adds every file below folder; prefix (may be "") goes before the names. */
csl_status files_add_folder(csl_manifest_case *c, const char *folder, const char *prefix, csl_error *error);
/* Adds what a row of a CSV file names, a file or a folder, relative to the case's folder. */
csl_status files_add_row(csl_manifest_case *c, const char *path, csl_error *error);
/* Sorted by name, as adapters are promised; a file that is named twice would count twice, and is refused. */
csl_status files_sort(csl_manifest_case *c, const char *csv, csl_error *error);

#endif
