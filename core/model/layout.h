/* Where each tensor of a csl_network stands in the flat array of weights: offsets in floats. */
#ifndef CSL_MODEL_LAYOUT_H
#define CSL_MODEL_LAYOUT_H

#include "model/network.h"

#define CSL_NO_TENSOR SIZE_MAX

typedef struct csl_linear { /* y = x weight^T + bias; CSL_NO_TENSOR if there are no outputs */
    size_t inputs, outputs, weight, bias;
} csl_linear;

typedef struct csl_norm {
    size_t weight, bias;
} csl_norm;

/* A transformer block. Encoders have qkv [3D, D]; cross blocks have q [D, D] for the bottlenecks and kv [2D,
 * D]. */
typedef struct csl_block {
    csl_norm norm1, norm2;
    csl_linear qkv, q, kv, out, up, down;
} csl_block;

typedef struct csl_modality_layout {
    size_t unknown, code, code_scale,
        class_token; /* code: CSL_NO_TENSOR if V is 1; code_scale also without coded_feature */
    csl_linear embed;
    csl_block *blocks; /* [blocks] */
    csl_norm norm;
    csl_linear pool, late, early, pair, project;
    size_t early_missing, joint_missing, joint_modality;
} csl_modality_layout;

typedef struct csl_layout {
    csl_modality_layout modality[CSL_MAX_MODALITIES];
    csl_linear early_up, early_down, mix_up, mix_down, pair, head, gate;
    size_t bottleneck, log_scale;
    csl_block *cross; /* [cross_blocks] */
    csl_norm norm;
} csl_layout;

#endif
