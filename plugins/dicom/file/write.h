/* Writing a DICOM file with DCMTK from a list of attributes and 16-bit grey pixels. */
#ifndef CSL_PLUGIN_DICOM_WRITE_H
#define CSL_PLUGIN_DICOM_WRITE_H

#include "file/dcm.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct csl_attribute {
    uint16_t group, element;
    const char *value; /* as text, numbers too; NULL: present and empty */
} csl_attribute;

typedef enum csl_encoding {
    CSL_ENCODING_EXPLICIT,
    CSL_ENCODING_RLE,
    CSL_ENCODING_JPEG_LS,
    CSL_ENCODING_JPEG_LOSSLESS,
    CSL_ENCODING_COUNT
} csl_encoding;

typedef struct csl_dcm_object {
    const csl_attribute *attributes;
    size_t attribute_count;
    const char *sop_class, *sop_instance;
    const uint16_t *pixels;
    uint32_t pixel_count;
    csl_encoding encoding;
} csl_dcm_object;

/* The whole file, in memory that the caller frees. Same object, same bytes. */
int32_t csl_dcm_write(const csl_dcm_object *object, uint8_t **bytes, uint64_t *length, csl_dcm_error *error);

#ifdef __cplusplus
}
#endif
#endif
