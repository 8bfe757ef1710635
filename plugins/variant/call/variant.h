/* One allele that the sample carries, as the adapter's token. */
#ifndef VARIANT_VARIANT_H
#define VARIANT_VARIANT_H

#include <consilium/plugin.h>
#include <stdbool.h>

#include "annotation/annotation.h"
#include "file/genotype.h"
#include "file/source.h"
#include "place/change.h"

/* The features of a token, in the order of the table in plugin.c. Those after VARIANT_HETEROZYGOUS belong to
 * the summary token and are NaN in all others; it in turn has no others. */
enum {
    VARIANT_SEVERITY = 0,
    VARIANT_DOSAGE,
    VARIANT_QUALITY,
    VARIANT_DEPTH,
    VARIANT_GENOTYPE_QUALITY,
    VARIANT_ALLELE_FREQUENCY,
    VARIANT_ALLELE_BALANCE,
    VARIANT_IS_SNV,
    VARIANT_IS_INDEL,
    VARIANT_IS_STRUCTURAL,
    VARIANT_IS_PATHOGENIC,
    VARIANT_IS_BENIGN,
    VARIANT_PASSED_FILTER,
    VARIANT_PHASED,
    VARIANT_HETEROZYGOUS,
    VARIANT_COUNT_HIGH,
    VARIANT_COUNT_MODERATE,
    VARIANT_COUNT_LOW,
    VARIANT_COUNT_MODIFIER,
    VARIANT_COUNT_UNANNOTATED,
    VARIANT_COUNT_RARE,
    VARIANT_COUNT_REFERENCE,
    VARIANT_HETEROZYGOUS_FRACTION,
    VARIANT_TRANSITION_FRACTION,
    VARIANT_FEATURES
};

enum { VARIANT_OTHER_CONTIG = 26 };
enum { VARIANT_POSITION_CONTIG = 0, VARIANT_POSITION_LOCUS, VARIANT_POSITIONS };

/* The order in which variants are kept and emitted: pathogenic first, then by severity, then by locus, then
 * as read. */
typedef struct variant_key {
    bool pathogenic;
    int rank;          /* see consequence.h */
    int contig;        /* 1 to 25; 26: any other */
    int64_t locus;     /* bases, 1-based */
    uint64_t sequence; /* record and allele, counted over all files */
} variant_key;

typedef struct variant_token {
    variant_key key;
    uint32_t input;
    float features[VARIANT_FEATURES];
    double position[VARIANT_POSITIONS];
    char label[360];
    char code[64]; /* "" if none */
} variant_token;

/* What of an allele is needed to rank and count it; the token's text is only made for those that are kept. */
typedef struct variant_allele {
    int number;            /* 1-based index of the ALT */
    variant_change change; /* as written, or normalised against a reference */
    variant_key key;
    variant_annotation annotation;
    variant_significance significance;
    double frequency; /* in a population, 0 to 1; NaN if not known */
    bool is_snv, is_indel, is_structural;
} variant_allele;

/* The INFO fields of the record must have been found. False if the ALT is a placeholder (record.h). The
 * change is as written; whoever normalises it calls variant_allele_classify again. */
bool variant_allele_read(const variant_source *source, int number, variant_allele *allele);
void variant_allele_classify(variant_allele *allele);

void variant_token_fill(const variant_source *source, const variant_genotype *genotype,
                        const variant_allele *allele, variant_token *token);

#endif
