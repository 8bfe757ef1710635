/* Loaded before the C library: what goes to syslog goes to the file that HEARD names. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void hear(int priority, const char *format, va_list args)
{
    FILE *file = fopen(getenv("HEARD"), "a");
    if (!file) return;
    fprintf(file, "%d ", priority);
    vfprintf(file, format, args);
    fputc('\n', file);
    fclose(file);
}

void syslog(int priority, const char *format, ...);
void __syslog_chk(int priority, int flag, const char *format, ...);

__attribute__((visibility("default"))) void syslog(int priority, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    hear(priority, format, args);
    va_end(args);
}

__attribute__((visibility("default"))) void __syslog_chk(int priority, int flag, const char *format, ...)
{
    (void)flag;
    va_list args;
    va_start(args, format);
    hear(priority, format, args);
    va_end(args);
}
