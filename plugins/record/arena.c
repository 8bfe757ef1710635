#include "arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The more is in use, the larger is the next chunk. Few and small ones, which malloc gives back to the kernel
 * and takes again, cost more than what they hold. */
enum { CHUNK_MIN = 16 * 1024, CHUNK_MAX = 1024 * 1024 };

struct rec_chunk {
    struct rec_chunk *next;
    size_t size;
    _Alignas(REC_ALIGNMENT) unsigned char bytes[];
};

void rec_arena_init(rec_arena *arena, size_t maximum)
{
    *arena = (rec_arena){.maximum = maximum};
}

/* Frees this chunk and those before it. */
static void drop(struct rec_chunk *chunk)
{
    while (chunk) {
        struct rec_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
}

void rec_arena_free(rec_arena *arena)
{
    drop(arena->chunks);
    *arena = (rec_arena){.maximum = arena->maximum, .failed = arena->failed};
}

void rec_arena_reset(rec_arena *arena)
{
    struct rec_chunk *newest = arena->chunks;
    if (!newest || newest->size > CHUNK_MAX) {
        rec_arena_free(arena);
        return;
    }
    drop(newest->next);
    newest->next = NULL;
    arena->end = newest->bytes + newest->size;
    arena->at = arena->failed ? arena->end : newest->bytes;
    arena->used = 0;
}

void *rec_take_chunk(rec_arena *arena, size_t whole)
{
    struct rec_chunk *chunk = NULL;
    size_t room = arena->used < CHUNK_MAX / 2 ? 2 * arena->used : CHUNK_MAX;
    if (room < CHUNK_MIN) room = CHUNK_MIN;
    if (room < whole) room = whole;
    if (!arena->failed && whole < SIZE_MAX / 2 && whole <= arena->maximum - arena->used)
        chunk = malloc(sizeof *chunk + room);
    if (!chunk) {
        arena->failed = true;
        arena->at = arena->end; /* so that nothing comes through any more */
        return NULL;
    }
    *chunk = (struct rec_chunk){.next = arena->chunks, .size = room};
    arena->chunks = chunk;
    arena->at = chunk->bytes + whole;
    arena->end = chunk->bytes + room;
    arena->used += whole;
    return chunk->bytes;
}

void *rec_alloc(rec_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        arena->failed = true;
        return NULL;
    }
    void *place = rec_take(arena, bytes);
    return place ? memset(place, 0, bytes) : NULL;
}

char *rec_copy(rec_arena *arena, const char *text, size_t length)
{
    char *copy = length < SIZE_MAX ? rec_take(arena, length + 1) : NULL;
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
