#include "batch/spawner.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

/* One byte that carries a descriptor (unix(7), SCM_RIGHTS). */
typedef union carrier {
    char space[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
} carrier;

static bool send_descriptor(int socket, int descriptor)
{
    char byte = 0;
    carrier control = {0};
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.space,
                             .msg_controllen = sizeof control.space};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    ssize_t sent;
    do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == 1;
}

/* -1: the other end is closed. */
static int receive_descriptor(int socket)
{
    char byte;
    carrier control = {0};
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.space,
                             .msg_controllen = sizeof control.space};
    ssize_t got;
    do got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    struct cmsghdr *header = got == 1 ? CMSG_FIRSTHDR(&message) : NULL;
    if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) return -1;
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    return descriptor;
}

/* A signal from the terminal goes to every process of the group; only the conductor decides what it means. */
static void ignore_terminal(void)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) signal(ignored[i], SIG_IGN);
}

/* Dies with its parent, also if that died before the call. */
static void die_with(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent) _exit(1);
}

static _Noreturn void spawner_main(const duty *d, int conductor)
{
    pid_t self = getpid();
    signal(SIGCHLD, SIG_IGN); /* workers leave no zombies */
    for (int worker_end; (worker_end = receive_descriptor(conductor)) >= 0;) {
        pid_t worker = fork();
        if (worker == 0) {
            close(conductor);
            die_with(self);
            signal(SIGCHLD, SIG_DFL);
            worker_main(d, worker_end);
        }
        close(worker_end);
        if (csl_write_all(conductor, &worker, sizeof worker, NULL) != CSL_OK) break;
    }
    while (wait(NULL) > 0 || errno == EINTR) {
    }
    _exit(0);
}

csl_status spawner_start(const duty *d, spawner *s, csl_error *error)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return csl_fail_errno(error, NULL, "cannot make a socket pair");
    pid_t parent = getpid();
    s->process = fork();
    if (s->process == 0) {
        /* What the caller has open is none of a worker's business, and its standard output is for results. */
        dup2(STDERR_FILENO, STDOUT_FILENO);
        if (dup2(ends[1], 3) < 0 || close_range(4, ~0u, 0) < 0) _exit(1);
        ignore_terminal();
        die_with(parent);
        spawner_main(d, 3);
    }
    close(ends[1]);
    s->socket = ends[0];
    if (s->process < 0) {
        csl_fail_errno(error, NULL, "cannot fork");
        close(ends[0]);
        *s = (spawner){0};
        return CSL_EIO;
    }
    return CSL_OK;
}

csl_status spawner_fork(spawner *s, pid_t *worker, int *socket, csl_error *error)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return csl_fail_errno(error, NULL, "cannot make a socket pair");
    bool sent = send_descriptor(s->socket, ends[1]);
    close(ends[1]);
    if (!sent || csl_read_all(s->socket, worker, sizeof *worker, NULL) != CSL_OK) {
        close(ends[0]);
        return csl_fail(error, CSL_EINTERNAL, NULL, "the process that starts workers is gone");
    }
    if (*worker <= 0) {
        close(ends[0]);
        return csl_fail(error, CSL_EIO, NULL,
                        "cannot fork a worker: the machine allows no more processes or memory");
    }
    *socket = ends[0];
    return CSL_OK;
}

void spawner_stop(spawner *s)
{
    if (s->process <= 0) return;
    close(s->socket);
    while (waitpid(s->process, NULL, 0) < 0 && errno == EINTR) {
    }
    *s = (spawner){0};
}
