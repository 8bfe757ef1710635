#include "batch/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/frame.h"
#include "batch/confine.h"
#include "batch/message.h"
#include "batch/text.h"

const char child_asks[] = "looking at its files";

/* ---- in the child ---- */

/* The C library ends a process whose heap was written over when it next looks there. */
static void look_at_heap(void)
{
    for (size_t size = 16; size < (size_t)1 << 20; size *= 2) {
        void *volatile some = malloc(size), *volatile more = malloc(size);
        free(some);
        free(more);
    }
}

static _Noreturn void child_main(const child_nest *nest, const child_case *which, const confinement *walls)
{
    const duty *d = nest->d;
    csl_error error = {0}, why = {0};
    csl_buffer out;
    csl_buffer_init(&out, d->maximum);
    csl_case *c = NULL;
    csl_status status = confine(walls, &error);
    if (status == CSL_OK && !(c = csl_case_new(which->id, d->limits.memory_bytes)))
        status = csl_fail(&error, CSL_ENOMEM, NULL, "no memory for a case");
    if (status == CSL_OK && which->patient[0] && !(c->patient = csl_arena_strdup(c->arena, which->patient)))
        status = csl_fail(&error, CSL_ENOMEM, NULL, "no memory for a case");
    if (status == CSL_OK) {
        stage_set(nest->where->step, "reading");
        if (which->alone) csl_registry_keep(nest->registry, which->alone);
        for (size_t i = 0; i < which->without_count; i++)
            csl_registry_forget(nest->registry, which->without[i]);
        csl_status read =
            which->count ? csl_host_read(nest->registry, which->paths, which->names, which->count, c, &why)
                         : csl_fail(&why, CSL_EFORMAT, NULL, "the case holds no files");
        stage_set(nest->where->plugin, "");
        stage_set(nest->where->step, "answering");
        if (which->alone)
            look_at_heap();
        else
            status = d->answer(d, nest->state, c, read, &why, nest->where, &out, &error);
    }
    fflush(stdout); /* of a plugin */
    if (status == CSL_OK && out.failed)
        status = csl_fail(&error, CSL_ELIMIT, NULL, "the answer has more than %zu bytes", d->maximum);
    if (status == CSL_OK) {
        csl_frame_write(CONFINED_ANSWER, MESSAGE_CHILD_ANSWER, out.bytes, out.length, NULL);
    } else {
        csl_buffer_clear(&out);
        put_error(&out, &error);
        csl_frame_write(CONFINED_ANSWER, MESSAGE_CHILD_FAILED, out.bytes, out.length, NULL);
    }
    _exit(0);
}

/* ---- in the worker ---- */

typedef struct watch {
    const duty *d;
    stage *where;
    pid_t process;
    int answer, errors, exit; /* descriptors; exit: of the process itself */
    bool too_long, too_much;
    int status; /* of waitpid */
} watch;

/* Takes what a pipe holds. False once it is closed, or holds more than the buffer may (*overflow). */
static bool drain(int descriptor, csl_buffer *out, bool *overflow)
{
    char piece[65536];
    for (;;) {
        ssize_t got = read(descriptor, piece, sizeof piece);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return true;
        if (got <= 0) return false;
        size_t room = out->maximum - out->length, take = (size_t)got < room ? (size_t)got : room;
        csl_buffer_append(out, piece, take);
        if (take < (size_t)got && overflow) {
            *overflow = true;
            return false;
        }
    }
}

/* Until the child has exited or its time is over. A grandchild that holds the pipes open keeps nobody
 * waiting. */
static void watch_child(watch *w, csl_buffer *answer, csl_buffer *errors)
{
    double deadline = csl_seconds() + (double)w->d->limits.wall_seconds;
    struct pollfd fds[] = {{.fd = w->answer, .events = POLLIN},
                           {.fd = w->errors, .events = POLLIN},
                           {.fd = w->exit, .events = POLLIN}};
    for (;;) {
        double left = deadline - csl_seconds();
        if (left <= 0) {
            w->too_long = true;
            break;
        }
        int ready = poll(fds, 3, (int)(left * 1000) + 1);
        if (ready < 0 && errno != EINTR) break;
        if (ready <= 0) continue;
        bool exited = fds[2].revents != 0; /* asked before draining: what it wrote is then all there */
        if (fds[0].fd >= 0 && (fds[0].revents || exited) && !drain(w->answer, answer, &w->too_much))
            fds[0].fd = -1;
        if (fds[1].fd >= 0 && (fds[1].revents || exited) && !drain(w->errors, errors, NULL)) fds[1].fd = -1;
        bool silent = fds[0].fd < 0 && fds[1].fd < 0;
        if (exited || w->too_much || (silent && w->exit < 0))
            break; /* without pidfd_open, silence is the end */
    }
    /* The whole group, while the child, dead or not, still holds its number. */
    kill(-w->process, SIGKILL);
    kill(w->process, SIGKILL);
    while (waitpid(w->process, &w->status, 0) < 0 && errno == EINTR) {
    }
    drain(w->errors, errors, NULL);
}

static void give_reason(const watch *w, char reason[CHILD_REASON], const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "WHAT while STEP" */
static void give_reason(const watch *w, char reason[CHILD_REASON], const char *format, ...)
{
    char step[STAGE_TEXT];
    stage_get(w->where->step, step);
    va_list args;
    va_start(args, format);
    int used = vsnprintf(reason, CHILD_REASON, format, args);
    va_end(args);
    if (used < 0 || used >= CHILD_REASON || !step[0]) return;
    snprintf(reason + used, CHILD_REASON - (size_t)used, " while %s", step);
}

/* Looks into the frame that the child wrote; a reason unless it is a whole answer. */
static child_end open_answer(const watch *w, csl_buffer *answer, char reason[CHILD_REASON])
{
    reading r = {.at = answer->bytes, .left = answer->length};
    bool magic = r.left >= 4 && !memcmp(r.at, "CSLF", 4);
    get_u32(&r);
    uint32_t kind = get_u32(&r), length = get_u32(&r);
    if (answer->length == 0) {
        give_reason(w, reason, "ended with exit code %d and no answer", WEXITSTATUS(w->status));
        return CHILD_CRASHED;
    }
    if (r.failed || !magic || length != r.left ||
        (kind != MESSAGE_CHILD_ANSWER && kind != MESSAGE_CHILD_FAILED)) {
        give_reason(w, reason, "gave a broken answer");
        return CHILD_CRASHED;
    }
    if (kind == MESSAGE_CHILD_ANSWER) {
        memmove(answer->bytes, answer->bytes + CSL_FRAME_HEADER, length);
        answer->length = length;
        return CHILD_ANSWERED;
    }
    csl_error error = {0};
    get_error(&r, &error);
    char limit[64] = "";
    if (error.code == CSL_ENOMEM)
        snprintf(limit, sizeof limit, " (the limit is %llu MiB)",
                 (unsigned long long)(w->d->limits.memory_bytes >> 20));
    snprintf(reason, CHILD_REASON, "%s%s%s%s", error.place, error.place[0] ? ": " : "", error.message, limit);
    return error.code == CSL_EIO ? CHILD_UNLUCKY : CHILD_FAILED;
}

/* SIGKILL that is not the worker's is the kernel's, out of memory; SIGBUS is a mapped file that was cut. */
static child_end by_signal(const watch *w, int number, char reason[CHILD_REASON])
{
    if (number == SIGXCPU) {
        give_reason(w, reason, "used more than the %u s of processor time allowed",
                    w->d->limits.wall_seconds);
        return CHILD_FAILED;
    }
    if (number == SIGSYS) {
        char tried[CSL_SANDBOX_REASON];
        csl_sandbox_reason(0, tried);
        give_reason(w, reason, "%s", tried);
    } else if (number == SIGXFSZ) {
        give_reason(w, reason, "tried to write a file");
    } else {
        give_reason(w, reason, "killed by signal %d (%s)", number, strsignal(number));
    }
    return number == SIGKILL || number == SIGBUS ? CHILD_UNLUCKY : CHILD_CRASHED;
}

static bool was_asking(const watch *w)
{
    char step[STAGE_TEXT];
    stage_get(w->where->step, step);
    return !strcmp(step, child_asks);
}

static child_end judge(const watch *w, csl_buffer *answer, char reason[CHILD_REASON])
{
    if (w->too_long) {
        give_reason(w, reason, "took longer than the %u s allowed", w->d->limits.wall_seconds);
        return was_asking(w) ? CHILD_STUMBLED : CHILD_FAILED;
    }
    if (w->too_much) {
        give_reason(w, reason, "answered with more than the %zu bytes allowed", w->d->maximum);
        return CHILD_FAILED;
    }
    if (WIFSIGNALED(w->status)) return by_signal(w, WTERMSIG(w->status), reason);
    if (WEXITSTATUS(w->status) == CSL_SANDBOX_EXIT && w->where->forbidden) {
        char tried[CSL_SANDBOX_REASON];
        csl_sandbox_reason(w->where->forbidden, tried);
        give_reason(w, reason, "%s", tried);
        return CHILD_CRASHED;
    }
    if (WEXITSTATUS(w->status) != 0) {
        give_reason(w, reason, "ended with exit code %d", WEXITSTATUS(w->status));
        return CHILD_CRASHED;
    }
    return open_answer(w, answer, reason);
}

static void close_both(int ends[2])
{
    if (ends[0] >= 0) close(ends[0]);
    if (ends[1] >= 0) close(ends[1]);
}

child_end child_run(const child_nest *nest, const child_case *which, csl_buffer *answer, csl_buffer *errors,
                    char reason[CHILD_REASON])
{
    stage *where = nest->where;
    watch w = {.d = nest->d, .where = where, .exit = -1};
    int answers[2] = {-1, -1}, mistakes[2] = {-1, -1};
    confinement walls = {.limits = &nest->d->limits,
                         .sandbox = nest->sandbox,
                         .files = which->paths,
                         .file_count = which->count,
                         .worker = getpid(),
                         .forbidden = &where->forbidden};
    child_end end = CHILD_UNLUCKY;
    stage_set(where->step, "starting");
    stage_set(where->plugin, "");
    where->forbidden = 0;
    if (pipe2(answers, O_CLOEXEC) < 0 || pipe2(mistakes, O_CLOEXEC) < 0 || (w.process = fork()) < 0) {
        snprintf(reason, CHILD_REASON, "no process could be started for it: %s", strerror(errno));
        goto done;
    }
    if (w.process == 0) {
        setpgid(0, 0);
        walls.answer = answers[1];
        walls.errors = mistakes[1];
        child_main(nest, which, &walls);
    }
    setpgid(w.process, w.process); /* whoever comes first */
    close(answers[1]);
    close(mistakes[1]);
    answers[1] = mistakes[1] = -1;
    w.answer = answers[0];
    w.errors = mistakes[0];
    w.exit = pidfd_open(w.process, 0);
    fcntl(w.answer, F_SETFL, O_NONBLOCK);
    fcntl(w.errors, F_SETFL, O_NONBLOCK);
    watch_child(&w, answer, errors);
    end = judge(&w, answer, reason);
    if (end == CHILD_CRASHED && was_asking(&w)) end = CHILD_STUMBLED;
    text_clean(reason);
    text_clean_lines((char *)errors->bytes, errors->length);
done:
    if (w.exit >= 0) close(w.exit);
    close_both(answers);
    close_both(mistakes);
    return end;
}
