#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "batch/conductor.h"
#include "batch/confine.h"
#include "batch/export.h"
#include "batch/ledger.h"
#include "batch/score.h"

enum { QUARANTINE_AFTER = 3 };
static const size_t waiting_bytes = (size_t)64 << 20, maximum_answer = (size_t)8 << 20;

void tell(void *context, const char *text)
{
    const conductor *c = context;
    if (c->o->note) c->o->note(c->o->context, text);
}

/* ---- opening ---- */

static csl_status take_lock(conductor *c, csl_error *error)
{
    char *path = csl_path_join(c->o->out, "run.lock");
    csl_status status = CSL_OK;
    c->lock = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644) : -1;
    if (c->lock < 0)
        status = csl_fail_errno(error, path ? path : c->o->out, "cannot open");
    else if (flock(c->lock, LOCK_EX | LOCK_NB) < 0)
        status = csl_fail(error, CSL_EUSAGE, c->o->out, "another run is writing to this folder");
    free(path);
    return status;
}

static csl_status greet(conductor *c, csl_error *error)
{
    json_t *hello;
    csl_status status = pool_start(c->p, &hello, error);
    if (status == CSL_OK) status = record_card_read(hello, &c->card, error);
    if (status == CSL_OK && strcmp(c->card.model, c->model))
        status = csl_fail(error, CSL_EMISMATCH, c->o->model, "was changed while it was being loaded");
    c->hello = status == CSL_OK ? hello : NULL;
    c->crashed = (crashes){.limit = c->o->quarantine ? c->o->quarantine : QUARANTINE_AFTER,
                           .loaded = json_object_get(c->hello, "plugins")};
    json_t *item;
    size_t i;
    json_array_foreach(json_object_get(c->hello, "refused"), i, item)
    {
        char text[1024];
        const char *path = json_string_value(json_object_get(item, "path"));
        const char *reason = json_string_value(json_object_get(item, "reason"));
        snprintf(text, sizeof text, "plugin %s was not loaded: %s", path ? path : "?", reason ? reason : "?");
        tell(c, text);
    }
    return status;
}

/* Says for which verifier the log is signed, beside the log. */
static csl_status write_vkey(const conductor *c, csl_error *error)
{
    char *copy = csl_path_join(c->o->out, "audit.vkey"), *line = csl_audit_key_vkey(c->key);
    csl_status status = copy && line ? csl_write_file_atomic(copy, line, strlen(line), error)
                                     : csl_fail(error, CSL_ENOMEM, c->o->key, "no memory");
    free(line);
    free(copy);
    return status;
}

static void count_crash(void *context, const char *plugin)
{
    crashes_count(context, plugin);
}

static bool in_shard(const csl_run_options *o, size_t position)
{
    return !o->shards || position % o->shards == o->shard - 1;
}

/* Whether a result stands: its files are those that were read, and nobody asks for another try. */
static bool keep(void *context, size_t position, const char *status, const char *stamp, const char *json)
{
    conductor *c = context;
    const csl_manifest_case *which = &c->manifest.cases[position];
    char now[INPUTS_STAMP], text[512];
    if (c->o->retry && !strcmp(status, "failed")) return false;
    inputs_stamp(which, now);
    if (!strcmp(now, stamp) || !inputs_differ(which, json)) return true;
    snprintf(text, sizeof text, "case %s: its files are not those that were read; it is done again",
             which->id);
    tell(c, text);
    return false;
}

static void stamp_case(void *context, size_t index)
{
    conductor *c = context;
    inputs_stamp(c->list[index], c->stamps[index % WINDOW]);
}

static csl_status list_cases(conductor *c, csl_error *error)
{
    bool *done = calloc(c->manifest.count + 1, sizeof *done);
    c->list = calloc(c->manifest.count + 1, sizeof *c->list);
    csl_status status = done && c->list
                            ? CSL_OK
                            : csl_fail(error, CSL_ENOMEM, c->o->cases, "no memory for the list of cases");
    if (status == CSL_OK) status = store_match(c->store, &c->manifest, keep, c, done, c->summary, error);
    if (status == CSL_OK) status = store_each_crash(c->store, done, count_crash, &c->crashed, error);
    for (size_t i = 0; status == CSL_OK && i < c->manifest.count; i++)
        if (in_shard(c->o, i) && !done[i]) c->list[c->count++] = &c->manifest.cases[i];
    free(done);
    return status;
}

/* ---- the whole ---- */

static csl_status check_options(const csl_run_options *o, csl_error *error)
{
    if (!o->cases || !o->model || !o->out || !o->key)
        return csl_fail(error, CSL_EUSAGE, NULL,
                        "cases, a model, a folder for the results and a key are needed");
    csl_status status = csl_anchors_check(&o->anchors, error);
    if (status != CSL_OK) return status;
    if (!o->cms_key != !o->cms_certificate)
        return csl_fail(error, CSL_EUSAGE, NULL, "a certificate and its key are named together");
    if ((o->shards || o->shard) && (o->shard < 1 || o->shard > o->shards))
        return csl_fail(error, CSL_EUSAGE, NULL,
                        "shard %u of %u: the first is 1, the last is the number of shards", o->shard,
                        o->shards);
    return CSL_OK;
}

/* A log that does not hold is not written to; who watches over the machine hears of it by another way. */
static csl_status open_log(conductor *c, csl_error *error)
{
    csl_status status = csl_audit_open(c->audit_folder, c->key, &c->log, error);
    if (status == CSL_EFORMAT || status == CSL_ECRYPTO) {
        char reason[1100];
        snprintf(reason, sizeof reason, "the audit log %s does not hold: %s",
                 error ? error->place : c->audit_folder, error ? error->message : "");
        csl_audit_alarm(csl_audit_key_origin(c->key), reason);
    }
    return status;
}

static csl_status open_log_and_store(conductor *c, csl_error *error)
{
    char *beside = c->o->pseudonyms ? NULL : csl_audit_pseudonyms_path(c->o->key);
    const char *pseudonyms = beside ? beside : c->o->pseudonyms;
    csl_status status = csl_audit_key_unlock(c->o->key, c->o->passphrase, &c->key, error);
    if (status == CSL_OK && !pseudonyms) status = csl_fail(error, CSL_ENOMEM, c->o->key, "no memory");
    if (status == CSL_OK) status = csl_audit_pseudonyms_load(pseudonyms, &c->pseudonyms, error);
    free(beside);
    if (status == CSL_OK && !(c->audit_folder = csl_path_join(c->o->out, "audit")))
        status = csl_fail(error, CSL_ENOMEM, c->o->out, "no memory");
    if (status == CSL_OK) status = open_log(c, error);
    if (status == CSL_OK) status = csl_audit_protect(c->log, c->pseudonyms, error);
    if (status == CSL_OK && c->o->cms_key)
        status =
            csl_audit_signer_load(c->o->cms_key, c->o->cms_certificate, c->o->passphrase, &c->signer, error);
    if (status == CSL_OK && c->signer) status = csl_audit_certify(c->log, c->signer, error);
    if (status == CSL_OK) status = write_vkey(c, error);
    if (status == CSL_OK) status = store_open(c->o->out, &c->store, error);
    if (status == CSL_OK) status = store_recover(c->store, c->audit_folder, csl_audit_size(c->log), error);
    return status;
}

/* That later runs will load such a plugin costs this one nothing of its results. */
static void keep_quarantine(conductor *c)
{
    const char *folder = c->o->plugins.quarantine;
    csl_error why = {0};
    char text[1200];
    if (!folder || crashes_keep(&c->crashed, folder, c->o->out, &why) == CSL_OK) return;
    snprintf(text, sizeof text, "the quarantine cannot be kept for later runs: %s: %s", why.place,
             why.message);
    tell(c, text);
}

static csl_status finish(conductor *c, csl_error *error)
{
    char finished[32];
    const csl_run_summary *s = c->summary;
    c->summary->stopped = s->scored + s->failed + s->withheld < s->total;
    csl_status status = CSL_OK;
    if (!c->summary->stopped) {
        status = export_results(c->store, c->o->out, error);
        csl_status logged =
            status == CSL_OK ? ledger_export(c->log, c->o->out, error) : ledger_export_failed(c->log, NULL);
        if (status == CSL_OK) status = logged;
    }
    if (status == CSL_OK && !c->summary->stopped) keep_quarantine(c);
    bool early = c->summary->stopped || status != CSL_OK;
    csl_status stopped = ledger_stop(c->log, early, status == CSL_OK ? error : NULL);
    if (status == CSL_OK) status = stopped;
    if (stopped == CSL_OK) stopped = ask_anchors(c, status == CSL_OK ? error : NULL);
    if (status == CSL_OK) status = stopped;
    if (early) return status;
    utc_now(finished);
    if (status == CSL_OK) status = store_set_fact(c->store, "finished", finished, error);
    return status == CSL_OK ? store_settle(c->store, error) : status;
}

static void close_all(conductor *c)
{
    pool_close(c->p);
    forget_group(c);
    csl_audit_close(c->log);
    csl_audit_signer_free(c->signer);
    csl_audit_key_free(c->key);
    csl_audit_pseudonyms_free(c->pseudonyms);
    csl_store_close(c->store);
    csl_manifest_free(&c->manifest);
    free(c->list);
    free(c->audit_folder);
    if (c->lock >= 0) close(c->lock);
}

csl_status csl_run(const csl_run_options *options, csl_run_summary *summary, csl_error *error)
{
    *summary = (csl_run_summary){0};
    csl_status status = check_options(options, error);
    if (status != CSL_OK) return status;
    conductor *c = calloc(1, sizeof *c);
    if (!c) return csl_fail(error, CSL_ENOMEM, options->out, "no memory for a run");
    c->o = options;
    c->summary = summary;
    c->lock = -1;
    score_options how = {.model = options->model,
                         .identity = options->identity,
                         .window_days = options->window_days,
                         .caution = caution_or_default(&options->caution),
                         .precision = options->precision};
    duty d = {.plugins = options->plugins,
              .limits = limits_or_default(&options->limits),
              .maximum = maximum_answer,
              .options = &how,
              .warm = score_warm,
              .answer = score_answer};
    if ((status = csl_manifest_read(options->cases, &c->manifest, error)) != CSL_OK) goto done;
    for (size_t i = 0; i < c->manifest.count; i++) summary->total += in_shard(options, i);
    pool_options workers = {.jobs = jobs_or_default(options->jobs, summary->total),
                            .window = WINDOW,
                            .waiting_bytes = waiting_bytes,
                            .starting = stamp_case,
                            .stop = &c->stop,
                            .note = tell,
                            .context = c};
    /* The model is no patient's: the conductor may hash it, and believes its own hash. */
    if ((status = csl_sha256_file(options->model, c->model, error)) != CSL_OK) goto done;
    if ((status = csl_make_folders(options->out, error)) != CSL_OK) goto done;
    if ((status = take_lock(c, error)) != CSL_OK) goto done;
    /* Before the key is loaded: see spawner.h. */
    if ((status = pool_open(&d, &workers, &c->p, error)) != CSL_OK) goto done;
    if ((status = greet(c, error)) != CSL_OK) goto done;
    if ((status = open_log_and_store(c, error)) != CSL_OK) goto done;
    if ((status = describe_run(c, error)) != CSL_OK) goto done;
    if ((status = note_limits(c, error)) != CSL_OK) goto done;
    if ((status = list_cases(c, error)) != CSL_OK) goto done;
    if ((status = ledger_start(c->log, csl_store_fact(c->store, "configuration"), options->settings_file,
                               c->hello, options->model, c->model, error)) != CSL_OK)
        goto done;
    if ((status = ask_anchors(c, error)) != CSL_OK) goto done;
    report_progress(c);
    if ((status = pool_run(c->p, c->list, c->count, take, tick, c, error)) != CSL_OK) goto done;
    if ((status = flush_group(c, error)) != CSL_OK) goto done;
    status = finish(c, error);
done:
    close_all(c);
    free(c);
    return status;
}
