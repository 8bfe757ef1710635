/* What a process gives up for good before it touches a hostile byte: all files but those it is to read
 * (Landlock, landlock(7)), and all system calls but those that reading and reckoning need (seccomp(2)).
 *
 * Prepared once, in a process that lives; entered in each of its forked children. What the kernel does not
 * offer is an error, or passed over, as the mode says: the site decides. */
#ifndef CSL_SANDBOX_SANDBOX_H
#define CSL_SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef enum csl_sandbox_mode {
    CSL_SANDBOX_REQUIRE = 0, /* all of it, or nothing runs */
    CSL_SANDBOX_BEST_EFFORT, /* what the kernel offers */
    CSL_SANDBOX_OFF
} csl_sandbox_mode;

/* "require", "best-effort", "off"; CSL_EUSAGE names them for another word. */
csl_status csl_sandbox_mode_parse(const char *word, csl_sandbox_mode *mode, csl_error *error);
const char *csl_sandbox_mode_name(csl_sandbox_mode mode);

typedef struct csl_sandbox_support {
    int landlock;          /* version of the kernel's interface; 0: none */
    bool seccomp;          /* system calls can be filtered */
    bool signals;          /* Landlock keeps signals inside (version 6, Linux 6.12) */
    char landlock_why[96]; /* without it: what the kernel said */
    char seccomp_why[96];
} csl_sandbox_support;

void csl_sandbox_probe(csl_sandbox_support *support);

typedef struct csl_sandbox csl_sandbox;

/* readable: files and folders that every child may read, beside the system's libraries and tables; one that
 * does not exist is passed over. CSL_EIO, with CSL_SANDBOX_REQUIRE, names what the kernel does not offer. */
csl_status csl_sandbox_open(csl_sandbox_mode mode, const char *const *readable, size_t count,
                            csl_sandbox **sandbox, csl_error *error);
void csl_sandbox_close(csl_sandbox *sandbox); /* NULL is allowed */

/* For good. Afterwards the process reads `files` and what csl_sandbox_open was told, writes only to what it
 * has open, starts no process or thread, and reaches no network. A call that is not allowed ends it, with
 * exit code CSL_SANDBOX_EXIT, after its number was put into *forbidden (memory that the parent sees). */
enum { CSL_SANDBOX_EXIT = 117 };
csl_status csl_sandbox_enter(const csl_sandbox *sandbox, const char *const *files, size_t count,
                             volatile int *forbidden, csl_error *error);
/* What *forbidden means, or 0 where the process ended by SIGSYS: "tried to reach a network (socket)"; "killed by signal 6 (Aborted)" for a process
 * that sent that to itself. */
enum { CSL_SANDBOX_REASON = 96 };
void csl_sandbox_reason(int forbidden, char reason[CSL_SANDBOX_REASON]);

/* ---- what holds on this machine ---- */

enum { CSL_SANDBOX_TRIALS = 8 };
typedef struct csl_sandbox_trial {
    const char *what; /* "write a file" */
    bool refused;
    char how[CSL_SANDBOX_REASON]; /* the reason of the refusal */
} csl_sandbox_trial;

/* Tries, each in a forked child that entered the sandbox, what a bad plugin might. */
csl_status csl_sandbox_try(const csl_sandbox *sandbox, csl_sandbox_trial results[CSL_SANDBOX_TRIALS],
                           csl_error *error);

#endif
