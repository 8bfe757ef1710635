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

void csl_dcm_doubt(csl_dcm_header *header, const char *place, const char *format, ...)
{
    if (header->doubt_count == CSL_DCM_MAX_DOUBTS) return;
    csl_dcm_error *doubt = &header->doubts[header->doubt_count++];
    va_list arguments;
    va_start(arguments, format);
    snprintf(doubt->place, sizeof doubt->place, "%s", place);
    vsnprintf(doubt->text, sizeof doubt->text, format, arguments);
    va_end(arguments);
}
