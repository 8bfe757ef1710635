/* Inside of a log that is being written; for the tests and the benchmark, which append entries that are no
 * events. */
#ifndef CSL_AUDIT_LOG_H
#define CSL_AUDIT_LOG_H

#include <time.h>

#include "audit/audit.h"

/* As csl_audit_append, of bytes as they are, at most CSL_AUDIT_MAX_ENTRY. */
csl_status audit_log_append_bytes(csl_audit_log *log, const void *entry, size_t length, csl_digest *leaf,
                                  csl_error *error);

/* Has the log read other clocks than the machine's. */
void audit_log_clock(csl_audit_log *log, void (*read)(struct timespec *wall, struct timespec *boot));

#endif
