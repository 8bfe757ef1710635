/* How intensities hang together over distance: Moran's I and Geary's C (IBSI 3.1.28 and 29), the weight of
 * two voxels being one over the distance of their centres. */
#ifndef CSL_PLUGIN_DICOM_RADIOMICS_SPATIAL_H
#define CSL_PLUGIN_DICOM_RADIOMICS_SPATIAL_H

#include "roi.h"

/* Up to so many voxels every pair is looked at. Above, the sums over pairs are taken in the frequency domain,
 * which is the same sum (float32 rounding aside), up to so many voxels of the bounding box; both are NaN for
 * still larger ones. */
#define CSL_PAIRS_MAX_VOXELS   2048u
#define CSL_SPATIAL_MAX_VOXELS (1u << 24)

/* S0 = sum over pairs i, j of w_ij; S1 = sum of w_ij x_i x_j; S2 = sum of w_ij x_i^2, where i is not j and x
 * is the deviation from the mean in standard deviations. */
typedef struct csl_pair_sums {
    double s0, s1, s2;
} csl_pair_sums;

bool csl_sum_pairs(const csl_roi *roi, double mean, double deviation, csl_pair_sums *sums);
bool csl_sum_pairs_by_frequency(const csl_roi *roi, double mean, double deviation, csl_pair_sums *sums);

/* NaN for fewer than two voxels and for equal ones. False: no memory. */
bool csl_spatial(const csl_roi *roi, double *moran, double *geary);

#endif
