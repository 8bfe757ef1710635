#include "pixel/rle.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER = 64, MAX_SEGMENTS = 15 };

static const char place[] = "(7FE0,0010) PixelData, RLE";

static uint32_t u32le(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* PackBits: `count` bytes; false if the segment ends too early. */
static bool unpack(const uint8_t *in, uint64_t length, uint8_t *out, uint64_t count)
{
    uint64_t at = 0, written = 0;
    while (written < count) {
        if (at >= length) return false;
        uint8_t control = in[at++];
        if (control == 128) continue;
        uint64_t run = control < 128 ? control + 1u : 257u - control, left = count - written;
        if (at >= length || (control < 128 && (run < left ? run : left) > length - at)) return false;
        if (control < 128)
            memcpy(out + written, in + at, run < left ? run : left);
        else
            memset(out + written, in[at], run < left ? run : left);
        at += control < 128 ? run : 1;
        written += run;
    }
    return true;
}

/* Bytes that lie one after another to where they belong, `stride` apart; constant strides make fast loops. */
static void spread(const uint8_t *restrict from, uint8_t *restrict to, uint64_t count, uint32_t stride)
{
    switch (stride) {
    case 2:
        for (uint64_t i = 0; i < count; i++) to[2 * i] = from[i];
        break;
    case 3:
        for (uint64_t i = 0; i < count; i++) to[3 * i] = from[i];
        break;
    default:
        for (uint64_t i = 0; i < count; i++) to[i * stride] = from[i];
    }
}

/* Segments of one frame of one byte a sample are its bytes; of words, both of whose bytes are there, its
 * words. */
static void join_words(const uint8_t *restrict high, const uint8_t *restrict low, uint8_t *restrict to,
                       uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        to[2 * i] = low[i];
        to[2 * i + 1] = high[i];
    }
}

int32_t csl_rle_decode(const uint8_t *fragment, uint64_t length, uint64_t pixels, uint32_t samples,
                       uint32_t bytes_per_sample, uint8_t *out, csl_dcm_error *error)
{
    uint32_t wanted = samples * bytes_per_sample;
    if (length < HEADER)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                            "a frame of %llu bytes lacks the 64-byte header", (unsigned long long)length);
    uint32_t segments = u32le(fragment);
    if (segments != wanted || segments > MAX_SEGMENTS)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "%u segments where the image needs %u",
                            segments, wanted);
    /* Two segments at most are in between: the bytes of a grey word, or one. */
    uint8_t *bytes = wanted == 1 ? out : malloc(2 * pixels);
    if (!bytes) return csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, place, "out of memory");
    int32_t status = CSL_PLUGIN_OK;
    for (uint32_t i = 0; i < segments && status == CSL_PLUGIN_OK; i++) {
        uint64_t start = u32le(fragment + 4 + 4 * i);
        uint64_t end = i + 1 < segments ? u32le(fragment + 8 + 4 * i) : length;
        uint8_t *to = wanted == 2 ? bytes + i * pixels : bytes;
        if (start < HEADER || start > end || end > length)
            status = csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                                  "segment %u of %u lies outside the frame's %llu bytes", i + 1, segments,
                                  (unsigned long long)length);
        else if (!unpack(fragment + start, end - start, to, pixels))
            status = csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                                  "segment %u of %u ends before its %llu pixels", i + 1, segments,
                                  (unsigned long long)pixels);
        if (status != CSL_PLUGIN_OK || wanted <= 2) continue;
        /* Segments hold the most significant byte of every sample first. */
        uint32_t sample = i / bytes_per_sample, byte = bytes_per_sample - 1 - i % bytes_per_sample;
        spread(bytes, out + sample * bytes_per_sample + byte, pixels, wanted);
    }
    if (status == CSL_PLUGIN_OK && wanted == 2) join_words(bytes, bytes + pixels, out, pixels);
    if (bytes != out) free(bytes);
    return status;
}
