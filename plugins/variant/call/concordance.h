/* Whether the files of one case are of one person: genotypes of the same SNVs in the first file and in each
 * other.
 *
 * Held are genotypes of the first file, at most VARIANT_CONCORDANCE_ROOM: where it has more, a sample of its
 * loci by their hash, the same of every file. */
#ifndef VARIANT_CONCORDANCE_H
#define VARIANT_CONCORDANCE_H

#include "file/genotype.h"

enum {
    VARIANT_CONCORDANCE_ROOM = 1 << 18, /* a power of two */
    VARIANT_CONCORDANCE_LEAST = 100     /* shared genotypes that say something */
};

typedef struct variant_concordance {
    uint64_t *held; /* [room] a hash of the change, its lowest two bits the genotype; 0: empty */
    size_t count;
    uint64_t mask; /* only hashes without these bits are held */
    bool first;    /* of the files is being read */
    uint64_t compared, equal;
} variant_concordance;

/* Before each file. False: out of memory. */
bool variant_concordance_next(variant_concordance *concordance);
void variant_concordance_free(variant_concordance *concordance);
/* Takes a record of two bases on an autosome, with two alleles called; all else is left alone. */
void variant_concordance_take(variant_concordance *concordance, const variant_record *record,
                              const variant_genotype *genotype);
/* The file that was read is of another person than the first: two readings of one person agree in 99 of 100,
 * parent and child, both of whom carry what is compared, in about 70. */
bool variant_concordance_differs(const variant_concordance *concordance);

#endif
