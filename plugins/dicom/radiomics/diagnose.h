/* What IBSI asks to report of the image and the masks at each step (IBSI 3, diagnostic features): the three
 * parts of CSL_DIAGNOSTIC in feature_list.h. */
#ifndef CSL_PLUGIN_DICOM_RADIOMICS_DIAGNOSE_H
#define CSL_PLUGIN_DICOM_RADIOMICS_DIAGNOSE_H

#include "feature_list.h"
#include "roi.h"

/* [CSL_DIAGNOSTIC_IMAGES]: of a whole image. */
void csl_diagnose_image(const uint32_t size[3], const double spacing[3], double *out);

/* [CSL_DIAGNOSTIC_MASKS]: before anything is done; the region lies between voxels `first` and `last`. */
void csl_diagnose_input(const csl_volume *volume, const csl_mask *mask, const uint32_t first[3],
                        const uint32_t last[3], double *out);

/* [CSL_DIAGNOSTIC_MASKS]: the masks as they are now, of a whole image of `whole` voxels. */
void csl_diagnose_masks(const csl_roi *roi, const uint32_t whole[3], double *out);

#endif
