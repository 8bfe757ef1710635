#include "pixel/codestream.h"

#include "pixel/markers.h"

#include <string.h>

static bool is_frame_header(uint8_t marker)
{
    return (marker >= CSL_SOF0 && marker <= CSL_SOF3) || marker == CSL_SOF55;
}

bool csl_codestream_frame(const uint8_t *stream, uint64_t length, csl_codestream *frame)
{
    csl_markers markers = {stream, length, 0};
    csl_segment s;
    memset(frame, 0, sizeof *frame);
    /* A codestream has some tens of segments before its frame header; a longer chain is no picture. */
    for (int count = 0; count < 1024 && csl_next_segment(&markers, &s) && s.marker != CSL_SOS; count++) {
        if (is_frame_header(s.marker)) {
            if (s.size < 6) return false;
            frame->marker = s.marker;
            frame->precision = s.body[0];
            frame->rows = csl_u16be(s.body + 1);
            frame->columns = csl_u16be(s.body + 3);
            frame->components = s.body[5];
            frame->names_rgb =
                s.size >= 15 && s.body[5] == 3 && s.body[6] == 'R' && s.body[9] == 'G' && s.body[12] == 'B';
            for (uint64_t i = 1; i < s.body[5] && 6 + 3 * i + 3 <= s.size; i++)
                frame->is_subsampled |= s.body[7 + 3 * i] != s.body[7];
            return true;
        }
        if (s.marker == CSL_APP0 && s.size >= 5 && memcmp(s.body, "JFIF", 5) == 0) frame->has_jfif = true;
        if (s.marker == CSL_APP14 && s.size >= 12 && memcmp(s.body, "Adobe", 5) == 0) {
            frame->has_adobe = true;
            frame->adobe_transform = s.body[11];
        }
    }
    return false;
}

csl_photometric csl_codestream_photometric(const csl_codestream *frame, csl_photometric stated)
{
    if (frame->components != 3) return stated;
    bool is_ybr = stated != CSL_PHOTOMETRIC_RGB;
    /* Adobe's marker with transform 0 stands before lossless YBR too, where nothing was transformed. */
    if (frame->marker == CSL_SOF3 || frame->marker == CSL_SOF55) return stated;
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

csl_codec csl_codec_of(const uint8_t *stream, uint64_t length)
{
    static const uint8_t soc[4] = {0xFF, 0x4F, 0xFF, 0x51}, jp2[8] = {0, 0, 0, 12, 'j', 'P', ' ', ' '};
    if (length >= sizeof soc && memcmp(stream, soc, sizeof soc) == 0) return CSL_CODEC_JPEG2000;
    if (length >= sizeof jp2 && memcmp(stream, jp2, sizeof jp2) == 0) return CSL_CODEC_JPEG2000;
    csl_codestream frame;
    if (length < 2 || stream[0] != 0xFF || stream[1] != 0xD8) return CSL_CODEC_NONE;
    if (!csl_codestream_frame(stream, length, &frame)) return CSL_CODEC_NONE;
    return frame.marker == CSL_SOF55  ? CSL_CODEC_JPEG_LS
           : frame.marker == CSL_SOF3 ? CSL_CODEC_JPEG_LOSSLESS
                                      : CSL_CODEC_JPEG;
}

const char *csl_codec_name(csl_codec codec)
{
    static const char *const names[] = {
        [CSL_CODEC_NONE] = "unknown",     [CSL_CODEC_NATIVE] = "not compressed",
        [CSL_CODEC_DEFLATE] = "deflated", [CSL_CODEC_RLE] = "RLE",
        [CSL_CODEC_JPEG] = "lossy JPEG",  [CSL_CODEC_JPEG_LOSSLESS] = "lossless JPEG",
        [CSL_CODEC_JPEG_LS] = "JPEG-LS",  [CSL_CODEC_JPEG2000] = "JPEG 2000",
    };
    return names[codec];
}
