/* Consequence annotations in INFO: VEP's CSQ and SnpEff's ANN; and ClinVar's clinical significance. */
#ifndef VARIANT_ANNOTATION_H
#define VARIANT_ANNOTATION_H

#include <stdbool.h>
#include <stddef.h>

#include "annotation/consequence.h"
#include "annotation/genes.h"

/* Parts of an annotation entry, in the order of the table in annotation.c. */
typedef enum variant_part {
    VARIANT_PART_ALLELE = 0,
    VARIANT_PART_ALLELE_NUMBER,
    VARIANT_PART_CONSEQUENCE,
    VARIANT_PART_IMPACT,
    VARIANT_PART_SYMBOL,
    VARIANT_PART_HGVS_C,
    VARIANT_PART_HGVS_P,
    VARIANT_PART_MANE,
    VARIANT_PART_CANONICAL,
    VARIANT_PART_PICK,
    VARIANT_PART_SIGNIFICANCE,
    VARIANT_PART_FREQUENCY,
    VARIANT_PARTS
} variant_part;

/* Which INFO key holds annotations and where in an entry each part stands; -1: nowhere. */
typedef struct variant_layout {
    char key[16]; /* "" if there are none */
    int column[VARIANT_PARTS];
    const variant_genes *only; /* entries of other genes are read past; NULL: none are */
} variant_layout;

/* SnpEff's layout, which ANN has where the header does not declare it. */
void variant_layout_init(variant_layout *layout);
/* Takes the Description of an INFO line; ignored unless the key and the description are those of VEP or
 * SnpEff. */
void variant_layout_declare(variant_layout *layout, const char *key, const char *description);

/* ClinVar's and VEP's words, or the numbers of dbSNP. A variant called both pathogenic and benign is neither.
 */
typedef struct variant_significance {
    bool stated, pathogenic, benign;
} variant_significance;
variant_significance variant_significance_parse(const char *text, size_t length);

typedef struct variant_annotation {
    bool found;
    bool elsewhere; /* an entry that was read past names another gene */
    int rank;
    variant_impact impact;
    char term[64];
    char symbol[33]; /* "" if none, or if the variant lies between genes */
    char hgvs_c[64], hgvs_p[64];
    double frequency; /* NaN if not stated */
    variant_significance significance;
} variant_annotation;

/* The most severe entry for ALT number alt (1-based) of alleles [count]; among equals MANE, canonical,
 * picked, first. Where only some genes are asked for, an entry that names one of them goes before one that
 * names none. */
void variant_annotation_read(const variant_layout *layout, const char *text, size_t length,
                             char *const *alleles, int count, int alt, variant_annotation *annotation);

#endif
