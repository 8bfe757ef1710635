/* Inside batch: the process that reads one case, and the worker's watch over it. */
#ifndef CSL_BATCH_CHILD_H
#define CSL_BATCH_CHILD_H

#include "batch/message.h"
#include "batch/worker.h"

enum { CHILD_MAX_ERRORS = 64 * 1024, CHILD_REASON = 1536 };

typedef struct child_case {
    const char *id, *patient; /* patient: "" if not said */
    const char *const *paths, *const *names;
    size_t count;
    const char *alone; /* id of a plugin: no other is asked, and nothing is answered. NULL: all as usual */
    const char *const *without; /* ids of plugins that are not asked */
    size_t without_count;
} child_case;

/* What a worker holds ready for its children. */
typedef struct child_nest {
    const duty *d;
    csl_registry *registry;
    void *state; /* of the duty */
    stage *where;
    csl_sandbox *sandbox;
} child_nest;

extern const char child_asks[]; /* the step at which plugins are asked whether a file is theirs */

/* Forks, confines, reads, answers, reaps. Unless answer holds what the duty made, reason says why there is
 * none (clean UTF-8): the child's own error, the signal, or the limit that ended it, with the step it was at.
 * errors receives what the child wrote to standard error, as clean text, cut at its maximum. */
child_end child_run(const child_nest *nest, const child_case *which, csl_buffer *answer, csl_buffer *errors,
                    char reason[CHILD_REASON]);

#endif
