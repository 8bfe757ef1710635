/* The network: its configuration, its parameters, one case as it enters, forward and backward. docs/model.md
 * has the equations.
 *
 * Private to core/model. The configuration is filled by the reader of a model file or by
 * training, then csl_network_layout makes the parameter table; after that a csl_network is read-only and may
 * be shared by threads. Weights and gradients are flat float arrays of weight_count that the caller owns. A
 * csl_workspace belongs to one thread.
 */
#ifndef CSL_MODEL_NETWORK_H
#define CSL_MODEL_NETWORK_H

#include "base/rng.h"
#include "model/model.h"

enum {
    CSL_NETWORK_NAME = 128,         /* bytes of a parameter's name, with the terminating 0 */
    CSL_NETWORK_MAX_WIDTH = 1024,   /* also the limit of bottlenecks */
    CSL_NETWORK_MAX_BLOCKS = 64,    /* also the limit of cross blocks */
    CSL_NETWORK_MAX_CODES = 65536,  /* rows of one vocabulary */
    CSL_NETWORK_TOKEN_BUDGET = 2048 /* default of csl_network.token_budget */
};

/* What the network must know of one modality; the rest stands in its csl_modality_features, same index. */
typedef struct csl_network_modality {
    char name[32];                        /* "image" */
    size_t feature_count, position_count; /* F, P */
    int coded_feature;                    /* -1: none */
    size_t code_rows;                     /* V: vocabulary with row 0 (no code); 1 where there are no codes */
    size_t patch_feature, patch_side;     /* see plugin.h; side 0: no pictures */
} csl_network_modality;

/* What a tensor starts from. */
typedef enum csl_init {
    CSL_INIT_ZERO,
    CSL_INIT_ONE,
    CSL_INIT_NORMAL,
    CSL_INIT_PRIOR,
    CSL_INIT_TEMPERATURE /* log(1 / 0.07), contrast.h */
} csl_init;

typedef struct csl_parameter {
    char name[CSL_NETWORK_NAME]; /* "image.block.0.qkv.weight" */
    size_t rank, shape[2];       /* a matrix is [outputs, inputs] or [rows, width] */
    size_t offset, count;        /* floats in the flat array; offsets are multiples of 16 */
    csl_init init;
    float deviation; /* of CSL_INIT_NORMAL */
    bool decay;      /* weight decay applies */
} csl_parameter;

typedef struct csl_network {
    size_t width, heads, blocks; /* D, a multiple of heads; encoder blocks of each modality */
    size_t bottlenecks, cross_blocks, mlp_ratio;
    size_t stem_channels; /* of the stem's first level */
    size_t projection;    /* J: numbers of an embedding's projection, contrast.h */
    size_t token_budget;  /* most tokens of one modality that enter; see csl_preprocess */
    size_t label_count, modality_count;
    csl_network_modality modality[CSL_MAX_MODALITIES];
    /* made by csl_network_layout */
    csl_parameter *parameters;
    size_t parameter_count, weight_count;
    struct csl_layout *layout;
    /* Set by the owner of the weights, who also frees it, or NULL: prepared.h */
    struct csl_prepared *prepared;
} csl_network;

/* Sets the defaults: width 64, heads 4, blocks 2, bottlenecks 8, cross blocks 2, ratio 2, stem
 * channels 16, projection 32, budget. */
void csl_network_defaults(csl_network *network);
/* Checks the configuration (CSL_EFORMAT, naming the field and its range) and makes the parameter table. */
csl_status csl_network_layout(csl_network *network, csl_error *error);
void csl_network_free(csl_network *network); /* leaves a zeroed struct */
/* Parameter by name, or NULL. */
const csl_parameter *csl_network_parameter(const csl_network *network, const char *name);
/* Fills weights[weight_count]; prior[label_count] are the log odds that the heads' biases start from (NULL:
 * 0). Each tensor draws from its own stream of the seed. */
void csl_network_init(const csl_network *network, uint64_t seed, const float *prior, float *weights);

/* ---- one case as it enters ---- */

typedef struct csl_encoded_modality {
    size_t count;        /* n; 0: the case lacks the modality */
    float *x;            /* [n, F + P], normalised and clipped, 0 where not known */
    uint8_t *known;      /* [n, F + P] */
    uint32_t *code;      /* [n], row of the vocabulary */
    uint32_t *row;       /* [n], row in the case's modality */
    csl_case_tile *tile; /* [n]; NULL where the modality has no pictures */
} csl_encoded_modality;

typedef struct csl_encoded {
    csl_encoded_modality modality[CSL_MAX_MODALITIES]; /* in the network's order */
} csl_encoded;

/* Normalises a case with the features training saw (features->modalities[i] belongs to network->modality[i]).
 * Positions are normalised as features are (position_mean, position_deviation of the fit). Of more than
 * token_budget tokens the rows floor(i * n / budget) enter. Free with csl_encoded_free, also after failure.
 * CSL_EMISMATCH if a modality's features are not those of training; modalities the network lacks are ignored.
 */
struct csl_features;
csl_status csl_preprocess(const csl_network *network, const struct csl_features *features, const csl_case *c,
                          csl_encoded *encoded, csl_error *error);
void csl_encoded_free(csl_encoded *encoded);
/* Room for count tokens, all of them zero; with tiles where asked. Free with csl_encoded_modality_free, also
 * after failure. */
csl_status csl_encoded_modality_new(csl_encoded_modality *e, size_t count, size_t inputs, bool tiles,
                                    csl_error *error);
void csl_encoded_modality_free(csl_encoded_modality *e);
/* Appends token i of `from` to `to`, which has room for it and tiles where `from` has. */
void csl_encoded_put(const csl_encoded_modality *from, size_t i, size_t inputs, csl_encoded_modality *to);
/* A copy without the tokens i of modality m for which drop[m][i] is nonzero (drop[m] NULL: none is). A
 * modality that loses all becomes missing. Free the copy, also after failure. */
csl_status csl_encoded_without(const csl_network *network, const csl_encoded *encoded,
                               uint8_t *const drop[CSL_MAX_MODALITIES], csl_encoded *copy, csl_error *error);
/* The network's modalities that have tokens. */
csl_modality_set csl_encoded_present(const csl_network *network, const csl_encoded *encoded);

/* ---- forward and backward ---- */

/* Pointers into the workspace, valid until its next use. */
typedef struct csl_activations {
    const float *logit[CSL_BRANCH_COUNT]; /* [label_count] each */
    const float *gate;                    /* [3]: early, late, joint */
    const float *joint;                   /* [D], z */
    /* [D], e_m; NULL where not used */
    const float *embedding[CSL_MAX_MODALITIES];
    /* [label_count], one modality's own opinion; NULL where not used */
    const float *late_logit[CSL_MAX_MODALITIES];
} csl_activations;

/* `use` is cut to what is present; CSL_EFORMAT if nothing is left. One thread, bitwise reproducible. */
csl_status csl_network_forward(const csl_network *network, const float *weights, const csl_encoded *encoded,
                               csl_modality_set use, csl_workspace *workspace, csl_activations *out,
                               csl_error *error);

/* As a forward, to the bit, of which nothing is kept for a backward pass (csl_network_fuse may follow): less
 * memory, which stays in cache. */
csl_status csl_network_infer(const csl_network *network, const float *weights, const csl_encoded *encoded,
                             csl_modality_set use, csl_workspace *workspace, csl_activations *out,
                             csl_error *error);

/* The encoders alone: e_m of each modality stands in the workspace. Errors as above. */
csl_status csl_network_encode(const csl_network *network, const float *weights, const csl_encoded *encoded,
                              csl_modality_set use, csl_workspace *workspace, csl_error *error);

/* Again with a subset of what the last forward on this workspace used: the encoders are not run again. The
 * result is bitwise that of a forward with that set. set must not be empty and must be within the last
 * forward's. */
void csl_network_fuse(const csl_network *network, const float *weights, csl_modality_set set,
                      csl_workspace *workspace, csl_activations *out);

/* Adds to gradient[weight_count] the gradient of a loss whose derivatives by the last forward's (or fuse's)
 * logits are dlogit[CSL_BRANCH_COUNT, label_count]. `encoded` is the one the forward had. */
void csl_network_backward(const csl_network *network, const float *weights, const csl_encoded *encoded,
                          csl_workspace *workspace, const float *dlogit, float *gradient);

#endif
