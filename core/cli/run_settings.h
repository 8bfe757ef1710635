/* What `consilium run` may be told. */
#ifndef CSL_CLI_RUN_SETTINGS_H
#define CSL_CLI_RUN_SETTINGS_H

#include "cli/settings.h"

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
    RUN_SHARD,
    RUN_MEMORY,
    RUN_TIMEOUT,
    RUN_RETRY,
    RUN_QUARANTINE,
    RUN_MAX_FAILURES,
    RUN_SANDBOX,
    RUN_PLUGINS,
    RUN_OPTION,
    RUN_JSON,
    RUN_SETTINGS
};

extern const csl_setting csl_run_settings[RUN_SETTINGS];

#endif
