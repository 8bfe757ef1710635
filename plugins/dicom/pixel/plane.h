/* A frame as one plane of float32: grey values in the unit of the modality, colour as luminance. */
#ifndef CSL_PLUGIN_DICOM_PLANE_H
#define CSL_PLUGIN_DICOM_PLANE_H

#include "file/dcm.h"

typedef struct csl_plane {
    uint32_t rows, columns;
    float *values; /* [rows][columns], finite */
    bool inverted; /* values are negated, so that high is bright (MONOCHROME1) */
} csl_plane;

/* Stored bits are cut out (PS3.5 8.1.1) and sign-extended, then go through the modality LUT or are rescaled
 * (PS3.3 C.11.1) and clamped to what an unsigned or signed 32-bit number holds. Hounsfield units are clamped
 * to -1024 .. 3071, the range of 12 bits. Palette colour goes through its table. Colour becomes luminance by
 * the weights of ITU-R BT.601 that PS3.3 C.7.6.3.1.2 uses, in units of the stored samples. Padding and what
 * is not a number take the darkest value of the rest of the frame. The caller frees plane->values.
 * CSL_PLUGIN_NO_MEMORY is the only failure. */
int32_t csl_plane_make(const csl_dcm_pixels *pixels, const csl_dcm_frame *frame, csl_plane *plane);

#endif
