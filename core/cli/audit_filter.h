/* Which entries of a log `query` and `export` mean. */
#ifndef CSL_CLI_AUDIT_FILTER_H
#define CSL_CLI_AUDIT_FILTER_H

#include "cli/audit.h"

/* What the options say, as they stand; NULL: anything. */
typedef struct audit_filter {
    const char *case_id, *from, *to, *outcome, *event, *hash, *plugin;
    const char *pseudonyms; /* a key that opens what the log hides */
} audit_filter;

/* Rows of the options' table, for a filter named `f`. */
#define AUDIT_FILTER_OPTIONS                                                                                 \
    {"case", &f.case_id, NULL}, {"from", &f.from, NULL}, {"to", &f.to, NULL}, {"outcome", &f.outcome, NULL}, \
        {"event", &f.event, NULL}, {"hash", &f.hash, NULL}, {"plugin", &f.plugin, NULL},                     \
    {                                                                                                        \
        "pseudonyms", &f.pseudonyms, NULL                                                                    \
    }
#define AUDIT_FILTER_USAGE                                                                                   \
    "[--case ID] [--from TIME] [--to TIME] [--outcome ok|minor|failure] [--event NAME] [--hash SHA256] "     \
    "[--plugin ID] [--pseudonyms FILE]"

/* Calls visit with each entry that all the options mean, in order; a nonzero return stops. CSL_EUSAGE if an
 * option says nothing that could be meant. */
typedef int (*audit_filter_visit)(void *context, uint64_t index, const csl_audit_record *record);
csl_status audit_filter_each(const audit_filter *f, const char *folder, audit_filter_visit visit,
                             void *context, csl_error *error);

/* The first object of that role, or NULL. */
const csl_audit_record_object *audit_find_object(const csl_audit_record *record, const char *role);

#endif
