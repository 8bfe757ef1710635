/* Values in ascending order. */
#ifndef CSL_PLUGIN_DICOM_RADIOMICS_ORDER_H
#define CSL_PLUGIN_DICOM_RADIOMICS_ORDER_H

#include <stdbool.h>
#include <stddef.h>

/* Sorts finite values, up to 2^32 - 1 of them. False: no memory. */
bool csl_sort(float *values, size_t count);

#endif
