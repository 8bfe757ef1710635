/* The part of a volume that a region of interest needs: its bounding box and a margin. No other slice is
 * decoded and no other voxel kept. */
#ifndef CSL_PLUGIN_DICOM_CROP_H
#define CSL_PLUGIN_DICOM_CROP_H

#include "radiomics/volume.h"
#include "case/reading.h"
#include "roi/structures.h"

typedef struct csl_crop {
    uint32_t low[3], high[3]; /* bounding box in columns, rows, slices; high is the last inside */
    uint64_t inside;          /* voxels */
    double voxel;             /* mm3 */
    double centroid[3];       /* slice, row, column, as fractions of the volume */
    csl_unit unit;
    double mean; /* of the voxels inside */
    csl_volume volume;
    csl_mask mask;
} csl_crop;

/* Finds the bounding box. CSL_PLUGIN_BAD_INPUT: no voxel of the grid is inside, or the box lies across a gap.
 */
int32_t csl_crop_find(csl_crop *crop, csl_structures *structures, uint32_t region, const csl_grid *grid,
                      csl_dcm_error *error);
/* What the volume's values are measured in, by its first slice inside. */
int32_t csl_crop_unit(csl_crop *crop, csl_reading *reading, const csl_stack *stack, const csl_grid *grid,
                      csl_dcm_error *error);
/* Reads box and margin into volume and mask. */
int32_t csl_crop_read(csl_crop *crop, const uint32_t margin[3], csl_reading *reading, const csl_stack *stack,
                      csl_structures *structures, uint32_t region, const csl_grid *grid,
                      csl_dcm_error *error);
void csl_crop_clear(csl_crop *crop);

#endif
