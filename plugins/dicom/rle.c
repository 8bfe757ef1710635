#include "rle.h"

#include <string.h>

enum { HEADER = 64, MAX_SEGMENTS = 15 };

static const char place[] = "(7FE0,0010) PixelData, RLE";

static uint32_t u32le(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* PackBits: fills `count` bytes that lie `stride` apart; false if the segment ends too early. */
static bool unpack(const uint8_t *in, uint64_t length, uint8_t *out, uint64_t count, uint32_t stride)
{
    uint64_t at = 0, written = 0;
    while (written < count) {
        if (at >= length) return false;
        uint8_t control = in[at++];
        if (control == 128) continue;
        uint64_t run = control < 128 ? control + 1u : 257u - control;
        if (run > count - written) run = count - written;
        if (control < 128) {
            if (run > length - at) return false;
            for (uint64_t i = 0; i < run; i++) out[(written + i) * stride] = in[at + i];
            at += control + 1u;
        } else {
            if (at >= length) return false;
            for (uint64_t i = 0; i < run; i++) out[(written + i) * stride] = in[at];
            at++;
        }
        written += run;
    }
    return true;
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
    for (uint32_t i = 0; i < segments; i++) {
        uint64_t start = u32le(fragment + 4 + 4 * i);
        uint64_t end = i + 1 < segments ? u32le(fragment + 8 + 4 * i) : length;
        if (start < HEADER || start > end || end > length)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                                "segment %u of %u lies outside the frame's %llu bytes", i + 1, segments,
                                (unsigned long long)length);
        /* Segments hold the most significant byte of every sample first. */
        uint32_t sample = i / bytes_per_sample, byte = bytes_per_sample - 1 - i % bytes_per_sample;
        if (!unpack(fragment + start, end - start, out + sample * bytes_per_sample + byte, pixels, wanted))
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                                "segment %u of %u ends before its %llu pixels", i + 1, segments,
                                (unsigned long long)pixels);
    }
    return CSL_PLUGIN_OK;
}
