#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/decoder.h"

enum { WIDTH = 6, FEATURES = 3, INPUTS = 4, CODES = 3, TOKENS = 5 };

/* Tokens, decoder and embedding of the right sizes, drawn. */
typedef struct fixture {
    csl_network network;
    csl_decoders decoders;
    float x[TOKENS * INPUTS], e[WIDTH], *weights, *gradient, *scratch, de[WIDTH];
    uint8_t known[TOKENS * INPUTS];
    uint32_t code[TOKENS];
    csl_encoded_modality tokens;
} fixture;

static void set_up(fixture *f)
{
    csl_rng rng;
    csl_rng_seed(&rng, 8);
    *f = (fixture){.network = {.width = WIDTH, .modality_count = 1}};
    f->network.modality[0] = (csl_network_modality){.name = "m",
                                                    .feature_count = FEATURES,
                                                    .position_count = INPUTS - FEATURES,
                                                    .coded_feature = -1,
                                                    .code_rows = CODES};
    csl_decoders_layout(&f->network, &f->decoders);
    f->weights = calloc(f->decoders.weight_count, sizeof(float));
    f->gradient = calloc(f->decoders.weight_count, sizeof(float));
    f->scratch = calloc(csl_decoder_scratch(&f->decoders.modality[0]), sizeof(float));
    csl_decoders_init(&f->decoders, 1, &rng, f->weights);
    for (size_t i = 0; i < TOKENS * INPUTS; i++) {
        f->known[i] = i % 7 != 3;
        f->x[i] = f->known[i] ? 2 * (float)csl_rng_normal(&rng) : 0;
    }
    for (size_t i = 0; i < TOKENS; i++) f->code[i] = (uint32_t)(i % CODES);
    for (size_t i = 0; i < WIDTH; i++) f->e[i] = (float)csl_rng_normal(&rng);
    f->tokens = (csl_encoded_modality){.count = TOKENS, .x = f->x, .known = f->known, .code = f->code};
}

static void tear_down(fixture *f)
{
    free(f->weights);
    free(f->gradient);
    free(f->scratch);
}

/* Always with the same choice of what is shown. */
static double loss(fixture *f)
{
    csl_rng rng;
    csl_rng_seed(&rng, 4);
    memset(f->gradient, 0, f->decoders.weight_count * sizeof(float));
    memset(f->de, 0, sizeof f->de);
    return csl_decoder_learn(&f->decoders.modality[0], f->weights, &f->tokens, f->e, 0.5, &rng, f->scratch,
                             f->gradient, f->de);
}

/* Central differences with steps of 1/256: good to about 1e-4 in float32 here. */
static double slope(fixture *f, float *at)
{
    float kept = *at;
    *at = kept + 0x1p-8f;
    double high = loss(f);
    *at = kept - 0x1p-8f;
    double low = loss(f);
    *at = kept;
    return (high - low) / 0x1p-7;
}

Test(decoder, gradients_are_those_of_the_loss)
{
    fixture f;
    set_up(&f);
    for (size_t i = 0; i < f.decoders.weight_count; i++) {
        double expected = 0.5 * slope(&f, &f.weights[i]); /* scale 0.5 */
        loss(&f);
        cr_assert_float_eq((double)f.gradient[i], expected, 5e-4, "weight %zu: %g, by differences %g", i,
                           (double)f.gradient[i], expected);
    }
    for (size_t i = 0; i < WIDTH; i++) {
        double expected = 0.5 * slope(&f, &f.e[i]);
        loss(&f);
        cr_assert_float_eq((double)f.de[i], expected, 5e-4);
    }
    tear_down(&f);
}

Test(decoder, nothing_hidden_costs_nothing)
{
    fixture f;
    set_up(&f);
    f.tokens.count = 0;
    cr_assert_eq(loss(&f), 0);
    f.tokens.count = TOKENS;
    memset(f.known, 0, sizeof f.known); /* nothing is known, so nothing can be compared */
    cr_assert_eq(loss(&f), 0);
    tear_down(&f);
}
