/* A grid of voxels and a region of interest on it: what radiomics works on. Origin and direction of the grid
 * in the patient play no part here.
 *
 * Ownership: the caller owns `values` and `inside`. Both may be a part that was cut out of a whole image, so
 * that memory goes with the region and not with the image: `first` and `whole` say where the part lies, since
 * IBSI aligns the grid it interpolates to with the centre of the whole image (csl_radiomics_margin says how
 * much to cut out).
 */
#ifndef CSL_PLUGIN_DICOM_RADIOMICS_VOLUME_H
#define CSL_PLUGIN_DICOM_RADIOMICS_VOLUME_H

#include <stdint.h>

#define CSL_VOLUME_MAX_SPACING 1000.0 /* mm */
#define CSL_VOLUME_MAX_SIDE    16384u /* voxels along one axis of the whole image */

typedef struct csl_volume {
    uint32_t size[3];  /* voxels along a row (x), along a column (y), slices (z); at least 1 each */
    double spacing[3]; /* mm between the centres of neighbours along x, y, z */
    uint32_t first[3]; /* where voxel (0, 0, 0) lies in the whole image; 0 where this is the whole image */
    uint32_t whole[3]; /* voxels of the whole image; `size` where this is the whole image */
    float *values;     /* [z][y][x], finite, in the unit of the image (HU, SUV, arbitrary) */
} csl_volume;

typedef struct csl_mask {
    uint32_t size[3]; /* that of the volume it belongs to */
    uint8_t *inside;  /* [z][y][x], 1 inside, 0 outside */
} csl_mask;

#endif
