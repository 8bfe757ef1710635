/* What is done to an image and a region of interest before they are measured: chapter 2 of the IBSI reference
 * manual. A settings struct is a plain value. docs/radiomics.md has the settings with their defaults. */
#ifndef CSL_PLUGIN_DICOM_RADIOMICS_SETTINGS_H
#define CSL_PLUGIN_DICOM_RADIOMICS_SETTINGS_H

#include "file/dcm.h"

typedef enum csl_interpolation {
    CSL_INTERPOLATE_NEAREST,
    CSL_INTERPOLATE_LINEAR, /* bilinear where slices stay as they are */
    CSL_INTERPOLATE_CUBIC,  /* cubic B-spline that goes through the samples */
} csl_interpolation;

typedef struct csl_radiomics_settings {
    double resample[3]; /* new spacing along x, y, z in mm; 0 = this axis stays as it is */
    csl_interpolation interpolation;
    bool round;       /* interpolated intensities become whole numbers, as Hounsfield units are */
    double range[2];  /* re-segmentation: intensities that stay in the intensity mask; infinite = no bound */
    double outliers;  /* and no further than so many standard deviations from the mean; 0 = no such filter */
    double bin_width; /* fixed bin size, in the unit of the image; 0: fixed bin number */
    double bin_start; /* where the first bin of fixed size begins unless `range` says; NaN: least intensity */
    uint32_t bins;    /* fixed bin number; 0: fixed bin size */
    double
        ivh_bin_width; /* the same for the intensity-volume histogram; both 0: the intensities themselves */
    uint32_t ivh_bins;
    bool texture_2d, texture_3d; /* which aggregations of texture are computed; the others are NaN */
    uint32_t given;              /* bit i: option i of the table was set */
} csl_radiomics_settings;

/* hounsfield: the image is in Hounsfield units. */
csl_radiomics_settings csl_radiomics_defaults(bool hounsfield);

typedef struct csl_radiomics_option {
    const char *name; /* "radiomics.bin_width" */
    const char *hint; /* form of the value */
    const char *help; /* one line */
} csl_radiomics_option;

#define CSL_RADIOMICS_OPTIONS 11u
extern const csl_radiomics_option csl_radiomics_options[CSL_RADIOMICS_OPTIONS];

/* Sets what the option `name` of the table stands for. CSL_PLUGIN_BAD_INPUT, with the option as the place and
 * what its value must be in the text, where there is no such option, the value is none of its values or two options
 * exclude one another. */
int32_t csl_radiomics_settings_set(csl_radiomics_settings *settings, const char *name, const char *value,
                                   csl_dcm_error *error);

#endif
