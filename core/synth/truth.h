/* What is true of a synthetic patient: traits, and the diagnosis that follows from them.
 *
 *     log odds = bias + main (a + r + v) + joint (ar + rv + av) + linear (d + u + b)
 *
 * a, r, v are the 0/1 traits as -1 and +1; d, u, b the real ones, each N(0, 1). The joint term is what no sum
 * of three opinions can say: it depends on pairs of modalities.
 *
 * Linked by R, traits of one patient have something in common: with a coin c and a normal z of the patient's
 * own, each 0/1 trait is c with probability sqrt(R), else its own coin; each real trait is sqrt(R) z +
 * sqrt(1 - R) times its own normal. So two modalities' traits of a kind have the correlation R, and each has
 * the distribution it has without. docs/synth.md has the areas under the curve that follow.
 */
#ifndef CSL_SYNTH_TRUTH_H
#define CSL_SYNTH_TRUTH_H

#include <stdint.h>

enum { CSL_SYNTH_MODALITIES = 3, CSL_SYNTH_TRAITS = 2 * CSL_SYNTH_MODALITIES };

/* Trait 2m is the 0/1 trait of modality m (image, record, variant), trait 2m + 1 its real one. */
extern const char *const csl_synth_trait_names[CSL_SYNTH_TRAITS];

typedef struct csl_synth_truth {
    double traits[CSL_SYNTH_TRAITS];
    int malignant; /* 0 or 1, drawn with the odds above */
} csl_synth_truth;

/* linked: R, 0 to below 1; 0: all traits are independent. */
void csl_synth_draw(uint64_t seed, uint64_t number, double linked, csl_synth_truth *truth);

/* Probability of malignancy given the traits of the modalities in `known` (bit m), the others averaged out:
 * Bayes' rule, the best that any reader of those modalities can do. */
double csl_synth_oracle(const double traits[CSL_SYNTH_TRAITS], unsigned known, double linked);

#endif
