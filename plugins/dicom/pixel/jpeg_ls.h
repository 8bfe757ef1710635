/* JPEG-LS (ISO/IEC 14495-1), lossless and near-lossless: marker segments and scans; jpeg_ls_coder.h has the
 * coder. Decoded here because CharLS 2.4 looks for ever for the end of some streams that are cut. */
#ifndef CSL_PLUGIN_DICOM_JPEG_LS_H
#define CSL_PLUGIN_DICOM_JPEG_LS_H

#include "file/dcm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One whole frame into frame->samples, which it allocates. CSL_PLUGIN_BAD_INPUT where the codestream is
 * damaged, ends early or is not what the data set says. */
int32_t csl_jpeg_ls_decode(const uint8_t *stream, uint64_t length, const csl_dcm_pixels *pixels,
                           csl_dcm_frame *frame, csl_dcm_error *error);

#ifdef __cplusplus
}
#endif
#endif
