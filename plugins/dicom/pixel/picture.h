/* The key image of a case for people: windowed to 8 bits and made small. */
#ifndef CSL_PLUGIN_DICOM_PICTURE_H
#define CSL_PLUGIN_DICOM_PICTURE_H

#include "pixel/plane.h"

enum { CSL_PICTURE_SIDE = 256 }; /* pixels a side, at most */

typedef struct csl_key_image {
    uint8_t *grey; /* the caller frees */
    uint32_t width, height;
    double aspect; /* height of a pixel by its width */
    csl_dcm_window window;
} csl_key_image;

/* `window` is the file's first; without one, its VOI LUT; without both, 400/40 for Hounsfield units and low
 * to high for all else. Spacings may be NaN. Shrinks by area averaging, never enlarges. CSL_PLUGIN_NO_MEMORY
 * is the only failure. */
int32_t csl_key_image_make(const csl_plane *plane, const csl_dcm_frame *frame, double low, double high,
                           double row_spacing, double column_spacing, csl_key_image *image);

/* PS3.3 C.11.2.1.2 and C.11.2.1.3: 0 to 255. */
uint8_t csl_window_apply(const csl_dcm_window *window, double value);
/* PS3.3 C.11.2.1.1: an entry by what its bits can hold. */
uint8_t csl_voi_apply(const csl_lut *lut, double value);

#endif
