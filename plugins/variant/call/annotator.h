/* A local VCF of annotations (ClinVar, gnomAD, an annotated call set), joined to the patient's alleles by
 * place and change.
 *
 * Both files are read once, side by side, where their contigs stand in the same order; annotations of the
 * last thousand bases are held, because an allele that is left-aligned moves back. Where the order differs
 * the file is read again from its start, up to a hundred times.
 */
#ifndef VARIANT_ANNOTATOR_H
#define VARIANT_ANNOTATOR_H

#include "call/variant.h"
#include "place/reference.h"

enum {
    VARIANT_ANNOTATION_WINDOW =
        1000, /* bases that are held behind the last allele where there is a reference */
    VARIANT_MAX_ANNOTATIONS = 1 << 16,      /* alleles in the window */
    VARIANT_MAX_ANNOTATION_TEXT = 64 << 20, /* bytes of their bases */
    VARIANT_MAX_REWINDS = 100,
    VARIANT_MAX_SEEN = 4096 /* contigs whose presence is remembered */
};

typedef struct variant_annotated {
    int64_t locus;
    char *change; /* REF, NUL, ALT */
    size_t size;
    variant_annotation annotation;
    variant_significance significance;
    double frequency;
} variant_annotated;

typedef struct variant_seen_contig {
    int chromosome;
    char name[64];
} variant_seen_contig;

typedef struct variant_annotator {
    const csl_input *input;    /* NULL: there is none */
    const variant_genes *only; /* as variant_layout's */
    variant_source source;
    bool open, ended, waiting; /* waiting: the source's record is not taken yet */
    int rewinds;
    variant_seen_contig *seen; /* the contigs of the annotations, as far as they were read */
    size_t seen_count, seen_last;
    bool all_seen;  /* they were read to their end */
    int chromosome; /* of the window */
    char contig[64];
    int64_t reached;   /* the locus of the last record that was taken */
    int64_t forgotten; /* the locus at which the window was last cleared */
    variant_annotated *held;
    size_t count, room, bytes;
    variant_change_room change_room;
} variant_annotator;

void variant_annotator_close(variant_annotator *annotator);

/* Fills what the allele does not know: consequence, significance and frequency. CSL_PLUGIN_OK, or an error
 * with the source's fault filled. */
int32_t variant_annotator_fill(variant_annotator *annotator, const variant_record *record,
                               variant_allele *allele, variant_reference *reference);

#endif
