#include "sandbox/sandbox.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "sandbox/calls.h"
#include "sandbox/landlock.h"

struct csl_sandbox {
    landlock_folders *readable; /* NULL: no Landlock */
    calls_filter *filter;       /* NULL: no seccomp */
};

static const char *const mode_names[] = {"require", "best-effort", "off"};

csl_status csl_sandbox_mode_parse(const char *word, csl_sandbox_mode *mode, csl_error *error)
{
    for (int i = 0; i < 3; i++)
        if (!strcmp(word, mode_names[i])) {
            *mode = (csl_sandbox_mode)i;
            return CSL_OK;
        }
    return csl_fail(error, CSL_EUSAGE, NULL, "--sandbox takes require, best-effort or off, not '%s'", word);
}

const char *csl_sandbox_mode_name(csl_sandbox_mode mode)
{
    return mode_names[mode];
}

void csl_sandbox_probe(csl_sandbox_support *support)
{
    memset(support, 0, sizeof *support);
    support->landlock = landlock_version(support->landlock_why, sizeof support->landlock_why);
    support->signals = support->landlock >= LANDLOCK_WITH_SIGNALS;
    support->seccomp = calls_can_be_filtered(support->seccomp_why, sizeof support->seccomp_why);
}

/* What the mode demands and the kernel lacks. */
static csl_status check(csl_sandbox_mode mode, const csl_sandbox_support *support, csl_error *error)
{
    static const char advice[] =
        "`consilium doctor` says more, --sandbox best-effort runs with what there is";
    if (mode != CSL_SANDBOX_REQUIRE) return CSL_OK;
    if (!support->landlock)
        return csl_fail(error, CSL_EIO, "sandbox", "this kernel does not offer Landlock (%s); %s",
                        support->landlock_why, advice);
    if (!support->seccomp)
        return csl_fail(error, CSL_EIO, "sandbox", "this kernel does not filter system calls (%s); %s",
                        support->seccomp_why, advice);
    return CSL_OK;
}

csl_status csl_sandbox_open(csl_sandbox_mode mode, const char *const *readable, size_t count,
                            csl_sandbox **sandbox, csl_error *error)
{
    csl_sandbox_support support;
    csl_sandbox_probe(&support);
    *sandbox = NULL;
    csl_status status = check(mode, &support, error);
    csl_sandbox *s = status == CSL_OK ? calloc(1, sizeof *s) : NULL;
    if (status == CSL_OK && !s) status = csl_fail(error, CSL_ENOMEM, NULL, "no memory for a sandbox");
    if (status == CSL_OK && mode != CSL_SANDBOX_OFF && support.landlock)
        status = landlock_open(support.landlock, readable, count, &s->readable, error);
    if (status == CSL_OK && mode != CSL_SANDBOX_OFF && support.seccomp)
        status = calls_compile(&s->filter, error);
    if (status == CSL_OK)
        *sandbox = s;
    else
        csl_sandbox_close(s);
    return status;
}

void csl_sandbox_close(csl_sandbox *sandbox)
{
    if (!sandbox) return;
    landlock_close(sandbox->readable);
    calls_free(sandbox->filter);
    free(sandbox);
}

csl_status csl_sandbox_enter(const csl_sandbox *sandbox, const char *const *files, size_t count,
                             volatile int *forbidden, csl_error *error)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return csl_fail_errno(error, "sandbox", "cannot give up new privileges");
    csl_status status = sandbox->readable ? landlock_enter(sandbox->readable, files, count, error) : CSL_OK;
    if (status == CSL_OK && sandbox->filter) status = calls_enter(sandbox->filter, forbidden, error);
    return status;
}

void csl_sandbox_reason(int forbidden, char reason[CSL_SANDBOX_REASON])
{
    calls_reason(forbidden, reason, CSL_SANDBOX_REASON);
}
