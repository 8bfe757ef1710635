#include "spatial.h"

#include <math.h>
#include <stdlib.h>

bool csl_sum_pairs(const csl_roi *roi, double mean, double deviation, csl_pair_sums *sums)
{
    typedef struct voxel {
        double at[3], x;
    } voxel;
    voxel *voxels = malloc(roi->count * sizeof *voxels);
    if (!voxels) return false;
    size_t count = 0;
    for (uint32_t z = 0; z < roi->size[2]; z++)
        for (uint32_t y = 0; y < roi->size[1]; y++)
            for (uint32_t x = 0; x < roi->size[0]; x++) {
                if (!(roi->mask[csl_roi_at(roi, x, y, z)] & CSL_INTENSITY)) continue;
                voxels[count] = (voxel){{x * roi->spacing[0], y * roi->spacing[1], z * roi->spacing[2]},
                                        (roi->intensities[count] - mean) / deviation};
                count++;
            }
    *sums = (csl_pair_sums){0};
    for (size_t i = 0; i < count; i++) {
        double potential = 0, weighted = 0; /* of the other voxels at this one */
        for (size_t j = 0; j < count; j++) {
            const double dx = voxels[i].at[0] - voxels[j].at[0], dy = voxels[i].at[1] - voxels[j].at[1];
            const double dz = voxels[i].at[2] - voxels[j].at[2];
            const double w = i == j ? 0 : 1 / sqrt(dx * dx + dy * dy + dz * dz);
            potential += w;
            weighted += w * voxels[j].x;
        }
        sums->s0 += potential;
        sums->s1 += voxels[i].x * weighted;
        sums->s2 += voxels[i].x * voxels[i].x * potential;
    }
    free(voxels);
    return true;
}

bool csl_spatial(const csl_roi *roi, double *moran, double *geary)
{
    *moran = *geary = NAN;
    double mean, deviation, least, most;
    csl_roi_moments(roi, &mean, &deviation, &least, &most);
    const double box = (double)roi->size[0] * roi->size[1] * roi->size[2];
    if (roi->count < 2 || least == most || box > CSL_SPATIAL_MAX_VOXELS) return true;
    csl_pair_sums s;
    if (!(roi->count <= CSL_PAIRS_MAX_VOXELS ? csl_sum_pairs : csl_sum_pairs_by_frequency)(roi, mean,
                                                                                           deviation, &s))
        return false;
    /* the sum of x^2 is the number of voxels n, since x is in standard deviations; and the sum of w (x_i -
     * x_j)^2 is 2 S2 - 2 S1 */
    const double n = (double)roi->count;
    *moran = s.s1 / s.s0;
    *geary = (n - 1) / n * (s.s2 - s.s1) / s.s0;
    return true;
}
