#include "sandbox/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/file.h"
#include "sandbox/sandbox.h"

struct calls_filter {
    struct sock_filter *program; /* as seccomp(2) takes it */
    unsigned short length;
};

/* What reading mapped and open files, reckoning in memory and answering over a pipe needs. */
static const char *const allowed[] = {
    /* files that Landlock lets it open; descriptors that it has */
    "read", "readv", "pread64", "preadv", "write", "writev", "close", "lseek", "fstat", "newfstatat", "stat",
    "lstat", "statx", "statfs", "fstatfs", "access", "faccessat", "faccessat2", "readlink", "readlinkat",
    "getdents64", "getcwd", "fadvise64", "dup", "poll", "ppoll",
    /* memory */
    "mmap", "munmap", "mremap", "mprotect", "madvise", "brk", "membarrier",
    /* time and itself */
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "times",
    "getrusage", "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getrlimit",
    "uname", "sysinfo", "getrandom", "getcpu", "pause", "select", "pselect6", "sched_yield",
    "sched_getaffinity", "arch_prctl", "rseq", "set_robust_list", "set_tid_address", "futex",
    "restart_syscall",
    /* signals to itself come through handlers of its own alone */
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack",
#ifdef __SANITIZE_ADDRESS__
    /* how UndefinedBehaviorSanitizer finds out whether memory can be read */
    "pipe2",
#endif
    /* the end */
    "exit", "exit_group"};

/* Libraries ask for these and do well without. */
static const struct {
    const char *name;
    int error;
} refused[] = {{"clone3", ENOSYS}, /* glibc then tries clone, which is named in the reason */
               {"prctl", EPERM},   /* names of memory regions */
               {"sched_setaffinity", EPERM},
               {"mlock", EPERM},
               {"set_mempolicy", EPERM},
               {"mbind", EPERM},
               {"getxattr", ENOTSUP},
               {"fgetxattr", ENOTSUP}};

bool calls_can_be_filtered(char *why, size_t size)
{
    uint32_t trap = SECCOMP_RET_TRAP;
    if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &trap) == 0) return true;
    snprintf(why, size, "%s", strerror(errno));
    return false;
}

/* ---- the filter ---- */

/* 0, or a negative errno. A call that this machine does not have needs no rule. */
static int rule(scmp_filter_ctx context, uint32_t action, const char *name, unsigned count,
                const struct scmp_arg_cmp *arguments)
{
    int call = seccomp_syscall_resolve_name(name);
    if (call == __NR_SCMP_ERROR || call < 0) return 0;
    return seccomp_rule_add_array(context, action, call, count, arguments);
}

/* Calls that are allowed with some arguments alone. */
static int conditional_rules(scmp_filter_ctx context)
{
    static const int descriptor_commands[] = {F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD, F_DUPFD_CLOEXEC};
    const scmp_datum_t changes = O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);
    struct scmp_arg_cmp terminal = SCMP_A1(SCMP_CMP_EQ, TCGETS), anything = {0};
    struct scmp_arg_cmp asks_limits = SCMP_A2(SCMP_CMP_EQ, 0);
    struct scmp_arg_cmp reads_at = SCMP_A2(SCMP_CMP_MASKED_EQ, changes, O_RDONLY);
    struct scmp_arg_cmp reads = SCMP_A1(SCMP_CMP_MASKED_EQ, changes, O_RDONLY);
    int result = rule(context, SCMP_ACT_ALLOW, "openat", 1, &reads_at);
    if (!result) result = rule(context, SCMP_ACT_ALLOW, "open", 1, &reads);
    if (!result) result = rule(context, SCMP_ACT_ALLOW, "prlimit64", 1, &asks_limits);
    if (!result) result = rule(context, SCMP_ACT_ALLOW, "ioctl", 1, &terminal);
    for (size_t i = 0; !result && i < sizeof descriptor_commands / sizeof *descriptor_commands; i++) {
        anything = SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)descriptor_commands[i]);
        result = rule(context, SCMP_ACT_ALLOW, "fcntl", 1, &anything);
    }
    return result;
}

static int all_rules(scmp_filter_ctx context)
{
    int result = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a binary tree of calls */
    for (size_t i = 0; !result && i < sizeof allowed / sizeof *allowed; i++)
        result = rule(context, SCMP_ACT_ALLOW, allowed[i], 0, NULL);
    for (size_t i = 0; !result && i < sizeof refused / sizeof *refused; i++)
        result = rule(context, SCMP_ACT_ERRNO((unsigned)refused[i].error), refused[i].name, 0, NULL);
    return result ? result : conditional_rules(context);
}

/* libseccomp 2.5 writes its program to a descriptor only. */
static csl_status take_program(scmp_filter_ctx context, calls_filter *filter, csl_error *error)
{
    struct stat size;
    int memory = memfd_create("filter", MFD_CLOEXEC);
    if (memory < 0) return csl_fail_errno(error, "sandbox", "cannot make a file in memory");
    csl_status status = CSL_OK;
    if (seccomp_export_bpf(context, memory) != 0 || fstat(memory, &size) < 0 || size.st_size <= 0 ||
        (size_t)size.st_size > UINT16_MAX * sizeof *filter->program)
        status = csl_fail(error, CSL_EINTERNAL, "sandbox", "libseccomp gives no program");
    if (status == CSL_OK && !(filter->program = malloc((size_t)size.st_size)))
        status = csl_fail(error, CSL_ENOMEM, NULL, "no memory for a filter");
    if (status == CSL_OK && lseek(memory, 0, SEEK_SET) < 0)
        status = csl_fail_errno(error, "sandbox", "cannot read the filter");
    if (status == CSL_OK) status = csl_read_all(memory, filter->program, (size_t)size.st_size, error);
    if (status == CSL_OK) filter->length = (unsigned short)((size_t)size.st_size / sizeof *filter->program);
    close(memory);
    return status;
}

csl_status calls_compile(calls_filter **filter, csl_error *error)
{
    calls_filter *f = calloc(1, sizeof *f);
    scmp_filter_ctx context = f ? seccomp_init(SCMP_ACT_TRAP) : NULL;
    csl_status status;
    if (!context)
        status = csl_fail(error, CSL_ENOMEM, NULL, "no memory for a filter");
    else if (all_rules(context) != 0)
        status = csl_fail(error, CSL_EINTERNAL, "sandbox", "libseccomp takes not all rules");
    else
        status = take_program(context, f, error);
    if (context) seccomp_release(context);
    if (status == CSL_OK)
        *filter = f;
    else
        calls_free(f);
    return status;
}

void calls_free(calls_filter *filter)
{
    if (!filter) return;
    free(filter->program);
    free(filter);
}

/* ---- in the child ---- */

static volatile int *forbidden_call;

#if defined __x86_64__
enum { FIRST = REG_RDI, THIRD = REG_RDX };
static long argument(const ucontext_t *at, int which)
{
    return (long)at->uc_mcontext.gregs[which];
}
#elif defined __aarch64__
enum { FIRST = 0, THIRD = 2 };
static long argument(const ucontext_t *at, int which)
{
    return (long)at->uc_mcontext.regs[which];
}
#else /* not known: a signal to itself is then told as the call that it is */
enum { FIRST, THIRD };
static long argument(const ucontext_t *at, int which)
{
    (void)at, (void)which;
    return -1;
}
#endif

/* raise() and abort() are how libraries end their own process: told as the signals that they are. */
static void on_forbidden(int number, siginfo_t *what, void *context)
{
    (void)number;
    int call = what->si_syscall;
    if (call == SYS_tgkill && argument(context, FIRST) == getpid()) call = -(int)argument(context, THIRD);
    *forbidden_call = call;
    _exit(CSL_SANDBOX_EXIT);
}

csl_status calls_enter(const calls_filter *filter, volatile int *forbidden, csl_error *error)
{
    struct sigaction action = {.sa_sigaction = on_forbidden, .sa_flags = SA_SIGINFO};
    struct sock_fprog program = {.len = filter->length, .filter = filter->program};
    forbidden_call = forbidden;
    if (sigaction(SIGSYS, &action, NULL) < 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
        return csl_fail_errno(error, "sandbox", "cannot filter system calls");
    return CSL_OK;
}

/* ---- in its parent ---- */

static const struct {
    const char *what;
    const char *calls[8];
} attempts[] = {
    {"write a file", {"open", "openat", "openat2", "creat", "mkdir", "mkdirat", "unlink", "unlinkat"}},
    {"change a file", {"rename", "renameat2", "ftruncate", "chmod", "fchmodat", "symlink", "link", "linkat"}},
    {"start a process or thread", {"clone", "fork", "vfork", "execve", "execveat"}},
    {"reach a network", {"socket", "socketpair", "connect", "bind"}},
    {"reach another process", {"kill", "tkill", "tgkill", "ptrace", "process_vm_readv", "process_vm_writev"}},
};

static const char *attempt(const char *call)
{
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++)
        for (size_t k = 0; k < 8 && attempts[i].calls[k]; k++)
            if (!strcmp(call, attempts[i].calls[k])) return attempts[i].what;
    return NULL;
}

void calls_reason(int forbidden, char *reason, size_t size)
{
    char *call = forbidden > 0 ? seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, forbidden) : NULL;
    const char *what = call ? attempt(call) : NULL;
    if (forbidden < 0)
        snprintf(reason, size, "killed by signal %d (%s)", -forbidden, strsignal(-forbidden));
    else if (what)
        snprintf(reason, size, "tried to %s (%s)", what, call);
    else if (call)
        snprintf(reason, size, "called %s, which the sandbox does not allow", call);
    else if (!forbidden) /* made while signals were blocked, as glibc does to fork */
        snprintf(reason, size, "made a system call that the sandbox does not allow");
    else
        snprintf(reason, size, "made system call %d, which the sandbox does not allow", forbidden);
    free(call);
}
