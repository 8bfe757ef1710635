#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "batch/confine.h"
#include "batch/crashes.h"
#include "batch/export.h"
#include "batch/ledger.h"
#include "batch/pool.h"
#include "batch/record.h"
#include "batch/score.h"
#include "batch/store.h"

enum { GROUP = 64, WINDOW = 256, QUARANTINE_AFTER = 3 };
static const double group_seconds = 0.2;
static const size_t group_bytes = (size_t)32 << 20, waiting_bytes = (size_t)64 << 20,
                    maximum_answer = (size_t)8 << 20;

/* Everything of one csl_run. */
typedef struct conductor {
    const csl_run_options *o;
    csl_run_summary *summary;
    csl_manifest manifest;
    const csl_manifest_case **list; /* what is left to do */
    size_t count;
    int lock;
    char *audit_folder;
    csl_audit_key *key;
    csl_audit_pseudonyms *pseudonyms;
    csl_audit_log *log;
    csl_store *store;
    pool *p;
    const json_t *hello; /* the pool's */
    record_card card;
    crashes crashed;
    size_t failures;            /* of this start */
    volatile int stop;          /* hand out no more */
    char model[CSL_SHA256_HEX]; /* hashed by this process */
    /* the group that becomes durable next */
    record records[GROUP];
    store_row rows[GROUP];
    size_t grouped, group_size; /* results; bytes */
    double group_since;
} conductor;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
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

/* The model is no patient's: the conductor may hash it, and believes its own hash. */
static csl_status hash_model(conductor *c, csl_error *error)
{
    csl_digest digest;
    int descriptor = open(c->o->model, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return csl_fail_errno(error, c->o->model, "cannot open");
    csl_status status = csl_sha256_descriptor(descriptor, c->o->model, &digest, error);
    close(descriptor);
    if (status == CSL_OK) csl_digest_hex(&digest, c->model);
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
        if (c->o->note) c->o->note(c->o->context, text);
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

/* ---- what results depend on ---- */

static csl_caution caution_or_default(const csl_caution *asked)
{
    csl_caution c = *asked;
    if (!(c.coverage > 0)) c.coverage = 0.9;
    if (!(c.novelty > 0)) c.novelty = 0.01;
    return c;
}

static json_t *configuration(const conductor *c)
{
    json_t *plugins = json_object(), *item;
    size_t i;
    json_array_foreach(json_object_get(c->hello, "plugins"), i, item) json_object_set(
        plugins, json_string_value(json_object_get(item, "id")), json_object_get(item, "sha256"));
    csl_caution caution = caution_or_default(&c->o->caution);
    return json_pack("{s:s, s:s, s:s, s:s, s:i, s:f, s:f, s:b, s:i, s:i, s:o}", "program", CSL_VERSION,
                     "model", c->model, "precision", csl_precision_name(c->o->precision), "identity",
                     csl_identity_name(c->o->identity), "window_days", (int)c->o->window_days, "coverage",
                     caution.coverage, "novelty", caution.novelty, "abstain", caution.abstain, "shard",
                     (int)c->o->shard, "shards", (int)c->o->shards, "plugins", plugins);
}

/* CSL_EUSAGE names the first thing in which the folder's earlier run was another, and so does the log. */
static csl_status check_configuration(const conductor *c, const json_t *wanted, const char *stored,
                                      csl_error *error)
{
    json_error_t where;
    json_t *earlier = json_loads(stored, 0, &where), *value;
    const char *name;
    csl_status status = CSL_OK;
    json_object_foreach((json_t *)(uintptr_t)wanted, name, value)
    {
        const json_t *was = json_object_get(earlier, name);
        if (json_equal(was, value)) continue;
        char *before = was ? json_dumps(was, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)) : NULL;
        char *after = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
        status =
            csl_fail(error, CSL_EUSAGE, c->o->out,
                     "holds results of another run: its %s was %.200s, now it is %.200s; use another --out",
                     name, before ? before : "unknown", after ? after : "?");
        char change[512];
        snprintf(change, sizeof change, "%s: %.200s -> %.200s", name, before ? before : "unknown",
                 after ? after : "?");
        free(before);
        free(after);
        csl_status logged = ledger_configuration(c->log, false, change, NULL);
        if (logged != CSL_OK && c->o->note) c->o->note(c->o->context, "the audit log could not say so");
        break;
    }
    json_decref(earlier);
    return status;
}

/* What a run may do otherwise than the first start did without other results; the log says when it does. */
static csl_status note_limits(conductor *c, csl_error *error)
{
    char text[128], change[320];
    csl_limits limits = limits_or_default(&c->o->limits);
    snprintf(text, sizeof text, "{\"memory_bytes\":%llu,\"wall_seconds\":%u}",
             (unsigned long long)limits.memory_bytes, limits.wall_seconds);
    const char *stored = csl_store_fact(c->store, "limits");
    if (stored && !strcmp(stored, text)) return CSL_OK;
    csl_status status = CSL_OK;
    if (stored) {
        snprintf(change, sizeof change, "limits: %.128s -> %s", stored, text);
        status = ledger_configuration(c->log, true, change, error);
    }
    return status == CSL_OK ? store_set_fact(c->store, "limits", text, error) : status;
}

static void utc_now(char text[32])
{
    time_t t = time(NULL);
    struct tm parts;
    gmtime_r(&t, &parts);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static char *names_json(const json_t *array, const char *member)
{
    json_t *names = json_array(), *item;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)array, i, item)
        json_array_append(names, member ? json_object_get(item, member) : item);
    char *text = json_dumps(names, JSON_COMPACT);
    json_decref(names);
    return text;
}

static csl_status describe_run(conductor *c, csl_error *error)
{
    json_t *wanted = configuration(c);
    char *text = json_dumps(wanted, JSON_COMPACT), *labels = names_json(c->card.labels, "name");
    char *tasks = names_json(c->card.tasks, "name"), coverage[32];
    char *modalities = names_json(c->card.modalities, NULL), started[32], cases[32];
    const char *stored = csl_store_fact(c->store, "configuration");
    csl_status status =
        text && labels && tasks && modalities ? CSL_OK : csl_fail(error, CSL_ENOMEM, c->o->out, "no memory");
    utc_now(started);
    snprintf(cases, sizeof cases, "%zu", c->summary->total);
    snprintf(coverage, sizeof coverage, "%g", caution_or_default(&c->o->caution).coverage);
    const char *facts[][2] = {{"model", c->o->model},
                              {"model_sha256", c->model},
                              {"started", started},
                              {"identity", csl_identity_name(c->o->identity)},
                              {"cases", cases},
                              {"version", CSL_VERSION},
                              {"origin", csl_audit_key_origin(c->key)},
                              {"labels", labels},
                              {"tasks", tasks},
                              {"coverage", coverage},
                              {"modalities", modalities},
                              {"configuration", text}};
    if (status == CSL_OK && stored) {
        status = check_configuration(c, wanted, stored, error);
        if (status == CSL_OK) status = store_set_fact(c->store, "cases", cases, error);
    } else {
        /* The configuration comes last: it says that the others are there. */
        for (size_t i = 0; status == CSL_OK && i < sizeof facts / sizeof *facts; i++)
            status = store_set_fact(c->store, facts[i][0], facts[i][1], error);
    }
    json_decref(wanted);
    free(text);
    free(labels);
    free(tasks);
    free(modalities);
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

static csl_status list_cases(conductor *c, csl_error *error)
{
    bool *done = calloc(c->manifest.count + 1, sizeof *done);
    c->list = calloc(c->manifest.count + 1, sizeof *c->list);
    csl_status status = done && c->list
                            ? CSL_OK
                            : csl_fail(error, CSL_ENOMEM, c->o->cases, "no memory for the list of cases");
    if (status == CSL_OK) status = store_match(c->store, &c->manifest, done, c->summary, error);
    for (size_t i = 0; status == CSL_OK && i < c->manifest.count; i++)
        if (in_shard(c->o, i) && !done[i]) c->list[c->count++] = &c->manifest.cases[i];
    free(done);
    return status;
}

/* ---- results ---- */

static void forget_group(conductor *c)
{
    for (size_t i = 0; i < c->grouped; i++) {
        free((char *)(uintptr_t)c->rows[i].json);
        free((char *)(uintptr_t)c->rows[i].errors);
        free((char *)(uintptr_t)c->rows[i].crashed);
        record_free(&c->records[i]);
    }
    c->grouped = c->group_size = 0;
}

static void report_progress(const conductor *c)
{
    const csl_run_summary *s = c->summary;
    if (c->o->progress)
        c->o->progress(c->o->context, s->scored + s->failed + s->withheld, s->failed, s->withheld, s->total);
}

/* Durable out of sight, durable in the log, in sight: in this order (store.h). */
static csl_status flush_group(conductor *c, csl_error *error)
{
    if (!c->grouped) return CSL_OK;
    csl_status status = store_stage(c->store, c->rows, c->grouped, error);
    if (status == CSL_OK) status = csl_audit_commit(c->log, error);
    if (status == CSL_OK) status = store_publish(c->store, error);
    for (size_t i = 0; status == CSL_OK && i < c->grouped; i++) {
        c->summary->scored += !strcmp(c->rows[i].status, "scored");
        c->summary->failed += !strcmp(c->rows[i].status, "failed");
        c->summary->withheld += !strcmp(c->rows[i].status, "withheld");
    }
    forget_group(c);
    if (status == CSL_OK) report_progress(c);
    return status;
}

static csl_status tick(void *context, csl_error *error)
{
    conductor *c = context;
    c->summary->too_many_failed = c->o->max_failures && c->failures >= c->o->max_failures;
    c->stop = c->summary->too_many_failed || (c->o->stop && *c->o->stop);
    bool due = c->grouped == GROUP || c->group_size > group_bytes ||
               (c->grouped && now() - c->group_since > group_seconds);
    return due ? flush_group(c, error) : CSL_OK;
}

/* Of an answer or a failure; a reason of the conductor's own goes before the answer. */
static csl_status read_answer(conductor *c, const pool_answer *a, record *r, csl_error *error)
{
    const csl_manifest_case *which = c->list[a->index];
    csl_error broken = {0};
    char forbidden[CRASHES_REASON];
    if (a->reason) return record_fail(&c->card, which, a->reason, a->hashes, a->hash_count, r, error);
    if (record_read(&c->card, which, a->bytes, a->length, r, &broken) != CSL_OK)
        return record_fail(&c->card, which, broken.message, NULL, 0, r, error);
    if (crashes_forbid(&c->crashed, r->adapters, forbidden)) return record_refuse(r, forbidden, error);
    return CSL_OK;
}

/* A plugin that crashed too often is so in the log, too. */
static csl_status note_crash(conductor *c, const pool_answer *a, csl_error *error)
{
    char text[CRASHES_REASON];
    if (a->end != CHILD_CRASHED || !crashes_count(&c->crashed, a->plugin)) return CSL_OK;
    snprintf(text, sizeof text,
             "plugin %s crashed in %u cases and is under quarantine: cases with files of it fail", a->plugin,
             c->crashed.limit);
    if (c->o->note) c->o->note(c->o->context, text);
    return ledger_quarantine(c->log, a->plugin, text, error);
}

static csl_status take(void *context, const pool_answer *a, csl_error *error)
{
    conductor *c = context;
    const csl_manifest_case *which = c->list[a->index];
    record *r = &c->records[c->grouped];
    store_row *row = &c->rows[c->grouped];
    csl_status status = read_answer(c, a, r, error);
    if (status != CSL_OK) return status;
    bool failed = !strcmp(r->status, "failed");
    c->failures += failed;
    *row = (store_row){.position = (size_t)(which - c->manifest.cases),
                       .id = which->id,
                       .status = r->status,
                       .png = r->png.length ? r->png.bytes : NULL,
                       .png_length = r->png.length,
                       .errors = failed ? strdup(a->errors) : NULL,
                       .crashed = a->end == CHILD_CRASHED && a->plugin[0] ? strdup(a->plugin) : NULL};
    if (!c->grouped) c->group_since = now();
    c->grouped++;
    status = ledger_case(c->log, r, which->id, c->model, &row->audit_index, &row->leaf, error);
    if (status == CSL_OK && !(row->json = record_text(r, row->audit_index, &row->leaf)))
        status = csl_fail(error, CSL_ENOMEM, which->id, "no memory for a result");
    if (status == CSL_OK) c->group_size += strlen(row->json) + row->png_length;
    if (status == CSL_OK) status = note_crash(c, a, error);
    return status == CSL_OK ? tick(c, error) : status;
}

/* ---- the whole ---- */

static csl_status check_options(const csl_run_options *o, csl_error *error)
{
    if (!o->cases || !o->model || !o->out || !o->key)
        return csl_fail(error, CSL_EUSAGE, NULL,
                        "cases, a model, a folder for the results and a key are needed");
    if ((o->shards || o->shard) && (o->shard < 1 || o->shard > o->shards))
        return csl_fail(error, CSL_EUSAGE, NULL,
                        "shard %u of %u: the first is 1, the last is the number of shards", o->shard,
                        o->shards);
    return CSL_OK;
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
    if (status == CSL_OK) status = csl_audit_open(c->audit_folder, c->key, &c->log, error);
    if (status == CSL_OK) status = csl_audit_protect(c->log, c->pseudonyms, error);
    if (status == CSL_OK) status = write_vkey(c, error);
    if (status == CSL_OK) status = store_open(c->o->out, &c->store, error);
    if (status == CSL_OK) status = store_recover(c->store, c->audit_folder, csl_audit_size(c->log), error);
    return status;
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
    if (status == CSL_OK && !c->summary->stopped && c->o->plugins.quarantine)
        status = crashes_keep(&c->crashed, c->o->plugins.quarantine, c->o->out, error);
    bool early = c->summary->stopped || status != CSL_OK;
    csl_status stopped = ledger_stop(c->log, early, status == CSL_OK ? error : NULL);
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
                            .stop = &c->stop,
                            .note = options->note,
                            .context = options->context};
    if ((status = hash_model(c, error)) != CSL_OK) goto done;
    if ((status = csl_make_folders(options->out, error)) != CSL_OK) goto done;
    if ((status = take_lock(c, error)) != CSL_OK) goto done;
    /* Before the key is loaded: see spawner.h. */
    if ((status = pool_open(&d, &workers, &c->p, error)) != CSL_OK) goto done;
    if ((status = greet(c, error)) != CSL_OK) goto done;
    if ((status = open_log_and_store(c, error)) != CSL_OK) goto done;
    if ((status = describe_run(c, error)) != CSL_OK) goto done;
    if ((status = note_limits(c, error)) != CSL_OK) goto done;
    if ((status = list_cases(c, error)) != CSL_OK) goto done;
    if ((status = store_each_crash(c->store, count_crash, &c->crashed, error)) != CSL_OK) goto done;
    if ((status = ledger_start(c->log, csl_store_fact(c->store, "configuration"), c->hello, options->model,
                               c->model, error)) != CSL_OK)
        goto done;
    report_progress(c);
    if ((status = pool_run(c->p, c->list, c->count, take, tick, c, error)) != CSL_OK) goto done;
    if ((status = flush_group(c, error)) != CSL_OK) goto done;
    status = finish(c, error);
done:
    close_all(c);
    free(c);
    return status;
}
