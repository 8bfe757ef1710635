#include "synth/truth.h"

#include <math.h>

#include "base/rng.h"

const char *const csl_synth_trait_names[CSL_SYNTH_TRAITS] = {
    "image.conjoined", "image.density", "record.renal", "record.acuity", "variant.carrier", "variant.burden",
};

static const double bias = 1.0, main_effect = 2.5, joint_effect = 2.5, linear_effect = 1.1;

/* Gauss-Hermite quadrature of seven points for the standard normal density: the zeros of the Hermite
 * polynomial He7 and their weights (Abramowitz and Stegun 25.4.46, with nodes times sqrt 2 and weights over
 * sqrt pi). */
enum { NODES = 7 };
static const double nodes[NODES] = {-3.750439717725742, -2.366759410734541, -1.154405394739968, 0,
                                    1.154405394739968,  2.366759410734541,  3.750439717725742};
static const double weights[NODES] = {0.000548268855972, 0.030757123967586, 0.240123178605013,
                                      0.457142857142857, 0.240123178605013, 0.030757123967586,
                                      0.000548268855972};

static double probability(const double sign[CSL_SYNTH_MODALITIES], double sum)
{
    double a = sign[0], r = sign[1], v = sign[2];
    return 1 / (1 + exp(-(bias + main_effect * (a + r + v) + joint_effect * (a * r + r * v + a * v) +
                          linear_effect * sum)));
}

void csl_synth_draw(uint64_t seed, uint64_t number, csl_synth_truth *truth)
{
    csl_rng rng;
    csl_rng_seed_stream(&rng, seed, number);
    for (int m = 0; m < CSL_SYNTH_MODALITIES; m++) {
        truth->traits[2 * m] = (double)csl_rng_below(&rng, 2);
        truth->traits[2 * m + 1] = csl_rng_normal(&rng);
    }
    truth->malignant =
        csl_rng_uniform(&rng) < csl_synth_oracle(truth->traits, (1u << CSL_SYNTH_MODALITIES) - 1);
}

double csl_synth_oracle(const double traits[CSL_SYNTH_TRAITS], unsigned known)
{
    double sum = 0, total = 0;
    int hidden = 0;
    for (int m = 0; m < CSL_SYNTH_MODALITIES; m++) {
        if (known >> m & 1)
            sum += traits[2 * m + 1];
        else
            hidden++;
    }
    /* Each way the hidden signs can be; the sum of k hidden real traits is N(0, k). */
    for (unsigned signs = 0; signs < 1u << CSL_SYNTH_MODALITIES; signs++) {
        if (signs & known) continue;
        double sign[CSL_SYNTH_MODALITIES];
        for (int m = 0; m < CSL_SYNTH_MODALITIES; m++)
            sign[m] = (known >> m & 1) ? 2 * traits[2 * m] - 1 : (signs >> m & 1) ? 1 : -1;
        if (!hidden) return probability(sign, sum);
        for (int i = 0; i < NODES; i++)
            total += weights[i] * probability(sign, sum + sqrt(hidden) * nodes[i]);
    }
    return total / (1u << hidden);
}
