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

/* 3 x 3, padded by zeros: the row of linear.weight [outputs, 9 x channels] runs over (row, column, channel)
 * of the neighbourhood. stride 1 keeps the size, stride 2 halves it (both sides even). */
typedef struct csl_conv {
    csl_linear linear; /* inputs = 9 x channels */
    size_t channels, stride;
} csl_conv;

enum { CSL_STEM_MAX_LEVELS = 4 /* patches of 2 x 2^4 pixels a side, CSL_MAX_PATCH */ };

typedef struct csl_stem_level {
    csl_norm norm1, norm2;
    csl_conv mix, half;
    csl_linear add; /* pixel by pixel */
} csl_stem_level;

/* The convolutional stem of a modality with pictures, stem.h. */
typedef struct csl_stem {
    size_t halvings; /* 0: the modality has no pictures; else 2^halvings is the patch's side */
    csl_conv first;  /* halves; then a level for each halving that is left */
    csl_stem_level level[CSL_STEM_MAX_LEVELS];
} csl_stem;

typedef struct csl_modality_layout {
    size_t unknown, code, code_scale,
        class_token; /* code: CSL_NO_TENSOR if V is 1; code_scale also without coded_feature */
    csl_linear embed;
    csl_stem stem;
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
