/* Inside sandbox: the files that a process may read, by Landlock (Documentation/userspace-api/landlock.rst).
 */
#ifndef CSL_SANDBOX_LANDLOCK_H
#define CSL_SANDBOX_LANDLOCK_H

#include <stddef.h>

#include "base/error.h"

enum { LANDLOCK_WITH_SIGNALS = 6 };

typedef struct landlock_folders landlock_folders;

/* 0, with the kernel's reason, where there is none. */
int landlock_version(char *why, size_t size);
csl_status landlock_open(int version, const char *const *readable, size_t count, landlock_folders **folders,
                         csl_error *error);
void landlock_close(landlock_folders *folders); /* NULL is allowed */
csl_status landlock_enter(const landlock_folders *folders, const char *const *files, size_t count,
                          csl_error *error);

#endif
