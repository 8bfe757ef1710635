/* Raw deflate streams (RFC 1951; PS3.5 A.5 and A.4.13) by libdeflate, which takes them whole. */
#ifndef CSL_PLUGIN_DICOM_DEFLATE_H
#define CSL_PLUGIN_DICOM_DEFLATE_H

#include "file/dcm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Into *inflated, which the caller frees, of a size that is not known. Refuses what would pass
 * CSL_DCM_MAX_INFLATED, is damaged or ends before the stream does. */
int32_t csl_inflate(const uint8_t *stream, uint64_t length, uint8_t **inflated, uint64_t *inflated_length,
                    csl_dcm_error *error);

/* Into exactly `count` bytes; false where the stream gives more or fewer, or is damaged. */
bool csl_inflate_exactly(const uint8_t *stream, uint64_t length, uint8_t *to, uint64_t count);

#ifdef __cplusplus
}
#endif
#endif
