/* Inside batch: the conductor's side. Hands cases to workers, takes answers in the order of the list,
 * survives workers.
 *
 * Nothing that comes from a worker is believed: lengths are bounded, tickets checked, a worker that breaks
 * the protocol or keeps silent is killed and replaced, and the one case it had fails. Memory is bounded: a
 * case is handed out only while the answers that wait for their turn are few. */
#ifndef CSL_BATCH_POOL_H
#define CSL_BATCH_POOL_H

#include "batch/message.h"
#include "batch/worker.h"

typedef struct pool pool;

typedef struct pool_options {
    size_t window; /* cases from the one that is delivered next that may be handed out */
    /* Of answers that wait for their turn and of lists of files, from which on no more cases are handed out.
     */
    size_t waiting_bytes;
    csl_open_case open; /* gives a case that is about to be handed out for the first time */
    bool endless;       /* the list grows (pool_grow); see pool_run */
    /* 1: hand out no more, finish what runs; above: do not wait for what runs, either. May be NULL */
    const volatile int *stop;
    /* A case ended as it may not end another time, and is handed out again after so many seconds. */
    void (*again)(void *context, size_t index, const csl_manifest_case *which, const char *reason,
                  unsigned attempt, double seconds);
    void (*replaced)(void *context, unsigned worker, const char *why); /* These two may be NULL */
    void *context;
} pool_options;

/* What became of a case; borrowed for the call. */
typedef struct pool_answer {
    size_t index; /* in the list */
    const csl_manifest_case *which;
    double seconds;       /* from being handed out to the answer */
    unsigned worker;      /* from 0 */
    unsigned attempt;     /* the last, from 1 */
    child_end end;        /* CHILD_ANSWERED, or how it went otherwise */
    const char *plugin;   /* of a failure: the id of the plugin that ran, or "" */
    const char *reason;   /* why there is no answer; NULL if there is one */
    const char *errors;   /* what the child wrote to standard error */
    const uint8_t *bytes; /* the answer */
    size_t length;
    char *const *hashes; /* without an answer: of the case's files, hex or "", hash_count of them */
    size_t hash_count;
} pool_answer;

/* The processors of the machine if jobs is 0; no more than there are cases; at least 1, at most 256. */
unsigned jobs_or_default(unsigned jobs, size_t cases);

/* Forks the process that will start workers, from what the caller has in memory: call it before loading keys
 * and before any name of a patient is known. */
csl_status pool_open(const duty *d, const pool_options *options, pool **out, csl_error *error);
/* Starts `jobs` workers and waits for the first hello, which the pool keeps. */
csl_status pool_start(pool *p, unsigned jobs, json_t **hello, csl_error *error);
/* Hands out the cases 0 to count - 1 and calls take for each in that order, and tick at least every 100 ms.
 * An error of theirs, or of the workers as a whole, ends the run. When stopped, cases at the end of the list
 * get no call. An endless list starts empty; take is called as the answers come, and it ends when it is
 * stopped. */
csl_status pool_run(pool *p, size_t count,
                    csl_status (*take)(void *context, const pool_answer *answer, csl_error *error),
                    csl_status (*tick)(void *context, csl_error *error), void *context, csl_error *error);
/* From within tick: there is one case more. */
void pool_grow(pool *p);
/* From within take, or before pool_run: no case behind this one is read by that plugin any more; those that
 * were already are read anew. False: no memory. */
bool pool_leave_out(pool *p, const char *plugin);
csl_queue pool_queue(const pool *p); /* of pool_run, in its calls of take and tick */
void pool_close(pool *p);            /* NULL is allowed */

#endif
