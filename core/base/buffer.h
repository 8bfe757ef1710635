/* A growing byte buffer with a hard maximum. The owner calls csl_buffer_free.
 * A failed append leaves the buffer as it was and sticks: `failed` stays set, later appends fail too, so that
 * a run of appends needs one check at its end. */
#ifndef CSL_BASE_BUFFER_H
#define CSL_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct csl_buffer {
    unsigned char *bytes; /* always followed by a 0 that length does not count, once anything was appended */
    size_t length, capacity, maximum;
    bool failed;
} csl_buffer;

void csl_buffer_init(csl_buffer *buffer, size_t maximum);
void csl_buffer_free(csl_buffer *buffer);
void csl_buffer_clear(csl_buffer *buffer); /* length 0, failed false, memory kept */
bool csl_buffer_append(csl_buffer *buffer, const void *bytes, size_t length);
/* Makes room for `length` bytes behind what is there, and returns where they go; the caller then adds what it
 * wrote to `length`. NULL as a failed append. */
unsigned char *csl_buffer_room(csl_buffer *buffer, size_t length);
bool csl_buffer_text(csl_buffer *buffer, const char *text);
bool csl_buffer_printf(csl_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
