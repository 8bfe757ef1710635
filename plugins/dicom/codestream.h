/* The frame header of a JPEG or JPEG-LS codestream (ISO 10918-1 B.2.2, ISO 14495-1 C.2.2): what the decoder
 * is about to believe, so that it can be held against the data set first. */
#ifndef CSL_PLUGIN_DICOM_CODESTREAM_H
#define CSL_PLUGIN_DICOM_CODESTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct csl_codestream {
    uint8_t marker; /* 0xC0 baseline, 0xC1 extended, 0xC2 progressive, 0xC3 lossless, 0xF7 JPEG-LS */
    uint8_t precision;
    uint32_t rows, columns, components;
} csl_codestream;

/* Reads `count` bytes at `offset` of the codestream into `to`; false past its end. */
typedef bool (*csl_codestream_read)(void *context, uint64_t offset, void *to, size_t count);

/* Finds the first frame header; false if there is none before the first scan. */
bool csl_codestream_frame(csl_codestream_read read, void *context, csl_codestream *frame);

#ifdef __cplusplus
}
#endif
#endif
