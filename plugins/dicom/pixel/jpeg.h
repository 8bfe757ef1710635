/* JPEG by discrete cosine transform (ISO/IEC 10918-1): 8 bits by libjpeg-turbo, 12 bits by
 * jpeg12.h. Nothing is converted: of YCbCr only the luminance is decoded. */
#ifndef CSL_PLUGIN_DICOM_JPEG_H
#define CSL_PLUGIN_DICOM_JPEG_H

#include "file/dcm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One whole frame into frame->samples, which it allocates. CSL_PLUGIN_BAD_INPUT where the codestream is
 * damaged, ends early or is not what the data set says. */
int32_t csl_jpeg_decode(const uint8_t *stream, uint64_t length, const csl_dcm_pixels *pixels,
                        csl_dcm_frame *frame, csl_dcm_error *error);

#ifdef __cplusplus
}
#endif
#endif
