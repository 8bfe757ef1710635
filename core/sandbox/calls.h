/* Inside sandbox: the system calls that a process may make, by seccomp. */
#ifndef CSL_SANDBOX_CALLS_H
#define CSL_SANDBOX_CALLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef struct calls_filter calls_filter;

bool calls_can_be_filtered(char *why, size_t size);
csl_status calls_compile(calls_filter **filter, csl_error *error);
void calls_free(calls_filter *filter); /* NULL is allowed */
csl_status calls_enter(const calls_filter *filter, volatile int *forbidden, csl_error *error);
void calls_reason(int forbidden, char *reason, size_t size);

#endif
