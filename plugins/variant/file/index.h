/* Where in a BGZF file the records of a region start: tabix (.tbi) and CSI indices, whole in memory, every
 * length of which is checked against what is there. */
#ifndef VARIANT_INDEX_H
#define VARIANT_INDEX_H

#include <consilium/plugin.h>

#include "text/lines.h"

enum { VARIANT_MAX_INDEX = 64 << 20 /* bytes, decompressed */ };

typedef struct variant_index {
    uint8_t *bytes;
    size_t length;
    bool csi;
    uint32_t shift, depth; /* bases of the smallest bin as a power of two; levels below the largest */
    uint32_t contigs;
    variant_span names; /* each ends with a NUL; a CSI of BCF has none */
    size_t first;       /* of the contigs' parts */
    size_t at;          /* of the part of contig number `contig`, where one was found before */
    uint32_t contig;
} variant_index;

/* CSL_PLUGIN_OK, or an error with the fault filled. Call variant_index_close in every case. */
int32_t variant_index_open(variant_index *index, const csl_input *input, variant_fault *fault);
void variant_index_close(variant_index *index);

/* The number of a contig by its name, with or without "chr"; -1: the index has none of it. */
int64_t variant_index_contig(const variant_index *index, const char *name);
/* The virtual offset of a record at or before the first that overlaps the bases from..to (1-based, both
 * included); *offset 0: none overlaps. 0, or -1 with the fault filled. */
int variant_index_start(variant_index *index, uint32_t contig, int64_t from, int64_t to, uint64_t *offset,
                        variant_fault *fault);

#endif
