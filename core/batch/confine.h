/* Inside batch: what a child gives up before it reads a byte of a case. */
#ifndef CSL_BATCH_CONFINE_H
#define CSL_BATCH_CONFINE_H

#include <stddef.h>
#include <sys/types.h>

#include "batch/batch.h"

enum { CONFINED_ANSWER = 3 }; /* the descriptor that stays open for the answer */

/* In the child, right after fork: standard input and output go to nowhere, standard error to `errors`, the
 * answer's pipe becomes CONFINED_ANSWER, all other descriptors close; no new privileges; limits on memory
 * (above what the warm process has already), processor time, descriptors (for `files` inputs), no file
 * writing, no core dump; killed when the worker goes. The wall-clock limit is the worker's to keep. */
csl_status confine(const csl_limits *limits, size_t files, int answer, int errors, pid_t worker,
                   csl_error *error);

/* Defaults filled in. */
csl_limits limits_or_default(const csl_limits *limits);

#endif
