/* JPEG by discrete cosine transform of 12 bits a sample (ISO/IEC 10918-1, processes 4, 8 and 12). */
#ifndef CSL_PLUGIN_DICOM_JPEG12_H
#define CSL_PLUGIN_DICOM_JPEG12_H

#include "file/dcm.h"
#include "pixel/codestream.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sequential, by Huffman codes, into frame->owned: as many of the first components as the frame has channels,
 * none of which may be subsampled. CSL_PLUGIN_BAD_INPUT where the codestream is damaged or ends early. */
int32_t csl_jpeg12_sequential(const uint8_t *stream, uint64_t length, const csl_codestream *header,
                              csl_dcm_frame *frame, csl_dcm_error *error);

/* The same and progressive, all components, by DCMTK; `capacity` in bytes. False where it warns: it then
 * invents pixels. */
bool csl_jpeg12_dcmtk(const uint8_t *stream, uint64_t length, uint8_t *samples, uint64_t capacity,
                      bool is_ybr);

#ifdef __cplusplus
}
#endif
#endif
