#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/sandbox.h"

/* Each returns what the system call did: below 0 it was refused. */

static int read_another_file(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static int read_process(void)
{
    return open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
}

static int write_file(void)
{
    return open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

static int start_process(void)
{
    pid_t process = fork();
    if (process == 0) _exit(0);
    return process;
}

static int start_program(void)
{
    return execl("/bin/true", "true", (char *)NULL);
}

static int reach_network(void)
{
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int signal_parent(void)
{
    return kill(getppid(), 0);
}

static int trace_parent(void)
{
    return (int)ptrace(PTRACE_SEIZE, getppid(), NULL, NULL); /* which, unlike ATTACH, does not stop it */
}

static const struct {
    const char *what;
    int (*go)(void);
} trials[] = {{"read a file that is not the case's", read_another_file},
              {"read what the kernel tells of processes", read_process},
              {"write a file", write_file},
              {"start a process", start_process},
              {"start a program", start_program},
              {"open a network socket", reach_network},
              {"send its parent a signal", signal_parent},
              {"trace its parent", trace_parent}};

typedef struct outcome { /* in memory that parent and child see */
    volatile int forbidden, entered, error;
} outcome;

static _Noreturn void attempt(const csl_sandbox *sandbox, size_t i, outcome *o)
{
    if (csl_sandbox_enter(sandbox, NULL, 0, &o->forbidden, NULL) != CSL_OK) _exit(2);
    o->entered = 1;
    if (trials[i].go() >= 0) _exit(0);
    o->error = errno;
    _exit(1);
}

static csl_status run_trial(const csl_sandbox *sandbox, size_t i, outcome *o, csl_sandbox_trial *trial,
                            csl_error *error)
{
    int how;
    *o = (outcome){0};
    pid_t child = fork();
    if (child < 0) return csl_fail_errno(error, "sandbox", "cannot fork");
    if (child == 0) attempt(sandbox, i, o);
    while (waitpid(child, &how, 0) < 0 && errno == EINTR) {
    }
    if (!o->entered) return csl_fail(error, CSL_EIO, "sandbox", "could not be entered");
    trial->what = trials[i].what;
    trial->refused = o->forbidden || !(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    if (o->forbidden || (WIFSIGNALED(how) && WTERMSIG(how) == SIGSYS))
        csl_sandbox_reason(o->forbidden, trial->how);
    else if (trial->refused)
        snprintf(trial->how, sizeof trial->how, "%s", strerror(o->error));
    return CSL_OK;
}

csl_status csl_sandbox_try(const csl_sandbox *sandbox, csl_sandbox_trial results[CSL_SANDBOX_TRIALS],
                           csl_error *error)
{
    _Static_assert(sizeof trials / sizeof *trials == CSL_SANDBOX_TRIALS, "each trial has a result");
    outcome *o = mmap(NULL, sizeof *o, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (o == MAP_FAILED) return csl_fail_errno(error, "sandbox", "cannot map a shared page");
    csl_status status = CSL_OK;
    for (size_t i = 0; status == CSL_OK && i < CSL_SANDBOX_TRIALS; i++) {
        results[i] = (csl_sandbox_trial){0};
        status = run_trial(sandbox, i, o, &results[i], error);
    }
    munmap(o, sizeof *o);
    return status;
}
