/* What a forward pass leaves behind for the backward pass, and where: one block of memory in the workspace,
 * laid out anew for each case. Row counts: n tokens of a modality, N = n + 1 with the class token, D width, r
 * MLP ratio, L labels, K bottlenecks. */
#ifndef CSL_MODEL_TAPE_H
#define CSL_MODEL_TAPE_H

#include "model/attend.h"
#include "model/layout.h"

/* A block over `rows` rows; of the whole tape, backward reads all but `out`. */
typedef struct csl_block_tape {
    float *in;             /* [rows, D] */
    float *a, *stat1;      /* norm1 of in [rows, D]; [rows, 2] */
    float *q;              /* [rows, 3D] queries, keys, values; in a cross block queries alone [rows, D] */
    float *o, *total;      /* attention's output [rows, D]; softmax totals [heads, rows] */
    float *folded, *mixed; /* in a cross block alone, [heads, rows, D]: see cross_attention in block.c */
    float *mid;            /* [rows, D] */
    float *c, *stat2;      /* norm2 of mid */
    float *pre, *act;      /* [rows, rD] before and after GELU */
    float *out;            /* [rows, D]; the next block's in */
} csl_block_tape;

typedef struct csl_encoder_tape {
    size_t n, rows; /* rows = n + 1 */
    float *u;       /* [n, F + P] */
    float *h;       /* [N, D], the first block's in */
    csl_block_tape block[CSL_NETWORK_MAX_BLOCKS];
    float *stat;            /* [N, 2] of the last norm */
    float *t;               /* [N, D] the encoder's output */
    float *pooled;          /* [3D]: class token, mean, peak */
    float *peak_total;      /* [D], of the peak's softmax */
    float *e, *late, *pair; /* [D], [L], [D] */
    float *mean_h, *early;  /* [D], mean of h's tokens before the stem; [D] */
    float *x;               /* [N, D]: t + modality embedding */
    float *dt, *dh;         /* gradients by t and, after backward, by h: [N, D] */
    float *de, *dearly;     /* [D], [D] */
} csl_encoder_tape;

typedef struct csl_fusion_tape {
    csl_modality_set set;
    float *early_in, *early_pre, *early_act; /* [MD], [D], [D] */
    csl_block_tape block[CSL_NETWORK_MAX_BLOCKS];
    float *normed, *stat;              /* [K, D], [K, 2] */
    float *mix_in, *mix_pre, *mix_act; /* [MD], [2D], [2D] */
    float *pair_sum, *pair_product;    /* [D], [D] */
    float *z, *gate;                   /* [D], [3] */
    float *logit;                      /* [CSL_BRANCH_COUNT, L] */
} csl_fusion_tape;

struct csl_workspace {
    float *memory;
    size_t capacity; /* floats */
    csl_modality_set encoded;
    struct csl_products *products; /* made by the first product with prepared weights */
    csl_encoder_tape encoder[CSL_MAX_MODALITIES];
    csl_fusion_tape fusion;
    /* scratch */
    float *attention;            /* what attend.h's functions need */
    float *wide, *narrow, *flow; /* [rows, max(3, r) D], [rows, D], [rows, D] */
    float *dfolded, *dmixed;     /* [heads, K, D] each */
    float *stem;                 /* of the largest picture, stem.h */
    float *row, *dz;             /* vectors between single-row layers; [D] */
};

/* block.c */

/* y[rows, outputs] = x weight^T + bias (+ residual[rows, outputs] unless NULL) */
void csl_linear_forward(const float *w, const csl_linear *l, const float *x, size_t rows,
                        const float *residual, float *y);
/* The same for the many rows of a block or of tokens: by network->prepared where it was made from w. */
void csl_linear_rows(const csl_network *n, const float *w, const csl_linear *l, const float *x, size_t rows,
                     const float *residual, float *y, csl_workspace *s);
/* pre = x weight^T + bias, act = GELU(pre) */
void csl_linear_gelu(const float *w, const csl_linear *l, const float *x, size_t rows, float *pre,
                     float *act);
/* dx = dy weight (or dx += where accumulate); dx may be NULL. gradient += unless NULL. */
void csl_linear_backward(const float *w, float *gradient, const csl_linear *l, const float *x,
                         const float *dy, size_t rows, float *dx, bool accumulate);
/* What follows csl_linear_rows. */
void csl_linear_rows_backward(const csl_network *n, const float *w, float *gradient, const csl_linear *l,
                              const float *x, const float *dy, size_t rows, float *dx, csl_workspace *s);

/* A block from tape->in to tape->out. segments NULL: self-attention. */
void csl_block_forward(const csl_network *n, const float *w, const csl_block *l, csl_block_tape *tape,
                       size_t rows, const csl_segment *segments, size_t segment_count, csl_workspace *s);
/* dh, the gradient by the block's out, becomes that by its in. Segments' dk and dv are added to. */
void csl_block_backward(const csl_network *n, const float *w, float *gradient, const csl_block *l,
                        const csl_block_tape *tape, size_t rows, const csl_segment *segments,
                        size_t segment_count, float *dh, csl_workspace *s);

/* encoder.c */

/* Inputs to tape->h and the early branch's vector. */
void csl_encoder_embed(const csl_network *n, const float *w, size_t modality, const csl_encoded_modality *in,
                       csl_encoder_tape *tape, csl_workspace *s);
/* tape->h to everything that fusion reads. */
void csl_encoder_run(const csl_network *n, const float *w, size_t modality, csl_encoder_tape *tape,
                     csl_workspace *s);
/* From tape->de, dearly and dt (what the joint branch put there) to tape->dh and the gradient (may be NULL).
 */
void csl_encoder_backward(const csl_network *n, const float *w, float *gradient, size_t modality,
                          const csl_encoded_modality *in, csl_encoder_tape *tape, csl_workspace *s);

/* fusion.c */

void csl_fusion_run(const csl_network *n, const float *w, csl_modality_set set, csl_workspace *s);
/* Fills de, dearly and dt of the set's encoders. gradient may be NULL. dgate_logit[3], unless NULL, is added
 * to the gradient by the gates before their softmax. */
void csl_fusion_backward(const csl_network *n, const float *w, float *gradient, const float *dlogit,
                         const float *dgate_logit, csl_workspace *s);

/* As if no loss came from fusion: clears what csl_fusion_backward would fill, in all encoders that ran. */
void csl_fusion_silence(const csl_network *n, csl_workspace *s);

/* network.c: as csl_network_backward, but gradient may be NULL, where only the tapes' dh are wanted. */
void csl_network_backward_to(const csl_network *network, const float *weights, const csl_encoded *encoded,
                             csl_workspace *workspace, const float *dlogit, float *gradient);

#endif
