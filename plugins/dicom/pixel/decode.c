#include "pixel/decode.h"

#include "file/deflate.h"
#include "file/vector.h"
#include "pixel/jpeg.h"
#include "pixel/jpeg2000.h"
#include "pixel/jpeg_lossless.h"
#include "pixel/jpeg_ls.h"
#include "pixel/rle.h"

#include <stdlib.h>
#include <string.h>

static const char place[] = "(7FE0,0010) PixelData";

static uint64_t pixel_count(const csl_dcm_pixels *pixels)
{
    return (uint64_t)pixels->rows * pixels->columns;
}

static int32_t allocate(csl_dcm_frame *frame, uint64_t length, csl_dcm_error *error)
{
    frame->length = length;
    frame->samples = frame->owned = malloc(length);
    return frame->owned ? CSL_PLUGIN_OK
                        : csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, place,
                                       "out of memory for a frame of %llu bytes", (unsigned long long)length);
}

int32_t csl_frame_allocate(csl_dcm_frame *frame, const csl_dcm_pixels *pixels, uint32_t channels,
                           uint32_t precision, csl_dcm_error *error)
{
    frame->bytes_per_sample = precision <= 8 ? 1 : precision <= 16 ? 2 : 4;
    frame->channels = channels;
    frame->photometric = pixels->photometric;
    frame->is_signed = pixels->is_signed;
    /* Codestreams of as many bits as are stored hold the value alone, others the whole allocated word. */
    frame->shift = precision > pixels->high_bit ? pixels->high_bit + 1 - pixels->bits_stored : 0;
    frame->bits = precision < pixels->bits_stored ? precision : pixels->bits_stored;
    return allocate(frame, pixel_count(pixels) * channels * frame->bytes_per_sample, error);
}

CSL_VECTOR void csl_frame_store(csl_dcm_frame *frame, const uint16_t *line, uint32_t row, uint32_t columns,
                                uint32_t channel, uint32_t transform)
{
    size_t step = frame->channels, first = (size_t)row * columns * step + channel;
    uint8_t *restrict bytes = frame->owned + first;
    uint16_t *restrict words = (uint16_t *)(void *)frame->owned + first; /* which malloc aligned */
    if (frame->bytes_per_sample == 1 && step == 1) {
        for (uint32_t x = 0; x < columns; x++) bytes[x] = (uint8_t)(line[x] << transform);
    } else if (frame->bytes_per_sample == 1) {
        for (uint32_t x = 0; x < columns; x++) bytes[x * step] = (uint8_t)(line[x] << transform);
    } else if (step == 1) {
        for (uint32_t x = 0; x < columns; x++) words[x] = (uint16_t)(line[x] << transform);
    } else {
        for (uint32_t x = 0; x < columns; x++) words[x * step] = (uint16_t)(line[x] << transform);
    }
}

/* Pixels of one bit, the first in the lowest (PS3.5 8.1.1), each to a byte. */
static void unpack_bits(const uint8_t *packed, uint64_t first, uint64_t count, uint8_t *to)
{
    for (uint64_t i = 0; i < count; i++) to[i] = (packed[(first + i) / 8] >> ((first + i) % 8)) & 1;
}

/* Likewise two pixels of 12 bits in three bytes, each to a word. */
static void unpack_twelve(const uint8_t *packed, uint64_t first, uint64_t count, uint8_t *to)
{
    for (uint64_t i = 0; i < count; i++) {
        const uint8_t *at = packed + (first + i) / 2 * 3;
        const uint16_t value =
            (uint16_t)((first + i) % 2 ? at[1] >> 4 | at[2] << 4 : at[0] | (at[1] & 15) << 8);
        memcpy(to + 2 * i, &value, sizeof value);
    }
}

static bool is_subsampled(csl_photometric photometric)
{
    return photometric == CSL_PHOTOMETRIC_YBR_FULL_422 || photometric == CSL_PHOTOMETRIC_YBR_PARTIAL_422 ||
           photometric == CSL_PHOTOMETRIC_YBR_PARTIAL_420;
}

/* How uncompressed samples lie; the bits that a frame takes. */
static uint64_t lay_out(const csl_dcm_pixels *pixels, uint64_t bits_there, csl_dcm_frame *frame)
{
    uint64_t count = pixel_count(pixels);
    frame->bytes_per_sample = (pixels->bits_allocated + 7) / 8;
    frame->channels = pixels->samples;
    frame->planar = pixels->planar;
    frame->photometric = pixels->photometric;
    frame->is_signed = pixels->is_signed;
    frame->is_float = pixels->is_float;
    frame->bits = pixels->bits_stored;
    frame->shift = pixels->high_bit + 1 - pixels->bits_stored;
    if (!is_subsampled(pixels->photometric)) return count * pixels->samples * pixels->bits_allocated;
    /* Some say 4:2:2 of what has all its samples. */
    if (bits_there / pixels->frames >= count * 3 * pixels->bits_allocated)
        return count * 3 * pixels->bits_allocated;
    frame->subsampled = true;
    return count * 2 * pixels->bits_allocated;
}

/* Words of a known width, so that the compiler can turn many at once. */
static void swap_bytes(uint8_t *bytes, uint64_t length, uint32_t word)
{
    uint64_t count = length / word;
    if (word == 2) {
        uint16_t *words = (uint16_t *)(void *)bytes; /* of the frame, which malloc aligned */
        for (uint64_t i = 0; i < count; i++) words[i] = __builtin_bswap16(words[i]);
    } else if (word == 4) {
        uint32_t *words = (uint32_t *)(void *)bytes;
        for (uint64_t i = 0; i < count; i++) words[i] = __builtin_bswap32(words[i]);
    } else {
        uint64_t *words = (uint64_t *)(void *)bytes;
        for (uint64_t i = 0; i < count; i++) words[i] = __builtin_bswap64(words[i]);
    }
}

int32_t csl_decode_native(const csl_pixel_data *pixel_data, const csl_dcm_pixels *pixels, uint32_t index,
                          csl_dcm_frame *frame, csl_dcm_error *error)
{
    uint64_t bits = lay_out(pixels, pixel_data->length * 8, frame), needed = (bits * pixels->frames + 7) / 8;
    if (frame->subsampled && pixels->photometric == CSL_PHOTOMETRIC_YBR_PARTIAL_420)
        return csl_dcm_fail(
            error, CSL_PLUGIN_BAD_INPUT, "(0028,0004) PhotometricInterpretation",
            "YBR_PARTIAL_420 is what video decodes to; PS3.3 C.7.6.3.1.2 gives its samples no "
            "order of storage, so that uncompressed ones should be YBR_FULL_422, YBR_FULL or RGB");
    if (frame->subsampled && (pixels->columns & 1 || frame->planar))
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(0028,0004) PhotometricInterpretation",
                            "subsampled colour needs an even number of columns, by pixel, two across");
    if (needed > pixel_data->length)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                            "%llu bytes where %u frames of %llu are needed; is the file whole?",
                            (unsigned long long)pixel_data->length, pixels->frames,
                            (unsigned long long)((bits + 7) / 8));
    if (pixels->bits_allocated == 1 || pixels->bits_allocated == 12) {
        if (pixels->bits_allocated == 12 && pixel_data->big_endian)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(0028,0100) BitsAllocated",
                                "pixels of 12 bits are read as little endian alone");
        uint64_t count = pixel_count(pixels);
        int32_t status = allocate(frame, count * frame->bytes_per_sample, error);
        if (status == CSL_PLUGIN_OK)
            (pixels->bits_allocated == 1 ? unpack_bits : unpack_twelve)(pixel_data->bytes, index * count,
                                                                        count, frame->owned);
        return status;
    }
    uint64_t length = bits / 8;
    frame->length = length;
    frame->samples = pixel_data->bytes + index * length;
    uint32_t word = pixels->bits_allocated > 8 ? pixels->bits_allocated / 8 : pixel_data->is_bytes ? 1 : 2;
    if (!pixel_data->big_endian || word == 1) return CSL_PLUGIN_OK;
    /* Bytes in words of two: an odd frame begins in the middle of one. */
    uint64_t skip = word == 2 ? index * length % 2 : 0, whole = (skip + length + word - 1) / word * word;
    const uint8_t *from = frame->samples - skip;
    if (whole > pixel_data->length - (uint64_t)(from - pixel_data->bytes)) whole = skip + length;
    int32_t status = allocate(frame, whole, error);
    if (status != CSL_PLUGIN_OK) return status;
    memcpy(frame->owned, from, whole);
    swap_bytes(frame->owned, whole, word);
    frame->samples += skip;
    frame->length = length;
    return CSL_PLUGIN_OK;
}

/* Frames by themselves, compressed as bytes or not at all. */
static int32_t decode_bytes(csl_codec codec, const uint8_t *stream, uint64_t length,
                            const csl_dcm_pixels *pixels, csl_dcm_frame *frame, csl_dcm_error *error)
{
    csl_dcm_pixels one = *pixels;
    one.frames = 1;
    if (codec == CSL_CODEC_NATIVE) {
        csl_pixel_data in_place = {.bytes = stream, .length = length, .is_bytes = true};
        return csl_decode_native(&in_place, &one, 0, frame, error);
    }
    if (one.bits_allocated == 12) one.bits_allocated = 16; /* these codecs work on bytes */
    uint64_t bits = lay_out(&one, codec == CSL_CODEC_RLE ? UINT64_MAX : 0, frame), bytes = (bits + 7) / 8;
    /* Two bytes of RLE are 128 at most (PS3.5 G.3.1), one of deflate 1032: a size that cannot come of the
     * stream gets no memory. */
    if (bytes / (codec == CSL_CODEC_RLE ? 64 : 1032) > length)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                            "a frame of %llu bytes cannot come of %llu; are Rows and Columns right?",
                            (unsigned long long)bytes, (unsigned long long)length);
    int32_t status = allocate(frame, bytes, error);
    if (status != CSL_PLUGIN_OK) return status;
    if (codec == CSL_CODEC_RLE) {
        status = csl_rle_decode(stream, length, pixels->bits_allocated == 1 ? bytes : pixel_count(pixels),
                                pixels->samples, frame->bytes_per_sample, frame->owned, error);
        frame->planar = false;
    } else if (!csl_inflate_exactly(stream, length, frame->owned, bytes)) {
        status = csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                              "a deflated frame does not give the %llu bytes that it should have",
                              (unsigned long long)bytes);
    }
    if (status != CSL_PLUGIN_OK || pixels->bits_allocated != 1) return status;
    uint8_t *packed = frame->owned;
    status = allocate(frame, pixel_count(pixels), error);
    if (status == CSL_PLUGIN_OK) unpack_bits(packed, 0, pixel_count(pixels), frame->owned);
    free(packed);
    return status;
}

int32_t csl_decode(csl_codec codec, const uint8_t *stream, uint64_t length, const csl_dcm_pixels *pixels,
                   csl_dcm_frame *frame, csl_dcm_error *error)
{
    switch (codec) {
    case CSL_CODEC_JPEG: return csl_jpeg_decode(stream, length, pixels, frame, error);
    case CSL_CODEC_JPEG_LOSSLESS: return csl_jpeg_lossless_decode(stream, length, pixels, frame, error);
    case CSL_CODEC_JPEG_LS: return csl_jpeg_ls_decode(stream, length, pixels, frame, error);
    case CSL_CODEC_JPEG2000: return csl_jpeg2000_decode(stream, length, pixels, frame, error);
    default: return decode_bytes(codec, stream, length, pixels, frame, error);
    }
}
