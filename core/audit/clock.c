#include "audit/clock.h"

#include <stdlib.h>
#include <string.h>

static const int64_t second = 1000000000;

static int64_t nanoseconds(const struct timespec *t)
{
    return (int64_t)t->tv_sec * second + t->tv_nsec;
}

static void read_clocks(struct timespec *wall, struct timespec *boot)
{
    /* Both at one moment: a process that had to wait between the two looks again. */
    struct timespec after;
    for (int tries = 0; tries < 100; tries++) {
        clock_gettime(CLOCK_BOOTTIME, boot);
        clock_gettime(CLOCK_REALTIME, wall);
        clock_gettime(CLOCK_BOOTTIME, &after);
        if (nanoseconds(&after) - nanoseconds(boot) < second / 100) return;
    }
}

void audit_clock_start(audit_clock *clock)
{
    struct timespec wall, boot;
    if (!clock->read) clock->read = read_clocks;
    clock->read(&wall, &boot);
    clock->wall = nanoseconds(&wall);
    clock->boot = nanoseconds(&boot);
}

int64_t audit_clock_look(audit_clock *clock, struct timespec *wall)
{
    struct timespec boot;
    clock->read(wall, &boot);
    int64_t now = nanoseconds(wall), ticks = nanoseconds(&boot);
    int64_t passed = ticks - clock->boot, ahead = now - clock->wall - passed;
    clock->wall = now;
    clock->boot = ticks;
    return llabs(ahead) > second + passed / 1000 ? ahead : 0;
}

int64_t audit_clock_of_entry(const uint8_t *entry, size_t length)
{
    static const char name[] = " EventDateTime=\"";
    const char *at = memmem(entry, length, name, sizeof name - 1);
    char text[24]; /* 2000-02-29T00:00:00.007Z */
    if (!at || (size_t)((const char *)entry + length - at) < sizeof name - 1 + sizeof text) return INT64_MIN;
    memcpy(text, at + sizeof name - 1, sizeof text - 1);
    text[sizeof text - 1] = 0;
    struct tm parts = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    return rest && *rest == '.'
               ? (int64_t)timegm(&parts) * second + strtol(rest + 1, NULL, 10) * (second / 1000)
               : INT64_MIN;
}
