/* Codestreams made by other people's encoders, for tests of the decoders. All return bytes that the caller
 * frees, or NULL. Samples are interleaved, 16 bits each, of which `bits` count. */
#ifndef CSL_TESTS_DICOM_ENCODE_H
#define CSL_TESTS_DICOM_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct picture_samples {
    const uint16_t *samples;
    uint32_t rows, columns, channels, bits;
} picture_samples;

/* OpenJPEG, reversible; `is_signed` as the codestream says it; `transforms` the components to RCT. */
uint8_t *encode_jpeg2000(const picture_samples *picture, bool is_signed, bool transforms, size_t *length);
/* CharLS; near 0 is lossless, mode 0 by plane, 1 by line, 2 by sample. */
uint8_t *encode_jpeg_ls(const picture_samples *picture, int near, int mode, size_t *length);
/* DCMTK, process 14 with a predictor from 1 to 7, or as baseline (8 bits) or extended (12 bits) of quality
 * 100. */
uint8_t *encode_jpeg_lossless(const picture_samples *picture, int predictor, size_t *length);
uint8_t *encode_jpeg(const picture_samples *picture, size_t *length);
/* DCMTK, extended, 12 bits, quality 90, colour as YCbCr, of which the chrominance is halved across. */
uint8_t *encode_jpeg_422(const picture_samples *picture, size_t *length);
/* libjpeg-turbo, RGB of 8 bits: restarts every so many units (0: none), a scan for each component or one of
 * all. */
uint8_t *encode_jpeg_scans(const picture_samples *picture, uint32_t restarts, bool apart, size_t *length);

#ifdef __cplusplus
}
#endif
#endif
