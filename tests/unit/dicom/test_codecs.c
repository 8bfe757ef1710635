/* Pictures through other people's encoders and back through the decoders: what is lossless must come back to
 * the bit, at every depth and kind. */
#include "../../../plugins/dicom/pixel/decode.h"
#include "../../../plugins/dicom/pixel/jpeg12.h"
#include "encode.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { ROWS = 47, COLUMNS = 61, MOST = ROWS * COLUMNS * 3 };

/* A ramp with noise and with runs of both extremes, all within `bits`. */
static picture_samples draw_sized(uint32_t rows, uint32_t columns, uint32_t bits, uint32_t channels,
                                  uint16_t *samples)
{
    uint32_t state = bits * 7919 + channels, full = (1u << bits) - 1;
    for (uint32_t i = 0; i < rows * columns * channels; i++) {
        state = state * 1664525u + 1013904223u;
        uint32_t ramp = (i / channels * full / (rows * columns) + (state >> 28)) & full;
        samples[i] = (uint16_t)(i % 997 < 90 ? full : i % 997 < 180 ? 0 : ramp);
    }
    return (picture_samples){samples, rows, columns, channels, bits};
}

static picture_samples draw(uint32_t bits, uint32_t channels, uint16_t *samples)
{
    return draw_sized(ROWS, COLUMNS, bits, channels, samples);
}

static csl_dcm_pixels pixels_of(const picture_samples *picture, bool is_signed)
{
    uint32_t allocated = picture->bits == 1 ? 1 : picture->bits <= 8 ? 8 : 16;
    return (csl_dcm_pixels){
        .rows = picture->rows,
        .columns = picture->columns,
        .samples = picture->channels,
        .frames = 1,
        .bits_allocated = allocated,
        .bits_stored = picture->bits,
        .high_bit = picture->bits - 1,
        .is_signed = is_signed,
        .photometric = picture->channels == 3 ? CSL_PHOTOMETRIC_RGB : CSL_PHOTOMETRIC_MONOCHROME2,
    };
}

/* Sample `channel` of pixel `i` of `count`, with the bits that the frame says are its value. */
static uint32_t sample_of(const csl_dcm_frame *frame, size_t count, size_t i, size_t channel)
{
    size_t at = frame->planar ? channel * count + i : i * frame->channels + channel;
    uint32_t value = 0;
    memcpy(&value, frame->samples + at * frame->bytes_per_sample, frame->bytes_per_sample);
    return (value >> frame->shift) & ((1u << frame->bits) - 1);
}

/* Decodes and frees the stream; the largest difference of any sample. */
static uint32_t worst_difference(csl_codec codec, uint8_t *stream, size_t length,
                                 const picture_samples *picture, bool is_signed)
{
    csl_dcm_pixels pixels = pixels_of(picture, is_signed);
    csl_dcm_frame frame;
    csl_dcm_error error = {"", ""};
    uint32_t worst = 0;
    cr_assert_not_null(stream, "%u bits of %u cannot be encoded", picture->bits, picture->channels);
    memset(&frame, 0, sizeof frame);
    cr_assert_eq(csl_decode(codec, stream, length, &pixels, &frame, &error), CSL_PLUGIN_OK, "%u bits: %s: %s",
                 picture->bits, error.place, error.text);
    cr_assert_eq(frame.channels, picture->channels);
    size_t count = (size_t)picture->rows * picture->columns;
    for (size_t i = 0; i < count * picture->channels; i++) {
        uint32_t is = sample_of(&frame, count, i / picture->channels, i % picture->channels),
                 was = picture->samples[i];
        worst = is > was + worst ? is - was : was > is + worst ? was - is : worst;
    }
    free(frame.owned);
    free(stream);
    return worst;
}

Test(codecs, jpeg2000_to_the_bit)
{
    static uint16_t samples[MOST];
    size_t length = 0;
    for (uint32_t bits = 1; bits <= 16; bits++) {
        for (int is_signed = 0; is_signed < 2; is_signed++) {
            picture_samples grey = draw(bits, 1, samples);
            uint8_t *stream = encode_jpeg2000(&grey, is_signed, false, &length);
            cr_assert_eq(worst_difference(CSL_CODEC_JPEG2000, stream, length, &grey, is_signed), 0u,
                         "%u bits", bits);
        }
    }
    for (int transforms = 0; transforms < 2; transforms++) {
        picture_samples colour = draw(8, 3, samples);
        uint8_t *stream = encode_jpeg2000(&colour, false, transforms, &length);
        cr_assert_eq(worst_difference(CSL_CODEC_JPEG2000, stream, length, &colour, false), 0u);
    }
}

/* The data set says signed, the codestream does not, and the other way round: the bits are the same. */
Test(codecs, jpeg2000_of_the_other_sign)
{
    static uint16_t samples[MOST];
    size_t length = 0;
    for (int is_signed = 0; is_signed < 2; is_signed++) {
        picture_samples grey = draw(13, 1, samples);
        uint8_t *stream = encode_jpeg2000(&grey, !is_signed, false, &length);
        cr_assert_eq(worst_difference(CSL_CODEC_JPEG2000, stream, length, &grey, is_signed), 0u);
    }
}

Test(codecs, jpeg_ls_to_the_bit)
{
    static uint16_t samples[MOST];
    size_t length = 0;
    for (uint32_t bits = 2; bits <= 16; bits++) {
        picture_samples grey = draw(bits, 1, samples);
        uint8_t *stream = encode_jpeg_ls(&grey, 0, 0, &length);
        cr_assert_eq(worst_difference(CSL_CODEC_JPEG_LS, stream, length, &grey, bits & 1), 0u, "%u bits",
                     bits);
        for (int mode = 0; mode < 3; mode++) {
            picture_samples colour = draw(bits, 3, samples);
            stream = encode_jpeg_ls(&colour, 0, mode, &length);
            cr_assert_eq(worst_difference(CSL_CODEC_JPEG_LS, stream, length, &colour, false), 0u,
                         "%u bits, mode %d", bits, mode);
        }
    }
}

/* ISO 14495-1: no sample differs by more than NEAR. */
Test(codecs, jpeg_ls_near)
{
    static uint16_t samples[MOST];
    size_t length = 0;
    picture_samples grey = draw(12, 1, samples);
    uint8_t *stream = encode_jpeg_ls(&grey, 3, 0, &length);
    uint32_t worst = worst_difference(CSL_CODEC_JPEG_LS, stream, length, &grey, false);
    cr_assert(worst > 0 && worst <= 3, "%u", worst);
}

Test(codecs, jpeg_lossless_to_the_bit)
{
    static uint16_t samples[MOST];
    static const uint32_t depths[] = {8, 12, 16};
    size_t length = 0;
    for (size_t d = 0; d < 3; d++) {
        for (int predictor = 1; predictor <= 7; predictor++) {
            for (uint32_t channels = 1; channels <= 3; channels += 2) {
                picture_samples picture = draw(depths[d], channels, samples);
                uint8_t *stream = encode_jpeg_lossless(&picture, predictor, &length);
                cr_assert_eq(worst_difference(CSL_CODEC_JPEG_LOSSLESS, stream, length, &picture, d & 1), 0u,
                             "%u bits of %u, predictor %d", depths[d], channels, predictor);
            }
        }
    }
}

/* Quality 100 divides by 1: what is left is the rounding of the transform, far below the 2 of 8 and the 12 of
 * 12 bits. */
Test(codecs, jpeg_of_8_and_12_bits)
{
    static uint16_t samples[MOST];
    size_t length = 0;
    picture_samples grey = draw(8, 1, samples), colour = draw(8, 3, samples);
    uint8_t *stream = encode_jpeg(&colour, &length);
    cr_assert_leq(worst_difference(CSL_CODEC_JPEG, stream, length, &colour, false), 2u);
    grey = draw(8, 1, samples);
    stream = encode_jpeg(&grey, &length);
    cr_assert_leq(worst_difference(CSL_CODEC_JPEG, stream, length, &grey, false), 2u);
    grey = draw(12, 1, samples);
    stream = encode_jpeg(&grey, &length);
    cr_assert_leq(worst_difference(CSL_CODEC_JPEG, stream, length, &grey, false), 12u);
}

/* Longer than the window of the bit reader, and large enough for the table of several differences, with short
 * and with long ones. */
Test(codecs, many_pixels)
{
    enum { SIDE = 256 };
    static uint16_t samples[SIDE * SIDE];
    size_t length = 0;
    for (uint32_t bits = 8; bits <= 16; bits += 4) {
        picture_samples picture = draw_sized(SIDE, SIDE - 3, bits, 1, samples);
        uint8_t *stream = encode_jpeg_lossless(&picture, 1 + (int)bits % 7, &length);
        cr_assert_eq(worst_difference(CSL_CODEC_JPEG_LOSSLESS, stream, length, &picture, false), 0u,
                     "%u bits", bits);
        stream = encode_jpeg_ls(&picture, 0, 0, &length);
        cr_assert_gt(length, 10000u);
        cr_assert_eq(worst_difference(CSL_CODEC_JPEG_LS, stream, length, &picture, false), 0u, "%u bits",
                     bits);
    }
}

/* The transform is the one of DCMTK's copy of the library of the Independent JPEG Group, to the bit. */
Test(codecs, jpeg_of_12_bits_is_that_of_dcmtk)
{
    static uint16_t samples[MOST], dcmtks[MOST];
    for (int kind = 0; kind < 3; kind++) {
        size_t length = 0;
        uint32_t channels = kind == 0 ? 1 : 3;
        picture_samples picture = draw(12, channels, samples);
        uint8_t *stream = kind == 2 ? encode_jpeg_422(&picture, &length) : encode_jpeg(&picture, &length);
        csl_dcm_pixels pixels = pixels_of(&picture, false);
        csl_dcm_frame frame;
        csl_dcm_error error = {"", ""};
        memset(&frame, 0, sizeof frame);
        if (kind == 2) pixels.photometric = CSL_PHOTOMETRIC_YBR_FULL_422;
        cr_assert_eq(csl_decode(CSL_CODEC_JPEG, stream, length, &pixels, &frame, &error), CSL_PLUGIN_OK,
                     "%s: %s", error.place, error.text);
        cr_assert(
            csl_jpeg12_dcmtk(stream, length, (uint8_t *)dcmtks, ROWS * COLUMNS * channels * 2, kind == 2));
        cr_assert_eq(frame.channels, kind == 1 ? 3u : 1u); /* of YCbCr only Y */
        for (size_t i = 0; i < (size_t)ROWS * COLUMNS; i++) {
            for (size_t c = 0; c < frame.channels; c++)
                cr_assert_eq(sample_of(&frame, ROWS * COLUMNS, i, c), dcmtks[i * channels + c],
                             "kind %d, pixel %zu", kind, i);
        }
        free(frame.owned);
        free(stream);
    }
}

/* Restarts and a scan for each component change nothing; libjpeg-turbo writes them for 8 bits, whose codes
 * are those of 12. */
Test(codecs, scans_of_sequential_jpeg)
{
    static uint16_t samples[MOST], decoded[4][MOST];
    picture_samples colour = draw(8, 3, samples);
    for (int kind = 0; kind < 4; kind++) {
        size_t length = 0;
        uint8_t *stream = encode_jpeg_scans(&colour, kind & 1 ? 5 : 0, kind & 2, &length);
        csl_codestream header;
        csl_dcm_frame frame = {.owned = (uint8_t *)decoded[kind], .channels = 3};
        csl_dcm_error error = {"", ""};
        cr_assert(csl_codestream_frame(stream, length, &header));
        cr_assert_eq(csl_jpeg12_sequential(stream, length, &header, &frame, &error), CSL_PLUGIN_OK,
                     "kind %d: %s", kind, error.text);
        cr_assert_arr_eq(decoded[kind], decoded[0], sizeof decoded[0]);
        free(stream);
    }
}

Test(codecs, deflated_frames)
{
    static uint16_t samples[MOST];
    picture_samples grey = draw(16, 1, samples);
    uint8_t *stream = malloc(3 * MOST);
    z_stream z;
    memset(&z, 0, sizeof z);
    cr_assert_eq(deflateInit2(&z, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)samples;
    z.avail_in = 2 * ROWS * COLUMNS;
    z.next_out = stream;
    z.avail_out = 3 * MOST;
    cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t length = z.total_out;
    deflateEnd(&z);
    cr_assert_eq(worst_difference(CSL_CODEC_DEFLATE, stream, length, &grey, false), 0u);
}

/* Whatever is cut off a codestream but its very end (the last marker, padding) is missed. */
Test(codecs, truncation_is_an_error)
{
    static uint16_t samples[MOST];
    for (int kind = 0; kind < 5; kind++) {
        picture_samples grey = draw(kind == 4 ? 12 : 8, 1, samples);
        csl_dcm_pixels pixels = pixels_of(&grey, false);
        size_t length = 0;
        uint8_t *stream = kind == 0   ? encode_jpeg2000(&grey, false, false, &length)
                          : kind == 1 ? encode_jpeg_ls(&grey, 0, 0, &length)
                          : kind == 2 ? encode_jpeg_lossless(&grey, 1, &length)
                                      : encode_jpeg(&grey, &length);
        static const csl_codec codecs[] = {CSL_CODEC_JPEG2000, CSL_CODEC_JPEG_LS, CSL_CODEC_JPEG_LOSSLESS,
                                           CSL_CODEC_JPEG, CSL_CODEC_JPEG};
        for (size_t cut = 0; cut + 8 < length; cut += 13) {
            csl_dcm_frame frame;
            csl_dcm_error error;
            memset(&frame, 0, sizeof frame);
            int32_t status = csl_decode(codecs[kind], stream, cut, &pixels, &frame, &error);
            cr_assert_eq(status, CSL_PLUGIN_BAD_INPUT, "kind %d, %zu of %zu bytes", kind, cut, length);
            free(frame.owned);
        }
        free(stream);
    }
}

/* A codestream that announces what the data set does not say is refused before it is decoded. */
Test(codecs, another_picture_is_refused)
{
    static uint16_t samples[MOST];
    size_t length = 0;
    picture_samples grey = draw(12, 1, samples);
    for (int what = 0; what < 3; what++) {
        uint8_t *streams[3] = {encode_jpeg2000(&grey, false, false, &length), NULL, NULL};
        size_t lengths[3] = {length, 0, 0};
        streams[1] = encode_jpeg_ls(&grey, 0, 0, &lengths[1]);
        streams[2] = encode_jpeg_lossless(&grey, 1, &lengths[2]);
        static const csl_codec codecs[] = {CSL_CODEC_JPEG2000, CSL_CODEC_JPEG_LS, CSL_CODEC_JPEG_LOSSLESS};
        for (int k = 0; k < 3; k++) {
            csl_dcm_pixels pixels = pixels_of(&grey, false);
            csl_dcm_frame frame;
            csl_dcm_error error;
            if (what == 0) pixels.rows++;
            if (what == 1) pixels.samples = 3;
            if (what == 2) pixels.bits_allocated = pixels.bits_stored = 8, pixels.high_bit = 7;
            memset(&frame, 0, sizeof frame);
            cr_assert_eq(csl_decode(codecs[k], streams[k], lengths[k], &pixels, &frame, &error),
                         CSL_PLUGIN_BAD_INPUT);
            cr_assert_null(frame.owned);
            free(streams[k]);
        }
    }
}
