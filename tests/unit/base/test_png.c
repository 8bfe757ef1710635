/* The writer is checked by decoding what it wrote with zlib alone, chunk by chunk as the specification lays
 * them out. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/png.h"

static uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Checks the chunk at *at, its CRC included, and moves on; returns its content. */
static const uint8_t *take_chunk(const csl_buffer *png, size_t *at, const char *type, uint32_t *length)
{
    cr_assert_geq(png->length - *at, 12);
    const uint8_t *chunk = png->bytes + *at;
    *length = get_u32(chunk);
    cr_assert_geq(png->length - *at - 12, *length);
    cr_assert_arr_eq(chunk + 4, type, 4, "%s", type);
    cr_assert_eq(get_u32(chunk + 8 + *length), crc32(0, chunk + 4, *length + 4), "CRC of %s", type);
    *at += *length + 12;
    return chunk + 8;
}

/* Decodes into [height][width]; understands what the writer uses, and fails on anything else. */
static void decode(const csl_buffer *png, uint32_t width, uint32_t height, uint8_t *pixels)
{
    cr_assert_arr_eq(png->bytes, "\x89PNG\r\n\x1a\n", 8);
    size_t at = 8;
    uint32_t length;
    const uint8_t *header = take_chunk(png, &at, "IHDR", &length);
    cr_assert_eq(length, 13);
    cr_assert_eq(get_u32(header), width);
    cr_assert_eq(get_u32(header + 4), height);
    cr_assert_arr_eq(header + 8, "\x08\0\0\0\0", 5, "8 bits, grey, deflate, adaptive, no interlace");
    const uint8_t *packed = take_chunk(png, &at, "IDAT", &length);
    uLongf size = (uLongf)height * (width + 1);
    uint8_t *rows = malloc(size);
    cr_assert_eq(uncompress(rows, &size, packed, length), Z_OK);
    cr_assert_eq(size, (uLongf)height * (width + 1));
    for (uint32_t y = 0; y < height; y++) {
        cr_assert_eq(rows[y * (width + 1)], 2, "filter of row %u", y);
        for (uint32_t x = 0; x < width; x++)
            pixels[y * width + x] =
                (uint8_t)(rows[y * (width + 1) + 1 + x] + (y ? pixels[(y - 1) * width + x] : 0));
    }
    free(rows);
    take_chunk(png, &at, "IEND", &length);
    cr_assert_eq(length, 0);
    cr_assert_eq(at, png->length);
}

Test(png, decodes_to_the_same_pixels)
{
    static const uint32_t sizes[][2] = {{1, 1}, {7, 3}, {1, 300}, {512, 512}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint32_t width = sizes[i][0], height = sizes[i][1];
        uint8_t *pixels = malloc((size_t)width * height), *again = malloc((size_t)width * height);
        for (uint32_t p = 0; p < width * height; p++) pixels[p] = (uint8_t)(p * 2654435761u >> 24);
        csl_buffer png, second;
        csl_buffer_init(&png, 1 << 20);
        csl_buffer_init(&second, 1 << 20);
        cr_assert_eq(csl_png_grey(pixels, width, height, &png, NULL), CSL_OK);
        decode(&png, width, height, again);
        cr_assert_arr_eq(pixels, again, (size_t)width * height);
        cr_assert_eq(csl_png_grey(pixels, width, height, &second, NULL), CSL_OK);
        cr_assert(second.length == png.length && !memcmp(second.bytes, png.bytes, png.length),
                  "same pixels, same bytes");
        csl_buffer_free(&png);
        csl_buffer_free(&second);
        free(pixels);
        free(again);
    }
}

Test(png, refuses_what_it_cannot_write)
{
    static const uint8_t pixel[4] = {0};
    csl_error error = {0};
    csl_buffer png;
    csl_buffer_init(&png, 60); /* the smallest file has 8 + 25 + 12 + 12 bytes and its compressed rows */
    cr_assert_eq(csl_png_grey(pixel, 0, 1, &png, &error), CSL_EUSAGE);
    cr_assert_str_eq(error.message, "a picture of 0 x 1 pixels: each side must be 1 to 4096");
    cr_assert_eq(csl_png_grey(pixel, 1, 4097, &png, NULL), CSL_EUSAGE);
    cr_assert_eq(csl_png_grey(pixel, 2, 2, &png, &error), CSL_ELIMIT);
    csl_buffer_free(&png);
}
