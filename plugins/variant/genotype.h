/* The first sample's genotype and its numbers. */
#ifndef VARIANT_GENOTYPE_H
#define VARIANT_GENOTYPE_H

#include <htslib/vcf.h>
#include <stdbool.h>

enum { VARIANT_MAX_PLOIDY = 16, VARIANT_NO_CALL = -1 };

typedef struct variant_genotype {
    int ploidy;                      /* 0: the record has no GT, or the file no samples */
    int alleles[VARIANT_MAX_PLOIDY]; /* 0 is REF; VARIANT_NO_CALL */
    int called;                      /* how many of them are known */
    bool phased;                     /* every allele after the first */
} variant_genotype;

/* Alleles that the record does not have count as not called; copies past VARIANT_MAX_PLOIDY are left out. */
void variant_genotype_read(const bcf_hdr_t *header, bcf1_t *record, variant_genotype *genotype);
int variant_genotype_copies(const variant_genotype *genotype, int allele);
/* 1 if two known alleles differ, 0 if all copies are known, two or more, and the same; else NaN. */
float variant_genotype_heterozygous(const variant_genotype *genotype);

/* Value number index of the first sample's FORMAT field, NaN if it is missing or not a number. */
double variant_format_number(const bcf_hdr_t *header, bcf1_t *record, const char *key, int index);
/* Value number index of an INFO field; text is parsed where the header declares no type. */
double variant_info_number(const bcf_hdr_t *header, bcf1_t *record, const char *key, int index);

#endif
