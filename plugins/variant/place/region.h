/* Stretches of contigs, and which of them a record touches. */
#ifndef VARIANT_REGION_H
#define VARIANT_REGION_H

#include "file/record.h"
#include "text/lines.h"

enum { VARIANT_MAX_REGIONS = 1 << 20 };

typedef struct variant_region {
    int chromosome;   /* 1 to 25; 0: any other */
    char name[36];    /* of another contig; "" */
    int64_t from, to; /* 1-based, both included */
} variant_region;

typedef struct variant_regions {
    variant_region *items; /* sorted once merged, and none overlaps or touches another */
    size_t count, room;
} variant_regions;

/* Adds from..to of a contig. 0, or -1 with the fault's reason. */
int variant_regions_add(variant_regions *regions, variant_span contig, int64_t from, int64_t to,
                        variant_fault *fault);
void variant_regions_free(variant_regions *regions);
/* Sorts regions and joins those that overlap or touch. How many are left. */
size_t variant_regions_merge(variant_region *regions, size_t count);

/* Does the record touch one of the merged regions? Its INFO fields must have been found if an ALT is
 * symbolic. */
bool variant_regions_touch(const variant_regions *regions, const variant_record *record);
/* The last base that a record speaks of: of REF, or of what END says. */
int64_t variant_record_last(const variant_record *record);

/* A number that is the whole text, -1 if it is none. */
int64_t variant_whole(variant_span text);

#endif
