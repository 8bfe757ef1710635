/* The outside of a DICOM file (PS3.10 7.1): preamble, file meta information, and where the data set begins.
 */
#ifndef CSL_PLUGIN_DICOM_CONTAINER_H
#define CSL_PLUGIN_DICOM_CONTAINER_H

#include "file/dcm.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct csl_container {
    uint64_t dataset;                        /* offset of the first element after group 0002 */
    char transfer_syntax[CSL_DCM_UID_BYTES]; /* empty: not said */
    char sop_class[CSL_DCM_UID_BYTES];       /* MediaStorageSOPClassUID, empty: not said */
} csl_container;

/* 100 with preamble and prefix, 60 where the first element looks like one of group 0002 or 0008, else 0. */
uint32_t csl_container_probe(const uint8_t *head, uint64_t length, const char *name);

/* Walks over group 0002, which is explicit little endian; a missing preamble, group length or transfer syntax
 * is forgiven. Fails only where an element of the group passes the end of the file. */
int32_t csl_container_read(const uint8_t *bytes, uint64_t length, csl_container *container,
                           csl_dcm_error *error);

/* Whether the length of this VR takes four bytes after two reserved ones (PS3.5 table 7.1-1). */
bool csl_vr_has_long_length(const uint8_t *vr);

typedef enum csl_element_coding {
    CSL_ELEMENTS_UNCLEAR,
    CSL_ELEMENTS_IMPLICIT,   /* little endian without VRs */
    CSL_ELEMENTS_EXPLICIT,   /* little endian */
    CSL_ELEMENTS_BIG_ENDIAN, /* explicit */
} csl_element_coding;

/* How a data set is encoded by the look of its first element, whatever the file says. */
csl_element_coding csl_container_coding(const uint8_t *dataset, uint64_t length);

#ifdef __cplusplus
}
#endif
#endif
