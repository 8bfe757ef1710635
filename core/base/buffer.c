#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void csl_buffer_init(csl_buffer *buffer, size_t maximum)
{
    *buffer = (csl_buffer){.maximum = maximum};
}

void csl_buffer_free(csl_buffer *buffer)
{
    free(buffer->bytes);
    csl_buffer_init(buffer, buffer->maximum);
}

void csl_buffer_clear(csl_buffer *buffer)
{
    buffer->length = 0;
    buffer->failed = false;
}

/* Makes room for `length` more bytes and the terminating 0. */
static bool reserve(csl_buffer *buffer, size_t length)
{
    if (buffer->failed || length > buffer->maximum - buffer->length) {
        buffer->failed = true;
        return false;
    }
    size_t need = buffer->length + length;
    if (need < buffer->capacity) return true;
    size_t capacity = buffer->capacity ? buffer->capacity : 256;
    while (capacity <= need && capacity < buffer->maximum)
        capacity = capacity > buffer->maximum / 2 ? buffer->maximum : capacity * 2;
    unsigned char *bytes = realloc(buffer->bytes, capacity + 1);
    if (!bytes) {
        buffer->failed = true;
        return false;
    }
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return true;
}

bool csl_buffer_append(csl_buffer *buffer, const void *bytes, size_t length)
{
    if (!reserve(buffer, length)) return false;
    if (length) memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
    buffer->bytes[buffer->length] = 0;
    return true;
}

unsigned char *csl_buffer_room(csl_buffer *buffer, size_t length)
{
    return reserve(buffer, length) ? buffer->bytes + buffer->length : NULL;
}

bool csl_buffer_text(csl_buffer *buffer, const char *text)
{
    return csl_buffer_append(buffer, text, strlen(text));
}

bool csl_buffer_printf(csl_buffer *buffer, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    bool good = length >= 0 && reserve(buffer, (size_t)length);
    if (good) {
        vsnprintf((char *)buffer->bytes + buffer->length, (size_t)length + 1, format, again);
        buffer->length += (size_t)length;
    }
    va_end(again);
    return good;
}
