#include "base/png.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Section numbers are those of the PNG specification, second edition (ISO/IEC 15948:2004). */

static void put_u32(uint8_t out[4], uint32_t value)
{
    for (int i = 0; i < 4; i++) out[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* A chunk (5.3): length, type, content, CRC-32 of type and content. */
static void append_chunk(csl_buffer *png, const char type[4], const uint8_t *content, uint32_t length)
{
    uint8_t number[4];
    put_u32(number, length);
    csl_buffer_append(png, number, 4);
    csl_buffer_append(png, type, 4);
    if (length) csl_buffer_append(png, content, length);
    uLong crc = crc32(crc32(0, Z_NULL, 0), (const Bytef *)type, 4);
    if (length) crc = crc32(crc, content, length);
    put_u32(number, (uint32_t)crc);
    csl_buffer_append(png, number, 4);
}

/* Rows with filter type 2, "up" (9.2): neighbouring rows of a medical image are alike, and one fixed filter
 * keeps the output deterministic and the code small. The row before the first counts as zeros. */
static void filter_rows(const uint8_t *pixels, size_t width, size_t height, uint8_t *filtered)
{
    for (size_t y = 0; y < height; y++) {
        const uint8_t *row = pixels + y * width;
        *filtered++ = 2;
        for (size_t x = 0; x < width; x++) *filtered++ = (uint8_t)(row[x] - (y ? row[x - width] : 0));
    }
}

csl_status csl_png_grey(const uint8_t *pixels, uint32_t width, uint32_t height, csl_buffer *png,
                        csl_error *error)
{
    if (!width || !height || width > CSL_PNG_MAX_SIDE || height > CSL_PNG_MAX_SIDE)
        return csl_fail(error, CSL_EUSAGE, NULL, "a picture of %u x %u pixels: each side must be 1 to %d",
                        width, height, CSL_PNG_MAX_SIDE);
    csl_status status = CSL_OK;
    size_t length = (size_t)height * (width + 1);
    uLongf packed_length = compressBound((uLong)length);
    uint8_t *filtered = malloc(length), *packed = malloc(packed_length);
    if (!filtered || !packed) {
        status =
            csl_fail(error, CSL_ENOMEM, NULL, "no memory for a picture of %u x %u pixels", width, height);
        goto done;
    }
    filter_rows(pixels, width, height, filtered);
    if (compress2(packed, &packed_length, filtered, (uLong)length, 6) != Z_OK) {
        status = csl_fail(error, CSL_EINTERNAL, NULL, "zlib cannot compress a picture of %u x %u pixels",
                          width, height);
        goto done;
    }
    uint8_t header[13] = {
        [8] = 8 /* bits a sample */}; /* 11.2.2: grey, deflate, adaptive filters, not interlaced are 0 */
    put_u32(header, width);
    put_u32(header + 4, height);
    csl_buffer_append(png, "\x89PNG\r\n\x1a\n", 8);
    append_chunk(png, "IHDR", header, sizeof header);
    append_chunk(png, "IDAT", packed, (uint32_t)packed_length);
    append_chunk(png, "IEND", NULL, 0);
    if (png->failed)
        status = csl_fail(error, CSL_ELIMIT, NULL, "a picture does not fit into %zu bytes", png->maximum);
done:
    free(filtered);
    free(packed);
    return status;
}
