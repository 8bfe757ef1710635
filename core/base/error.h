/* Errors as values. A function that can fail returns csl_status (0 is success) and, when given one, fills a
 * csl_error: what was wrong, where, and what would be right. Library code never prints and never exits. */
#ifndef CSL_BASE_ERROR_H
#define CSL_BASE_ERROR_H

#include <stdarg.h>

typedef enum csl_status {
    CSL_OK = 0,
    CSL_EUSAGE,    /* the caller asked for something impossible */
    CSL_EFORMAT,   /* a file or message is not what it should be */
    CSL_EIO,       /* the operating system said no */
    CSL_ENOMEM,    /* out of memory, or a case's memory limit */
    CSL_ELIMIT,    /* a hard maximum was passed */
    CSL_ENOTFOUND, /* no such file, case, entry, plugin */
    CSL_EMISMATCH, /* two things that must agree do not (ABI, model and adapter, hash) */
    CSL_ECRYPTO,   /* a signature or key failed */
    CSL_EINTERNAL  /* a library failed in a way that has no better name */
} csl_status;

/* Callers own it, on their stack; zero-initialised means no error. Both texts are UTF-8 and always
 * terminated. */
typedef struct csl_error {
    csl_status code;
    char place[256];   /* file, and line, element or byte offset in it; "" if there is none */
    char message[768]; /* what was wrong and what would be right */
} csl_error;

/* Fills *error (may be NULL) and returns code, so that `return csl_fail(...)` reads well. place may be NULL.
 */
csl_status csl_fail(csl_error *error, csl_status code, const char *place, const char *format, ...)
    __attribute__((format(printf, 4, 5), cold));

/* As csl_fail with CSL_EIO, or CSL_ENOTFOUND for ENOENT, and ": strerror(errno)" appended. */
csl_status csl_fail_errno(csl_error *error, const char *place, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));

#endif
