/* The files that a DICOMDIR lists (PS3.3 F.3.2.2), for a word on which of them the case has. */
#ifndef CSL_PLUGIN_DICOM_DICOMDIR_H
#define CSL_PLUGIN_DICOM_DICOMDIR_H

#include "file/dcm.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef bool (*csl_dicomdir_has)(void *context, const char *path);

/* Counts the listed files and those among them that `has` says are there; `path` has its components joined by
 * '/'. */
int32_t csl_dicomdir_count(csl_dcm_file *file, csl_dicomdir_has has, void *context, uint32_t *listed,
                           uint32_t *there, csl_dcm_error *error);

#ifdef __cplusplus
}
#endif
#endif
