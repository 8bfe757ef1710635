/* Whether a case is like those the model knows: a case of another kind can get a sure score, because an
 * encoder maps what it never saw onto what it did. So inputs are looked at, before any learned weight.
 *
 * The portrait of a modality of a case: for each normalised number of its tokens mean and deviation over the
 * tokens; the logarithm of how many there are; the shares of numbers not known and cut off at the limit; the
 * shares of tokens without a code's row and with a system's default.
 *
 * The gauge of a modality, fitted on n cases: the Mahalanobis distance from their mean. Portraits are
 * standardised (deviations are taken as 0.01 at least), their correlations drawn towards 0 by the share that
 * Schaefer and Strimmer (2005) estimate. What a distance means is learned from cases left out: in 10 parts,
 * each measured by a gauge fitted on the other nine. The p-value of a distance d is conformal, (1 + cases
 * left out at least as far) / (n + 1) (Vovk, Gammerman, Shafer 2005; cross-conformal: Vovk 2015); beyond the
 * farthest d_n it goes on as a Pareto tail, (d / d_n)^(-1 / g) / (n + 1), g by Hill (1975) from the farthest
 * tenth, so that few cases suffice to tell far from very far. That of a case is the least of its modalities'
 * times their number (Bonferroni). Private to core/model. */
#ifndef CSL_MODEL_NOVELTY_H
#define CSL_MODEL_NOVELTY_H

#include "model/features.h"
#include "model/network.h"

enum { CSL_GAUGE_LEAST_CASES = 20 };

typedef struct csl_gauge {
    size_t size;     /* numbers of a portrait; 0: too few cases, nothing is known */
    float *mean;     /* [size] */
    float *whiten;   /* [size, size], lower triangle: |whiten (x - mean)|^2 / size is d^2 */
    float *distance; /* [distance_count], of the cases left out, ascending */
    size_t distance_count;
} csl_gauge;

size_t csl_portrait_size(const csl_modality_features *features);
/* portrait[csl_portrait_size] */
void csl_portrait(const csl_modality_features *features, const csl_encoded_modality *tokens, float *portrait);

/* From x[count, size]; with fewer than CSL_GAUGE_LEAST_CASES it stays zeroed. Free with csl_gauge_free. */
csl_status csl_gauge_fit(const float *x, size_t count, size_t size, csl_gauge *gauge, csl_error *error);
void csl_gauge_free(csl_gauge *gauge); /* a zeroed one is allowed */
double csl_gauge_distance(const csl_gauge *gauge, const float *x);
double csl_gauge_rarity(const csl_gauge *gauge, double distance); /* p-value; 1 where nothing is known */

/* gauges[network->modality_count] from the cases which[0 .. count) of encoded. */
csl_status csl_novelty_fit(const csl_network *network, const csl_features *features,
                           const csl_encoded *encoded, const size_t *which, size_t count, csl_gauge *gauges,
                           csl_error *error);
/* rarity[modality_count]: p-values, NaN where the case lacks the modality; *novelty: the case's. */
csl_status csl_novelty(const csl_network *network, const csl_features *features, const csl_gauge *gauges,
                       const csl_encoded *encoded, double *rarity, double *novelty, csl_error *error);

#endif
