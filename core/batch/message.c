#include "batch/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch/text.h"

void put_u32(csl_buffer *out, uint32_t value)
{
    unsigned char bytes[4];
    for (int i = 0; i < 4; i++) bytes[i] = (unsigned char)(value >> (8 * i));
    csl_buffer_append(out, bytes, sizeof bytes);
}

void put_u64(csl_buffer *out, uint64_t value)
{
    put_u32(out, (uint32_t)value);
    put_u32(out, (uint32_t)(value >> 32));
}

void put_text(csl_buffer *out, const char *text, size_t length)
{
    if (length > UINT32_MAX) {
        out->failed = true;
        return;
    }
    put_u32(out, (uint32_t)length);
    csl_buffer_append(out, text, length);
}

void put_error(csl_buffer *out, const csl_error *error)
{
    put_u32(out, (uint32_t)error->code);
    put_text(out, error->place, strlen(error->place));
    put_text(out, error->message, strlen(error->message));
}

uint32_t get_u32(reading *r)
{
    if (r->failed || r->left < 4) {
        r->failed = true;
        return 0;
    }
    uint32_t value =
        (uint32_t)r->at[0] | (uint32_t)r->at[1] << 8 | (uint32_t)r->at[2] << 16 | (uint32_t)r->at[3] << 24;
    r->at += 4;
    r->left -= 4;
    return value;
}

uint64_t get_u64(reading *r)
{
    uint64_t low = get_u32(r);
    return low | (uint64_t)get_u32(r) << 32;
}

char *get_text(reading *r, size_t maximum)
{
    size_t length = get_u32(r);
    if (r->failed || length > maximum || length > r->left || memchr(r->at, 0, length)) {
        r->failed = true;
        return NULL;
    }
    char *text = malloc(length + 1);
    if (!text) {
        r->failed = true;
        return NULL;
    }
    memcpy(text, r->at, length);
    text[length] = 0;
    r->at += length;
    r->left -= length;
    return text;
}

void get_error(reading *r, csl_error *error)
{
    uint32_t code = get_u32(r);
    char *place = get_text(r, sizeof error->place - 1), *message = get_text(r, sizeof error->message - 1);
    error->code = code > CSL_OK && code <= CSL_EINTERNAL ? (csl_status)code : CSL_EINTERNAL;
    snprintf(error->place, sizeof error->place, "%s", place ? place : "");
    snprintf(error->message, sizeof error->message, "%s",
             message ? message : "it failed and did not say why");
    text_clean(error->place);
    text_clean(error->message);
    free(place);
    free(message);
}
