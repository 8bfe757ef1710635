/* Radiomics by the standard: the features of the Image Biomarker Standardisation Initiative (IBSI 1,
 * Zwanenburg et al., arXiv:1612.07003v11 and Radiology 2020;295:328-338) of one region of interest, under the
 * tags of its reference values. docs/radiomics.md says what each is. Pure C: knows nothing of DICOM. */
#ifndef CSL_PLUGIN_DICOM_RADIOMICS_RADIOMICS_H
#define CSL_PLUGIN_DICOM_RADIOMICS_RADIOMICS_H

#include "settings.h"
#include "volume.h"

#define CSL_RADIOMICS_FEATURES 536u

/* [CSL_RADIOMICS_FEATURES]; units are UCUM, with [arb'U] for the unit of the image. */
extern const char *const csl_radiomics_names[CSL_RADIOMICS_FEATURES];
extern const char *const csl_radiomics_units[CSL_RADIOMICS_FEATURES];

/* The voxels that should be there on either side of the region's bounding box, where the image has them, so
 * that the features of the part are those of the whole image. */
void csl_radiomics_margin(const csl_radiomics_settings *settings, const double spacing[3],
                          uint32_t margin[3]);

/* Measures the region. A feature that is undefined for it (the skewness of one voxel) or was not asked for is
 * NaN; none is infinite. Memory grows with the bounding box of the region only, whatever the size of the
 * volume.
 *
 * CSL_PLUGIN_BAD_INPUT: the region holds no voxel, or none after resampling; sizes do not fit or spacing is
 * not positive; a value is not finite; the settings ask for more grey levels or voxels than docs/radiomics.md
 * allows. CSL_PLUGIN_NO_MEMORY. The error says which. */
int32_t csl_radiomics(const csl_volume *volume, const csl_mask *mask, const csl_radiomics_settings *settings,
                      float features[CSL_RADIOMICS_FEATURES], csl_dcm_error *error);

#endif
