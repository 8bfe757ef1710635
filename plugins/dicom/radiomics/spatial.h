/* How intensities hang together over distance: Moran's I and Geary's C (IBSI 3.1.28 and 29), the weight of
 * two voxels being one over the distance of their centres. */
#ifndef CSL_PLUGIN_DICOM_RADIOMICS_SPATIAL_H
#define CSL_PLUGIN_DICOM_RADIOMICS_SPATIAL_H

#include "roi.h"

/* Pairs are looked at one by one where that is faster than the same sum in the frequency domain (float32
 * rounding aside), or where the latter cannot be had: it wants 832 bytes for each voxel of a side of the
 * bounding box across x, at most 2 GiB. Where there are too many voxels for pairs then, both are NaN. */
#define CSL_PAIRS_MAX_VOXELS    (1u << 16)
#define CSL_FREQUENCY_MAX_SLICE (1u << 21)

/* S0 = sum over pairs i, j of w_ij; S1 = sum of w_ij x_i x_j; S2 = sum of w_ij x_i^2, where i is not j and x
 * is the deviation from the mean in standard deviations. */
typedef struct csl_pair_sums {
    double s0, s1, s2;
} csl_pair_sums;

bool csl_sum_pairs(const csl_roi *roi, csl_pair_sums *sums);
/* `room`: bytes that it should make do with; at least one slab is held, see frequency.c. */
bool csl_sum_pairs_by_frequency(const csl_roi *roi, size_t room, csl_pair_sums *sums);

/* NaN for fewer than two voxels and for equal ones. False: no memory. */
bool csl_spatial(const csl_roi *roi, double *moran, double *geary);

#endif
