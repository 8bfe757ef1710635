/* Scoring files of the PGS Catalog (format 2.0, original and harmonised), as one table sorted by locus.
 *
 * A file is lines "#key=value", one line of column names and one line a variant, separated by tabs. A
 * harmonised file has a second place for every variant, of another build: hm_chr and hm_pos of HmPOS_build.
 */
#ifndef VARIANT_SCORE_FILE_H
#define VARIANT_SCORE_FILE_H

#include <consilium/plugin.h>
#include <stdbool.h>

#include "file/header.h"
#include "text/lines.h"

enum {
    VARIANT_MAX_SCORES = 256,
    VARIANT_MAX_SCORE_VARIANTS = 1 << 24, /* of all scores of a case */
    VARIANT_MAX_SCORE_TEXT = 512 << 20    /* bytes of their alleles and identifiers */
};

typedef enum variant_score_kind {
    VARIANT_SCORE_ADDITIVE = 0,
    VARIANT_SCORE_DOMINANT,
    VARIANT_SCORE_RECESSIVE,
    VARIANT_SCORE_BY_DOSAGE /* a weight for each of 0, 1 and 2 copies */
} variant_score_kind;

typedef enum variant_score_state {
    VARIANT_SCORE_ABSENT = 0, /* no record of the genotypes has it */
    VARIANT_SCORE_UNCALLED,   /* a record has it, its genotype is not (wholly) called */
    VARIANT_SCORE_COUNTED,
    VARIANT_SCORE_EXCLUDED /* ambiguous, a repetition or no single variant */
} variant_score_state;

typedef struct variant_score_variant {
    uint64_t key;               /* variant_score_key; 0: no place is known in this build */
    double weight[3];           /* [0] alone, or of 0, 1 and 2 copies */
    float frequency;            /* of the effect allele; NaN: not known */
    uint32_t effect, other, id; /* in the text; 0: none */
    uint16_t score;             /* whose */
    uint8_t kind, state;
} variant_score_variant;

typedef struct variant_score {
    uint32_t input;
    char id[64], trait[160];
    variant_build original, harmonised; /* builds of its two places; unknown where there is none */
    variant_build used;                 /* the one that was taken; unknown: none fits */
    uint64_t variants;
    /* Found while scoring. */
    double sum;
    uint64_t chromosomes; /* copies of the genome's sites that the sum is over, as plink2's ALLELE_CT */
    uint64_t counted, uncalled, imputed, flipped, ambiguous, repeated, unscorable;
} variant_score;

typedef struct variant_score_table {
    variant_score scores[VARIANT_MAX_SCORES];
    size_t score_count;
    variant_score_variant *variants; /* sorted by key after variant_score_table_sort */
    size_t count, room;
    char *text;
    size_t text_length, text_room;
    uint32_t *by_id; /* variants without a place, sorted by the hash of their identifier */
    size_t by_id_count;
} variant_score_table;

/* Chromosome 1 to 25 and locus in one number that sorts as the genome does. */
static inline uint64_t variant_score_key(int chromosome, int64_t locus)
{
    return chromosome && locus > 0 && locus < (int64_t)1 << 40 ? (uint64_t)chromosome << 40 | (uint64_t)locus
                                                               : 0;
}
uint64_t variant_score_hash(variant_span text);

/* Adds one file, with places of the build that the genotypes are of (unknown: the harmonised, else the
 * original). CSL_PLUGIN_OK, or an error with the fault filled. */
int32_t variant_score_table_add(variant_score_table *table, const csl_input *input, uint32_t number,
                                variant_build build, variant_fault *fault);
/* After the last file. */
int32_t variant_score_table_sort(variant_score_table *table);
void variant_score_table_free(variant_score_table *table);

#endif
