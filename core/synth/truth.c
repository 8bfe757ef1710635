#include "synth/truth.h"

#include <math.h>

#include "base/rng.h"

const char *const csl_synth_trait_names[CSL_SYNTH_TRAITS] = {
    "image.conjoined", "image.density", "record.renal", "record.acuity", "variant.carrier", "variant.burden",
};

static const double bias = 1.0, main_effect = 3.0, joint_effect = 5.0, linear_effect = 2.5;

/* Mean over a standard normal variable by the trapezoidal rule on [-6, 6], which is exponentially accurate
 * for a function this smooth (Trefethen and Weideman 2014): the logistic's nearest poles, at pi /
 * (linear_effect sqrt 3) from the axis, leave an error of about exp(-2 pi 0.73 / step). */
enum { NODES = 49 };
static const double step = 0.25;

static double node(int i)
{
    return (i - NODES / 2) * step;
}

static double weight(int i)
{
    return step * exp(-node(i) * node(i) / 2) / sqrt(2 * 3.14159265358979323846);
}

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
        for (int i = 0; i < NODES; i++) total += weight(i) * probability(sign, sum + sqrt(hidden) * node(i));
    }
    return total / (1u << hidden);
}
