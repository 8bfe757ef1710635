/* Memory that is dropped as a whole: one arena for a record, one for each document while it is read.
 * An allocation past the maximum, or without memory, gives NULL and sets `failed`, which stays set: a run of
 * allocations needs one check at its end, provided nobody follows a NULL on the way. */
#ifndef RECORD_ARENA_H
#define RECORD_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rec_arena {
    struct rec_chunk *chunks;
    unsigned char *at, *end; /* what is free of the newest chunk */
    size_t used, maximum;    /* bytes */
    bool failed;
} rec_arena;

void rec_arena_init(rec_arena *arena, size_t maximum);
void rec_arena_free(rec_arena *arena);
/* Empties it, and keeps the memory of one chunk, at most a MiB, for what comes next. */
void rec_arena_reset(rec_arena *arena);
/* Zeroed and aligned for any type but long double. */
void *rec_alloc(rec_arena *arena, size_t count, size_t size);
/* The same without the zeros, in whole steps of the alignment; of a new chunk where the newest has no room.
 */
enum { REC_ALIGNMENT = 8 };
void *rec_take_chunk(rec_arena *arena, size_t whole);
static inline void *rec_take(rec_arena *arena, size_t bytes)
{
    size_t whole =
        bytes < SIZE_MAX / 2 ? (bytes + !bytes + REC_ALIGNMENT - 1) & -(size_t)REC_ALIGNMENT : bytes;
    if (whole > (size_t)(arena->end - arena->at) || whole > arena->maximum - arena->used)
        return rec_take_chunk(arena, whole);
    void *place = arena->at;
    arena->at += whole;
    arena->used += whole;
    return place;
}
/* A terminated copy of `length` bytes. */
char *rec_copy(rec_arena *arena, const char *text, size_t length);
char *rec_text(rec_arena *arena, const char *text); /* NULL in, NULL out */
char *rec_format(rec_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#ifdef __cplusplus
}
#endif

#endif
