/* Forms that a log's entries are exported in; each file writes one to stdout or a file. */
#ifndef CSL_CLI_AUDIT_EXPORT_H
#define CSL_CLI_AUDIT_EXPORT_H

#include "cli/audit_filter.h"

typedef struct audit_form {
    const char *name;
    void (*begin)(FILE *out, const char *folder, const audit_filter *f, csl_error *error); /* NULL: nothing */
    void (*entry)(FILE *out, uint64_t index, const csl_audit_record *record);
    void (*end)(FILE *out);
} audit_form;

extern const audit_form audit_form_fhir, audit_form_html;

#endif
