/* RLE Lossless (PS3.5 annex G), decoded here because a claimed segment offset must never be believed. */
#ifndef CSL_PLUGIN_DICOM_RLE_H
#define CSL_PLUGIN_DICOM_RLE_H

#include "file/dcm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Decodes one frame from its fragment into out[pixels * samples * bytes_per_sample]: little endian samples,
 * interleaved. CSL_PLUGIN_BAD_INPUT where a segment is missing, out of the fragment or too short. */
int32_t csl_rle_decode(const uint8_t *fragment, uint64_t length, uint64_t pixels, uint32_t samples,
                       uint32_t bytes_per_sample, uint8_t *out, csl_dcm_error *error);

#ifdef __cplusplus
}
#endif
#endif
