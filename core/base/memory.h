/* Memory for much work in a short life: a process that is forked for one case touches a few MiB once, and
 * each page of 4 KiB that it touches first costs it a fault. Pages of 2 MiB, where the kernel gives them,
 * cost one in 512. Nothing here changes what a program does, only how long it takes. */
#ifndef CSL_BASE_MEMORY_H
#define CSL_BASE_MEMORY_H

#include <stddef.h>

/* Uninitialised, at a cache line or better; to be freed with free(). NULL: no memory. */
void *csl_memory_wide(size_t bytes);

/* For a process that will fork: gives back what is free now, so that no copies of it are made; from here on
 * pieces of up to `bytes` (at most 32 MiB) come from a heap that grows by a quarter of that and does not
 * shrink. */
void csl_memory_keep(size_t bytes);

#endif
