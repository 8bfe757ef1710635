/* Inside the host: a plugin is loaded, started and ended in a process of its own first, locked up and
 * limited, so that one that crashes, hangs or reaches for what is not its own is an entry with a reason and
 * takes nobody with it. Trials of several plugins run at the same time. */
#ifndef CSL_HOST_TRIAL_H
#define CSL_HOST_TRIAL_H

#include <sys/types.h>

#include "base/error.h"
#include "sandbox/sandbox.h"

enum { TRIAL_SECONDS = 10 };

/* What the two processes share. */
typedef struct trial_page {
    volatile int started, ended; /* it is loaded; the trial is over */
    volatile int closed;         /* it closed a descriptor that is not its own */
    volatile int forbidden;      /* of csl_sandbox_enter */
} trial_page;

typedef struct trial {
    pid_t process;
    trial_page *page;
    double deadline;
} trial;

/* Forks; `go` runs in the process of its own, is told the page, and may read the file at path beside what the
 * system has. */
csl_status trial_begin(trial *t, const csl_sandbox *sandbox, const char *path,
                       void (*go)(void *context, trial_page *page), void *context, csl_error *error);
/* Waits for it. CSL_EMISMATCH says how it went wrong: "killed by signal 11 (Segmentation fault) while it was
 * being loaded". */
csl_status trial_end(trial *t, csl_error *error);

#endif
