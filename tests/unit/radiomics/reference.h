/* The texture features again, slowly and from their definitions in the IBSI reference manual (3.6 to 3.11):
 * matrices in full, every sum as it is written there. */
#ifndef TEST_RADIOMICS_REFERENCE_H
#define TEST_RADIOMICS_REFERENCE_H

#include "made.h"

/* Levels of the voxels of the mask are their values, 1 .. levels <= 16; at most 12 voxels a side. Fills the
 * features from cm_joint_max_2D_avg to ngl_dc_energy_3D, in the order of csl_radiomics_names. */
#define REFERENCE_FEATURES (6 * 25 + 6 * 16 + 3 * 16 + 3 * 16 + 3 * 5 + 3 * 17)
void reference_texture(made *m, int levels, double out[REFERENCE_FEATURES]);

#endif
