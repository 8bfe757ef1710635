#include "cli/notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

void csl_notify(const char *format, ...)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (!path || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof to.sun_path) return;
    memcpy(to.sun_path, path, strlen(path));
    if (path[0] == '@') to.sun_path[0] = 0; /* an abstract name (unix(7)), without a 0 at its end */
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s < 0) return;
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    (void)sendto(s, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&to, length);
    close(s);
}

void csl_notify_reloading(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    csl_notify("RELOADING=1\nMONOTONIC_USEC=%lld",
               (long long)t.tv_sec * 1000000 + (long long)(t.tv_nsec / 1000));
}

void csl_notify_alive(void)
{
    static double last;
    const char *wanted = getenv("WATCHDOG_USEC"), *whose = getenv("WATCHDOG_PID");
    if (!wanted || (whose && strtol(whose, NULL, 10) != (long)getpid())) return;
    double now = csl_seconds(), within = strtod(wanted, NULL) * 1e-6;
    if (last > 0 && now - last < within / 4) return;
    last = now;
    csl_notify("WATCHDOG=1");
}
