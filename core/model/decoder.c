#include "model/decoder.h"

#include <math.h>
#include <string.h>

#include "model/product.h"
#include "model/kernel.h"

void csl_decoders_layout(const csl_network *network, csl_decoders *decoders)
{
    size_t at = 0;
    for (size_t m = 0; m < network->modality_count; m++) {
        const csl_network_modality *n = &network->modality[m];
        csl_decoder *d = &decoders->modality[m];
        *d = (csl_decoder){.inputs = n->feature_count + n->position_count,
                           .features = n->feature_count,
                           .codes = n->code_rows,
                           .width = network->width,
                           .hidden = 2 * network->width};
        d->from_tokens = at, at += d->hidden * 2 * d->inputs;
        d->from_codes = at, at += d->codes * d->hidden;
        d->from_embedding = at, at += d->hidden * d->width;
        d->bias = at, at += d->hidden;
        d->out = at, at += d->features * d->hidden;
        d->out_bias = at, at += d->features;
    }
    decoders->weight_count = at;
}

static void fill(csl_rng *rng, float *to, size_t count, double deviation)
{
    for (size_t i = 0; i < count; i++) to[i] = (float)(deviation * csl_rng_normal(rng));
}

void csl_decoders_init(const csl_decoders *decoders, size_t modalities, csl_rng *rng, float *weights)
{
    memset(weights, 0, decoders->weight_count * sizeof *weights);
    for (size_t m = 0; m < modalities; m++) {
        const csl_decoder *d = &decoders->modality[m];
        fill(rng, weights + d->from_tokens, d->hidden * 2 * d->inputs, 1 / sqrt(2 * (double)d->inputs));
        fill(rng, weights + d->from_codes, d->codes * d->hidden, 0.5);
        fill(rng, weights + d->from_embedding, d->hidden * d->width, 1 / sqrt((double)d->width));
        fill(rng, weights + d->out, d->features * d->hidden, 0.5 / sqrt((double)d->hidden));
    }
}

size_t csl_decoder_scratch(const csl_decoder *d)
{
    return CSL_DECODER_MAX_TOKENS * (2 * d->inputs + 3 * d->hidden + d->features) + d->hidden;
}

/* Shows half of a token's numbers to the decoder: in[2 * inputs] are they, 0 where hidden, and whether they
 * are shown. */
static void show(const csl_decoder *d, const csl_encoded_modality *tokens, size_t row, csl_rng *rng,
                 float *in)
{
    const float *x = tokens->x + row * d->inputs;
    const uint8_t *known = tokens->known + row * d->inputs;
    for (size_t j = 0; j < d->inputs; j++) {
        bool shown = known[j] && (j >= d->features || csl_rng_uniform(rng) < 0.5);
        in[j] = shown ? x[j] : 0;
        in[d->inputs + j] = shown;
    }
}

/* Huber (1964), threshold 1, over the known features that were not shown; y becomes scale times the gradient.
 */
static double compare(const csl_decoder *d, const csl_encoded_modality *tokens, size_t row, const float *in,
                      double scale, float *y)
{
    const float *x = tokens->x + row * d->inputs;
    const uint8_t *known = tokens->known + row * d->inputs;
    size_t hidden = 0;
    double loss = 0;
    for (size_t j = 0; j < d->features; j++) hidden += known[j] && in[d->inputs + j] == 0;
    for (size_t j = 0; j < d->features; j++) {
        double r = (double)(y[j] - x[j]), cut = r > 1 ? 1 : r < -1 ? -1 : r;
        bool counts = known[j] && in[d->inputs + j] == 0;
        if (counts) loss += cut * (r - cut / 2) / (double)hidden;
        y[j] = counts ? (float)(scale * cut / (double)hidden) : 0;
    }
    return loss;
}

double csl_decoder_learn(const csl_decoder *d, const float *w, const csl_encoded_modality *tokens,
                         const float *e, double scale, csl_rng *rng, float *scratch, float *gradient,
                         float *de)
{
    size_t rows = tokens->count < CSL_DECODER_MAX_TOKENS ? tokens->count : CSL_DECODER_MAX_TOKENS,
           wide = 2 * d->inputs;
    if (!rows) return 0;
    float *in = scratch, *pre = in + rows * wide, *act = pre + rows * d->hidden,
          *dact = act + rows * d->hidden;
    float *y = dact + rows * d->hidden, *common = y + rows * d->features;
    size_t chosen[CSL_DECODER_MAX_TOKENS];
    for (size_t i = 0; i < rows; i++) {
        chosen[i] = (i * tokens->count + (size_t)csl_rng_below(rng, tokens->count)) / rows;
        show(d, tokens, chosen[i], rng, in + i * wide);
    }
    memcpy(common, w + d->bias, d->hidden * sizeof *common);
    csl_gemm(false, true, 1, d->hidden, d->width, 1, e, d->width, w + d->from_embedding, d->width, 1, common,
             d->hidden);
    for (size_t i = 0; i < rows; i++)
        memcpy(pre + i * d->hidden, w + d->from_codes + tokens->code[chosen[i]] * d->hidden,
               d->hidden * sizeof *pre);
    csl_gemm(false, true, rows, d->hidden, wide, 1, in, wide, w + d->from_tokens, wide, 1, pre, d->hidden);
    csl_kernel_gelu(pre, rows, d->hidden, common, act);
    csl_kernel_rows(y, NULL, rows, d->features, w + d->out_bias);
    csl_gemm(false, true, rows, d->features, d->hidden, 1, act, d->hidden, w + d->out, d->hidden, 1, y,
             d->features);

    double loss = 0;
    for (size_t i = 0; i < rows; i++)
        loss += compare(d, tokens, chosen[i], in + i * wide, scale / (double)rows, y + i * d->features) /
                (double)rows;

    csl_gemm(true, false, d->features, d->hidden, rows, 1, y, d->features, act, d->hidden, 1,
             gradient + d->out, d->hidden);
    csl_kernel_sum_rows(y, rows, d->features, gradient + d->out_bias);
    csl_gemm(false, false, rows, d->hidden, d->features, 1, y, d->features, w + d->out, d->hidden, 0, dact,
             d->hidden);
    csl_kernel_gelu_back(dact, pre, rows * d->hidden);
    csl_gemm(true, false, d->hidden, wide, rows, 1, dact, d->hidden, in, wide, 1, gradient + d->from_tokens,
             wide);
    for (size_t i = 0; i < rows; i++)
        csl_kernel_add(gradient + d->from_codes + tokens->code[chosen[i]] * d->hidden, dact + i * d->hidden,
                       d->hidden);
    memset(common, 0, d->hidden * sizeof *common);
    csl_kernel_sum_rows(dact, rows, d->hidden, common);
    csl_kernel_add(gradient + d->bias, common, d->hidden);
    csl_gemm(true, false, d->hidden, d->width, 1, 1, common, d->hidden, e, d->width, 1,
             gradient + d->from_embedding, d->width);
    csl_gemm(false, false, 1, d->width, d->hidden, 1, common, d->hidden, w + d->from_embedding, d->width, 1,
             de, d->width);
    return loss;
}
