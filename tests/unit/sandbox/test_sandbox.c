/* Each test forks: what entered a sandbox never leaves it. Where the kernel offers no Landlock or no seccomp
 * the tests that need it are skipped. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <iconv.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/sandbox.h"

static csl_sandbox *need_sandbox(const char *const *readable, size_t count)
{
    csl_sandbox_support support;
    csl_sandbox *sandbox = NULL;
    csl_error error = {0};
    csl_sandbox_probe(&support);
    if (!support.landlock || !support.seccomp)
        cr_skip_test("this kernel does not offer Landlock and seccomp");
    cr_assert_eq(csl_sandbox_open(CSL_SANDBOX_REQUIRE, readable, count, &sandbox, &error), CSL_OK, "%s",
                 error.message);
    return sandbox;
}

static char *temporary(const char *text)
{
    char *path = strdup("/tmp/sandbox-XXXXXX");
    int descriptor = mkstemp(path);
    cr_assert(descriptor >= 0 && write(descriptor, text, strlen(text)) == (ssize_t)strlen(text));
    close(descriptor);
    return path;
}

/* Runs go in a child of the sandbox; its exit code, or 128 and the signal. forbidden: what it was ended for.
 */
static int inside(const csl_sandbox *sandbox, const char *file, int (*go)(const char *), const char *argument,
                  int *forbidden)
{
    volatile int *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq((void *)shared, MAP_FAILED);
    pid_t child = fork();
    if (child == 0) {
        if (csl_sandbox_enter(sandbox, &file, file ? 1 : 0, shared, NULL) != CSL_OK) _exit(99);
        _exit(go(argument));
    }
    int how = 0;
    cr_assert_eq(waitpid(child, &how, 0), child);
    *forbidden = *shared;
    munmap((void *)(uintptr_t)shared, sizeof *shared);
    return WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
}

static int read_first(const char *path)
{
    char c = 0;
    int descriptor = open(path, O_RDONLY);
    return descriptor >= 0 && read(descriptor, &c, 1) == 1 ? c : 1;
}

static int write_to(const char *path)
{
    return open(path, O_WRONLY) >= 0 ? 0 : 1;
}

/* Character sets of glibc come as libraries, on the first need. */
static int convert(const char *from)
{
    iconv_t handle = iconv_open("UTF-8", from);
    return handle == (iconv_t)-1 ? 1 : 0;
}

static int end_by(const char *signal)
{
    raise(atoi(signal));
    return 0;
}

Test(sandbox, the_files_that_it_was_given_are_all_it_reads)
{
    char *mine = temporary("m"), *other = temporary("o"), *always = temporary("a");
    const char *const readable[] = {always, "/nowhere/at/all"};
    csl_sandbox *sandbox = need_sandbox(readable, 2);
    int forbidden;
    cr_expect_eq(inside(sandbox, mine, read_first, mine, &forbidden), 'm');
    cr_expect_eq(inside(sandbox, mine, read_first, always, &forbidden), 'a');
    cr_expect_eq(inside(sandbox, mine, read_first, other, &forbidden), 1);
    cr_expect_eq(inside(sandbox, other, read_first, other, &forbidden), 'o', "each child has its own files");
    cr_expect_eq(inside(sandbox, NULL, read_first, "/proc/self/cmdline", &forbidden), 1);
    cr_expect_eq(inside(sandbox, NULL, convert, "SHIFT_JIS", &forbidden), 0);
    cr_expect_eq(forbidden, 0);
    csl_sandbox_close(sandbox);
    unlink(mine), unlink(other), unlink(always);
    free(mine), free(other), free(always);
}

Test(sandbox, a_forbidden_call_ends_the_process_and_is_named)
{
    char *mine = temporary("m"), reason[CSL_SANDBOX_REASON];
    csl_sandbox *sandbox = need_sandbox(NULL, 0);
    int forbidden;
    cr_expect_eq(inside(sandbox, mine, write_to, mine, &forbidden), CSL_SANDBOX_EXIT);
    csl_sandbox_reason(forbidden, reason);
    cr_expect(!strncmp(reason, "tried to write a file (open", 27), "%s", reason);
    cr_expect_eq(inside(sandbox, mine, end_by, "6", &forbidden), CSL_SANDBOX_EXIT);
    csl_sandbox_reason(forbidden, reason);
    cr_expect_str_eq(reason, "killed by signal 6 (Aborted)");
    csl_sandbox_close(sandbox);
    unlink(mine);
    free(mine);
}

Test(sandbox, what_a_bad_plugin_might_try_is_refused)
{
    csl_sandbox_trial trials[CSL_SANDBOX_TRIALS];
    csl_error error = {0};
    csl_sandbox *sandbox = need_sandbox(NULL, 0), *none = NULL;
    cr_assert_eq(csl_sandbox_try(sandbox, trials, &error), CSL_OK, "%s", error.message);
    for (size_t i = 0; i < CSL_SANDBOX_TRIALS; i++)
        cr_expect(trials[i].refused && trials[i].how[0], "%s", trials[i].what);
    csl_sandbox_close(sandbox);
    /* And the trials can fail: without a sandbox most of it is open. */
    cr_assert_eq(csl_sandbox_open(CSL_SANDBOX_OFF, NULL, 0, &none, &error), CSL_OK, "%s", error.message);
    cr_assert_eq(csl_sandbox_try(none, trials, &error), CSL_OK, "%s", error.message);
    size_t open = 0;
    for (size_t i = 0; i < CSL_SANDBOX_TRIALS; i++) open += !trials[i].refused;
    cr_expect_geq(open, 6);
    csl_sandbox_close(none);
}

Test(sandbox, a_mode_is_one_of_three_words)
{
    csl_sandbox_mode mode;
    csl_error error = {0};
    cr_expect_eq(csl_sandbox_mode_parse("best-effort", &mode, &error), CSL_OK);
    cr_expect_eq(mode, CSL_SANDBOX_BEST_EFFORT);
    cr_expect_str_eq(csl_sandbox_mode_name(CSL_SANDBOX_REQUIRE), "require");
    cr_expect_eq(csl_sandbox_mode_parse("on", &mode, &error), CSL_EUSAGE);
    cr_expect_str_eq(error.message, "--sandbox takes require, best-effort or off, not 'on'");
}
