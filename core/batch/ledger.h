/* Inside batch: what a run says to the audit log. */
#ifndef CSL_BATCH_LEDGER_H
#define CSL_BATCH_LEDGER_H

#include "batch/record.h"

/* Start (with the hash of the configuration), each plugin of the hello, the model (hex of its file);
 * committed. */
csl_status ledger_start(csl_audit_log *log, const char *configuration, const json_t *hello,
                        const char *model_path, const char *model, csl_error *error);
/* Adds the entry of one result, with the hashes of the inputs and of the line without its audit member; not
 * committed. What contradicts in a withheld case is said by rule, not by value. */
csl_status ledger_case(csl_audit_log *log, const record *r, const char *id, const char *model,
                       uint64_t *index, csl_digest *leaf, csl_error *error);
csl_status ledger_stop(csl_audit_log *log, bool early, csl_error *error); /* committed */

#endif
