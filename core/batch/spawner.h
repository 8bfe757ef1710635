/* Inside batch: the process that starts workers.
 *
 * It is forked before the conductor loads a key or opens its store, and does nothing but fork: a worker that
 * has to be replaced later comes from memory that never held a secret. It ends when the conductor closes or
 * dies, and workers end with it. */
#ifndef CSL_BATCH_SPAWNER_H
#define CSL_BATCH_SPAWNER_H

#include <sys/types.h>

#include "batch/worker.h"

typedef struct spawner {
    pid_t process;
    int socket;
} spawner;

/* `d` and what it points to are copied by the fork. */
csl_status spawner_start(const duty *d, spawner *s, csl_error *error);
/* Starts a worker; *socket (close-on-exec) is the conductor's end of its pipe. */
csl_status spawner_fork(spawner *s, pid_t *worker, int *socket, csl_error *error);
void spawner_stop(spawner *s); /* waits until all workers are gone; a zeroed spawner is allowed */

#endif
