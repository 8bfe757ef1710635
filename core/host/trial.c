#include "host/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

static void limit(int what, rlim_t value)
{
    struct rlimit wanted = {value, value};
    setrlimit((__rlimit_resource_t)what, &wanted);
}

/* What it prints goes nowhere: standard output may be somebody's results. Gives a descriptor that the plugin
 * has no business with. */
static int lock_up(const csl_sandbox *sandbox, const char *path, trial_page *page)
{
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = 0; nowhere >= 0 && i <= STDERR_FILENO; i++) dup2(nowhere, i);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, TRIAL_SECONDS + 1);
#ifndef __SANITIZE_ADDRESS__ /* whose shadow is terabytes of address space */
    limit(RLIMIT_AS, (rlim_t)4 << 30);
#endif
    if (csl_sandbox_enter(sandbox, &path, 1, &page->forbidden, NULL) != CSL_OK) _exit(1);
    return nowhere;
}

csl_status trial_begin(trial *t, const csl_sandbox *sandbox, const char *path,
                       void (*go)(void *context, trial_page *page), void *context, csl_error *error)
{
    *t = (trial){.deadline = csl_seconds() + TRIAL_SECONDS};
    t->page = mmap(NULL, sizeof *t->page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t parent = getpid();
    t->process = t->page == MAP_FAILED ? -1 : fork();
    if (t->process == 0) {
        setpgid(0, 0);
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent) _exit(1);
        int other = lock_up(sandbox, path, t->page);
        go(context, t->page);
        t->page->closed = fcntl(other, F_GETFD) < 0;
        t->page->ended = 1;
        _exit(0);
    }
    if (t->process > 0) return CSL_OK;
    csl_status status = csl_fail_errno(error, path, "cannot be tried in a process of its own");
    if (t->page != MAP_FAILED) munmap(t->page, sizeof *t->page);
    t->process = 0;
    return status;
}

/* False: its time is over. */
static bool wait_until(const trial *t)
{
    struct pollfd end = {.fd = pidfd_open(t->process, 0), .events = POLLIN};
    bool ended = false;
    for (double left = 1; !ended && left > 0;) {
        siginfo_t how = {0};
        left = t->deadline - csl_seconds();
        if (left > 0) /* without pidfd_open it looks each ms */
            poll(&end, 1, end.fd < 0 ? 1 : (int)(left * 1000) + 1);
        if (waitid(P_PID, (id_t)t->process, &how, WEXITED | WNOHANG | WNOWAIT) < 0) break;
        ended = how.si_pid == t->process;
    }
    if (end.fd >= 0) close(end.fd);
    return ended;
}

csl_status trial_end(trial *t, csl_error *error)
{
    bool in_time = wait_until(t);
    int how = 0;
    kill(-t->process, SIGKILL);
    kill(t->process, SIGKILL);
    while (waitpid(t->process, &how, 0) < 0 && errno == EINTR) {
    }
    trial_page page = {t->page->started, t->page->ended, t->page->closed, t->page->forbidden};
    munmap(t->page, sizeof *t->page);
    *t = (trial){0};
    const char *when = page.started ? "started" : "loaded";
    char tried[CSL_SANDBOX_REASON];
    if (!in_time)
        return csl_fail(error, CSL_EMISMATCH, NULL, "took longer than %d s to be %s", TRIAL_SECONDS, when);
    if (WIFSIGNALED(how) && WTERMSIG(how) != SIGSYS)
        return csl_fail(error, CSL_EMISMATCH, NULL, "killed by signal %d (%s) while it was being %s",
                        WTERMSIG(how), strsignal(WTERMSIG(how)), when);
    if (WIFSIGNALED(how) || (WEXITSTATUS(how) == CSL_SANDBOX_EXIT && page.forbidden)) {
        csl_sandbox_reason(WIFSIGNALED(how) ? 0 : page.forbidden, tried);
        return csl_fail(error, CSL_EMISMATCH, NULL, "%s while it was being %s", tried, when);
    }
    if (WEXITSTATUS(how) != 0 || !page.ended)
        return csl_fail(error, CSL_EMISMATCH, NULL,
                        "ended its process with exit code %d while it was being %s", WEXITSTATUS(how), when);
    if (page.closed)
        return csl_fail(error, CSL_EMISMATCH, NULL,
                        "closed descriptors that are not its own while it was being loaded or started");
    return CSL_OK;
}
