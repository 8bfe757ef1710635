/* What is counted over all records of a case: for the summary token, the warnings and the inferred sex. */
#ifndef VARIANT_TALLY_H
#define VARIANT_TALLY_H

#include <stdint.h>

#include "call/variant.h"

enum { VARIANT_LEAST_Y_SITES = 10 };

typedef struct variant_tally {
    uint64_t records, alleles;    /* alleles: carried, or listed where there are sites only */
    uint64_t reference, uncalled; /* records whose genotype is all REF, or not called at all */
    uint64_t by_impact[VARIANT_IMPACTS];
    uint64_t rare; /* high or moderate impact, with a frequency below 1 % or none known */
    uint64_t heterozygous, homozygous;
    uint64_t autosomal_heterozygous, autosomal_homozygous;
    uint64_t transitions, transversions;
    int64_t last_locus[25];           /* the largest on chromosome 1 to 24 (X 23, Y 24); [0] is not used */
    uint64_t x_heterozygous, x_other; /* carried SNVs of X outside the pseudoautosomal regions */
    uint64_t y_called;                /* carried SNVs of Y outside them */
} variant_tally;

/* sampled: the file has a sample, so that a record without a genotype is one that was not called. */
void variant_tally_genotype(variant_tally *tally, bool sampled, const variant_genotype *genotype);
void variant_tally_allele(variant_tally *tally, const variant_genotype *genotype,
                          const variant_allele *allele);

/* "male", "female", or NULL when there is too little to tell or X and Y disagree. */
const char *variant_tally_sex(const variant_tally *tally);

/* Two X by their heterozygosity, and a Y: Klinefelter's syndrome, or two people in one sample. */
bool variant_tally_sexes_disagree(const variant_tally *tally);

/* The token that speaks of all variants, including those past the budget. */
void variant_tally_token(const variant_tally *tally, variant_token *token);

#endif
