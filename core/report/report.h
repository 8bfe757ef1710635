/* Results for people: one self-contained HTML page of a finished run. */
#ifndef CSL_REPORT_REPORT_H
#define CSL_REPORT_REPORT_H

#include "base/error.h"

/* Reads out_folder/run.db, writes out_folder/report/index.html; malloc's *path to it. */
csl_status csl_report_html(const char *out_folder, char **path, csl_error *error);

#endif
