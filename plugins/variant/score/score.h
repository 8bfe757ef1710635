/* Polygenic scores of one sample: records go by, each variant of the scores that one of them has is counted.
 */
#ifndef VARIANT_SCORE_H
#define VARIANT_SCORE_H

#include "file/genotype.h"
#include "place/reference.h"
#include "score/score_file.h"

enum {
    VARIANT_PGS_SCORE = 0,
    VARIANT_PGS_AVERAGE,
    VARIANT_PGS_VARIANTS,
    VARIANT_PGS_COUNTED,
    VARIANT_PGS_COUNTED_SHARE,
    VARIANT_PGS_UNCALLED,
    VARIANT_PGS_IMPUTED,
    VARIANT_PGS_FLIPPED,
    VARIANT_PGS_AMBIGUOUS,
    VARIANT_PGS_FEATURES
};

/* What a variant counts for that has no genotype: the expected dosage 2f of its effect allele with frequency
 * f; that of two reference alleles; nothing; or the case fails. */
typedef enum variant_missing {
    VARIANT_MISSING_MEAN = 0,
    VARIANT_MISSING_REFERENCE,
    VARIANT_MISSING_SKIP,
    VARIANT_MISSING_FAIL
} variant_missing;

typedef struct variant_score_options {
    variant_missing uncalled; /* a record has the variant, without a whole genotype */
    variant_missing absent;   /* no record has it */
    bool drop_ambiguous;      /* A/T and C/G, which look alike on both strands */
    bool as_written;          /* never try the other strand */
    bool dosages;             /* read DS where a record has it, not GT */
    double max_missing;       /* share of a score's variants; above it there is no score */
} variant_score_options;

typedef struct variant_scoring {
    variant_score_table table;
    const variant_score_options *options;
    size_t cursor; /* the first variant not before the last record */
} variant_scoring;

/* Counts what the record says. The reference may have no sequences; it is asked inside blocks of gVCF. */
void variant_scoring_record(variant_scoring *scoring, variant_record *record,
                            const variant_genotype *genotype, variant_reference *reference);

/* After the last record: variants without a genotype by the options. CSL_PLUGIN_OK, or BAD_INPUT with the
 * fault filled where they say so. */
int32_t variant_scoring_finish(variant_scoring *scoring, variant_reference *reference, variant_fault *fault);

/* The sum, NaN if too many variants are missing. */
double variant_score_value(const variant_score *score, const variant_score_options *options);
void variant_score_features(const variant_score *score, const variant_score_options *options,
                            float features[VARIANT_PGS_FEATURES]);

#endif
