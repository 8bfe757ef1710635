/* The batch: cases in, one result each, whatever happens to one of them. docs/run.md is for its users.
 *
 * conductor            this process: parses no patient byte, holds the audit key and the store
 *   `-- spawner        forks workers from memory that never held the key
 *         `-- worker   `jobs` of them: plugins and model loaded once, single-threaded
 *               `-- child   one a case: limits on memory and time; answers over a pipe; exits
 */
#ifndef CSL_BATCH_BATCH_H
#define CSL_BATCH_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "align/align.h"
#include "audit/audit.h"
#include "base/error.h"
#include "case/case.h"
#include "host/host.h"
#include "model/model.h"
#include "sandbox/sandbox.h"

/* ---- manifest: which files belong to which case ---- */

typedef struct csl_manifest_case {
    char *id;
    char *patient; /* NULL: not said */
    char *folder;  /* prefix of the paths in messages and results */
    char **paths;  /* as to be opened */
    char **names;  /* relative to the case folder; sorted */
    size_t count;
} csl_manifest_case;

void csl_manifest_case_free(csl_manifest_case *which);

/* How whoever hands out cases gets one, which it then owns. CSL_EFORMAT is that case's own fault, and what
 * there is of it has an id; any other failure ends the batch. */
typedef csl_status (*csl_open_case)(void *context, size_t index, csl_manifest_case *which, csl_error *error);

/* The list of cases. It takes no memory that grows with it: long lists lie in a temporary file. */
typedef struct csl_manifest csl_manifest;

/* A folder (a sub-folder a case; a cohort folder with cases/ in it works too) or a CSV file with columns
 * case,path[,patient][,...]; a path is a file or a folder, relative to the CSV. A sub-folder
 * whose name is none is a case that cannot be got. Cases come sorted by id from
 * a folder, in order of first mention from a CSV. */
csl_status csl_manifest_open(const char *path, csl_manifest **manifest, csl_error *error);
size_t csl_manifest_count(const csl_manifest *manifest);
/* The case at a position, with the files that are there now. As csl_open_case. */
csl_status csl_manifest_get(csl_manifest *manifest, size_t position, csl_manifest_case *which,
                            csl_error *error);
/* Calls visit for each case in order. */
csl_status csl_manifest_each(csl_manifest *manifest, csl_status (*visit)(void *context, const char *id),
                             void *context, csl_error *error);
bool csl_manifest_find(csl_manifest *manifest, const char *id, size_t *position);
void csl_manifest_close(csl_manifest *manifest); /* NULL is allowed */

/* ---- what happens in a run, for who watches it ---- */

typedef enum csl_event_kind {
    CSL_EVENT_KEY_MADE,
    CSL_EVENT_METRICS_SERVED,
    CSL_EVENT_PLUGIN_REFUSED,
    CSL_EVENT_STARTED,
    CSL_EVENT_CASE_CHANGED, /* its files are not those that were read: it is done again */
    CSL_EVENT_CASE_RETRIED,
    CSL_EVENT_CASE_SCORED, /* these three when they are durable */
    CSL_EVENT_CASE_WITHHELD,
    CSL_EVENT_CASE_FAILED,
    CSL_EVENT_WORKER_REPLACED,
    CSL_EVENT_PLUGIN_QUARANTINED,
    CSL_EVENT_QUARANTINE_NOT_KEPT,
    CSL_EVENT_ANCHOR_FAILED,
    CSL_EVENT_LOG_SILENT,   /* the audit log could not be told something */
    CSL_EVENT_METRICS_LOST, /* a file of them cannot be written */
    CSL_EVENT_PROGRESS,     /* after each group of results that became durable, and each second */
    CSL_EVENT_DROP_IGNORED, /* these eight are of a watch: what is in its folder is no case */
    CSL_EVENT_DROP_LOST,    /* the folder cannot be looked at */
    CSL_EVENT_CASE_STAYS,   /* it could not be moved to where cases are kept, or its files not back */
    CSL_EVENT_CASE_CAME_ON, /* files came while it was moved */
    CSL_EVENT_SPACE_SHORT,
    CSL_EVENT_SPACE_BACK,
    CSL_EVENT_RELOAD_REFUSED,
    CSL_EVENT_RELOADING,
    CSL_EVENT_STOPPED,
    CSL_EVENT_FINISHED,
    CSL_EVENT_FAILED, /* the run as a whole */
    CSL_EVENTS
} csl_event_kind;

typedef struct csl_run_summary {
    size_t total;                    /* cases of this shard */
    size_t scored, failed, withheld; /* with those of earlier starts */
    size_t resumed;                  /* found done in the store; counted in the three above too */
    bool stopped;         /* with cases left, by options->stop or too many failures: no files were exported */
    bool too_many_failed; /* options->max_failures was reached */
    bool left;            /* of a watch: its turn said so */
} csl_run_summary;

/* Cases of this start that have no durable result yet. */
typedef struct csl_queue {
    size_t waiting, running, answered; /* not handed out; in a worker; behind one that is not done */
} csl_queue;

/* A group of results that became durable; all 0: none did. */
typedef struct csl_commit {
    size_t entries; /* of the audit log */
    double audit_seconds, store_seconds;
} csl_commit;

/* What is 0 or NULL does not belong to the event. Borrowed for the call. */
typedef struct csl_event {
    csl_event_kind kind;
    const char *text; /* for a terminal: may name cases, files and what is in them; NULL: nothing to say */
    /* All from here on may be read by anyone: it holds nothing of patients. */
    const char *tag;    /* csl_audit_case_tag */
    size_t row;         /* of the case in the list, from 1 */
    uint64_t entry;     /* of the audit log, about the case */
    const char *reason; /* a word of docs/operations.md */
    const char *plugin; /* id */
    const char *detail; /* about the machine */
    const char *step;   /* of a failed run: a word of docs/operations.md */
    unsigned worker;    /* from 1 */
    unsigned attempt;   /* from 1 */
    double seconds;     /* that it took, or that will pass */
    const char *model;  /* its hash */
    const csl_run_summary *run;
    const csl_queue *queue;
    const csl_commit *commit;
} csl_event;

/* The event as a line of the log, JSON (schemas/log-line.schema.json), malloc'ed; NULL: out of memory. Text
 * is left out. */
char *csl_event_line(const csl_event *event);
/* "usage", "format", "io", "memory", "limit", "not-found", "mismatch", "crypto", "internal". */
const char *csl_code_word(csl_status code);

/* ---- run ---- */

typedef struct csl_limits {   /* for one case; 0 asks for the default */
    uint64_t memory_bytes;    /* 2 GiB */
    unsigned wall_seconds;    /* 300 */
    csl_sandbox_mode sandbox; /* by default required */
} csl_limits;

/* How sure a score must be. */
typedef struct csl_caution {
    double coverage; /* how often the set of a task's answers is to hold the true one; 0: 0.9 */
    double
        novelty;  /* a case is novel where cases as far from the training ones are rarer than this; 0: 0.01 */
    bool abstain; /* withhold a case that is novel, or a set of whose answers is not one answer */
} csl_caution;

/* ---- others that vouch for a log's checkpoints ---- */

/* Addresses begin with https:// or http://; NULL: not asked. */
typedef struct csl_anchors {
    const char *tsa;         /* timestamp authority, RFC 3161 */
    const char *witness;     /* submission prefix of a witness, C2SP tlog-witness */
    const char *witness_key; /* its verifier key, the line itself */
} csl_anchors;

typedef struct csl_anchor_report {
    bool cosigned;
    size_t stamped, waiting,
        dropped; /* checkpoints that have their timestamp now, that wait, that were given up */
} csl_anchor_report;

csl_status csl_anchors_check(const csl_anchors *who, csl_error *error);
/* Asks them about the present checkpoint, and the authority about those that still wait, for at most 15 s in
 * all, 5 s a request. log: if this process writes it, else NULL. CSL_EIO where one of them does not answer as
 * it should, in which case the others' answers are kept; CSL_EMISMATCH if a witness has seen another log of
 * this name. */
csl_status csl_anchor(const char *folder, csl_audit_log *log, const csl_anchors *who,
                      csl_anchor_report *report, csl_error *error);

typedef struct csl_run_options {
    const char *cases, *model, *out, *key;  /* key: audit.pem */
    const char *pseudonyms;                 /* audit.hmac; NULL: the one beside the key */
    const csl_audit_passphrase *passphrase; /* of the key; NULL: it has none */
    const char *cms_key, *cms_certificate;  /* PEM: sign each checkpoint too; NULL: not */
    csl_anchors anchors;                    /* asked at the start, each five minutes and at the end */
    unsigned jobs;                          /* worker processes; 0: one a processor */
    unsigned shard, shards; /* every shards-th case, from the shard-th (1-based) on; 0/0: all */
    csl_identity identity;
    unsigned window_days; /* 0: the default of align.h */
    csl_caution caution;
    csl_precision precision;
    bool no_findings; /* results without what single tokens did to a score */
    csl_limits limits;
    const char *settings_file; /* that some of this comes from; its hash goes into the log. May be NULL */
    bool retry;                /* do the failed cases of earlier starts again */
    const char *command; /* how `consilium retry` may ask for this again: the fact "command"; may be NULL */
    unsigned quarantine; /* crashes of a plugin, in as many cases, that bring it under quarantine; 0: 3 */
    size_t max_failures; /* failed cases from which on the run stops; 0: none are too many */
    csl_registry_options plugins;
    /* Set to nonzero (by a signal handler, say): no more cases are handed out, those that run are finished.
     * May be NULL. */
    const volatile int *stop;
    void (*tell)(void *context, const csl_event *event); /* called in the conductor. May be NULL */
    void *context;
} csl_run_options;

/* Runs or resumes, then writes results.ndjson, results.csv and failed/. Failures of cases are results, not
 * errors. Forks at once: call it from a process with one thread. CSL_EUSAGE: another run has the folder, or
 * it holds results of another model, configuration or list of cases. */
csl_status csl_run(const csl_run_options *options, csl_run_summary *summary, csl_error *error);

/* ---- a folder into which cases come ---- */

typedef enum csl_watch_word {
    CSL_WATCH_ON,      /* go on */
    CSL_WATCH_LEAVE,   /* finish what runs and return, with summary->left: to be started anew */
    CSL_WATCH_REFUSED, /* go on: what it was to be started anew with will not do. The log says so */
} csl_watch_word;

typedef struct csl_watch_options {
    /* cases: the folder, each sub-folder of which becomes a case. No shards; command is not used. *stop: 1
     * hands out no more and finishes what runs, 2 does not wait for what runs, either. */
    csl_run_options run;
    unsigned quiet_seconds; /* without a change, after which a case is complete; 0: 60 */
    unsigned poll_seconds;  /* between two looks through the whole folder; 0: 5 */
    const char *archive;    /* where a case goes when its result is durable; NULL: it stays */
    const char *failed;     /* where one goes that failed; NULL: as the others */
    /* Called in the conductor, with run.context. opened: it can work now. turn: many times a second; waiting:
     * cases that are not complete yet or were not begun, running: that were handed out. May be NULL. */
    void (*opened)(void *context);
    csl_watch_word (*turn)(void *context, const csl_run_summary *so_far, size_t waiting, size_t running);
    void (*beat)(void *context); /* within what takes long, to say that it is alive */
} csl_watch_options;

/* Scores cases as they come, until it is stopped. Results are those of `run`; results.csv and results.ndjson
 * are written anew soon after one has changed, and at the end. The errors of csl_run; CSL_EIO may end what
 * went on for long (a full disk, say), and loses nothing: to be called again, from a process that held no
 * key. */
csl_status csl_watch(const csl_watch_options *options, csl_run_summary *summary, csl_error *error);
/* Whether it could begin: plugins and model load, and results would fit to those that are in the folder.
 * Writes nothing. */
csl_status csl_watch_check(const csl_watch_options *options, csl_error *error);

/* ---- shards ---- */

typedef struct csl_merge_options {
    const char *const *shards; /* folders of finished runs, each with another shard, in any order */
    size_t count;
    const char *out; /* a new folder */
    const char *key; /* audit.pem, that signs the merged folder's log */
    const csl_audit_passphrase *passphrase;
} csl_merge_options;

/* Writes to `out` what one run over all cases would have; its log binds those of the shards, which are
 * verified. The folder appears when it is whole. CSL_EUSAGE names the shard that is missing, there twice, not
 * finished, or of another configuration or list of cases, with the first difference. */
csl_status csl_merge(const csl_merge_options *options, csl_run_summary *summary, csl_error *error);

/* ---- tokens of many cases, for training and evaluation ---- */

typedef struct csl_case_list {
    csl_open_case open;
    void *context;
    size_t count;
} csl_case_list;

/* Embeds cases in workers, limited as asked (NULL: by default, in a sandbox of what the kernel offers), and
 * hands each to `take` in the order of the list; c is NULL where a case failed, with its
 * reason. take owns the case. A nonzero return stops. cache: folder for tokens keyed by the hashes of files
 * and plugin; NULL: none. */
typedef int (*csl_take_case)(void *context, size_t index, const csl_manifest_case *which, csl_case *c,
                             const char *reason);
csl_status csl_embed_cases(const csl_case_list *list, const csl_registry_options *plugins,
                           const csl_limits *limits, unsigned jobs, const char *cache, csl_take_case take,
                           void *context, csl_error *error);

/* ---- the run store: OUT/run.db, SQLite ---- */

typedef struct csl_store csl_store;

typedef struct csl_stored_case { /* borrowed for the duration of the visit */
    size_t position;             /* in the manifest */
    const char *id;
    const char *status; /* "scored", "failed" or "withheld" */
    const char *json;   /* the line of results.ndjson, without its end of line */
    const uint8_t *png; /* key image, or NULL */
    size_t png_length;
} csl_stored_case;

csl_status csl_store_open_read(const char *out_folder, csl_store **store, csl_error *error);
/* In manifest order. A nonzero return stops. */
csl_status csl_store_each(csl_store *store, int (*visit)(void *context, const csl_stored_case *stored),
                          void *context, csl_error *error);
/* A fact of the run: "model", "model_sha256", "started", "resumed" (the last start), "finished", "identity",
 * "cases", "list", "version", "origin", "configuration" (JSON: all that results depend on), "limits",
 * "coverage", "command", "labels", "tasks" and "modalities" (JSON arrays of names); NULL if it is not known.
 * The text lives as long as the store. */
const char *csl_store_fact(csl_store *store, const char *name);
void csl_store_close(csl_store *store);

/* What a person who watches wants to know. The reasons are those of failed cases, without the file and place
 * that most begin with; the slowest cases come first. A visit's texts are borrowed. */
typedef struct csl_store_survey {
    size_t scored, failed, withheld;
    double rate; /* cases a second, of the last 200 results of the last start; 0: not known */
    double last; /* when the last result became durable, UNIX time; 0: none did */
} csl_store_survey;
csl_status csl_store_look(csl_store *store, csl_store_survey *survey, csl_error *error);
csl_status csl_store_reasons(csl_store *store, size_t most,
                             void (*visit)(void *context, const char *reason, size_t cases), void *context,
                             csl_error *error);
csl_status csl_store_slowest(csl_store *store, size_t most,
                             void (*visit)(void *context, const char *id, double seconds), void *context,
                             csl_error *error);
/* Whether a run has the folder now. */
bool csl_run_is_going_on(const char *out_folder);

#endif
