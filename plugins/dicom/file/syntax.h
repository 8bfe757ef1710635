/* Every transfer syntax of PS3.6 table A-1 that can hold pixels: what it is called and what decodes it. */
#ifndef CSL_PLUGIN_DICOM_SYNTAX_H
#define CSL_PLUGIN_DICOM_SYNTAX_H

#include "file/dcm.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum csl_codec {
    CSL_CODEC_NONE,   /* known and not decoded */
    CSL_CODEC_NATIVE, /* as it lies in the file, or each frame in a fragment of its own */
    CSL_CODEC_DEFLATE,
    CSL_CODEC_RLE,
    CSL_CODEC_JPEG, /* by discrete cosine transform */
    CSL_CODEC_JPEG_LOSSLESS,
    CSL_CODEC_JPEG_LS,
    CSL_CODEC_JPEG2000,
} csl_codec;

typedef struct csl_syntax {
    const char *uid, *name;
    csl_codec codec;
    bool encapsulated; /* the elements are then explicit little endian */
} csl_syntax;

/* NULL for one that is not in the table. */
const csl_syntax *csl_syntax_of(const char *uid);

#ifdef __cplusplus
}
#endif
#endif
