/* The finished shards of one study, put together in a folder beside that of the results, which takes its name
 * when it is whole. The shards are only read. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "batch/export.h"
#include "batch/ledger.h"
#include "batch/shard.h"
#include "batch/store_sql.h"

enum { ROWS = 256 /* that become durable together */ };

typedef struct merge {
    const csl_merge_options *o;
    csl_run_summary *summary;
    shard_set set;
    char *out;   /* without slashes at its end */
    char *draft; /* OUT.merging */
    char *audit; /* draft/audit */
    int lock;    /* of the draft */
    bool ours;   /* the draft, and what is in it */
    csl_audit_key *key;
    csl_audit_log *log;
    csl_store *store;
} merge;

/* ---- the folder ---- */

/* run.db goes last: it tells a draft from a folder that is somebody else's. */
static int remove_entry(const char *path, const struct stat *about, int kind, struct FTW *at)
{
    (void)about, (void)kind;
    if (at->level == 0 || (at->level == 1 && !strcmp(path + at->base, "run.db"))) return 0;
    return remove(path);
}

static csl_status clear(const merge *m, csl_error *error)
{
    char *store = csl_path_join(m->draft, "run.db");
    csl_status status = CSL_OK;
    if (!store)
        status = csl_fail(error, CSL_ENOMEM, m->draft, "no memory");
    else if (nftw(m->draft, remove_entry, 16, FTW_DEPTH | FTW_PHYS) < 0 ||
             (unlink(store) < 0 && errno != ENOENT))
        status = csl_fail_errno(error, m->draft, "cannot remove what an interrupted merge left");
    free(store);
    return status;
}

static csl_status is_empty(const char *folder, bool *empty, csl_error *error)
{
    csl_names names = {0};
    csl_status status = csl_list_folder(folder, &names, error);
    *empty = names.count == 0;
    csl_names_free(&names);
    return status;
}

static csl_status check_out(const char *out, csl_error *error)
{
    struct stat about;
    bool empty = false;
    if (lstat(out, &about) < 0)
        return errno == ENOENT ? CSL_OK : csl_fail_errno(error, out, "cannot look at it");
    csl_status status = S_ISDIR(about.st_mode) ? is_empty(out, &empty, error) : CSL_OK;
    if (status == CSL_OK && !empty)
        status = csl_fail(error, CSL_EUSAGE, out, "is there already; name a new folder");
    return status;
}

static csl_status open_draft(merge *m, csl_error *error)
{
    bool empty;
    csl_status status = csl_make_folders(m->draft, error);
    if (status != CSL_OK) return status;
    m->lock = open(m->draft, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (m->lock < 0) return csl_fail_errno(error, m->draft, "cannot open");
    if (flock(m->lock, LOCK_EX | LOCK_NB) < 0)
        return csl_fail(error, CSL_EUSAGE, m->draft, "another merge is writing to this folder");
    status = is_empty(m->draft, &empty, error);
    if (status != CSL_OK) return status;
    char *store = csl_path_join(m->draft, "run.db");
    m->ours = empty || (store && csl_is_file(store));
    free(store);
    if (!m->ours)
        return csl_fail(error, CSL_EUSAGE, m->draft,
                        "is in the way, and no merge that was interrupted left it; move it");
    return clear(m, error);
}

/* The draft becomes OUT, durably. */
static csl_status publish(const merge *m, csl_error *error)
{
    char *parent = strdup(m->out);
    if (!parent) return csl_fail(error, CSL_ENOMEM, m->out, "no memory");
    char *slash = strrchr(parent, '/');
    if (slash) slash[slash == parent] = 0;
    csl_status status = CSL_OK;
    if (fsync(m->lock) < 0 || rename(m->draft, m->out) < 0)
        status = csl_fail_errno(error, m->out, "cannot give the merged results their name");
    int folder = status == CSL_OK ? open(slash ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (status == CSL_OK && (folder < 0 || fsync(folder) < 0))
        status = csl_fail_errno(error, m->out, "cannot sync");
    if (folder >= 0) close(folder);
    free(parent);
    return status;
}

/* ---- the log: an index that binds those of the shards ---- */

static csl_status write_vkey(const merge *m, csl_error *error)
{
    char *path = csl_path_join(m->draft, "audit.vkey"), *line = csl_audit_key_vkey(m->key);
    csl_status status = path && line ? csl_write_file_atomic(path, line, strlen(line), error)
                                     : csl_fail(error, CSL_ENOMEM, m->draft, "no memory");
    free(line);
    free(path);
    return status;
}

static csl_status bind_log(merge *m, shard *s, csl_error *error)
{
    char *log = csl_path_join(s->folder, "audit"), *file = csl_path_join(s->folder, "audit.vkey");
    char *vkey = NULL;
    csl_status status = log && file ? csl_audit_vkey_read(file, &vkey, error)
                                    : csl_fail(error, CSL_ENOMEM, s->folder, "no memory");
    if (status == CSL_OK) status = csl_audit_bind(m->log, log, vkey, &s->bound, error);
    free(vkey);
    free(file);
    free(log);
    return status;
}

static csl_status bind_logs(merge *m, csl_error *error)
{
    csl_status status = csl_audit_open(m->audit, m->key, &m->log, error);
    for (size_t i = 0; status == CSL_OK && i < m->set.count; i++)
        status = bind_log(m, &m->set.shards[i], error);
    return status == CSL_OK ? write_vkey(m, error) : status;
}

/* ---- the store ---- */

static csl_status execute(csl_store *store, const char *sql, csl_error *error)
{
    sqlite3_stmt *q = NULL;
    csl_status status = store_prepare(store, sql, &q, error);
    store_next(store, q, &status, error);
    sqlite3_finalize(q);
    return status;
}

/* The line's member audit says in which log its entry is: {"index":N,"leaf_hash":"HEX","log":BOUND}. */
static char *name_log(const char *line, uint64_t bound)
{
    static const char end[] = "\"}}";
    enum { END = sizeof end - 1 };
    size_t length = strlen(line), size = length + 40;
    if (length < END || strcmp(line + length - END, end) != 0) return NULL;
    char *out = malloc(size);
    if (out) snprintf(out, size, "%.*s,\"log\":%ju}}", (int)(length - 2), line, (uintmax_t)bound);
    return out;
}

static void count(csl_run_summary *summary, const char *what)
{
    summary->scored += !strcmp(what, "scored");
    summary->failed += !strcmp(what, "failed");
    summary->withheld += !strcmp(what, "withheld");
}

enum { ID, POSITION, STATUS, JSON, COLUMNS = 12 }; /* of the table result */

static csl_status copy_row(merge *m, const shard *s, sqlite3_stmt *from, sqlite3_stmt *to, size_t position,
                           csl_error *error)
{
    const char *id = (const char *)sqlite3_column_text(from, ID);
    csl_status status = CSL_OK;
    if ((size_t)sqlite3_column_int64(from, POSITION) != position)
        return csl_fail(error, CSL_EUSAGE, s->folder,
                        "case %s stands at place %jd of the list, where place %zu should come next; run it "
                        "again with the whole list",
                        id, (intmax_t)sqlite3_column_int64(from, POSITION) + 1, position + 1);
    char *json = name_log((const char *)sqlite3_column_text(from, JSON), s->bound);
    if (!json)
        return csl_fail(error, CSL_EFORMAT, s->folder,
                        "the result of case %s does not end with its audit member, or there is no memory",
                        id);
    for (int i = 0; i < COLUMNS; i++)
        if (i != JSON) sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
    sqlite3_bind_text(to, JSON + 1, json, -1, SQLITE_STATIC);
    store_next(m->store, to, &status, error);
    if (status == CSL_OK && !sqlite3_changes(m->store->db))
        status = csl_fail(error, CSL_EUSAGE, s->folder, "another shard has a result of case %s, too", id);
    if (status == CSL_OK) count(m->summary, (const char *)sqlite3_column_text(from, STATUS));
    sqlite3_reset(to);
    free(json);
    return status;
}

static csl_status copy_rows(merge *m, const shard *s, csl_store *source, csl_error *error)
{
    sqlite3_stmt *from = NULL, *to = NULL;
    csl_status status = store_prepare(source,
                                      "SELECT id, position, status, json, png, errors, crashed, stamp, "
                                      "seconds, finished, audit_index, leaf FROM result ORDER BY position",
                                      &from, error);
    if (status == CSL_OK)
        status = store_prepare(
            m->store,
            "INSERT OR IGNORE INTO result VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)", &to,
            error);
    if (status == CSL_OK) status = execute(m->store, "BEGIN IMMEDIATE", error);
    size_t position = s->number - 1;
    for (size_t row = 0; store_next(source, from, &status, error); position += m->set.count) {
        status = copy_row(m, s, from, to, position, error);
        if (status == CSL_OK && ++row % ROWS == 0) {
            status = execute(m->store, "COMMIT", error);
            if (status == CSL_OK) status = execute(m->store, "BEGIN IMMEDIATE", error);
        }
    }
    sqlite3_finalize(from);
    sqlite3_finalize(to);
    return status == CSL_OK ? execute(m->store, "COMMIT", error) : status;
}

/* What all shards say alike is taken from the first. */
static csl_status copy_facts(const merge *m, csl_store *source, csl_error *error)
{
    static const char *const alike[] = {"model", "model_sha256", "identity", "version",   "labels",
                                        "tasks", "coverage",     "limits",   "modalities"};
    char cases[32], *configuration = json_dumps(m->set.configuration, JSON_COMPACT);
    snprintf(cases, sizeof cases, "%zu", m->set.cases);
    const char *own[][2] = {{"cases", cases},
                            {"list", m->set.list},
                            {"started", m->set.started},
                            {"finished", m->set.finished},
                            {"origin", csl_audit_key_origin(m->key)},
                            {"configuration", configuration}};
    csl_status status = configuration ? CSL_OK : csl_fail(error, CSL_ENOMEM, m->draft, "no memory");
    for (size_t i = 0; status == CSL_OK && i < sizeof alike / sizeof *alike; i++) {
        const char *value = csl_store_fact(source, alike[i]);
        if (value) status = store_set_fact(m->store, alike[i], value, error);
    }
    for (size_t i = 0; status == CSL_OK && i < sizeof own / sizeof *own; i++)
        status = store_set_fact(m->store, own[i][0], own[i][1], error);
    free(configuration);
    return status;
}

static csl_status fill_store(merge *m, csl_error *error)
{
    csl_status status = CSL_OK;
    for (size_t i = 0; status == CSL_OK && i < m->set.count; i++) {
        csl_store *source = NULL;
        status = csl_store_open_read(m->set.shards[i].folder, &source, error);
        if (status == CSL_OK && i == 0) status = copy_facts(m, source, error);
        if (status == CSL_OK) status = copy_rows(m, &m->set.shards[i], source, error);
        csl_store_close(source);
    }
    const csl_run_summary *s = m->summary;
    if (status == CSL_OK && s->scored + s->failed + s->withheld != m->set.cases)
        status = csl_fail(error, CSL_EUSAGE, m->o->out, "a shard was run again meanwhile; merge again");
    return status;
}

/* ---- the whole ---- */

static csl_status name_folders(merge *m, csl_error *error)
{
    size_t length = strlen(m->o->out);
    while (length > 1 && m->o->out[length - 1] == '/') length--;
    m->out = strndup(m->o->out, length);
    m->draft = malloc(length + sizeof ".merging");
    if (!m->out || !m->draft) return csl_fail(error, CSL_ENOMEM, m->o->out, "no memory");
    sprintf(m->draft, "%s.merging", m->out);
    m->audit = csl_path_join(m->draft, "audit");
    return m->audit ? CSL_OK : csl_fail(error, CSL_ENOMEM, m->o->out, "no memory");
}

static csl_status write_all(merge *m, csl_error *error)
{
    csl_status status = store_open(m->draft, &m->store, error);
    if (status == CSL_OK) status = bind_logs(m, error);
    if (status == CSL_OK) status = fill_store(m, error);
    if (status == CSL_OK) status = export_results(m->store, m->draft, error);
    if (status == CSL_OK) status = ledger_export(m->log, m->draft, error);
    if (status == CSL_OK) status = csl_audit_commit(m->log, error);
    return status == CSL_OK ? store_settle(m->store, error) : status;
}

csl_status csl_merge(const csl_merge_options *options, csl_run_summary *summary, csl_error *error)
{
    merge m = {.o = options, .summary = summary, .lock = -1};
    *summary = (csl_run_summary){0};
    csl_status status = shards_read(options->shards, options->count, &m.set, error);
    if (status == CSL_OK) status = name_folders(&m, error);
    if (status == CSL_OK) status = check_out(m.out, error);
    if (status == CSL_OK) status = csl_audit_key_unlock(options->key, options->passphrase, &m.key, error);
    if (status == CSL_OK) status = open_draft(&m, error);
    if (status == CSL_OK) status = write_all(&m, error);
    summary->total = m.set.cases;
    csl_audit_close(m.log);
    csl_store_close(m.store);
    if (status == CSL_OK) status = publish(&m, error);
    if (status != CSL_OK && m.ours && clear(&m, NULL) == CSL_OK) rmdir(m.draft);
    if (m.lock >= 0) close(m.lock);
    csl_audit_key_free(m.key);
    shards_free(&m.set);
    free(m.audit);
    free(m.draft);
    free(m.out);
    return status;
}
