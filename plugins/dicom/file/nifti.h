/* A NIfTI-1 file in one piece, plain or under gzip: the format of nifti1.h (Cox et al., 2003). The bytes must
 * outlive it; csl_nifti_close frees what was inflated. */
#ifndef CSL_PLUGIN_DICOM_NIFTI_H
#define CSL_PLUGIN_DICOM_NIFTI_H

#include "file/dcm.h"

typedef struct csl_nifti_file {
    uint32_t size[3];
    uint64_t count;          /* voxels */
    double to_patient[3][4]; /* (i, j, k, 1) to millimetres, left, posterior, superior as in DICOM */
    double to_index[3][4];
    /* how the voxels lie */
    bool swapped;
    int type; /* NIFTI_TYPE_ number */
    uint32_t bytes;
    uint64_t offset;
    double slope, intercept;
    const uint8_t *voxels;
    uint8_t *inflated;
} csl_nifti_file;

bool csl_nifti_is(const uint8_t *head, uint64_t length);

int32_t csl_nifti_open(const uint8_t *bytes, uint64_t length, csl_nifti_file *nifti, csl_dcm_error *error);
double csl_nifti_voxel(const csl_nifti_file *nifti, uint64_t index);
void csl_nifti_close(csl_nifti_file *nifti); /* may be called twice */

#endif
