/* Loaded before the C library: after CLOCK_LOOKS looks at the time of day it is CLOCK_BACK seconds earlier.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *now)
{
    static long looks;
    const char *after = getenv("CLOCK_LOOKS"), *back = getenv("CLOCK_BACK");
    long status = syscall(SYS_clock_gettime, clock, now);
    if (status == 0 && clock == CLOCK_REALTIME && after && back && looks++ >= atol(after))
        now->tv_sec -= atol(back);
    return (int)status;
}

__attribute__((visibility("default"))) time_t time(time_t *where)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (where) *where = now.tv_sec;
    return now.tv_sec;
}
