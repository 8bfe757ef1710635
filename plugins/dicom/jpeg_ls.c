#include "jpeg_ls.h"

#include "codestream.h"
#include "decode.h"

#include <charls/charls.h>
#include <stdlib.h>
#include <string.h>

static const char place[] = "(7FE0,0010) PixelData, JPEG-LS";

/* Where a stream ends within its bits CharLS 2.4.1 may look for more for ever, unless a marker stands there.
 */
static const uint8_t end_of_image[16] = {0xFF, 0xD9, 0xFF, 0xD9, 0xFF, 0xD9, 0xFF, 0xD9,
                                         0xFF, 0xD9, 0xFF, 0xD9, 0xFF, 0xD9, 0xFF, 0xD9};

/* CharLS finds bytes between the last bits and the end of image where some encoders pad. All pixels are there
 * if there was but one scan. */
static bool is_padded(charls_jpegls_errc code, const csl_dcm_frame *frame)
{
    return !frame->planar && (code == CHARLS_JPEGLS_ERRC_JPEG_MARKER_START_BYTE_NOT_FOUND ||
                              code == CHARLS_JPEGLS_ERRC_END_OF_IMAGE_MARKER_NOT_FOUND);
}

static charls_jpegls_errc decode(charls_jpegls_decoder *decoder, const uint8_t *stream, uint64_t length,
                                 csl_dcm_frame *frame)
{
    charls_interleave_mode mode;
    size_t needed = 0;
    charls_jpegls_errc code = charls_jpegls_decoder_set_source_buffer(decoder, stream, length);
    if (!code) code = charls_jpegls_decoder_read_header(decoder);
    if (!code) code = charls_jpegls_decoder_get_interleave_mode(decoder, &mode);
    if (!code) code = charls_jpegls_decoder_get_destination_size(decoder, 0, &needed);
    if (code) return code;
    frame->planar = mode == CHARLS_INTERLEAVE_MODE_NONE && frame->channels > 1;
    if (needed != frame->length) return CHARLS_JPEGLS_ERRC_DESTINATION_BUFFER_TOO_SMALL;
    code = charls_jpegls_decoder_decode_to_buffer(decoder, frame->owned, frame->length, 0);
    return is_padded(code, frame) ? CHARLS_JPEGLS_ERRC_SUCCESS : code;
}

int32_t csl_jpeg_ls_decode(const uint8_t *stream, uint64_t length, const csl_dcm_pixels *pixels,
                           csl_dcm_frame *frame, csl_dcm_error *error)
{
    csl_codestream header;
    if (!csl_codestream_frame(stream, length, &header) || header.marker != 0xF7)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "is no JPEG-LS codestream");
    int32_t status = csl_codestream_check(place, pixels, header.rows, header.columns, header.components,
                                          header.precision, error);
    if (status != CSL_PLUGIN_OK) return status;
    if (header.precision < 2 || header.precision > 16)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "samples of %u bits, should be 2 to 16",
                            header.precision);
    status = csl_frame_allocate(frame, pixels, header.components, header.precision, error);
    if (status != CSL_PLUGIN_OK) return status;
    uint8_t *ended = malloc(length + sizeof end_of_image);
    charls_jpegls_decoder *decoder = charls_jpegls_decoder_create();
    charls_jpegls_errc code = CHARLS_JPEGLS_ERRC_NOT_ENOUGH_MEMORY;
    if (ended && decoder) {
        memcpy(ended, stream, length);
        memcpy(ended + length, end_of_image, sizeof end_of_image);
        code = decode(decoder, ended, length + sizeof end_of_image, frame);
    }
    charls_jpegls_decoder_destroy(decoder);
    free(ended);
    return code ? csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "the codestream cannot be decoded: %.160s",
                               charls_get_error_message(code))
                : CSL_PLUGIN_OK;
}
