/* What `consilium run` may be told, and `consilium watch`, which may be told all of it and a little more. */
#ifndef CSL_CLI_RUN_SETTINGS_H
#define CSL_CLI_RUN_SETTINGS_H

#include "batch/batch.h"
#include "cli/settings.h"
#include "cli/telling.h"

enum {
    RUN_MODEL,
    RUN_OUT,
    RUN_JOBS,
    RUN_KEY,
    RUN_PASSPHRASE_FILE,
    RUN_PSEUDONYMS,
    RUN_CMS_KEY,
    RUN_CMS_CERT,
    RUN_TSA,
    RUN_WITNESS,
    RUN_WITNESS_KEY,
    RUN_IDENTITY,
    RUN_WINDOW_DAYS,
    RUN_COVERAGE,
    RUN_NOVELTY,
    RUN_ABSTAIN,
    RUN_PRECISION,
    RUN_NO_FINDINGS,
    RUN_SHARD,
    RUN_MEMORY,
    RUN_TIMEOUT,
    RUN_RETRY,
    RUN_QUARANTINE,
    RUN_MAX_FAILURES,
    RUN_SANDBOX,
    RUN_PLUGINS,
    RUN_OPTION,
    RUN_LOG,
    RUN_METRICS_FILE,
    RUN_METRICS_LISTEN,
    RUN_JSON,
    WATCH_QUIET,
    WATCH_POLL,
    WATCH_ARCHIVE,
    WATCH_FAILED,
    WATCH_CHECK,
    RUN_SETTINGS
};

extern const csl_setting csl_run_settings[RUN_SETTINGS];

/* Into options, which borrow the texts; CSL_EUSAGE if something that is needed was not told. Cases come
 * before. */
csl_status csl_run_apply(const csl_settings *settings, csl_run_options *options, csl_error *error);

/* What opens and checks an audit log; options borrow from it. */
typedef struct csl_run_keys {
    csl_audit_passphrase passphrase;
    char path[4096]; /* of the key of who named none */
    char *witness;
} csl_run_keys;
csl_status csl_run_find_keys(const csl_settings *settings, csl_telling *t, csl_run_options *options,
                             csl_run_keys *keys, csl_error *error);
void csl_run_forget_keys(csl_run_keys *keys);

#endif
