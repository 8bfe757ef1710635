/* The families of features. Each function fills its part of feature_list.h, in that order; NaN is what is
 * undefined. They return false only when there is no memory. */
#ifndef CSL_PLUGIN_DICOM_RADIOMICS_FAMILIES_H
#define CSL_PLUGIN_DICOM_RADIOMICS_FAMILIES_H

#include "feature_list.h"
#include "roi.h"

#include <math.h>

/* IBSI 3.1 */
bool csl_morphology(const csl_roi *roi, double out[CSL_MORPHOLOGY_FEATURES]);
/* IBSI 3.2. NaN where a sphere of 1 cm3 has more than CSL_PEAK_ROWS rows of voxels. */
#define CSL_PEAK_ROWS 16384u
bool csl_local_intensity(const csl_roi *roi, double out[CSL_LOCAL_FEATURES]);
/* IBSI 3.4 */
bool csl_histogram(const csl_roi *roi, double out[CSL_HISTOGRAM_FEATURES]);
/* IBSI 3.3 and 3.5, of intensities in ascending order. */
void csl_statistics(const csl_roi *roi, double out[CSL_STATISTICS_FEATURES]);
void csl_volume_histogram(const csl_roi *roi, const csl_radiomics_settings *settings,
                          double out[CSL_VOLUME_HISTOGRAM_FEATURES]);
/* IBSI 3.6 to 3.11. flat: within slices, by the aggregations 2D and 2.5D; solid: in space. What was not asked
 * for is left as it is. */
bool csl_glcm(const csl_roi *roi, bool flat, bool solid, double out[6][CSL_GLCM_FEATURES]);
bool csl_glrlm(const csl_roi *roi, bool flat, bool solid, double out[6][CSL_EMPHASIS_FEATURES]);
bool csl_zones(const csl_roi *roi, bool flat, bool solid, double size[3][CSL_EMPHASIS_FEATURES],
               double distance[3][CSL_EMPHASIS_FEATURES]);
bool csl_neighbours(const csl_roi *roi, bool flat, bool solid, double difference[3][CSL_NGTDM_FEATURES],
                    double dependence[3][CSL_NGLDM_FEATURES]);

/* a / b, NaN where b is 0. */
static inline double csl_ratio(double a, double b)
{
    return b == 0 ? NAN : a / b;
}

/* -p log2 p, 0 for 0. */
static inline double csl_surprise(double p)
{
    return p > 0 ? -p * log2(p) : 0;
}

static inline void csl_undefined(double *out, size_t count)
{
    for (size_t i = 0; i < count; i++) out[i] = NAN;
}

#endif
