/* JPEG 2000 and High-Throughput JPEG 2000 (ISO/IEC 15444-1, -2 and -15) by OpenJPEG, which is asked only for
 * what the data set describes: picture size, components and precision are read here first, and so is all that
 * OpenJPEG would allocate by, tiles, precincts and layers. Boxes of a JP2 file around the codestream are
 * passed over; nothing in them counts. */
#ifndef CSL_PLUGIN_DICOM_JPEG2000_H
#define CSL_PLUGIN_DICOM_JPEG2000_H

#include "file/dcm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One whole frame into frame->samples, which it allocates: by plane, the multiple component transform undone.
 * CSL_PLUGIN_BAD_INPUT where the codestream is damaged, ends early or is not what the data set says. */
int32_t csl_jpeg2000_decode(const uint8_t *stream, uint64_t length, const csl_dcm_pixels *pixels,
                            csl_dcm_frame *frame, csl_dcm_error *error);

#ifdef __cplusplus
}
#endif
#endif
