/* Consequence terms of the Sequence Ontology (SO) and how severe each is. */
#ifndef VARIANT_CONSEQUENCE_H
#define VARIANT_CONSEQUENCE_H

#include <stddef.h>

typedef enum variant_impact {
    VARIANT_IMPACT_HIGH = 0,
    VARIANT_IMPACT_MODERATE,
    VARIANT_IMPACT_LOW,
    VARIANT_IMPACT_MODIFIER,
    VARIANT_IMPACT_NONE /* not annotated */
} variant_impact;

enum { VARIANT_IMPACTS = VARIANT_IMPACT_NONE + 1, VARIANT_RANK_LAST = 41, VARIANT_RANK_NONE = 42 };

typedef struct variant_consequence {
    const char *term;
    int rank; /* 1, the most severe, to VARIANT_RANK_LAST; several terms may share one */
    variant_impact impact;
} variant_consequence;

/* The term, or NULL if the table does not know it. Terms are compared exactly. */
const variant_consequence *variant_consequence_find(const char *term, size_t length);

/* The most severe of terms joined by '&', as VEP and SnpEff write them. Unknown terms are passed over; if all
 * are unknown, the least severe rank of the impact the annotator stated ("HIGH", ...), else the last rank.
 * *chosen points at the chosen term inside `terms`. */
variant_consequence variant_consequence_worst(const char *terms, size_t length, const char *impact,
                                              size_t impact_length, const char **chosen,
                                              size_t *chosen_length);

/* 1 for the most severe rank, 0 for the last: (41 - rank) / 40. NaN for VARIANT_RANK_NONE. */
float variant_severity(int rank);

#endif
