/* What a clinic asks for: regions (BED), or genes by their symbols, and where those genes lie. */
#ifndef VARIANT_PANEL_H
#define VARIANT_PANEL_H

#include <consilium/plugin.h>

#include "annotation/genes.h"
#include "file/header.h"
#include "place/region.h"

typedef struct variant_panel {
    variant_regions regions; /* what is read; none: everything */
    variant_genes genes;     /* none: regions only */
    variant_regions bodies;  /* where the genes lie; none: that is not known */
    variant_build build;     /* of those places */
} variant_panel;

/* Both: CSL_PLUGIN_OK, or an error with the fault filled. Call variant_panel_close in every case. */
int32_t variant_panel_open(variant_panel *panel, const csl_input *input, variant_fault *fault);
/* gene_places.c: turns the genes of a list into regions, by a file of genes and their places: GFF3, GTF, or
 * BED with names. Each gene must be in it. */
int32_t variant_panel_locate(variant_panel *panel, const csl_input *input, variant_fault *fault);
void variant_panel_close(variant_panel *panel);

/* Does the record touch a region? True where the panel has none. The INFO fields must have been found if an
 * ALT is symbolic. */
bool variant_panel_covers(const variant_panel *panel, const variant_record *record);
/* Is an allele of one of the panel's genes? By the gene that its annotation names; by its place, where that
 * is known and no entry names any gene. True where the panel has no genes. */
bool variant_panel_names(const variant_panel *panel, const variant_annotation *annotation,
                         const variant_record *record);

#endif
