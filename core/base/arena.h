/* A region of memory that is dropped as a whole: one case lives in one arena.
 * Not for use from two threads. Allocation fails (NULL) past the arena's maximum, never by aborting. */
#ifndef CSL_BASE_ARENA_H
#define CSL_BASE_ARENA_H

#include <stddef.h>

typedef struct csl_arena csl_arena;

/* maximum: bytes handed out in total over the arena's life. NULL if there is no memory. */
csl_arena *csl_arena_new(size_t maximum);
void csl_arena_free(csl_arena *arena); /* NULL is allowed */

/* Zeroed, aligned for any type. NULL past the maximum or out of memory. count * size is checked for overflow.
 */
void *csl_arena_alloc(csl_arena *arena, size_t count, size_t size);
char *csl_arena_strdup(csl_arena *arena, const char *text); /* NULL in, NULL out */
char *csl_arena_strndup(csl_arena *arena, const char *text, size_t length);
char *csl_arena_printf(csl_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
size_t csl_arena_used(const csl_arena *arena);

#endif
