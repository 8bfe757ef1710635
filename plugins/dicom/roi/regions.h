/* The stream `radiomics`: one token for each region of interest, on the volume that it lies in. */
#ifndef CSL_PLUGIN_DICOM_REGIONS_H
#define CSL_PLUGIN_DICOM_REGIONS_H

#include "radiomics/radiomics.h"
#include "case/reading.h"

enum { CSL_REGIONS_POSITIONS = 3 };
extern const char *const csl_regions_positions[CSL_REGIONS_POSITIONS];

/* What the user set. */
typedef struct csl_regions_options {
    const char *roi;                             /* FILE[#NAME]: these regions alone; NULL: all of the case */
    const char *settings[CSL_RADIOMICS_OPTIONS]; /* values of csl_radiomics_options, NULL: not set */
} csl_regions_options;

/* Third pass. Regions that `roi` names must be measured, or the case fails; others that cannot be are warned
 * of. */
int32_t csl_regions_emit(csl_reading *reading, const csl_regions_options *options);

#endif
