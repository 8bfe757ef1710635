/* What an allele changes, in the one form that all ways to write it have in common: bases that REF and ALT
 * share at their ends are left out, and an insertion or deletion stands as far to the left as the reference
 * allows (Tan, Abecasis and Kang, Bioinformatics 2015, "Unified representation of genetic variants"). */
#ifndef VARIANT_CHANGE_H
#define VARIANT_CHANGE_H

#include <stdint.h>

#include "place/reference.h"

typedef struct variant_change {
    int64_t locus; /* 1-based, of the first base of `reference` */
    const char *reference, *alternative;
} variant_change;

typedef enum variant_change_result {
    VARIANT_CHANGE_DONE = 0,
    VARIANT_CHANGE_AS_WRITTEN, /* symbolic, a breakend, of a contig that the reference lacks, or more than 65
                                  536 bases to shift */
    VARIANT_CHANGE_MISMATCH,   /* REF is not what the reference has there: left as it was written */
    VARIANT_CHANGE_NO_MEMORY
} variant_change_result;

/* Holds the bases of the last change. */
typedef struct variant_change_room {
    char *bases;
    size_t size;
} variant_change_room;
void variant_change_room_free(variant_change_room *room);

/* Normalises *change; its texts then lie in the room until the next call. */
variant_change_result variant_change_normalise(variant_change *change, const char *contig,
                                               variant_reference *reference, variant_change_room *room);

#endif
