/* What a plugin may do while it reads a case, one plugin each: CMakeLists.txt has their names, the table at
 * the end what each does, tests/cli/zoo.sh what becomes of it. */
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

#include "zoo.h"

static int32_t say(const csl_sink *sink, float value, const char *label)
{
    csl_token token = {.struct_size = sizeof token, .features = &value, .label = label};
    return sink->token(sink, &token);
}

/* What should have been impossible was not. */
static int32_t escaped(const csl_sink *sink, const char *what)
{
    sink->fail(sink, 0, "", what);
    return CSL_PLUGIN_BAD_INPUT;
}

/* ---- ends its process ---- */

static int32_t do_abort(const csl_sink *sink)
{
    (void)sink;
    abort();
}

static int32_t do_exit(const csl_sink *sink)
{
    (void)sink;
    exit(0);
}

static int32_t do_leave(const csl_sink *sink)
{
    (void)sink;
    _exit(3);
}

static int32_t do_divide(const csl_sink *sink)
{
    volatile int zero = 0;
    signal(SIGFPE, SIG_DFL);
    return say(sink, (float)(1 / zero), "") + raise(SIGFPE); /* where division by zero is no error */
}

static int32_t do_trap(const csl_sink *sink)
{
    (void)sink;
    __builtin_trap();
}

static volatile int always = 1;

static int deeper(volatile char *above)
{
    volatile char room[4096];
    room[0] = *above;
    return always ? deeper(room) + room[0] : 0;
}

static int32_t do_recurse(const csl_sink *sink)
{
    volatile char start = 1;
    (void)sink;
    signal(SIGSEGV, SIG_DFL); /* sanitizers catch it otherwise */
    return deeper(&start);
}

static int32_t do_stop(const csl_sink *sink)
{
    (void)sink;
    return raise(SIGSTOP);
}

static jmp_buf nowhere;

static int32_t do_jump(const csl_sink *sink)
{
    (void)sink;
    signal(SIGSEGV, SIG_DFL);
    longjmp(nowhere, 1);
}

/* ---- writes where it must not ---- */

static int32_t do_overrun(const csl_sink *sink)
{
    (void)sink;
    signal(SIGSEGV, SIG_DFL);
    for (volatile char *at = malloc(16); always; at += 512) *at = 1;
    return CSL_PLUGIN_OK;
}

/* Says nothing of it, and is gone when it shows. */
static int32_t do_heap(const csl_sink *sink)
{
    volatile size_t size = 24;
    volatile char *one = malloc(size), *two = malloc(size);
    for (int i = 0; i < 1 << 12; i++) one[24 + i] = two[24 + i] = 0x7f;
    for (volatile char *end = sbrk(0); two < end; two++) two[0] = 0x7f; /* so that it does show */
    return say(sink, 1, "all is well");
}

static int32_t do_forge(const csl_sink *sink)
{
    ssize_t ignored = write(3, "CSLF\6\0\0\0\2\0\0\0{}", 14);
    (void)ignored;
    return say(sink, 1, "");
}

static int32_t do_shut(const csl_sink *sink)
{
    for (int i = 0; i < 4096; i++) close(i);
    return say(sink, 1, "");
}

/* The page on which the program notes who runs. */
static int32_t do_slander(const csl_sink *sink)
{
    (void)sink;
    char *line = NULL;
    size_t size = 0;
    FILE *maps = fopen("/proc/self/maps", "r"); /* shut in a sandbox */
    while (maps && getline(&line, &size, maps) > 0) {
        char *start = NULL;
        if (!strstr(line, "rw-s") || sscanf(line, "%p", (void **)&start) != 1) continue;
        for (int i = 0; i < 3000; i++)
            if (!memcmp(start + i, "org.example.slander", 19)) strcpy(start + i, "org.consilium.dicom");
    }
    signal(SIGSEGV, SIG_DFL);
    return raise(SIGSEGV);
}

/* ---- does not end ---- */

static int32_t do_spin(const csl_sink *sink)
{
    (void)sink;
    while (always) continue;
    return CSL_PLUGIN_OK;
}

static int32_t do_billion(const csl_sink *sink)
{
    int32_t status = CSL_PLUGIN_OK;
    for (int i = 0; i < 1000000000 && status == CSL_PLUGIN_OK; i++)
        status = say(sink, (float)i, "one of many");
    return status;
}

static int32_t do_deaf(const csl_sink *sink)
{
    while (always) say(sink, 1, "does not listen");
    return CSL_PLUGIN_OK;
}

static int32_t do_map(const csl_sink *sink)
{
    (void)sink;
    while (mmap(NULL, (size_t)1 << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                -1, 0) != MAP_FAILED)
        continue;
    return CSL_PLUGIN_NO_MEMORY;
}

static int32_t do_leak(const csl_sink *sink)
{
    for (int i = 0; i < 1000; i++) memset(malloc(65536), 1, 65536);
    return say(sink, 1, "");
}

/* ---- reaches for what is not its own ---- */

static int32_t do_fork(const csl_sink *sink)
{
    for (int i = 0; i < 64; i++)
        if (fork() == 0) pause();
    return escaped(sink, "it forked");
}

static void *idle(void *nothing)
{
    pause();
    return nothing;
}

static int32_t do_thread(const csl_sink *sink)
{
    pthread_t thread;
    for (int i = 0; i < 64; i++) pthread_create(&thread, NULL, idle, NULL);
    return escaped(sink, "it has threads");
}

static int32_t do_connect(const csl_sink *sink)
{
    return escaped(sink, socket(AF_INET, SOCK_STREAM, 0) < 0 ? "no socket" : "it has a socket");
}

static int32_t do_shadow(const csl_sink *sink)
{
    int file = open("/etc/shadow", O_RDONLY | O_CLOEXEC);
    return file < 0 ? say(sink, 1, "could not") : escaped(sink, "it read /etc/shadow");
}

static int32_t do_fill(const csl_sink *sink)
{
    static char piece[1 << 16];
    int file = open("/tmp/consilium-zoo-fill", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    while (file >= 0 && write(file, piece, sizeof piece) > 0) continue;
    return escaped(sink, "it filled the disk");
}

static int32_t do_trace(const csl_sink *sink)
{
    return escaped(sink,
                   ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) < 0 ? "no trace" : "it traces its worker");
}

static int32_t do_limits(const csl_sink *sink)
{
    struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
    return escaped(sink, setrlimit(RLIMIT_AS, &none) < 0 ? "no more" : "it raised its limits");
}

static int32_t do_wander(const csl_sink *sink)
{
    return escaped(sink, chdir("/tmp") < 0 ? "it stays" : "it went to another folder");
}

static int32_t do_timer(const csl_sink *sink)
{
    struct itimerval soon = {.it_value = {.tv_usec = 1}};
    return escaped(sink, setitimer(ITIMER_REAL, &soon, NULL) < 0 ? "no timer" : "it set a timer");
}

/* ---- changes what others rely on, and is otherwise good ---- */

static int32_t do_rounding(const csl_sink *sink)
{
    fesetround(FE_UPWARD);
#ifdef __SSE__
    _mm_setcsr(_mm_getcsr() | 0x8040); /* flush to zero, denormals are zeros */
#endif
    return say(sink, 1, "");
}

static int32_t do_comma(const csl_sink *sink)
{
    static const char *const with_comma[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8"};
    for (int i = 0; i < 4; i++)
        if (setlocale(LC_ALL, with_comma[i])) break;
    return say(sink, 1, "");
}

static void take(int number)
{
    (void)number;
}

static int32_t do_handlers(const csl_sink *sink)
{
    sigset_t all;
    for (int i = 1; i < 65; i++) signal(i, i % 2 ? take : SIG_IGN);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    return say(sink, 1, "");
}

static int32_t do_print(const csl_sink *sink)
{
    printf("{\"type\":\"token\"}\x1b[2J printed\n");
    fprintf(stderr, "\x1b]0;title\x07 said\n");
    fflush(stdout);
    return say(sink, 1, "");
}

static int32_t do_mutter(const csl_sink *sink)
{
    printf("printed \x1b[2J\n");
    fprintf(stderr, "said \xff\n");
    sink->fail(sink, 0, "", "it has muttered enough");
    return CSL_PLUGIN_BAD_INPUT;
}

/* ---- says what is not so ---- */

static int32_t do_nan(const csl_sink *sink)
{
    return say(sink, NAN, "not a number");
}

static int32_t do_infinite(const csl_sink *sink)
{
    return say(sink, -INFINITY, "");
}

static int32_t do_huge(const csl_sink *sink)
{
    return say(sink, FLT_MAX, "");
}

static int32_t do_short(const csl_sink *sink)
{
    csl_token token = {.struct_size = 12};
    return sink->token(sink, &token);
}

static int32_t do_long(const csl_sink *sink)
{
    float value = 1;
    csl_token token = {.struct_size = UINT32_MAX, .features = &value, .stream = 77};
    return sink->token(sink, &token);
}

static int32_t do_elsewhere(const csl_sink *sink)
{
    float value = 1;
    csl_token token = {.struct_size = sizeof token, .input = 999, .features = &value};
    return sink->token(sink, &token);
}

static int32_t do_nothing_there(const csl_sink *sink)
{
    csl_token token = {.struct_size = sizeof token};
    return sink->token(sink, &token);
}

static int32_t do_tile(const csl_sink *sink)
{
    float value = 1;
    csl_tile tile = {.struct_size = sizeof tile, .plane = 1, .row = 5, .rows = 70000, .columns = 1};
    csl_token token = {.struct_size = sizeof token, .features = &value, .tile = &tile};
    return sink->token(sink, &token);
}

/* A label that never ends, up to the end of its page. */
static int32_t do_endless(const csl_sink *sink)
{
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(page, 'x', 4096);
    mprotect(page + 4096, 4096, PROT_NONE);
    signal(SIGSEGV, SIG_DFL);
    return say(sink, 1, page + 4000);
}

static int32_t do_babble(const csl_sink *sink)
{
    char *text = malloc(1 << 20);
    memset(text, 'A', (1 << 20) - 1);
    text[(1 << 20) - 1] = 0;
    static const char start[] = "=cmd|' /C calc'!A0\x1b[31m\xff\n\r,\"";
    memcpy(text, start, sizeof start - 1);
    if (say(sink, 1, text) != CSL_PLUGIN_OK) return CSL_PLUGIN_STOP;
    sink->warn(sink, 0, text, text);
    sink->fail(sink, 0, text, text);
    return CSL_PLUGIN_BAD_INPUT;
}

static int32_t do_silent(const csl_sink *sink)
{
    (void)sink;
    return CSL_PLUGIN_OK;
}

static int32_t do_sulk(const csl_sink *sink)
{
    (void)sink;
    return 77;
}

static const struct {
    const char *name;
    int32_t (*go)(const csl_sink *sink);
} deeds[] = {{"abort", do_abort},
             {"exit", do_exit},
             {"leave", do_leave},
             {"divide", do_divide},
             {"trap", do_trap},
             {"recurse", do_recurse},
             {"stop", do_stop},
             {"jump", do_jump},
             {"overrun", do_overrun},
             {"heap", do_heap},
             {"forge", do_forge},
             {"shut", do_shut},
             {"slander", do_slander},
             {"spin", do_spin},
             {"billion", do_billion},
             {"deaf", do_deaf},
             {"map", do_map},
             {"leak", do_leak},
             {"fork", do_fork},
             {"thread", do_thread},
             {"connect", do_connect},
             {"shadow", do_shadow},
             {"fill", do_fill},
             {"trace", do_trace},
             {"limits", do_limits},
             {"wander", do_wander},
             {"timer", do_timer},
             {"rounding", do_rounding},
             {"comma", do_comma},
             {"handlers", do_handlers},
             {"print", do_print},
             {"mutter", do_mutter},
             {"nan", do_nan},
             {"infinite", do_infinite},
             {"huge", do_huge},
             {"short", do_short},
             {"long", do_long},
             {"elsewhere", do_elsewhere},
             {"nothing", do_nothing_there},
             {"tile", do_tile},
             {"endless", do_endless},
             {"babble", do_babble},
             {"silent", do_silent},
             {"sulk", do_sulk}};

static int32_t zoo_embed(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink)
{
    (void)instance, (void)inputs, (void)count;
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
        if (!strcmp(deeds[i].name, ZOO_TEXT(ZOO_NAME))) return deeds[i].go(sink);
    return CSL_PLUGIN_INTERNAL;
}
