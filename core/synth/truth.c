#include "synth/truth.h"

#include <math.h>

#include "base/rng.h"

const char *const csl_synth_trait_names[CSL_SYNTH_TRAITS] = {
    "image.conjoined", "image.density", "record.renal", "record.acuity", "variant.carrier", "variant.burden",
};

static const double bias = 1.0, main_effect = 3.0, joint_effect = 5.0, linear_effect = 2.5;

static const uint64_t link_stream = (uint64_t)4 << 40; /* apart from those of cohort.c and person.c */

/* Mean over a standard normal variable by the trapezoidal rule on [-6, 6], which is exponentially accurate
 * for a function this smooth (Trefethen and Weideman 2014): the logistic's nearest poles, at pi /
 * (linear_effect d) from the axis for a sum of deviation d, leave an error of about exp(-2 pi 0.73 / step)
 * for three independent traits, d = sqrt 3, and exp(-2 pi 0.42 / step) at worst, d = 3. */
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

static void link_traits(uint64_t seed, uint64_t number, double linked, double *traits)
{
    csl_rng rng;
    csl_rng_seed_stream(&rng, seed, link_stream + number);
    double coin = (double)csl_rng_below(&rng, 2), shared = csl_rng_normal(&rng);
    for (int m = 0; m < CSL_SYNTH_MODALITIES; m++) {
        if (csl_rng_uniform(&rng) < sqrt(linked)) traits[2 * m] = coin;
        traits[2 * m + 1] = sqrt(linked) * shared + sqrt(1 - linked) * traits[2 * m + 1];
    }
}

void csl_synth_draw(uint64_t seed, uint64_t number, double linked, csl_synth_truth *truth)
{
    csl_rng rng;
    csl_rng_seed_stream(&rng, seed, number);
    for (int m = 0; m < CSL_SYNTH_MODALITIES; m++) {
        truth->traits[2 * m] = (double)csl_rng_below(&rng, 2);
        truth->traits[2 * m + 1] = csl_rng_normal(&rng);
    }
    if (linked > 0) link_traits(seed, number, linked, truth->traits);
    truth->malignant =
        csl_rng_uniform(&rng) < csl_synth_oracle(truth->traits, (1u << CSL_SYNTH_MODALITIES) - 1, linked);
}

/* Probability of a way for all signs to be, or of the known ones alone. */
static double sign_probability(const double *sign, unsigned which, double linked)
{
    double total = 0;
    for (int coin = -1; coin <= 1; coin += 2) {
        double product = 0.5;
        for (int m = 0; m < CSL_SYNTH_MODALITIES; m++)
            if (which >> m & 1) product *= (1 + sqrt(linked) * coin * sign[m]) / 2;
        total += product;
    }
    return total;
}

double csl_synth_oracle(const double traits[CSL_SYNTH_TRAITS], unsigned known, double linked)
{
    const unsigned all = (1u << CSL_SYNTH_MODALITIES) - 1;
    double sum = 0, total = 0, share = 0;
    int seen = 0;
    for (int m = 0; m < CSL_SYNTH_MODALITIES; m++)
        if (known >> m & 1) {
            sum += traits[2 * m + 1];
            seen++;
        }
    /* Given the known real traits, the sum of the hidden ones is normal. */
    int hidden = CSL_SYNTH_MODALITIES - seen;
    double spread = 1 + (seen - 1) * linked, mean = hidden * linked * sum / spread;
    double deviation = sqrt(hidden * (1 - linked) + hidden * hidden * linked * (1 - linked) / spread);
    for (unsigned signs = 0; signs <= all; signs++) {
        if (signs & known) continue; /* each way the hidden signs can be */
        double sign[CSL_SYNTH_MODALITIES];
        for (int m = 0; m < CSL_SYNTH_MODALITIES; m++)
            sign[m] = (known >> m & 1) ? 2 * traits[2 * m] - 1 : (signs >> m & 1) ? 1 : -1;
        if (!hidden) return probability(sign, sum);
        double way = sign_probability(sign, all, linked);
        share += way;
        for (int i = 0; i < NODES; i++)
            total += way * weight(i) * probability(sign, sum + mean + deviation * node(i));
    }
    return total / share;
}
