#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "metrics/metrics.h"
#include "net/server.h"

enum { MAX_TEXT = 1 << 18, MAX_REQUEST = 1024 };

/* Seen by both processes. The reader holds the lock for a copy; the writer never waits for it. */
typedef struct sheet {
    pthread_mutex_t lock;
    size_t length;
    unsigned char bytes[MAX_TEXT];
} sheet;

struct csl_metrics_page {
    pid_t process;
    sheet *shown;
};

/* What the process says of itself, once. */
typedef struct greeting {
    unsigned port;
    csl_error error; /* of code CSL_OK: it listens */
} greeting;

csl_status csl_metrics_address(const char *text, char address[64], unsigned *port, csl_error *error)
{
    static const char local[] = "127.0.0.1:";
    char whole[64 + sizeof local];
    bool bare = text[0] && strspn(text, "0123456789") == strlen(text) && strlen(text) < 8;
    if (bare) {
        strcpy(whole, local);
        strcat(whole, text);
    }
    if (!csl_address_split(bare ? whole : text, address, port))
        return csl_fail(
            error, CSL_EUSAGE, NULL,
            "metrics-listen takes a port, or an address of this machine with one, as 127.0.0.1:9477 or "
            "[::1]:9477, not '%.100s'",
            text);
    if (strncmp(address, "127.", 4) && strcmp(address, "::1"))
        return csl_fail(
            error, CSL_EUSAGE, NULL,
            "metrics-listen takes 127.0.0.1 or ::1, not %.60s, which other machines may reach: for these "
            "let a reverse proxy ask who they are",
            address);
    return CSL_OK;
}

/* ---- the process that listens ---- */

typedef struct clerk {
    sheet *shown;
    int parent;
} clerk;

static void answer_request(void *context, const char *method, const char *path, const void *body,
                           size_t length, csl_http_answer *answer)
{
    (void)body, (void)length;
    const clerk *k = context;
    bool reads = !strcmp(method, "GET") || !strcmp(method, "HEAD");
    answer->type = "text/plain; version=0.0.4; charset=utf-8";
    answer->code = !strcmp(path, "/metrics") ? (reads ? 200 : 405) : 404;
    if (answer->code != 200) {
        csl_buffer_text(&answer->body,
                        answer->code == 404 ? "metrics are at /metrics\n" : "GET reads them\n");
        return;
    }
    pthread_mutex_lock(&k->shown->lock);
    csl_buffer_append(&answer->body, k->shown->bytes, k->shown->length);
    pthread_mutex_unlock(&k->shown->lock);
}

static void say_ready(void *context, unsigned port)
{
    greeting hello = {.port = port};
    int parent = ((clerk *)context)->parent;
    (void)csl_write_all(parent, &hello, sizeof hello, NULL);
    close(parent);
}

/* Signals of the terminal are for the conductor, with which this ends. */
static _Noreturn void listen_for_ever(const char *address, unsigned port, clerk *k, pid_t conductor)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2};
    static const volatile int never;
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) signal(ignored[i], SIG_IGN);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(nothing, STDOUT_FILENO) < 0 ||
        dup2(nothing, STDERR_FILENO) < 0 || dup2(k->parent, 3) < 0 || close_range(4, ~0u, 0) < 0)
        _exit(1);
    k->parent = 3;
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){0, 0});
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
        getppid() != conductor)
        _exit(1);
    csl_server server = {.address = address,
                         .port = port,
                         .maximum = MAX_REQUEST,
                         .handle = answer_request,
                         .ready = say_ready,
                         .context = k,
                         .stop = &never};
    greeting hello = {0};
    csl_serve(&server, &hello.error);
    (void)csl_write_all(k->parent, &hello, sizeof hello, NULL);
    _exit(1);
}

/* ---- the conductor's side ---- */

static csl_status make_sheet(csl_metrics_page *p, csl_error *error)
{
    pthread_mutexattr_t shared;
    p->shown = mmap(NULL, sizeof *p->shown, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p->shown == MAP_FAILED) {
        p->shown = NULL;
        return csl_fail_errno(error, NULL, "cannot map a shared page");
    }
    pthread_mutexattr_init(&shared);
    pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&p->shown->lock, &shared);
    pthread_mutexattr_destroy(&shared);
    return CSL_OK;
}

csl_status csl_metrics_page_open(const char *address, unsigned *port, csl_metrics_page **page,
                                 csl_error *error)
{
    int ends[2] = {-1, -1};
    pid_t conductor = getpid();
    greeting hello = {0};
    csl_metrics_page *p = calloc(1, sizeof *p);
    csl_status status = p ? make_sheet(p, error) : csl_fail(error, CSL_ENOMEM, NULL, "no memory for metrics");
    if (status == CSL_OK && (pipe2(ends, O_CLOEXEC) < 0 || (p->process = fork()) < 0))
        status = csl_fail_errno(error, NULL, "cannot start the process that serves metrics");
    if (status == CSL_OK && p->process == 0)
        listen_for_ever(address, *port, &(clerk){.shown = p->shown, .parent = ends[1]}, conductor);
    if (ends[1] >= 0) close(ends[1]);
    if (status == CSL_OK && csl_read_all(ends[0], &hello, sizeof hello, NULL) != CSL_OK)
        status =
            csl_fail(error, CSL_EINTERNAL, NULL, "the process that serves metrics ended before it listened");
    if (status == CSL_OK && hello.error.code != CSL_OK) {
        status = hello.error.code;
        if (error) *error = hello.error;
    }
    if (ends[0] >= 0) close(ends[0]);
    if (status != CSL_OK) {
        csl_metrics_page_close(p);
        return status;
    }
    *port = hello.port;
    *page = p;
    return CSL_OK;
}

void csl_metrics_page_show(csl_metrics_page *p, const csl_buffer *text)
{
    if (text->failed || text->length > MAX_TEXT || pthread_mutex_trylock(&p->shown->lock)) return;
    memcpy(p->shown->bytes, text->bytes, text->length);
    p->shown->length = text->length;
    pthread_mutex_unlock(&p->shown->lock);
}

void csl_metrics_page_close(csl_metrics_page *p)
{
    if (!p) return;
    if (p->process > 0) {
        kill(p->process, SIGKILL);
        while (waitpid(p->process, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    if (p->shown) munmap(p->shown, sizeof *p->shown);
    free(p);
}
