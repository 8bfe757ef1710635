#include "pixel/codestream.h"

#include <string.h>

enum { SOI = 0xD8, EOI = 0xD9, SOS = 0xDA, TEM = 0x01, APP0 = 0xE0, APP14 = 0xEE, SOF55 = 0xF7 };

static bool is_frame_header(uint8_t marker)
{
    return (marker >= 0xC0 && marker <= 0xC3) || marker == SOF55;
}

static uint32_t u16be(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

bool csl_codestream_frame(const uint8_t *stream, uint64_t length, csl_codestream *frame)
{
    uint64_t at = 0;
    memset(frame, 0, sizeof *frame);
    /* A codestream has some tens of segments before its frame header; a longer chain is no picture. */
    for (int segment = 0; segment < 1024; segment++) {
        if (at > length || length - at < 2 || stream[at] != 0xFF) return false;
        uint8_t marker = stream[at + 1];
        if (marker == 0xFF) { /* fill byte */
            at++;
            continue;
        }
        if (marker == SOI || marker == TEM || (marker >= 0xD0 && marker <= 0xD7)) {
            at += 2;
            continue;
        }
        if (marker == EOI || marker == SOS || length - at < 4) return false;
        uint64_t size = u16be(stream + at + 2), left = length - at - 2;
        const uint8_t *body = stream + at + 4;
        if (size < 2 || size > left) return false;
        if (is_frame_header(marker)) {
            if (size < 8) return false;
            frame->marker = marker;
            frame->precision = body[0];
            frame->rows = u16be(body + 1);
            frame->columns = u16be(body + 3);
            frame->components = body[5];
            frame->names_rgb =
                size >= 17 && body[5] == 3 && body[6] == 'R' && body[9] == 'G' && body[12] == 'B';
            return true;
        }
        if (marker == APP0 && size >= 7 && memcmp(body, "JFIF", 5) == 0) frame->has_jfif = true;
        if (marker == APP14 && size >= 14 && memcmp(body, "Adobe", 5) == 0) {
            frame->has_adobe = true;
            frame->adobe_transform = body[11];
        }
        at += 2 + size;
    }
    return false;
}

bool csl_codestream_misstates_scan(const uint8_t *stream, uint64_t length)
{
    for (uint64_t at = 2; at + 4 <= length && stream[at] == 0xFF; at += 2 + u16be(stream + at + 2)) {
        uint8_t marker = stream[at + 1];
        uint64_t end = at + 2 + u16be(stream + at + 2);
        if (marker == 0xC2) return false;
        if (marker != SOS || end > length || end < at + 7) continue;
        return stream[end - 3] != 0 || stream[end - 2] != 63 || stream[end - 1] != 0;
    }
    return false;
}

csl_photometric csl_codestream_photometric(const csl_codestream *frame, csl_photometric stated)
{
    if (frame->components != 3) return stated;
    bool is_ybr = stated != CSL_PHOTOMETRIC_RGB;
    /* Adobe's marker with transform 0 stands before lossless YBR too, where nothing was transformed. */
    if (frame->marker == 0xC3 || frame->marker == SOF55) return stated;
    if (frame->has_adobe)
        is_ybr = frame->adobe_transform != 0;
    else if (frame->has_jfif)
        is_ybr = true;
    else if (frame->names_rgb)
        is_ybr = false;
    if (!is_ybr) return CSL_PHOTOMETRIC_RGB;
    return stated == CSL_PHOTOMETRIC_RGB ? CSL_PHOTOMETRIC_YBR_FULL : stated;
}

int32_t csl_codestream_check(const char *place, const csl_dcm_pixels *pixels, uint32_t rows, uint32_t columns,
                             uint32_t components, uint32_t precision, csl_dcm_error *error)
{
    if (rows != pixels->rows || columns != pixels->columns || components != pixels->samples)
        return csl_dcm_fail(
            error, CSL_PLUGIN_BAD_INPUT, place,
            "the codestream holds %u x %u pixels of %u samples, the data set says %u x %u of %u", rows,
            columns, components, pixels->rows, pixels->columns, pixels->samples);
    if (precision < 1 || precision > pixels->bits_allocated)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                            "the codestream has samples of %u bits, BitsAllocated is %u", precision,
                            pixels->bits_allocated);
    return CSL_PLUGIN_OK;
}
