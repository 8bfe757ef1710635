/* The safetensors file format: 8 bytes little-endian header length, a JSON header, then the tensors' bytes.
 * https://github.com/huggingface/safetensors (README, "Format").
 *
 * Written: F32 tensors in the given order, no holes, the header padded with spaces so that the values start
 * at a multiple of 64 bytes. The same tensors and metadata give the same bytes. Read: anything may be wrong.
 * Every offset is checked against the file, and the tensors must cover its data without overlap or hole, as
 * the format asks.
 */
#ifndef CSL_MODEL_SAFETENSORS_H
#define CSL_MODEL_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

enum {
    CSL_TENSOR_MAX_RANK = 8,
    CSL_SAFETENSORS_MAX_HEADER = 100000000, /* bytes; the format's own limit */
};

/* Reading: name and values belong to the csl_safetensors; values may be unaligned. */
typedef struct csl_tensor {
    const char *name;
    size_t rank, shape[CSL_TENSOR_MAX_RANK];
    size_t count;       /* product of shape */
    const void *values; /* [count] float, little-endian */
} csl_tensor;

typedef struct csl_metadata {
    const char *key, *value;
} csl_metadata;

typedef struct csl_safetensors {
    csl_tensor *tensors; /* [tensor_count], in the order of their offsets */
    size_t tensor_count;
    csl_metadata *metadata; /* [metadata_count], sorted by key */
    size_t metadata_count;
    void *header; /* what the names point into */
} csl_safetensors;

/* Appends the whole file to `out`. Names must be unique. CSL_ELIMIT if the buffer's maximum does not suffice.
 */
csl_status csl_safetensors_write(const csl_tensor *tensors, size_t tensor_count, const csl_metadata *metadata,
                                 size_t metadata_count, csl_buffer *out, csl_error *error);

/* `bytes` must outlive `file`; `name` is for messages. CSL_EFORMAT names what is wrong and where. A dtype
 * other than F32 is CSL_EFORMAT too. Free with csl_safetensors_free, which is allowed on a zeroed struct. */
csl_status csl_safetensors_read(const uint8_t *bytes, size_t length, const char *name, csl_safetensors *file,
                                csl_error *error);
void csl_safetensors_free(csl_safetensors *file);

/* By name or key; NULL if there is none. */
const csl_tensor *csl_safetensors_tensor(const csl_safetensors *file, const char *tensor);
const char *csl_safetensors_metadata(const csl_safetensors *file, const char *key);

#endif
