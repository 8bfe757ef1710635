/* From the bytes of one frame to its samples, by any codec. */
#ifndef CSL_PLUGIN_DICOM_DECODE_H
#define CSL_PLUGIN_DICOM_DECODE_H

#include "file/syntax.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that frame `index` takes, and where its bits begin, in pixel data that is not compressed. */
int32_t csl_decode_native(const csl_pixel_data *pixel_data, const csl_dcm_pixels *pixels, uint32_t index,
                          csl_dcm_frame *frame, csl_dcm_error *error);

/* One frame out of its codestream; `codec` is what it is, not what the file says. */
int32_t csl_decode(csl_codec codec, const uint8_t *stream, uint64_t length, const csl_dcm_pixels *pixels,
                   csl_dcm_frame *frame, csl_dcm_error *error);

/* Samples for all pixels, in 1, 2 or 4 bytes by `precision`, the bits of a sample that the codec gives right
 * aligned; says in the frame how the value lies in them. For codecs. */
int32_t csl_frame_allocate(csl_dcm_frame *frame, const csl_dcm_pixels *pixels, uint32_t channels,
                           uint32_t precision, csl_dcm_error *error);

/* One line of one channel into such a frame of 1 or 2 bytes a sample, shifted left by the point transform. */
void csl_frame_store(csl_dcm_frame *frame, const uint16_t *line, uint32_t row, uint32_t columns,
                     uint32_t channel, uint32_t transform);

#ifdef __cplusplus
}
#endif
#endif
