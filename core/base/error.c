#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void fill(csl_error *error, csl_status code, const char *place, const char *format, va_list args)
{
    error->code = code;
    snprintf(error->place, sizeof error->place, "%s", place ? place : "");
    vsnprintf(error->message, sizeof error->message, format, args);
}

csl_status csl_fail(csl_error *error, csl_status code, const char *place, const char *format, ...)
{
    if (error) {
        va_list args;
        va_start(args, format);
        fill(error, code, place, format, args);
        va_end(args);
    }
    return code;
}

csl_status csl_fail_errno(csl_error *error, const char *place, const char *format, ...)
{
    int saved = errno;
    /* The last three are a file's own fault: a link that leads to itself, a socket, a name that is too long.
     */
    csl_status code = saved == ENOENT                                             ? CSL_ENOTFOUND
                      : saved == ENOMEM                                           ? CSL_ENOMEM
                      : saved == ELOOP || saved == ENXIO || saved == ENAMETOOLONG ? CSL_EFORMAT
                                                                                  : CSL_EIO;
    if (error) {
        va_list args;
        va_start(args, format);
        fill(error, code, place, format, args);
        va_end(args);
        size_t used = strlen(error->message);
        snprintf(error->message + used, sizeof error->message - used, ": %s", strerror(saved));
    }
    errno = saved;
    return code;
}
