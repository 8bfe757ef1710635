/* The stream `image`: a token for each region of the chosen slices. docs/dicom.md says what each number
 * means. */
#ifndef CSL_PLUGIN_DICOM_IMAGE_H
#define CSL_PLUGIN_DICOM_IMAGE_H

#include "pixel/region.h"
#include "case/reading.h"

enum {
    CSL_IMAGE_ROW_SPACING = CSL_REGION_FEATURES,
    CSL_IMAGE_COLUMN_SPACING,
    CSL_IMAGE_SLICE_SPACING,
    CSL_IMAGE_FEATURES,
    CSL_IMAGE_POSITIONS = 3,
};

extern const char *const csl_image_names[CSL_IMAGE_FEATURES], *const csl_image_units[CSL_IMAGE_FEATURES];
extern const char *const csl_image_positions[CSL_IMAGE_POSITIONS];

/* Second pass: measures the chosen slices of every stack, brings them to the stack's grey scale and emits
 * them. */
int32_t csl_image_emit(csl_reading *reading);

#endif
