/* Inside batch: the warm process that holds plugins (and a model), and forks a child for each case.
 *
 * What a worker does with a case is its duty: embed_cases and run each have one. A worker holds no key and
 * writes nothing but its pipe (and, for training, the token cache). It runs until its end of the pipe is
 * closed. */
#ifndef CSL_BATCH_WORKER_H
#define CSL_BATCH_WORKER_H

#include <jansson.h>

#include "base/buffer.h"
#include "batch/batch.h"
#include "host/host.h"

/* What the children and the worker agree on, in memory that both see: how far the child is. The child writes
 * it, so the worker believes nothing of it. */
enum { STAGE_TEXT = 128 };
typedef struct stage {
    volatile char step[STAGE_TEXT];   /* "reading", "comparing facts", "scoring" */
    volatile char plugin[STAGE_TEXT]; /* id of the plugin that runs, or "" */
    volatile int forbidden;           /* call that ended the child, as csl_sandbox_enter has it */
} stage;
void stage_set(volatile char place[STAGE_TEXT], const char *text);
void stage_get(volatile const char place[STAGE_TEXT], char text[STAGE_TEXT]); /* as clean text */

typedef struct duty {
    csl_registry_options plugins;
    csl_limits limits;   /* defaults filled in */
    const char *cache;   /* folder for answers by content, or NULL */
    size_t maximum;      /* bytes of an answer */
    const void *options; /* of warm and answer */
    /* Once, before the first case: loads what children inherit, and may add to the hello. May be NULL. */
    csl_status (*warm)(const struct duty *duty, csl_registry *registry, void **state, json_t *hello,
                       csl_error *error);
    /* In a child. read says how reading the files ended, with why; the answer's bytes go to out. An error
     * becomes the reason of a failed case. */
    csl_status (*answer)(const struct duty *duty, void *state, csl_case *c, csl_status read,
                         const csl_error *why, stage *where, csl_buffer *out, csl_error *error);
} duty;

/* The worker's whole life; never returns. */
_Noreturn void worker_main(const duty *d, int conductor);

#endif
