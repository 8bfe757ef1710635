/* The region of interest as the features see it: interpolated, re-segmented, discretised, cut out.
 *
 * Grids of the region (mask, levels) have one voxel of nothing around its bounding box, so that a neighbour
 * is always there: voxel (x, y, z) of the box is at csl_roi_at(roi, x, y, z), its neighbours `row` and
 * `slice` away.
 */
#ifndef CSL_PLUGIN_DICOM_RADIOMICS_ROI_H
#define CSL_PLUGIN_DICOM_RADIOMICS_ROI_H

#include "settings.h"
#include "volume.h"

#define CSL_RADIOMICS_MAX_VOXELS                                                                             \
    (1u << 28)                         /* of a region's bounding box: counts of pairs and runs fit 32 bits */
#define CSL_RADIOMICS_MAX_LEVELS 1024u /* grey levels: a co-occurrence matrix has their square */

/* Radius of a sphere of 1 cm3, in mm: the neighbourhood of the local intensity peaks (IBSI 3.2). */
#define CSL_PEAK_RADIUS 6.203504908994

enum { CSL_MORPHOLOGICAL = 1, CSL_INTENSITY = 2 };

/* Where the intensity mask of a row lies: voxels first .. end - 1; none where both are 0. */
typedef struct csl_span {
    uint32_t first, end;
} csl_span;

typedef struct csl_roi {
    uint32_t size[3]; /* of the bounding box of the morphological mask */
    double spacing[3];
    size_t row, slice, cells; /* of the grids below: voxels of a row, of a slice, of all */
    uint8_t *mask;            /* CSL_MORPHOLOGICAL | CSL_INTENSITY */
    csl_span *spans;          /* [z][y], without the rows of nothing */
    uint16_t *levels;         /* 1 .. level_count in the intensity mask, 0 elsewhere */
    uint32_t level_count;     /* N_g: the highest level, or the number of bins where that is fixed */
    float *intensities;       /* [count] of the intensity mask, in the order of the grid */
    size_t count, morphological;
    double mean, deviation, least,
        most; /* of the intensities, NaN where there are none; deviation: of all n */

    /* The image around the box, for the local peaks. */
    const float *image; /* voxel (x, y, z) of the box is image[lead of each axis further on] */
    float *own;         /* image, where interpolation made it */
    uint32_t around[3]; /* its size */
    uint32_t lead[3];   /* where in it the box begins */
    size_t image_row, image_slice;
} csl_roi;

static inline size_t csl_roi_at(const csl_roi *roi, uint32_t x, uint32_t y, uint32_t z)
{
    return (z + 1) * roi->slice + (y + 1) * roi->row + x + 1;
}

static inline csl_span csl_roi_span(const csl_roi *roi, uint32_t y, uint32_t z)
{
    return roi->spans[(size_t)z * roi->size[1] + y];
}

static inline float csl_roi_value(const csl_roi *roi, uint32_t x, uint32_t y, uint32_t z)
{
    return roi->image[(z + roi->lead[2]) * roi->image_slice + (y + roi->lead[1]) * roi->image_row + x +
                      roi->lead[0]];
}

/* Chapter 2 of the IBSI reference manual: all that comes before the features. Errors as csl_radiomics.
 * `diagnostics` takes [CSL_DIAGNOSTIC_FEATURES] in the order of feature_list.h. */
int32_t csl_roi_make(const csl_volume *volume, const csl_mask *mask, const csl_radiomics_settings *settings,
                     csl_roi *roi, double *diagnostics, csl_dcm_error *error);
void csl_roi_clear(csl_roi *roi);

/* Fills levels and level_count from the intensities (IBSI 2.7). CSL_PLUGIN_BAD_INPUT: too many levels. */
int32_t csl_roi_discretise(csl_roi *roi, const csl_radiomics_settings *settings, csl_dcm_error *error);

#endif
