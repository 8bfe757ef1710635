/* The pictures of a synthetic patient: what the planted traits look like in grey values. */
#ifndef CSL_PLUGIN_DICOM_PHANTOM_H
#define CSL_PLUGIN_DICOM_PHANTOM_H

#include <stdbool.h>
#include <stdint.h>

enum {
    CSL_PHANTOM_SLICES = 8,
    CSL_PHANTOM_CT_SIDE = 64,
    CSL_PHANTOM_DX_SIDE = 128,
    CSL_PHANTOM_CT_REGIONS = 6, /* k of the trait image.conjoined in the volume */
    CSL_PHANTOM_DX_REGIONS = 3, /* and in the radiograph */
};

/* Deterministic noise: splitmix64 (Steele, Lea and Flood 2014). */
typedef struct csl_noise {
    uint64_t state;
} csl_noise;

csl_noise csl_noise_of(uint64_t seed, uint64_t stream);
uint64_t csl_noise_next(csl_noise *noise);
double csl_noise_normal(csl_noise *noise); /* mean 0, deviation 1; Box-Muller */

typedef struct csl_phantom_traits {
    double density; /* image.density, about N(0,1) */
    bool conjoined; /* image.conjoined */
} csl_phantom_traits;

/* Hounsfield units of a volume. */
void csl_phantom_ct(csl_noise *noise, csl_phantom_traits traits,
                    int16_t hu[CSL_PHANTOM_SLICES][CSL_PHANTOM_CT_SIDE][CSL_PHANTOM_CT_SIDE]);

/* Grey values of a radiograph, 0 to 4095, high is bright. */
void csl_phantom_dx(csl_noise *noise, csl_phantom_traits traits,
                    uint16_t grey[CSL_PHANTOM_DX_SIDE][CSL_PHANTOM_DX_SIDE]);

#endif
