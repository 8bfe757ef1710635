#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 64 * 1024 };

typedef struct block {
    struct block *next;
    size_t size, used; /* of bytes[] */
    alignas(max_align_t) unsigned char bytes[];
} block;

struct csl_arena {
    block *head;
    size_t used, maximum;
};

csl_arena *csl_arena_new(size_t maximum)
{
    csl_arena *arena = calloc(1, sizeof *arena);
    if (arena) arena->maximum = maximum;
    return arena;
}

void csl_arena_free(csl_arena *arena)
{
    if (!arena) return;
    for (block *b = arena->head, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(arena);
}

void *csl_arena_alloc(csl_arena *arena, size_t count, size_t size)
{
    const size_t align = alignof(max_align_t);
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return NULL;
    if (__builtin_add_overflow(bytes, align - 1, &bytes)) return NULL;
    bytes &= ~(align - 1);
    if (bytes > arena->maximum - arena->used) return NULL;
    block *b = arena->head;
    if (!b || bytes > b->size - b->used) {
        size_t want = bytes > BLOCK_BYTES / 4 ? bytes : BLOCK_BYTES;
        size_t total;
        if (__builtin_add_overflow(want, sizeof *b, &total)) return NULL;
        block *fresh = calloc(1, total);
        if (!fresh) return NULL;
        fresh->size = want;
        /* A large block of its own goes behind the head, whose free rest stays in use. */
        if (b && want != BLOCK_BYTES) {
            fresh->next = b->next;
            b->next = fresh;
        } else {
            fresh->next = b;
            arena->head = fresh;
        }
        b = fresh;
    }
    void *out = b->bytes + b->used;
    b->used += bytes;
    arena->used += bytes;
    return out;
}

char *csl_arena_strndup(csl_arena *arena, const char *text, size_t length)
{
    if (length == SIZE_MAX) return NULL;
    char *copy = csl_arena_alloc(arena, length + 1, 1);
    if (copy) memcpy(copy, text, length);
    return copy;
}

char *csl_arena_strdup(csl_arena *arena, const char *text)
{
    return text ? csl_arena_strndup(arena, text, strlen(text)) : NULL;
}

char *csl_arena_printf(csl_arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = length < 0 ? NULL : csl_arena_alloc(arena, (size_t)length + 1, 1);
    if (text) vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

size_t csl_arena_used(const csl_arena *arena)
{
    return arena->used;
}
