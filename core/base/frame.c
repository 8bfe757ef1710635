#include "base/frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"

static const unsigned char magic[4] = {'C', 'S', 'L', 'F'};

static void put32(unsigned char *to, uint32_t value)
{
    for (int i = 0; i < 4; i++) to[i] = (unsigned char)(value >> (8 * i));
}

static uint32_t get32(const unsigned char *from)
{
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

csl_status csl_frame_write(int descriptor, uint32_t kind, const void *bytes, size_t length, csl_error *error)
{
    if (length > UINT32_MAX) return csl_fail(error, CSL_ELIMIT, NULL, "message of %zu bytes", length);
    unsigned char header[CSL_FRAME_HEADER];
    memcpy(header, magic, sizeof magic);
    put32(header + 4, kind);
    put32(header + 8, (uint32_t)length);
    csl_status status = csl_write_all(descriptor, header, sizeof header, error);
    return status == CSL_OK ? csl_write_all(descriptor, bytes, length, error) : status;
}

csl_status csl_frame_read(int descriptor, uint32_t *kind, csl_buffer *payload, csl_error *error)
{
    unsigned char header[CSL_FRAME_HEADER];
    csl_status status = csl_read_all(descriptor, header, sizeof header, error);
    if (status != CSL_OK) return status;
    if (memcmp(header, magic, sizeof magic))
        return csl_fail(error, CSL_EFORMAT, NULL, "not a message of ours");
    *kind = get32(header + 4);
    size_t length = get32(header + 8);
    csl_buffer_clear(payload);
    if (length > payload->maximum)
        return csl_fail(error, CSL_ELIMIT, NULL, "message of %zu bytes, at most %zu are taken", length,
                        payload->maximum);
    /* The buffer grows with what arrives, not with what the header claims. */
    unsigned char piece[65536];
    while (payload->length < length) {
        size_t want = length - payload->length < sizeof piece ? length - payload->length : sizeof piece;
        status = csl_read_all(descriptor, piece, want, error);
        if (status != CSL_OK)
            return csl_fail(error, CSL_EFORMAT, NULL, "message cut short at %zu of %zu bytes",
                            payload->length, length);
        if (!csl_buffer_append(payload, piece, want))
            return csl_fail(error, CSL_ENOMEM, NULL, "no memory for a message");
    }
    return CSL_OK;
}
