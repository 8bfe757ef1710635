/* The headers of JPEG and JPEG-LS codestreams (ISO 10918-1 B.2.2, ISO 14495-1 C.2.2): what a decoder is about
 * to believe, so that it can be held against the data set first. */
#ifndef CSL_PLUGIN_DICOM_CODESTREAM_H
#define CSL_PLUGIN_DICOM_CODESTREAM_H

#include "file/syntax.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct csl_codestream {
    uint8_t marker; /* SOF0 baseline, SOF1 extended, SOF2 progressive, SOF3 lossless, SOF55 JPEG-LS */
    uint8_t precision;
    uint32_t rows, columns, components;
    bool has_jfif; /* its colour is then YCbCr (ITU-T T.871) */
    bool has_adobe;
    uint8_t adobe_transform; /* 0: none, 1: YCbCr (ITU-T T.872 6.5.3) */
    bool is_subsampled;      /* some component less finely than another */
    bool names_rgb;          /* component identifiers R, G, B */
} csl_codestream;

/* Finds the first frame header; false if there is none before the first scan. */
bool csl_codestream_frame(const uint8_t *stream, uint64_t length, csl_codestream *frame);

/* What the samples of a JPEG codestream mean: what its own markers say, else what the data set says. */
csl_photometric csl_codestream_photometric(const csl_codestream *frame, csl_photometric stated);

/* One frame's codestream must announce the picture that the data set describes, before a decoder believes it:
 * rows, columns, samples, and no more bits a sample than are allocated. */
int32_t csl_codestream_check(const char *place, const csl_dcm_pixels *pixels, uint32_t rows, uint32_t columns,
                             uint32_t components, uint32_t precision, csl_dcm_error *error);

/* What a codestream is by its first bytes and, for JPEG, its frame header; CSL_CODEC_NONE where it is none
 * that is known. RLE and deflated frames have no mark of their own. */
csl_codec csl_codec_of(const uint8_t *stream, uint64_t length);
const char *csl_codec_name(csl_codec codec);

#ifdef __cplusplus
}
#endif
#endif
