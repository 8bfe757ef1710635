/* What a clinic asks for: regions (BED), or genes by their symbols. */
#ifndef VARIANT_PANEL_H
#define VARIANT_PANEL_H

#include <consilium/plugin.h>

#include "file/record.h"
#include "text/lines.h"

enum { VARIANT_MAX_REGIONS = 1 << 20, VARIANT_SYMBOL_BYTES = 33, VARIANT_MAX_SYMBOLS = 100000 };

typedef struct variant_region {
    int chromosome;   /* 1 to 25; 0: any other */
    char name[36];    /* of another contig; "" */
    int64_t from, to; /* 1-based, both included */
} variant_region;

typedef struct variant_panel {
    variant_region *regions; /* sorted, and none overlaps or touches another */
    size_t region_count, region_room;
    char (*symbols)[VARIANT_SYMBOL_BYTES]; /* sorted */
    size_t symbol_count, symbol_room;
} variant_panel;

/* CSL_PLUGIN_OK, or an error with the fault filled. Call variant_panel_close in every case. */
int32_t variant_panel_open(variant_panel *panel, const csl_input *input, variant_fault *fault);
void variant_panel_close(variant_panel *panel);

/* Sorts regions and joins those that overlap or touch. How many are left. */
size_t variant_regions_merge(variant_region *regions, size_t count);

bool variant_panel_is_open(const variant_panel *panel);
/* Does the record touch a region? True where the panel has none. The INFO fields must have been found if an
 * ALT is symbolic. */
bool variant_panel_covers(const variant_panel *panel, const variant_record *record);
/* Is the gene of the panel? True where the panel names none. */
bool variant_panel_names(const variant_panel *panel, const char *symbol);

/* The last base that a record speaks of: of REF, or of what END says. */
int64_t variant_record_last(const variant_record *record);

#endif
