/* Encapsulated pixel data (PS3.5 A.4): the fragments, and which of them make a frame.
 *
 * Nothing is copied: fragments are places in the file's bytes. A frame is found, in this order, as the one
 * fragment that there is for each frame; all fragments of an only frame; by the extended or basic offset
 * table; by the fragments that begin a codestream.
 */
#ifndef CSL_PLUGIN_DICOM_FRAGMENTS_H
#define CSL_PLUGIN_DICOM_FRAGMENTS_H

#include "file/dcm.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CSL_MAX_LOOSE_FRAGMENTS 65536u

typedef struct csl_fragment {
    uint64_t item;       /* offset of its item tag from that of the first fragment, as offset tables count */
    uint64_t at, length; /* of its bytes */
} csl_fragment;

typedef struct csl_fragments {
    const uint8_t *bytes; /* borrowed: the value of PixelData */
    uint64_t length;
    csl_fragment *all; /* without the basic offset table */
    uint32_t count, capacity;
    uint64_t table, table_length; /* the basic offset table */
    uint32_t *starts;             /* first fragment of each frame, [frames + 1]; NULL until it is asked for */
} csl_fragments;

/* Walks over the items up to the delimiter or the end of the bytes. CSL_PLUGIN_BAD_INPUT where an item passes
 * the end or is no item, and where there are more than CSL_MAX_LOOSE_FRAGMENTS more of them than frames. */
int32_t csl_fragments_read(const uint8_t *bytes, uint64_t length, uint32_t frames, csl_fragments *fragments,
                           csl_dcm_error *error);
void csl_fragments_clear(csl_fragments *fragments);

/* Finds the first fragment of each of `frames`. extended: the value of ExtendedOffsetTable (little endian),
 * or NULL. */
int32_t csl_fragments_assign(csl_fragments *fragments, uint32_t frames, const uint8_t *extended,
                             uint64_t extended_length, csl_dcm_error *error);

/* The bytes of frame `index`, once assigned: in place where it is one fragment, else joined in *joined, which
 * the caller frees (NULL where in place). */
int32_t csl_fragments_frame(const csl_fragments *fragments, uint32_t index, const uint8_t **bytes,
                            uint64_t *length, uint8_t **joined, csl_dcm_error *error);

#ifdef __cplusplus
}
#endif
#endif
