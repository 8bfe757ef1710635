/* Learning without labels: from a modality's embedding of some of its tokens, tell the hidden features of
 * others, as a conditional neural process does (Garnelo et al. 2018). An embedding that can do that knows in
 * what this case's tokens differ from other cases', which few labels alone would not teach. Used while
 * training only; no part of the model file.
 *
 * One decoder a modality. Of a token that the encoder did not see, x[F + P] are the normalised numbers,
 * seen[F + P] says which are shown, c is its code's row: h = GELU(W_x (seen * x) + W_s seen + C[c] + W_e e +
 * b)      h[H], H = 2 D y = W_y h + b_y                                             y[F], compared with the
 * known features not shown The loss of a token is the mean Huber loss (threshold 1) over these features.
 * Private to core/model.
 */
#ifndef CSL_MODEL_DECODER_H
#define CSL_MODEL_DECODER_H

#include "base/rng.h"
#include "model/network.h"

typedef struct csl_decoder { /* offsets into the flat array of all decoders' weights */
    size_t inputs, features, codes, width, hidden;
    size_t from_tokens, from_codes, from_embedding, bias, out, out_bias;
} csl_decoder;

typedef struct csl_decoders {
    csl_decoder modality[CSL_MAX_MODALITIES];
    size_t weight_count;
} csl_decoders;

void csl_decoders_layout(const csl_network *network, csl_decoders *decoders);
void csl_decoders_init(const csl_decoders *decoders, size_t modalities, csl_rng *rng, float *weights);

enum { CSL_DECODER_MAX_TOKENS = 64 };
/* Floats of scratch that csl_decoder_learn needs. */
size_t csl_decoder_scratch(const csl_decoder *decoder);

/* `tokens` hidden from the encoder; at most CSL_DECODER_MAX_TOKENS of them are used, and of each about half
 * the features are shown, by rng's choice. Returns the loss, a mean over tokens; adds scale times its
 * gradients to gradient and de[width]. 0 if there is nothing to tell. */
double csl_decoder_learn(const csl_decoder *decoder, const float *weights, const csl_encoded_modality *tokens,
                         const float *e, double scale, csl_rng *rng, float *scratch, float *gradient,
                         float *de);

#endif
