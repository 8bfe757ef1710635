/* A reference genome as FASTA: a text, read where the host mapped it, or one in blocks of BGZF, of which
 * NAME.fai and NAME.gzi say where each base is and of which one block after another is held. */
#ifndef VARIANT_REFERENCE_H
#define VARIANT_REFERENCE_H

#include <consilium/plugin.h>

#include "text/lines.h"

enum { VARIANT_MAX_SEQUENCES = 1 << 20 };

typedef struct variant_sequence {
    variant_span name;
    uint64_t offset;       /* of the first base */
    int64_t bases;         /* how many */
    uint32_t line, stride; /* bases of a line; bytes from one line to the next */
} variant_sequence;

typedef struct variant_reference {
    const uint8_t *bytes; /* of a text; NULL: in blocks */
    uint64_t length;      /* of the text; in blocks no more than is known: all of a uint64_t */
    BGZF *blocks;
    const uint8_t *starts; /* the .gzi's entries: where a block starts in the file, and in the text */
    uint64_t start_count;
    uint8_t *held; /* a piece of the text */
    uint64_t held_at, held_length;
    bool damaged;                /* the blocks do not hold what the indices say */
    variant_sequence *sequences; /* sorted by name */
    size_t count, room;
    const variant_sequence *last; /* the one found last */
    char last_name[64];
} variant_reference;

/* `index` is the text of a .fai, which spares looking at every line; NULL: there is none. `starts` is the
 * .gzi of a compressed file; NULL: there is none. CSL_PLUGIN_OK, or an error with the fault filled. Call
 * variant_reference_close in every case. */
int32_t variant_reference_open(variant_reference *reference, const csl_input *fasta, const csl_input *index,
                               const csl_input *starts, variant_fault *fault);
void variant_reference_close(variant_reference *reference);

/* The sequence of a contig, with or without "chr"; NULL if there is none. */
const variant_sequence *variant_reference_find(variant_reference *reference, const char *contig);
/* The base at a locus from 1, in upper case; 0 outside. */
char variant_reference_base(variant_reference *reference, const variant_sequence *sequence, int64_t locus);

#endif
