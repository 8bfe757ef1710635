#include "batch/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/frame.h"
#include "batch/message.h"
#include "batch/spawner.h"
#include "batch/turns.h"

enum {
    TICK_MS = 100,
    START_SECONDS = 120, /* to load plugins and a model */
    SPARE_SECONDS = 30, /* beyond a case's own limit, which the worker keeps, and twice that for an inquest */
    MAX_STILLBORN = 3,  /* workers in a row that die before they are ready */
    MAX_JOBS = 256
};
static const size_t spare_bytes = (size_t)16 << 20; /* of a message beside the answer */

typedef enum member_state { GONE = 0, STARTING, IDLE, BUSY } member_state;

/* One worker as the conductor sees it. */
typedef struct member {
    member_state state;
    pid_t process;
    int socket;
    double deadline;
    uint64_t ticket;
    size_t index; /* of the case it has */
    uint8_t header[CSL_FRAME_HEADER];
    size_t header_length;
    csl_buffer body;
} member;

struct pool {
    pool_options options;
    duty d;
    spawner spawn;
    member *members;
    unsigned jobs;
    json_t *hello;
    uint64_t next_ticket;
    unsigned stillborn;
    struct sigaction old_pipe, old_size;
    csl_names left_out; /* ids of plugins */
    /* of one pool_run */
    size_t count, next, head; /* next to hand out; next to deliver */
    size_t delivering;        /* the case that take was called for; SIZE_MAX: none */
    turns turns;
};

/* ---- workers ---- */

static csl_status hire(pool *p, member *m, csl_error *error)
{
    csl_status status = spawner_fork(&p->spawn, &m->process, &m->socket, error);
    if (status != CSL_OK) return status;
    fcntl(m->socket, F_SETFL, O_NONBLOCK);
    m->state = STARTING;
    m->deadline = csl_seconds() + START_SECONDS;
    m->header_length = 0;
    csl_buffer_clear(&m->body);
    return CSL_OK;
}

static void dismiss(member *m)
{
    if (m->state == GONE) return;
    kill(m->process, SIGKILL);
    close(m->socket);
    m->state = GONE;
}

/* A case has ended; one that was unlucky gets another turn. */
static void settle(pool *p, size_t index)
{
    char reason[256];
    const char *why = turns_slot(&p->turns, index)->reason;
    snprintf(reason, sizeof reason, "%s", why ? why : "");
    turns_slot(&p->turns, index)->seconds = csl_seconds() - turns_slot(&p->turns, index)->started;
    if (turns_slot(&p->turns, index)->left_out != p->left_out.count) {
        turns_anew(&p->turns, index, csl_seconds());
        return;
    }
    double delay = turns_try_again(&p->turns, index, csl_seconds());
    if (delay > 0 && p->options.again)
        p->options.again(p->options.context, index, &turns_slot(&p->turns, index)->which, reason,
                         turns_slot(&p->turns, index)->attempts, delay);
}

/* Ends a worker that died or misbehaved, fails the case it had, starts another. */
static csl_status replace(pool *p, member *m, const char *why, csl_error *error)
{
    if (m->state == STARTING && ++p->stillborn >= MAX_STILLBORN) {
        dismiss(m);
        return csl_fail(error, CSL_EINTERNAL, NULL, "workers do not start: %s", why);
    }
    if (m->state == BUSY) {
        char reason[256];
        snprintf(reason, sizeof reason, "its worker process %s", why);
        turns_fail(&p->turns, m->index, CHILD_UNLUCKY, reason);
        settle(p, m->index);
    }
    dismiss(m);
    if (p->options.replaced) p->options.replaced(p->options.context, (unsigned)(m - p->members), why);
    return hire(p, m, error);
}

static csl_status hear_hello(pool *p, member *m, csl_error *error)
{
    json_error_t ignored;
    json_t *hello = json_loadb((const char *)m->body.bytes, m->body.length, JSON_REJECT_DUPLICATES, &ignored);
    if (!hello) return csl_fail(error, CSL_EINTERNAL, NULL, "a worker's first message is not JSON");
    if (!p->hello) {
        p->hello = hello;
    } else {
        bool same = json_equal(p->hello, hello);
        json_decref(hello);
        if (!same)
            return csl_fail(error, CSL_EMISMATCH, NULL,
                            "a plugin or the model was changed while the run was going on");
    }
    m->state = IDLE;
    p->stillborn = 0;
    return CSL_OK;
}

/* One whole message of a worker is in m->body. */
static csl_status hear(pool *p, member *m, uint32_t kind, csl_error *error)
{
    if (kind == MESSAGE_HELLO && m->state == STARTING) return hear_hello(p, m, error);
    if (kind == MESSAGE_BROKEN && m->state == STARTING) {
        reading r = {.at = m->body.bytes, .left = m->body.length};
        csl_error why = {0};
        get_error(&r, &why);
        if (error) *error = why;
        return why.code;
    }
    reading r = {.at = m->body.bytes, .left = m->body.length};
    if ((kind != MESSAGE_ANSWER && kind != MESSAGE_FAILED) || m->state != BUSY || get_u64(&r) != m->ticket ||
        r.failed || !turns_take(&p->turns, m->index, kind, &r, p->d.maximum))
        return replace(p, m, "broke the protocol", error);
    m->state = IDLE;
    settle(p, m->index);
    return CSL_OK;
}

/* Reads what has come; calls hear for each whole message. */
static csl_status listen_to(pool *p, member *m, csl_error *error)
{
    pid_t process = m->process;
    for (;;) {
        uint8_t piece[65536];
        size_t want;
        uint32_t kind = 0, length = 0;
        bool in_body = m->header_length == CSL_FRAME_HEADER;
        if (in_body) {
            reading r = {.at = m->header + 4, .left = 8};
            kind = get_u32(&r);
            length = get_u32(&r);
            if (memcmp(m->header, "CSLF", 4) || length > m->body.maximum)
                return replace(p, m, "broke the protocol", error);
            want = length - m->body.length < sizeof piece ? length - m->body.length : sizeof piece;
        } else {
            want = CSL_FRAME_HEADER - m->header_length;
        }
        ssize_t got = want ? read(m->socket, piece, want) : 0;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return CSL_OK;
        if (want && got <= 0) return replace(p, m, "ended unexpectedly", error);
        if (!in_body) {
            memcpy(m->header + m->header_length, piece, (size_t)got);
            m->header_length += (size_t)got;
            continue;
        }
        if (!csl_buffer_append(&m->body, piece, (size_t)got))
            return csl_fail(error, CSL_ENOMEM, NULL, "no memory for a worker's answer");
        if (m->body.length < length) continue;
        csl_status status = hear(p, m, kind, error);
        m->header_length = 0;
        csl_buffer_clear(&m->body);
        if (status != CSL_OK || m->state != BUSY || m->process != process) return status;
    }
}

static csl_status send_job(pool *p, member *m, size_t index, csl_error *error)
{
    const csl_manifest_case *c = &turns_slot(&p->turns, index)->which;
    csl_buffer job;
    csl_buffer_init(&job, (size_t)256 << 20);
    m->ticket = p->next_ticket++;
    m->index = index;
    put_u64(&job, m->ticket);
    put_text(&job, c->id, strlen(c->id));
    put_text(&job, c->patient ? c->patient : "", c->patient ? strlen(c->patient) : 0);
    put_u32(&job, (uint32_t)c->count);
    for (size_t i = 0; i < c->count; i++) {
        put_text(&job, c->paths[i], strlen(c->paths[i]));
        put_text(&job, c->names[i], strlen(c->names[i]));
    }
    put_u32(&job, (uint32_t)p->left_out.count);
    for (size_t i = 0; i < p->left_out.count; i++)
        put_text(&job, p->left_out.items[i], strlen(p->left_out.items[i]));
    csl_status status = CSL_OK;
    m->state = BUSY;
    m->deadline = csl_seconds() + 3.0 * p->d.limits.wall_seconds + SPARE_SECONDS;
    if (job.failed) {
        turns_fail(&p->turns, index, CHILD_FAILED, "the names of its files are longer than a case's may be");
        m->state = IDLE;
    } else {
        /* An idle worker reads: writing blocks for the moment that takes. */
        fcntl(m->socket, F_SETFL, 0);
        bool sent = csl_frame_write(m->socket, MESSAGE_JOB, job.bytes, job.length, NULL) == CSL_OK;
        fcntl(m->socket, F_SETFL, O_NONBLOCK);
        if (!sent) status = replace(p, m, "ended unexpectedly", error);
    }
    csl_buffer_free(&job);
    return status;
}

static csl_status hand_out(pool *p, member *m, size_t index, csl_error *error)
{
    csl_manifest_case which;
    csl_error why = {0};
    char reason[sizeof why.place + sizeof why.message + 2];
    csl_status status = CSL_OK;
    if (!turns_slot(&p->turns, index)->which.id) {
        status = p->options.open(p->options.context, index, &which, &why);
        if (status == CSL_OK || status == CSL_EFORMAT) turns_open_case(&p->turns, index, &which);
    }
    turns_handed_out(&p->turns, index, (unsigned)(m - p->members), p->left_out.count, csl_seconds());
    if (status == CSL_OK) return send_job(p, m, index, error);
    if (status == CSL_EFORMAT) {
        snprintf(reason, sizeof reason, "%s: %s", why.place, why.message);
        turns_fail(&p->turns, index, CHILD_FAILED, reason);
        return CSL_OK;
    }
    if (error) *error = why;
    return status;
}

bool pool_leave_out(pool *p, const char *plugin)
{
    for (size_t i = 0; i < p->left_out.count; i++)
        if (!strcmp(p->left_out.items[i], plugin)) return true;
    if (!csl_names_add(&p->left_out, plugin)) return false;
    for (size_t i = p->head; i < p->next; i++)
        if (i != p->delivering && turns_slot(&p->turns, i)->done) turns_anew(&p->turns, i, csl_seconds());
    return true;
}

/* Waits for news, at most TICK_MS, and takes it in. */
static csl_status turn(pool *p, csl_error *error)
{
    struct pollfd fds[p->jobs];
    for (unsigned i = 0; i < p->jobs; i++)
        fds[i] =
            (struct pollfd){.fd = p->members[i].state == GONE ? -1 : p->members[i].socket, .events = POLLIN};
    int ready = poll(fds, p->jobs, TICK_MS);
    csl_status status = CSL_OK;
    for (unsigned i = 0; ready > 0 && status == CSL_OK && i < p->jobs; i++)
        if (fds[i].revents) status = listen_to(p, &p->members[i], error);
    double t = csl_seconds();
    for (unsigned i = 0; status == CSL_OK && i < p->jobs; i++) {
        member *m = &p->members[i];
        if ((m->state == BUSY || m->state == STARTING) && t > m->deadline)
            status = replace(p, m, "did not answer in time", error);
    }
    return status;
}

unsigned jobs_or_default(unsigned jobs, size_t cases)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t wanted = jobs ? jobs : processors > 0 ? (size_t)processors : 1;
    if (wanted > cases) wanted = cases;
    return wanted < 1 ? 1 : wanted > MAX_JOBS ? MAX_JOBS : (unsigned)wanted;
}

csl_status pool_open(const duty *d, const pool_options *options, pool **out, csl_error *error)
{
    pool *p = calloc(1, sizeof *p);
    if (!p || !turns_open(&p->turns, options->window)) {
        pool_close(p);
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory for the workers");
    }
    p->options = *options;
    p->d = *d;
    /* A worker may go while it is written to. */
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, &p->old_pipe);
    csl_status status = spawner_start(&p->d, &p->spawn, error);
    if (status != CSL_OK) {
        pool_close(p);
        return status;
    }
    /* Too large a file is then an error with a name. Not in the children, where it ends who writes one. */
    sigaction(SIGXFSZ, &ignore, &p->old_size);
    *out = p;
    return CSL_OK;
}

csl_status pool_start(pool *p, unsigned jobs, json_t **hello, csl_error *error)
{
    if (!(p->members = calloc(jobs, sizeof *p->members)))
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory for the workers");
    p->jobs = jobs;
    for (unsigned i = 0; i < jobs; i++) csl_buffer_init(&p->members[i].body, p->d.maximum + spare_bytes);
    csl_status status = CSL_OK;
    for (unsigned i = 0; status == CSL_OK && i < jobs; i++) status = hire(p, &p->members[i], error);
    while (status == CSL_OK && !p->hello) status = turn(p, error);
    *hello = p->hello;
    return status;
}

static csl_status deliver_one(pool *p, size_t index,
                              csl_status (*take)(void *, const pool_answer *, csl_error *), void *context,
                              csl_error *error)
{
    const turn_slot *s = turns_slot(&p->turns, index);
    pool_answer answer = {.index = index,
                          .which = &s->which,
                          .end = s->end,
                          .seconds = s->seconds,
                          .worker = s->worker,
                          .attempt = s->attempts,
                          .plugin = s->plugin ? s->plugin : "",
                          .reason = s->reason,
                          .errors = s->errors ? s->errors : "",
                          .bytes = s->bytes.bytes,
                          .length = s->bytes.length,
                          .hashes = s->hashes,
                          .hash_count = s->hash_count};
    p->delivering = index;
    csl_status status = take(context, &answer, error);
    p->delivering = SIZE_MAX;
    turns_free_slot(&p->turns, index);
    return status;
}

/* In the order of the list, or, where that has no end, as they come. A slot that no attempt has was delivered
 * before. */
static csl_status deliver(pool *p, csl_status (*take)(void *, const pool_answer *, csl_error *),
                          void *context, csl_error *error)
{
    csl_status status = CSL_OK;
    for (size_t i = p->head; status == CSL_OK && i < p->next; i++) {
        if (turns_slot(&p->turns, i)->done)
            status = deliver_one(p, i, take, context, error);
        else if (!p->options.endless)
            break;
        if (i == p->head && !turns_slot(&p->turns, i)->attempts) p->head++;
    }
    return status;
}

/* The next case for an idle worker; p->count if there is none now. */
static size_t choose_case(const pool *p)
{
    size_t due = turns_due(&p->turns, p->head, p->next, csl_seconds());
    if (due < p->next) return due;
    /* The case that all others wait for is handed out however much waits. */
    bool room = p->next == p->head ||
                (p->next < p->head + p->options.window && p->turns.bytes < p->options.waiting_bytes);
    return room ? p->next : p->count;
}

static bool any_busy(const pool *p)
{
    for (unsigned i = 0; i < p->jobs; i++)
        if (p->members[i].state == BUSY) return true;
    return false;
}

csl_status pool_run(pool *p, size_t count,
                    csl_status (*take)(void *context, const pool_answer *answer, csl_error *error),
                    csl_status (*tick)(void *context, csl_error *error), void *context, csl_error *error)
{
    p->count = count;
    p->next = p->head = 0;
    p->delivering = SIZE_MAX;
    csl_status status = CSL_OK;
    while (status == CSL_OK && (p->options.endless || p->head < p->count)) {
        int stopped = p->options.stop ? *p->options.stop : 0;
        for (unsigned i = 0; status == CSL_OK && !stopped && i < p->jobs; i++) {
            size_t index = p->members[i].state == IDLE ? choose_case(p) : p->count;
            if (index == p->count) continue;
            if (index == p->next) p->next++;
            status = hand_out(p, &p->members[i], index, error);
        }
        if (stopped > 1 || (stopped && !any_busy(p)))
            break; /* what waits for another turn is done next time */
        if (status == CSL_OK) status = turn(p, error);
        if (status == CSL_OK) status = deliver(p, take, context, error);
        if (status == CSL_OK && tick) status = tick(context, error);
    }
    return status;
}

void pool_grow(pool *p)
{
    p->count++;
}

csl_queue pool_queue(const pool *p)
{
    csl_queue q = {.waiting = p->count - p->next + p->turns.unlucky};
    for (unsigned i = 0; i < p->jobs; i++) q.running += p->members[i].state == BUSY;
    for (size_t i = p->head; i < p->next; i++) q.answered += turns_slot(&p->turns, i)->done;
    return q;
}

void pool_close(pool *p)
{
    if (!p) return;
    for (unsigned i = 0; p->members && i < p->jobs; i++) {
        dismiss(&p->members[i]);
        csl_buffer_free(&p->members[i].body);
    }
    turns_close(&p->turns);
    if (p->spawn.process > 0) {
        spawner_stop(&p->spawn);
        sigaction(SIGPIPE, &p->old_pipe, NULL);
        sigaction(SIGXFSZ, &p->old_size, NULL);
    }
    json_decref(p->hello);
    csl_names_free(&p->left_out);
    free(p->members);
    free(p);
}
