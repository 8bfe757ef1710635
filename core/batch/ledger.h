/* Inside batch: what a run says to the audit log, which hides identifiers (csl_audit_protect). */
#ifndef CSL_BATCH_LEDGER_H
#define CSL_BATCH_LEDGER_H

#include "batch/record.h"

/* Start (with the hashes of the configuration and of the settings' file, if there is one), each plugin of the
 * hello, loaded or refused, the model (hex of its file); committed. */
csl_status ledger_start(csl_audit_log *log, const char *configuration, const char *settings_file,
                        const json_t *hello, const char *model_path, const char *model, csl_error *error);
/* That a later start of a run was asked for otherwise than the first; committed. */
csl_status ledger_configuration(csl_audit_log *log, bool accepted, const char *change, csl_error *error);
/* Adds the entry of one result, with the hashes of the inputs and of the line without its audit member,
 * behind one that says that DICOM instances were read, if any were; not committed. What contradicts in a
 * withheld case, and why one failed, is said by rule, not by value; the values are in the hidden reason. */
csl_status ledger_case(csl_audit_log *log, record *r, const char *id, const char *model, uint64_t *index,
                       csl_digest *leaf, csl_error *error);
/* That a plugin crashed too often; not committed. */
csl_status ledger_quarantine(csl_audit_log *log, const char *plugin, const char *reason, csl_error *error);
/* That the files of results were written, with their hashes; not committed. */
csl_status ledger_export(csl_audit_log *log, const char *out_folder, csl_error *error);
csl_status ledger_export_failed(csl_audit_log *log, csl_error *error);
csl_status ledger_alert(csl_audit_log *log, const char *reason, csl_error *error); /* committed */
csl_status ledger_stop(csl_audit_log *log, bool early, csl_error *error);          /* committed */

#endif
