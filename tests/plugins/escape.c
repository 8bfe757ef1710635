/* Tries one way out of its process after the other and says which were open: the second line of its input
 * names the way. "shut" is said through the sink, so that a case whose way was shut fails with a reason that
 * a test can read. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

#include "zoo.h"

static int open_for_reading(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC);
}

static int read_shadow(void)
{
    return open_for_reading("/etc/shadow");
}

static int read_processes(void)
{
    return open_for_reading("/proc/self/maps");
}

static int list_home(void)
{
    return open("/root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int start_process(void)
{
    pid_t process = fork();
    if (process == 0) _exit(0);
    return process;
}

static int start_program(void)
{
    return execl("/bin/true", "true", (char *)NULL);
}

static int reach_network(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static int trace_worker(void)
{
    return (int)ptrace(PTRACE_SEIZE, getppid(), NULL, NULL);
}

/* With handlers of its own for what guards it. */
static void take(int number)
{
    (void)number;
}

static int change_handlers(void)
{
    signal(SIGSYS, take);
    signal(SIGSEGV, take);
    return fcntl(socket(AF_INET, SOCK_STREAM, 0), F_GETFD); /* what it returned may be no descriptor */
}

static const struct {
    const char *name;
    int (*go)(void); /* at least 0: it was open */
} ways[] = {{"shadow", read_shadow}, {"proc", read_processes},     {"home", list_home},
            {"fork", start_process}, {"exec", start_program},      {"network", reach_network},
            {"trace", trace_worker}, {"handlers", change_handlers}};

static int32_t zoo_embed(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink)
{
    (void)instance, (void)count;
    const char *name = memchr(inputs[0].bytes, '\n', inputs[0].length);
    for (size_t i = 0; name && i < sizeof ways / sizeof *ways; i++) {
        if (strncmp(name + 1, ways[i].name, strlen(ways[i].name))) continue;
        char text[128];
        if (ways[i].go() >= 0)
            snprintf(text, sizeof text, "%s was open", ways[i].name);
        else
            snprintf(text, sizeof text, "%s was shut: %s", ways[i].name, strerror(errno));
        sink->fail(sink, 0, "way", text);
        return CSL_PLUGIN_BAD_INPUT;
    }
    return CSL_PLUGIN_INTERNAL;
}
