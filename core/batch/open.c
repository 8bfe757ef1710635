#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "batch/conductor.h"
#include "batch/confine.h"
#include "batch/score.h"

enum { QUARANTINE_AFTER = 3 };
static const size_t waiting_bytes = (size_t)16 << 20, maximum_answer = (size_t)8 << 20;

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

static csl_status greet(conductor *c, unsigned jobs, csl_error *error)
{
    json_t *hello;
    csl_status status = pool_start(c->p, jobs, &hello, error);
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
        tell(c, (csl_event){.kind = CSL_EVENT_PLUGIN_REFUSED, .text = text, .detail = text});
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

static csl_status open_pool(conductor *c, csl_open_case open, csl_error *error)
{
    const csl_run_options *o = c->o;
    score_options how = {.model = o->model,
                         .identity = o->identity,
                         .window_days = o->window_days,
                         .caution = caution_or_default(&o->caution),
                         .precision = o->precision,
                         .findings = !o->no_findings};
    duty d = {.plugins = o->plugins,
              .limits = limits_or_default(&o->limits),
              .maximum = maximum_answer,
              .options = &how,
              .warm = score_warm,
              .answer = score_answer};
    pool_options workers = {.window = WINDOW,
                            .waiting_bytes = waiting_bytes,
                            .open = open,
                            .endless = c->endless,
                            .stop = &c->stop,
                            .again = tell_again,
                            .replaced = tell_replaced,
                            .context = c};
    return pool_open(&d, &workers, &c->p, error);
}

csl_status conductor_make(const csl_run_options *options, csl_run_summary *summary, csl_open_case open,
                          bool endless, conductor **out, csl_error *error)
{
    *summary = (csl_run_summary){0};
    csl_status status = check_options(options, error);
    if (status != CSL_OK) return status;
    conductor *c = calloc(1, sizeof *c);
    if (!c) return csl_fail(error, CSL_ENOMEM, options->out, "no memory for a run");
    c->o = options;
    c->summary = summary;
    c->endless = endless;
    c->lock = -1;
    *out = c;
    return open_pool(c, open, error);
}

csl_status conductor_try(conductor *c, csl_error *error)
{
    c->step = STEP_WORKERS;
    csl_status status = csl_sha256_file(c->o->model, c->model, error);
    return status == CSL_OK ? greet(c, 1, error) : status;
}

csl_status conductor_open(conductor *c, unsigned jobs, csl_error *error)
{
    c->step = STEP_WORKERS;
    /* The model is no patient's: the conductor may hash it, and believes its own hash. */
    csl_status status = csl_sha256_file(c->o->model, c->model, error);
    if (status == CSL_OK) status = csl_make_folders(c->o->out, error);
    if (status == CSL_OK) status = greet(c, jobs, error);
    /* Not before it has forked: a process that outlives a killed conductor by a moment would hold the lock. */
    if (status == CSL_OK) status = take_lock(c, error);
    if (status == CSL_OK) c->step = STEP_LOG;
    return status == CSL_OK ? open_log_and_store(c, error) : status;
}

/* That later runs will load such a plugin costs this one nothing of its results. */
void keep_quarantine(conductor *c)
{
    const char *folder = c->o->plugins.quarantine;
    csl_error why = {0};
    char text[1200];
    if (!folder || crashes_keep(&c->crashed, folder, c->o->out, &why) == CSL_OK) return;
    snprintf(text, sizeof text, "the quarantine cannot be kept for later runs: %s: %s", why.place,
             why.message);
    tell(c, (csl_event){.kind = CSL_EVENT_QUARANTINE_NOT_KEPT, .text = text, .detail = text});
}

void conductor_close(conductor *c)
{
    if (!c) return;
    pool_close(c->p);
    forget_group(c);
    csl_audit_close(c->log);
    csl_audit_signer_free(c->signer);
    csl_audit_key_free(c->key);
    csl_audit_pseudonyms_free(c->pseudonyms);
    csl_store_close(c->store);
    csl_manifest_close(c->manifest);
    free(c->list);
    free(c->audit_folder);
    if (c->lock >= 0) close(c->lock);
    free(c);
}
