#include "arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 16, CHUNK = 64 * 1024 };

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

void *rec_alloc(rec_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - ALIGNMENT) {
        arena->failed = true;
        return NULL;
    }
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct rec_chunk *chunk = arena->chunks;
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
        *chunk = (struct rec_chunk){.next = arena->chunks, .size = room};
        arena->chunks = chunk;
    }
    void *place = chunk->bytes + chunk->used;
    chunk->used += bytes;
    arena->used += bytes;
    return memset(place, 0, bytes);
}

char *rec_copy(rec_arena *arena, const char *text, size_t length)
{
    char *copy = length < SIZE_MAX ? rec_alloc(arena, length + 1, 1) : NULL;
    if (copy && length) memcpy(copy, text, length);
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
