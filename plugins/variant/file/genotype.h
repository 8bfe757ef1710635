/* The sample's genotype. */
#ifndef VARIANT_GENOTYPE_H
#define VARIANT_GENOTYPE_H

#include <stdbool.h>

#include "file/record.h"

enum { VARIANT_MAX_PLOIDY = 16, VARIANT_NO_CALL = -1 };

typedef struct variant_genotype {
    int ploidy;                      /* 0: the record has no GT, or the file no samples */
    int alleles[VARIANT_MAX_PLOIDY]; /* 0 is REF; VARIANT_NO_CALL */
    int called;                      /* how many of them are known */
    bool phased;                     /* every allele after the first */
} variant_genotype;

/* Copies past VARIANT_MAX_PLOIDY are left out. The mark that VCF 4.4 allows before the first allele ("/0|1")
 * is read past. 0, or -1 with the fault's reason. */
int variant_genotype_read(const variant_record *record, variant_genotype *genotype, variant_fault *fault);
/* The record has no such allele: -1, or 0 where that is only a warning and the allele counts as not called.
 */
int variant_genotype_beyond(const variant_record *record, int allele, variant_fault *fault);
int variant_genotype_copies(const variant_genotype *genotype, int allele);
/* 1 if two known alleles differ, 0 if all copies are known, two or more, and the same; else NaN. */
float variant_genotype_heterozygous(const variant_genotype *genotype);

#endif
