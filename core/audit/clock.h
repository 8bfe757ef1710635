/* The wall clock, held against the clock that counts on since the machine was started: what a jump of the
 * first is. Entries are ordered by the log, never by either. */
#ifndef CSL_AUDIT_CLOCK_H
#define CSL_AUDIT_CLOCK_H

#include <stdint.h>
#include <time.h>

typedef struct audit_clock {
    void (*read)(struct timespec *wall, struct timespec *boot); /* another one in tests */
    int64_t wall, boot;                                         /* nanoseconds, of the last look */
} audit_clock;

/* CLOCK_REALTIME and CLOCK_BOOTTIME, which goes on while the machine sleeps. */
void audit_clock_start(audit_clock *clock);
/* The time, and by how many nanoseconds it is ahead of where it should be since the last look: 0 as long as
 * that is at most a second and a thousandth of what went by, which setting a clock slowly (adjtime, 500 ppm)
 * keeps to. */
int64_t audit_clock_look(audit_clock *clock, struct timespec *wall);
/* Nanoseconds since 1970 of an entry's EventDateTime, or INT64_MIN if the bytes hold none. */
int64_t audit_clock_of_entry(const uint8_t *entry, size_t length);

#endif
