#include "radiomics.h"

#include "families.h"
#include "order.h"

#include <stdlib.h>

/* The features in the order of feature_list.h. */
typedef struct results {
    double morphology[CSL_MORPHOLOGY_FEATURES], local[CSL_LOCAL_FEATURES],
        statistics[CSL_STATISTICS_FEATURES];
    double histogram[CSL_HISTOGRAM_FEATURES], volume[CSL_VOLUME_HISTOGRAM_FEATURES];
    double glcm[6][CSL_GLCM_FEATURES], glrlm[6][CSL_EMPHASIS_FEATURES];
    double glszm[3][CSL_EMPHASIS_FEATURES], gldzm[3][CSL_EMPHASIS_FEATURES];
    double ngtdm[3][CSL_NGTDM_FEATURES], ngldm[3][CSL_NGLDM_FEATURES];
    double diagnostics[CSL_DIAGNOSTIC_FEATURES];
} results;

_Static_assert(sizeof(results) == CSL_RADIOMICS_FEATURES * sizeof(double), "one number a feature");

int32_t csl_radiomics(const csl_volume *volume, const csl_mask *mask, const csl_radiomics_settings *settings,
                      float features[CSL_RADIOMICS_FEATURES], csl_dcm_error *error)
{
    union {
        results part;
        double all[CSL_RADIOMICS_FEATURES];
    } r;
    csl_undefined(r.all, CSL_RADIOMICS_FEATURES);
    csl_roi roi;
    const int32_t status = csl_roi_make(volume, mask, settings, &roi, r.part.diagnostics, error);
    if (status) return status;

    bool ok = csl_morphology(&roi, r.part.morphology) && csl_local_intensity(&roi, r.part.local) &&
              csl_histogram(&roi, r.part.histogram) && csl_sort(roi.intensities, roi.count);
    if (ok) { /* where an intensity lies does not matter from here on */
        csl_statistics(&roi, r.part.statistics);
        csl_volume_histogram(&roi, settings, r.part.volume);
    }
    if (roi.count) {
        const bool flat = settings->texture_2d, solid = settings->texture_3d;
        ok = ok && csl_glcm(&roi, flat, solid, r.part.glcm) && csl_glrlm(&roi, flat, solid, r.part.glrlm) &&
             csl_zones(&roi, flat, solid, r.part.glszm, r.part.gldzm) &&
             csl_neighbours(&roi, flat, solid, r.part.ngtdm, r.part.ngldm);
    }
    const size_t voxels = roi.morphological;
    csl_roi_clear(&roi);
    if (!ok)
        return csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, "region of interest",
                            "not enough memory for %zu voxels", voxels);
    for (size_t i = 0; i < CSL_RADIOMICS_FEATURES; i++) {
        features[i] = (float)r.all[i];
        if (!isfinite(features[i])) features[i] = NAN;
    }
    return CSL_PLUGIN_OK;
}
