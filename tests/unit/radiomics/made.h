/* Regions of interest made for tests. */
#ifndef TEST_RADIOMICS_MADE_H
#define TEST_RADIOMICS_MADE_H

#include "../../../plugins/dicom/radiomics/radiomics.h"

typedef struct made {
    csl_volume volume;
    csl_mask mask;
} made;

/* An image of 0 and a mask of 0. */
made made_grid(uint32_t nx, uint32_t ny, uint32_t nz, double sx, double sy, double sz);
void made_free(made *m);
float *made_value(made *m, uint32_t x, uint32_t y, uint32_t z);
uint8_t *made_inside(made *m, uint32_t x, uint32_t y, uint32_t z);

/* Deviates of [0, 1), the same in every run. */
double made_random(uint64_t *state);

/* Blobs of noise of `levels` whole values from 1, the mask a ball with holes: something without symmetry. */
made made_blob(uint32_t nx, uint32_t ny, uint32_t nz, uint32_t levels, uint64_t seed);

/* 5 x 4 x 4 voxels of 2 mm: the digital phantom of IBSI 1, and settings that measure it (levels as they are).
 */
made made_phantom(void);
csl_radiomics_settings made_phantom_settings(void);

/* Measures, or fails the test. */
void made_measure(const made *m, const csl_radiomics_settings *settings,
                  float features[CSL_RADIOMICS_FEATURES]);
/* The feature of that tag; fails the test where there is none. */
float made_feature(const float features[CSL_RADIOMICS_FEATURES], const char *tag);
void made_set(csl_radiomics_settings *settings, const char *name, const char *value);

#endif
