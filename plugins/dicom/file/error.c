#include "file/dcm.h"

#include <stdarg.h>
#include <stdio.h>

int32_t csl_dcm_fail(csl_dcm_error *error, int32_t status, const char *place, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    snprintf(error->place, sizeof error->place, "%s", place);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return status;
}
