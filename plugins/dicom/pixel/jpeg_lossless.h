/* Lossless JPEG (ISO/IEC 10918-1 annex H): Huffman coding, any of the seven predictors, 2 to 16 bits. Decoded
 * here because archives hold much of it and the libraries at hand take it a bit at a time. */
#ifndef CSL_PLUGIN_DICOM_JPEG_LOSSLESS_H
#define CSL_PLUGIN_DICOM_JPEG_LOSSLESS_H

#include "file/dcm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One whole frame into frame->samples, which it allocates: interleaved, one byte a sample for up to 8 bits,
 * else two. CSL_PLUGIN_BAD_INPUT where the codestream is damaged, ends early or is not what the data set
 * says. */
int32_t csl_jpeg_lossless_decode(const uint8_t *stream, uint64_t length, const csl_dcm_pixels *pixels,
                                 csl_dcm_frame *frame, csl_dcm_error *error);

#ifdef __cplusplus
}
#endif
#endif
