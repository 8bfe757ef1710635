#include "cli/run_settings.h"

#include <stdlib.h>

#include "cli/passphrase.h"
#include "cli/shard.h"
#include "cli/verb.h"

const csl_setting csl_run_settings[RUN_SETTINGS] = {
    [RUN_MODEL] = {"model", "FILE", NULL, "the model, as `consilium train` writes it", CSL_SETTING_TEXT},
    [RUN_OUT] = {"out", "DIR", NULL, "where results go; made if it is not there", CSL_SETTING_TEXT},
    [RUN_JOBS] = {"jobs", "N", "one a processor", "worker processes", CSL_SETTING_NUMBER, 1, 256},
    [RUN_KEY] = {"key", "FILE", "one made once in the user's configuration folder",
                 "private key that signs the audit log, as `consilium audit keygen` writes it",
                 CSL_SETTING_TEXT},
    [RUN_PASSPHRASE_FILE] = {"passphrase-file", "FILE", "CONSILIUM_PASSPHRASE, or the terminal",
                             "its first line is the passphrase of the key, or the PIN of its token",
                             CSL_SETTING_TEXT},
    [RUN_PSEUDONYMS] = {"pseudonyms", "FILE", "audit.hmac beside audit.pem",
                        "key that hides identifiers in the log", CSL_SETTING_TEXT},
    [RUN_CMS_KEY] = {"cms-key", "FILE", NULL,
                     "private key (PEM, or a PKCS#11 URI) of --cms-cert: each checkpoint of the log is "
                     "signed with it too "
                     "(DIR/audit/checkpoint.p7s)",
                     CSL_SETTING_TEXT},
    [RUN_CMS_CERT] = {"cms-cert", "FILE", NULL, "X.509 certificate (PEM), those above it behind",
                      CSL_SETTING_TEXT},
    [RUN_TSA] = {"tsa", "URL", NULL,
                 "timestamp authority (RFC 3161), asked about the log at the start, each five minutes and at "
                 "the end; "
                 "what it does not answer waits",
                 CSL_SETTING_TEXT},
    [RUN_WITNESS] = {"witness", "URL", NULL,
                     "witness (C2SP tlog-witness) that cosigns the log at the same times", CSL_SETTING_TEXT},
    [RUN_WITNESS_KEY] = {"witness-key", "PUB", NULL, "its verifier key: a file, or the line itself",
                         CSL_SETTING_TEXT},
    [RUN_IDENTITY] =
        {"identity", "WORD", "strict",
         "strict: withhold a case whose files contradict each other about the patient; warn: score it with "
         "a warning; off: do not compare",
         CSL_SETTING_TEXT},
    [RUN_WINDOW_DAYS] = {"window-days", "N", "366", "how far apart the dates of two modalities may be",
                         CSL_SETTING_NUMBER, 1, 36500},
    [RUN_COVERAGE] = {"coverage", "P", "0.9",
                      "how often the set of a label's possible answers is to hold the true one",
                      CSL_SETTING_REAL, 0.01, 0.999},
    [RUN_NOVELTY] = {"novelty", "P", "0.01",
                     "call a case novel where cases as far from the training cases are rarer than P",
                     CSL_SETTING_REAL, 1e-9, 1},
    [RUN_ABSTAIN] = {"abstain", NULL, NULL,
                     "withhold a case that is novel, or has not one possible answer, with the reason",
                     CSL_SETTING_SWITCH},
    [RUN_PRECISION] =
        {"precision", "WORD", "f32",
         "f32, or bf16: faster where the processor multiplies bfloat16, logits differ a little; findings "
         "are always f32",
         CSL_SETTING_TEXT},
    [RUN_NO_FINDINGS] = {"no-findings", NULL, NULL,
                         "results without the entries behind a score (`findings`), which take most of a "
                         "case's time; all else is the same",
                         CSL_SETTING_SWITCH},
    [RUN_SHARD] =
        {"shard", "I/N", NULL,
         "only every N-th case, from the I-th on; auto: as the array job of Slurm or the indexed job of "
         "Kubernetes says that this is part of; see `consilium merge`",
         CSL_SETTING_TEXT},
    [RUN_MEMORY] = {"memory", "MB", "2048", "memory that one case may use", CSL_SETTING_NUMBER, 16, 1 << 20},
    [RUN_TIMEOUT] = {"timeout", "S", "300", "seconds that one case may take", CSL_SETTING_NUMBER, 1, 86400},
    [RUN_RETRY] = {"retry", NULL, NULL,
                   "do the failed cases of earlier starts again, too; see `consilium retry`",
                   CSL_SETTING_SWITCH, .command_alone = true},
    [RUN_QUARANTINE] = {"quarantine", "N", "3",
                        "a plugin that crashed in N cases is not used any more; see `consilium plugin`",
                        CSL_SETTING_NUMBER, 1, 1 << 30},
    [RUN_MAX_FAILURES] = {"max-failures", "N", NULL, "stop when N cases have failed", CSL_SETTING_NUMBER, 1,
                          1 << 30},
    [RUN_SANDBOX] =
        {"sandbox", "WORD", "require",
         "require: run only if the kernel can lock the processes that read files in; best-effort: with what "
         "the kernel offers, see `consilium doctor`; off: without",
         CSL_SETTING_TEXT},
    [RUN_PLUGINS] = {"plugins", "DIR", NULL, "look for adapters in these folders first (separated by ':')",
                     CSL_SETTING_TEXT},
    [RUN_OPTION] =
        {.name = "option",
         .value = "NAME=VALUE",
         .help =
             "options of adapters, separated by white space; may be repeated; `consilium plugin list` names "
             "them. The model was trained with its own",
         .adds = true},
    [RUN_LOG] =
        {"log", "WORD", "text",
         "what is said on the standard error while it runs: text, for a terminal; json: an object a line "
         "for a log, in which nothing is of a patient",
         CSL_SETTING_TEXT},
    [RUN_METRICS_FILE] =
        {"metrics-file", "FILE", NULL,
         "metrics for Prometheus, written anew every few seconds: a file NAME.prom of the textfile "
         "collector of node_exporter",
         CSL_SETTING_TEXT},
    [RUN_METRICS_LISTEN] =
        {"metrics-listen", "PORT", NULL,
         "the same by HTTP, at http://127.0.0.1:PORT/metrics; ADDRESS:PORT takes 127.0.0.1 and [::1]",
         CSL_SETTING_TEXT},
    [RUN_JSON] = {"json", NULL, NULL, "print the summary as a JSON object", CSL_SETTING_SWITCH,
                  .command_alone = true},
    [WATCH_QUIET] = {"quiet", "S", "60",
                     "seconds without a change after which a case is complete; longer than a sender pauses",
                     CSL_SETTING_NUMBER, 1, 86400, .section = "watch"},
    [WATCH_POLL] = {"poll", "S", "5",
                    "seconds between two looks through all of IN; only so are late files found, and cases "
                    "where the kernel tells of none, as on network file systems",
                    CSL_SETTING_NUMBER, 1, 86400, .section = "watch"},
    [WATCH_ARCHIVE] = {"archive", "DIR", NULL,
                       "where a case goes when its result is durable; without it cases stay in IN",
                       CSL_SETTING_TEXT, .section = "watch"},
    [WATCH_FAILED] = {"failed", "DIR", "as --archive says", "where a case goes that failed", CSL_SETTING_TEXT,
                      .section = "watch"},
    [WATCH_CHECK] = {"check", NULL, NULL, "say whether it could start, load plugins and model once, and end",
                     CSL_SETTING_SWITCH, .command_alone = true, .section = "watch"},
};

static csl_status parse_words(const csl_settings *s, csl_run_options *o, csl_error *error)
{
    const char *identity = csl_settings_text(s, RUN_IDENTITY),
               *precision = csl_settings_text(s, RUN_PRECISION);
    const char *sandbox = csl_settings_text(s, RUN_SANDBOX), *shard = csl_settings_text(s, RUN_SHARD);
    csl_status status = identity ? csl_identity_parse(identity, &o->identity, error) : CSL_OK;
    if (status == CSL_OK && precision) status = csl_precision_parse(precision, &o->precision, error);
    if (status == CSL_OK && sandbox) status = csl_sandbox_mode_parse(sandbox, &o->limits.sandbox, error);
    if (status == CSL_OK && shard) status = csl_shard_parse(shard, &o->shard, &o->shards, error);
    return status;
}

/* 0 asks for the default in all of these. */
csl_status csl_run_apply(const csl_settings *s, csl_run_options *o, csl_error *error)
{
    o->model = csl_settings_text(s, RUN_MODEL);
    o->out = csl_settings_text(s, RUN_OUT);
    o->key = csl_settings_text(s, RUN_KEY);
    o->pseudonyms = csl_settings_text(s, RUN_PSEUDONYMS);
    o->cms_key = csl_settings_text(s, RUN_CMS_KEY);
    o->cms_certificate = csl_settings_text(s, RUN_CMS_CERT);
    o->anchors.tsa = csl_settings_text(s, RUN_TSA);
    o->anchors.witness = csl_settings_text(s, RUN_WITNESS);
    o->jobs = (unsigned)csl_settings_number(s, RUN_JOBS, 0);
    o->window_days = (unsigned)csl_settings_number(s, RUN_WINDOW_DAYS, 0);
    o->caution = (csl_caution){.coverage = csl_settings_number(s, RUN_COVERAGE, 0),
                               .novelty = csl_settings_number(s, RUN_NOVELTY, 0),
                               .abstain = csl_settings_on(s, RUN_ABSTAIN)};
    o->no_findings = csl_settings_on(s, RUN_NO_FINDINGS);
    o->limits.memory_bytes = (uint64_t)csl_settings_number(s, RUN_MEMORY, 0) << 20;
    o->limits.wall_seconds = (unsigned)csl_settings_number(s, RUN_TIMEOUT, 0);
    o->retry = csl_settings_on(s, RUN_RETRY);
    o->quarantine = (unsigned)csl_settings_number(s, RUN_QUARANTINE, 0);
    o->max_failures = (size_t)csl_settings_number(s, RUN_MAX_FAILURES, 0);
    o->settings_file = s->file;
    o->plugins = csl_default_registry(csl_settings_text(s, RUN_PLUGINS));
    csl_status status = parse_words(s, o, error);
    const char *option = csl_settings_text(s, RUN_OPTION);
    if (status == CSL_OK && option && !csl_set_options(&o->plugins, option))
        status = csl_fail(error, CSL_ENOMEM, NULL, "no memory");
    if (status == CSL_OK && !o->cases)
        status = csl_fail(error, CSL_EUSAGE, NULL, "name one folder or CSV file of cases");
    if (status == CSL_OK && !o->model) status = csl_fail(error, CSL_EUSAGE, NULL, "--model is needed");
    if (status == CSL_OK && !o->out) status = csl_fail(error, CSL_EUSAGE, NULL, "--out is needed");
    return status;
}

csl_status csl_run_find_keys(const csl_settings *s, csl_telling *t, csl_run_options *o, csl_run_keys *keys,
                             csl_error *error)
{
    const char *witness = csl_settings_text(s, RUN_WITNESS_KEY);
    *keys =
        (csl_run_keys){.passphrase = csl_passphrase_from(csl_settings_text(s, RUN_PASSPHRASE_FILE), false)};
    o->passphrase = &keys->passphrase;
    csl_status status = witness ? csl_audit_vkey_read(witness, &keys->witness, error) : CSL_OK;
    o->anchors.witness_key = keys->witness;
    if (status == CSL_OK && !o->key) {
        status = csl_default_key(t, keys->path, error);
        o->key = keys->path;
    }
    return status;
}

void csl_run_forget_keys(csl_run_keys *keys)
{
    free(keys->witness);
    *keys = (csl_run_keys){0};
}
