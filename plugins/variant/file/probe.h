/* What kind of file this is, from its first bytes. */
#ifndef VARIANT_PROBE_H
#define VARIANT_PROBE_H

#include <stdint.h>

typedef enum variant_kind {
    VARIANT_KIND_OTHER = 0,
    VARIANT_KIND_VCF,
    VARIANT_KIND_BCF,
    VARIANT_KIND_INDEX,            /* .tbi or .csi */
    VARIANT_KIND_REFERENCE,        /* FASTA */
    VARIANT_KIND_REFERENCE_INDEX,  /* .fai */
    VARIANT_KIND_REFERENCE_BLOCKS, /* .gzi */
    VARIANT_KIND_SCORE,            /* a scoring file of the PGS Catalog */
    VARIANT_KIND_PANEL,            /* BED, or symbols of genes */
    VARIANT_KIND_GENE_PLACES,      /* GFF3 or GTF */
    VARIANT_KIND_PATIENTS          /* a map of patients to samples */
} variant_kind;

/* *sure: 0 to 100, as csl_plugin.probe returns it. */
variant_kind variant_probe(const uint8_t *head, uint64_t length, uint32_t *sure);

#endif
