/* Modality codes of DICOM that are kept (PS3.16 CID 29), so that no free text passes. */
#ifndef CSL_PLUGIN_DICOM_MODALITY_H
#define CSL_PLUGIN_DICOM_MODALITY_H

#include <stdbool.h>

/* The code as a constant; "OT" for all that is not in the table. */
const char *csl_modality_code(const char *modality);

/* Each image stands for itself, even in one series: a radiograph, a photograph. */
bool csl_modality_is_projection(const char *code);

#endif
