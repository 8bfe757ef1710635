/* Inside batch: what a child gives up before it reads a byte of a case. */
#ifndef CSL_BATCH_CONFINE_H
#define CSL_BATCH_CONFINE_H

#include <stddef.h>
#include <sys/types.h>

#include "batch/batch.h"

enum { CONFINED_ANSWER = 3 }; /* the descriptor that stays open for the answer */

typedef struct confinement {
    const csl_limits *limits;
    const csl_sandbox *sandbox;
    const char *const *files; /* all that it may read of the case */
    size_t file_count;
    int answer, errors; /* pipes */
    pid_t worker;
    volatile int *forbidden; /* of csl_sandbox_enter */
} confinement;

/* In the child, right after fork: standard input comes from nowhere, standard output and error go to
 * `errors`, the answer's pipe becomes CONFINED_ANSWER, all other descriptors close; limits on memory (above
 * what the warm process has already), processor time, descriptors, no file writing, no core dump; killed when
 * the worker goes; then the sandbox. The wall-clock limit is the worker's to keep. */
csl_status confine(const confinement *c, csl_error *error);

/* Defaults filled in; of NULL too, with a sandbox of what the kernel offers. */
csl_limits limits_or_default(const csl_limits *limits);

#endif
