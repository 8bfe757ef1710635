/* Inside batch: the process that conducts a batch. open.c opens and closes it, describe.c says what its
 * results depend on, group.c takes answers in and makes them durable; run.c has a list of cases that ends,
 * watch.c one that grows. */
#ifndef CSL_BATCH_CONDUCTOR_H
#define CSL_BATCH_CONDUCTOR_H

#include "audit/anchor.h"
#include "batch/crashes.h"
#include "batch/inputs.h"
#include "batch/pool.h"
#include "batch/record.h"
#include "batch/store.h"

enum {
    GROUP = 64,  /* results that become durable together, at most */
    WINDOW = 256 /* cases that may be handed out from the one that is delivered next on */
};

/* Where a run is, for what is told when it fails. */
typedef enum run_step {
    STEP_OPTIONS,
    STEP_CASES,
    STEP_WORKERS,
    STEP_LOG,
    STEP_LIST,
    STEP_SCORING,
    STEP_RESULTS
} run_step;

/* Everything of one csl_run. */
typedef struct conductor {
    const csl_run_options *o;
    csl_run_summary *summary;
    csl_manifest *manifest;
    size_t *list; /* positions in it of what is left to do; NULL if endless */
    size_t count;
    bool endless;
    run_step step;
    int lock;
    char *audit_folder;
    csl_audit_key *key;
    csl_audit_pseudonyms *pseudonyms;
    csl_audit_signer *signer;
    csl_audit_log *log;
    csl_store *store;
    pool *p;
    const json_t *hello; /* the pool's */
    record_card card;
    crashes crashed;
    size_t failures;                   /* of this start */
    volatile int stop;                 /* hand out no more */
    char stamps[WINDOW][INPUTS_STAMP]; /* of the case i of the list at i % WINDOW */
    char model[CSL_SHA256_HEX];        /* hashed by this process */
    /* the group that becomes durable next */
    record records[GROUP];
    store_row rows[GROUP];
    csl_event events[GROUP];      /* that will be told of them */
    size_t indexes[GROUP];        /* their cases' */
    size_t grouped, group_size;   /* results; bytes */
    double group_since, anchored; /* when others were last asked about the log */
    double told;                  /* when progress was last told */
    bool alerted;                 /* the log says that a witness has seen another */
    /* A result is in sight; index: its case's in the list. May be NULL. */
    void (*published)(void *context, size_t index, const store_row *row);
    void *published_context;
} conductor;

/* In the manifest, of a case of the list; 0 where there is none. */
static inline size_t position_of(const conductor *c, size_t index)
{
    return c->list ? c->list[index] : 0;
}

/* ---- tell.c ---- */

/* The parts of an event that the conductor knows by itself are filled in; of a case: its pseudonym and row.
 */
void tell(const conductor *c, csl_event event);
void tell_case(const conductor *c, const char *id, size_t position, csl_event event);
void tell_again(void *context, size_t index, const csl_manifest_case *which, const char *reason,
                unsigned attempt, double seconds);
void tell_replaced(void *context, unsigned worker, const char *why);
/* Why a run failed, or how it ended. */
void tell_failure(const csl_run_options *o, run_step step, const csl_error *error);
void tell_end(const conductor *c);

/* ---- open.c ---- */

/* Checks the options, which must outlive it, and forks the process that will start workers: neither the key
 * nor the name of a case is in memory yet. open: its context is the conductor. */
csl_status conductor_make(const csl_run_options *options, csl_run_summary *summary, csl_open_case open,
                          bool endless, conductor **out, csl_error *error);
/* Takes the folder, starts workers, then loads the key and opens the log and the store. */
csl_status conductor_open(conductor *c, unsigned jobs, csl_error *error);
void conductor_close(conductor *c); /* NULL is allowed */
/* Starts one worker and hears what it is, with nothing else: for who only wants to know. */
csl_status conductor_try(conductor *c, csl_error *error);
/* Has later runs not load the plugins that crashed too often. */
void keep_quarantine(conductor *c);

/* ---- describe.c ---- */

csl_caution caution_or_default(const csl_caution *asked);
void utc_now(char text[32]);
/* Writes the facts of a first start; CSL_EUSAGE names the first thing in which a later one differs. An
 * endless one may differ, if its results fit into one table; the log says in what. */
csl_status describe_run(conductor *c, csl_error *error);
/* A folder belongs to `run` or, endless, to `watch`: CSL_EUSAGE if it is the other's. */
csl_status describe_kind(csl_store *store, bool endless, const char *out, csl_error *error);
/* CSL_EUSAGE unless the model answers what the folder's results do. */
csl_status describe_compare(csl_store *store, const record_card *card, const char *out, csl_error *error);
/* Tells the log of limits that differ from the last start's. */
csl_status note_limits(conductor *c, csl_error *error);

/* ---- group.c: context is the conductor ---- */

csl_status take(void *context, const pool_answer *a, csl_error *error);
csl_status tick(void *context, csl_error *error);
csl_status flush_group(conductor *c, csl_error *error);
void forget_group(conductor *c);
/* Has the pool ask those plugins nothing that are in the way of every case. */
csl_status leave_out(conductor *c, csl_error *error);
/* Has others vouch for what is committed. That they do not answer ends no run; that a witness has seen
 * another log is an alert in this one. */
csl_status ask_anchors(conductor *c, csl_error *error);
void report_progress(conductor *c, const csl_commit *commit);

#endif
