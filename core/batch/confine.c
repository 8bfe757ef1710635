#include "batch/confine.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { DEFAULT_WALL_SECONDS = 300, SPARE_DESCRIPTORS = 64, SPARE_CPU_SECONDS = 2 };
static const uint64_t default_memory = (uint64_t)2 << 30;

csl_limits limits_or_default(const csl_limits *limits)
{
    csl_limits l = limits ? *limits : (csl_limits){.sandbox = CSL_SANDBOX_BEST_EFFORT};
    if (!l.memory_bytes) l.memory_bytes = default_memory;
    if (!l.wall_seconds) l.wall_seconds = DEFAULT_WALL_SECONDS;
    return l;
}

static csl_status limit(int what, const char *name, rlim_t value, csl_error *error)
{
    struct rlimit now;
    if (getrlimit(what, &now) < 0) return csl_fail_errno(error, NULL, "cannot read the limit %s", name);
    if (now.rlim_max != RLIM_INFINITY && value > now.rlim_max) value = now.rlim_max;
    struct rlimit wanted = {.rlim_cur = value, .rlim_max = value};
    if (setrlimit((__rlimit_resource_t)what, &wanted) < 0)
        return csl_fail_errno(error, NULL, "cannot set the limit %s", name);
    return CSL_OK;
}

#ifndef __SANITIZE_ADDRESS__
/* Address space in use, in bytes: the warm process's plugins and model are not the case's doing. */
static uint64_t address_space(void)
{
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "re");
    if (!statm) return 0;
    int found = fscanf(statm, "%lu", &pages);
    fclose(statm);
    return found == 1 ? (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}
#endif

static csl_status set_limits(const csl_limits *limits, size_t files, csl_error *error)
{
    csl_status status = CSL_OK;
#ifndef __SANITIZE_ADDRESS__ /* whose shadow is terabytes of address space */
    status = limit(RLIMIT_AS, "of address space", (rlim_t)(address_space() + limits->memory_bytes), error);
#endif
    if (status == CSL_OK)
        status =
            limit(RLIMIT_CPU, "of processor time", (rlim_t)limits->wall_seconds + SPARE_CPU_SECONDS, error);
    if (status == CSL_OK)
        status = limit(RLIMIT_NOFILE, "of open files", (rlim_t)files + SPARE_DESCRIPTORS, error);
    if (status == CSL_OK) status = limit(RLIMIT_FSIZE, "of file size", 0, error);
    if (status == CSL_OK) status = limit(RLIMIT_CORE, "of core dumps", 0, error);
    return status;
}

/* Puts what is needed on 0 to 3 and closes everything from 4 on. */
static csl_status keep_descriptors(int answer, int errors, csl_error *error)
{
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nowhere < 0) return csl_fail_errno(error, "/dev/null", "cannot open");
    /* Away from 0 to 3 first, so that no dup2 closes what a later one needs. */
    int high[] = {fcntl(nowhere, F_DUPFD, 16), fcntl(errors, F_DUPFD, 16), fcntl(answer, F_DUPFD, 16)};
    if (high[0] < 0 || high[1] < 0 || high[2] < 0 || dup2(high[0], STDIN_FILENO) < 0 ||
        dup2(high[1], STDOUT_FILENO) < 0 || dup2(high[1], STDERR_FILENO) < 0 ||
        dup2(high[2], CONFINED_ANSWER) < 0)
        return csl_fail_errno(error, NULL, "cannot arrange the child's descriptors");
    if (close_range(CONFINED_ANSWER + 1, ~0u, 0) < 0)
        return csl_fail_errno(error, NULL, "cannot close the child's descriptors");
    return CSL_OK;
}

csl_status confine(const confinement *c, csl_error *error)
{
    csl_status status = keep_descriptors(c->answer, c->errors, error);
    if (status != CSL_OK) return status;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        return csl_fail_errno(error, NULL, "cannot be bound to the worker's life");
    if (getppid() != c->worker) _exit(1); /* the worker went before the line above */
    status = set_limits(c->limits, c->file_count, error);
    if (status == CSL_OK)
        status = csl_sandbox_enter(c->sandbox, c->files, c->file_count, c->forbidden, error);
    return status;
}
