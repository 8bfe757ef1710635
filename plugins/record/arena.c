#include "arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 8, CHUNK = 64 * 1024 };

struct rec_chunk {
    struct rec_chunk *next;
    size_t used, size;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

void rec_arena_init(rec_arena *arena, size_t maximum)
{
    *arena = (rec_arena){.maximum = maximum};
}

void rec_arena_free(rec_arena *arena)
{
    while (arena->chunks) {
        struct rec_chunk *next = arena->chunks->next;
        free(arena->chunks);
        arena->chunks = next;
    }
    arena->used = 0;
}

void rec_arena_reset(rec_arena *arena)
{
    while (arena->chunks && (arena->chunks->next || arena->chunks->size > CHUNK)) {
        struct rec_chunk *next = arena->chunks->next;
        free(arena->chunks);
        arena->chunks = next;
    }
    if (arena->chunks) arena->chunks->used = 0;
    arena->used = 0;
}

/* Not cleared. */
static void *take(rec_arena *arena, size_t bytes)
{
    struct rec_chunk *chunk = arena->chunks;
    if (bytes > SIZE_MAX - ALIGNMENT) {
        arena->failed = true;
        return NULL;
    }
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (arena->failed || bytes > arena->maximum - arena->used) {
        arena->failed = true;
        return NULL;
    }
    if (!chunk || chunk->size - chunk->used < bytes) {
        size_t room = bytes > CHUNK ? bytes : CHUNK;
        chunk = malloc(sizeof *chunk + room);
        if (!chunk) {
            arena->failed = true;
            return NULL;
        }
        chunk->next = arena->chunks;
        chunk->used = 0;
        chunk->size = room;
        arena->chunks = chunk;
    }
    void *place = chunk->bytes + chunk->used;
    chunk->used += bytes;
    arena->used += bytes;
    return place;
}

void *rec_alloc(rec_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        arena->failed = true;
        return NULL;
    }
    void *place = take(arena, bytes);
    return place ? memset(place, 0, bytes) : NULL;
}

char *rec_copy(rec_arena *arena, const char *text, size_t length)
{
    char *copy = length < SIZE_MAX ? take(arena, length + 1) : NULL;
    if (!copy) return NULL;
    if (length) memcpy(copy, text, length);
    copy[length] = 0;
    return copy;
}

char *rec_text(rec_arena *arena, const char *text)
{
    return text ? rec_copy(arena, text, strlen(text)) : NULL;
}

char *rec_format(rec_arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = length < 0 ? NULL : rec_alloc(arena, (size_t)length + 1, 1);
    if (text) vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}
