#include "batch/worker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/frame.h"
#include "base/memory.h"
#include "batch/cache.h"
#include "batch/child.h"
#include "batch/confine.h"
#include "batch/inquest.h"
#include "batch/message.h"
#include "batch/text.h"

static const size_t maximum_job = (size_t)256 << 20;
enum { MAX_PATH_BYTES = 1 << 16, HEAP_FOR_A_CASE = 8 << 20 };

typedef struct worker {
    int conductor;
    child_nest nest;
    csl_buffer message; /* to the conductor */
} worker;

typedef struct job {
    uint64_t ticket;
    char *id, *patient, **paths, **names; /* patient: "" if not said */
    size_t count;
    char **without; /* ids of plugins that are not asked */
    size_t without_count;
} job;

void stage_set(volatile char place[STAGE_TEXT], const char *text)
{
    size_t i = 0;
    for (; text[i] && i + 1 < STAGE_TEXT; i++) place[i] = text[i];
    place[i] = 0;
}

void stage_get(volatile const char place[STAGE_TEXT], char text[STAGE_TEXT])
{
    for (size_t i = 0; i < STAGE_TEXT; i++) text[i] = place[i];
    text[STAGE_TEXT - 1] = 0;
    text_clean(text);
}

/* The id of the plugin that the child says it was at; "" unless there is one of that name. */
static void plugin_said(const worker *w, char plugin[STAGE_TEXT])
{
    bool known = false;
    stage_get(w->nest.where->plugin, plugin);
    for (size_t i = 0; i < csl_registry_count(w->nest.registry) && !known; i++) {
        const csl_plugin *table = csl_registry_entry_at(w->nest.registry, i)->table;
        known = table && !strcmp(table->id, plugin);
    }
    if (!known) plugin[0] = 0;
}

static void enter_plugin(void *context, const char *id, bool asks)
{
    stage *where = context;
    stage_set(where->step, asks ? child_asks : "reading");
    stage_set(where->plugin, id);
}

/* ---- start ---- */

static csl_status describe_plugins(worker *w, json_t *hello, csl_error *error)
{
    json_t *plugins = json_array(), *refused = json_array();
    const char *first_reason = "the search path holds none";
    for (size_t i = 0; i < csl_registry_count(w->nest.registry); i++) {
        const csl_registry_entry *entry = csl_registry_entry_at(w->nest.registry, i);
        char hex[CSL_SHA256_HEX];
        csl_digest_hex(&entry->sha256, hex);
        if (entry->table) {
            json_array_append_new(plugins, json_pack("{s:s, s:s, s:s, s:s}", "id", entry->table->id,
                                                     "version", entry->table->version, "modality",
                                                     entry->table->modality, "sha256", hex));
        } else {
            if (json_array_size(refused) == 0) first_reason = entry->reason;
            json_array_append_new(refused, json_pack("{s:s, s:s, s:s}", "path", entry->path, "sha256", hex,
                                                     "reason", entry->reason));
        }
    }
    bool none = json_array_size(plugins) == 0;
    json_object_set_new(hello, "plugins", plugins);
    json_object_set_new(hello, "refused", refused);
    if (none) return csl_fail(error, CSL_EUSAGE, "plugins", "no adapter can be loaded: %s", first_reason);
    return CSL_OK;
}

/* A plugin may bring tables of its own in its file. */
static csl_status open_sandbox(worker *w, csl_error *error)
{
    size_t count = csl_registry_count(w->nest.registry);
    const char **files = calloc(count + 1, sizeof *files);
    if (!files) return csl_fail(error, CSL_ENOMEM, NULL, "no memory for a sandbox");
    for (size_t i = 0; i < count; i++) files[i] = csl_registry_entry_at(w->nest.registry, i)->path;
    csl_status status = csl_sandbox_open(w->nest.d->limits.sandbox, files, count, &w->nest.sandbox, error);
    free(files);
    return status;
}

static csl_status start(worker *w, csl_error *error)
{
    w->nest.where =
        mmap(NULL, sizeof *w->nest.where, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (w->nest.where == MAP_FAILED) return csl_fail_errno(error, NULL, "cannot map a shared page");
    csl_status status = csl_registry_open(&w->nest.d->plugins, &w->nest.registry, error);
    if (status != CSL_OK) return status;
    csl_registry_start(w->nest.registry);
    csl_registry_watch(w->nest.registry, enter_plugin, w->nest.where);
    json_t *hello = json_pack("{s:s}", "version", CSL_VERSION);
    status = describe_plugins(w, hello, error);
    if (status == CSL_OK) status = open_sandbox(w, error);
    if (status == CSL_OK && w->nest.d->warm)
        status = w->nest.d->warm(w->nest.d, w->nest.registry, &w->nest.state, hello, error);
    char *text = status == CSL_OK ? json_dumps(hello, JSON_COMPACT) : NULL;
    if (status == CSL_OK && !text) status = csl_fail(error, CSL_ENOMEM, NULL, "no memory to say hello");
    if (status == CSL_OK) status = csl_frame_write(w->conductor, MESSAGE_HELLO, text, strlen(text), error);
    free(text);
    json_decref(hello);
    return status;
}

/* ---- one case ---- */

static void job_free(job *j)
{
    for (size_t i = 0; i < j->count; i++) {
        free(j->paths[i]);
        free(j->names[i]);
    }
    for (size_t i = 0; i < j->without_count; i++) free(j->without[i]);
    free(j->without);
    free(j->paths);
    free(j->names);
    free(j->patient);
    free(j->id);
}

static bool job_read(const csl_buffer *message, job *j)
{
    reading r = {.at = message->bytes, .left = message->length};
    *j = (job){
        .ticket = get_u64(&r), .id = get_text(&r, MAX_PATH_BYTES), .patient = get_text(&r, MAX_PATH_BYTES)};
    size_t count = get_u32(&r);
    /* Each file takes at least 8 bytes of the message. */
    if (r.failed || count > r.left / 8) return false;
    j->paths = calloc(count + 1, sizeof *j->paths);
    j->names = calloc(count + 1, sizeof *j->names);
    if (!j->paths || !j->names) return false;
    for (; j->count < count && !r.failed; j->count++) {
        j->paths[j->count] = get_text(&r, MAX_PATH_BYTES);
        j->names[j->count] = get_text(&r, MAX_PATH_BYTES);
    }
    count = get_u32(&r);
    if (r.failed || count > r.left / 4 || !(j->without = calloc(count + 1, sizeof *j->without))) return false;
    for (; j->without_count < count && !r.failed; j->without_count++)
        j->without[j->without_count] = get_text(&r, STAGE_TEXT);
    return !r.failed;
}

/* The input's hashes where there is no answer to hold them. Hashing is not parsing: the worker may look, but
 * maps nothing, since a file that is cut meanwhile would end it. Files of which the child could not have held
 * all have none, or a terabyte of nothing would keep the worker for an hour. */
static void put_hashes(csl_buffer *out, const job *j, uint64_t most)
{
    put_u32(out, (uint32_t)j->count);
    for (size_t i = 0; i < j->count; i++) {
        struct stat s;
        char hex[CSL_SHA256_HEX] = "";
        if (stat(j->paths[i], &s) == 0 && S_ISREG(s.st_mode) && (uint64_t)s.st_size <= most) {
            most -= (uint64_t)s.st_size;
            if (csl_sha256_file(j->paths[i], hex, NULL) != CSL_OK) hex[0] = 0;
        }
        put_text(out, hex, strlen(hex));
    }
}

static csl_status send_answer(worker *w, uint64_t ticket, const csl_buffer *errors, const csl_buffer *answer,
                              csl_error *error)
{
    csl_buffer_clear(&w->message);
    put_u64(&w->message, ticket);
    put_text(&w->message, (const char *)errors->bytes, errors->length);
    csl_buffer_append(&w->message, answer->bytes, answer->length);
    if (w->message.failed) return csl_fail(error, CSL_ENOMEM, NULL, "no memory for an answer");
    return csl_frame_write(w->conductor, MESSAGE_ANSWER, w->message.bytes, w->message.length, error);
}

/* Who crashed is found out; of other ends the child's word is all there is. */
static csl_status send_failure(worker *w, const job *j, const child_case *which, const csl_buffer *errors,
                               child_end end, const char *reason, csl_error *error)
{
    char said[STAGE_TEXT], found[STAGE_TEXT], text[CHILD_REASON];
    plugin_said(w, said);
    memcpy(found, said, sizeof found);
    if (end == CHILD_CRASHED || end == CHILD_STUMBLED) inquest(&w->nest, which, &end, found);
    const char *named = found[0] ? found : said;
    snprintf(text, sizeof text, "%.*s%s%s%s", CHILD_REASON - 2 * STAGE_TEXT, reason,
             named[0] ? "; plugin " : "", named, named[0] && !found[0] ? ", which does not crash alone" : "");
    csl_buffer_clear(&w->message);
    put_u64(&w->message, j->ticket);
    put_text(&w->message, (const char *)errors->bytes, errors->length);
    put_u32(&w->message, end);
    put_text(&w->message, found, strlen(found));
    put_text(&w->message, text, strlen(text));
    put_hashes(&w->message, j, w->nest.d->limits.memory_bytes);
    if (w->message.failed) return csl_fail(error, CSL_ENOMEM, NULL, "no memory for a failure");
    return csl_frame_write(w->conductor, MESSAGE_FAILED, w->message.bytes, w->message.length, error);
}

static csl_status do_job(worker *w, const job *j, csl_error *error)
{
    csl_buffer answer, errors;
    csl_buffer_init(&answer, w->nest.d->maximum + CSL_FRAME_HEADER);
    csl_buffer_init(&errors, CHILD_MAX_ERRORS);
    char reason[CHILD_REASON];
    csl_digest key, *hashes = w->nest.d->cache ? calloc(j->count + 1, sizeof *hashes) : NULL;
    bool keyed = hashes && cache_key(w->nest.registry, j->id, j->patient, j->paths, j->names, j->count,
                                     hashes, &key, NULL) == CSL_OK;
    csl_status status;
    if (keyed && cache_find(w->nest.d->cache, &key, &answer)) {
        status = send_answer(w, j->ticket, &errors, &answer, error);
    } else {
        csl_buffer_clear(&answer);
        child_case which = {.id = j->id,
                            .patient = j->patient,
                            .paths = (const char *const *)j->paths,
                            .names = (const char *const *)j->names,
                            .count = j->count,
                            .without = (const char *const *)j->without,
                            .without_count = j->without_count};
        child_end end = child_run(&w->nest, &which, &answer, &errors, reason);
        if (end == CHILD_ANSWERED) {
            if (keyed) cache_keep(w->nest.d->cache, &key, answer.bytes, answer.length);
            status = send_answer(w, j->ticket, &errors, &answer, error);
        } else {
            status = send_failure(w, j, &which, &errors, end, reason, error);
        }
    }
    free(hashes);
    csl_buffer_free(&answer);
    csl_buffer_free(&errors);
    return status;
}

_Noreturn void worker_main(const duty *d, int conductor)
{
    worker w = {.conductor = conductor, .nest = {.d = d}};
    csl_error error = {0};
    /* Beside the answer a message holds the child's errors, the reason and the hashes. */
    csl_buffer_init(&w.message, d->maximum + (16 << 20));
    csl_buffer message;
    csl_buffer_init(&message, maximum_job);
    if (start(&w, &error) != CSL_OK) {
        put_error(&w.message, &error);
        csl_frame_write(conductor, MESSAGE_BROKEN, w.message.bytes, w.message.length, NULL);
        _exit(1);
    }
    csl_memory_keep(HEAP_FOR_A_CASE);
    uint32_t kind;
    while (csl_frame_read(conductor, &kind, &message, &error) == CSL_OK) {
        job j;
        bool good = kind == MESSAGE_JOB && job_read(&message, &j) && do_job(&w, &j, &error) == CSL_OK;
        if (!good) _exit(1);
        job_free(&j);
    }
    _exit(0);
}
