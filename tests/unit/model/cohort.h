/* A made-up cohort in memory, with truth of every kind that the model must find:
 *   in a modality's mean (`level`), in one token alone (`hot`: two features high in the same token, against
 * one high in each of two tokens), in the value of one code against another, and in the product of such
 * findings of two modalities. */
#ifndef CSL_TEST_MODEL_COHORT_H
#define CSL_TEST_MODEL_COHORT_H

#include "model/model.h"

typedef struct made_plan {
    uint64_t seed;
    size_t train, test;              /* cases; the valid split is left to training */
    size_t image_tokens, lab_visits; /* e.g. 192, 4 */
    double level;                    /* weight of each modality's mean in the log odds */
    double alone;                    /* weight of each modality's finding (-1 or 1) */
    double product;  /* weight of the products of findings of image and record, and of record and variant */
    double missing;  /* probability that a modality of a case is left out */
    bool two_labels; /* a second label: the record's finding alone, unknown in every fifth case */
} made_plan;

csl_cohort make_cohort(const made_plan *plan);
void free_cohort(csl_cohort *cohort);

#endif
