/* Interpolation to another spacing (IBSI 2.4): the new grid covers the old one and both have the same centre.
 */
#ifndef CSL_PLUGIN_DICOM_RADIOMICS_RESAMPLE_H
#define CSL_PLUGIN_DICOM_RADIOMICS_RESAMPLE_H

#include "settings.h"
#include "volume.h"

/* Voxels on either side that the recursive filter of the cubic spline looks at: its pole is -0.268, and
 * 0.268^18 = 5e-11 of a value is left beyond. */
#define CSL_SPLINE_REACH 18u

/* Voxels that the whole image has along `axis` after interpolation: ceil(n s / s'). */
uint32_t csl_resampled_size(const csl_volume *volume, const double spacing[3], int axis);

/* The first and last voxel (inclusive) of the new whole image, along `axis`, that voxels `first` to `last` of
 * the old whole image have any part in under linear interpolation. */
void csl_resampled_reach(const csl_volume *volume, const double spacing[3], int axis, uint32_t first,
                         uint32_t last, uint32_t *new_first, uint32_t *new_last);

/* Values of the voxels `first` .. `first + size - 1` of the new whole image, [z][y][x] in `out`; where
 * `volume` is part of an image, its borders are taken for borders of the image. An axis whose spacing stays
 * is copied. */
int32_t csl_resample(const csl_volume *volume, const double spacing[3], csl_interpolation interpolation,
                     const uint32_t first[3], const uint32_t size[3], float *out);

#endif
