/* Lookup tables as they are written: entries of bytes or words, and the segments of a segmented palette. */
#ifndef CSL_PLUGIN_DICOM_LUT_H
#define CSL_PLUGIN_DICOM_LUT_H

#include "file/dcm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The entry for a stored value. */
static inline uint16_t csl_lut_entry(const csl_lut *lut, double value)
{
    double index = value - lut->first;
    return lut->values[index <= 0 ? 0 : index >= lut->count - 1 ? lut->count - 1 : (uint32_t)index];
}

/* Takes `count` entries out of `length` bytes of little endian words, two entries to a word where the bytes
 * are too few for words and an entry has at most 8 bits. The caller frees lut->values. */
int32_t csl_lut_unpack(const uint16_t *words, uint64_t length, uint32_t count, csl_lut *lut,
                       const char *place, csl_dcm_error *error);

/* Likewise from the segments of PS3.3 C.7.9.2: discrete, linear and indirect. */
int32_t csl_lut_expand(const uint16_t *words, uint64_t length, uint32_t count, csl_lut *lut,
                       const char *place, csl_dcm_error *error);

#ifdef __cplusplus
}
#endif
#endif
