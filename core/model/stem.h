/* The convolutional stem: looks at whole pictures before their tiles become tokens (Xiao et al., "Early
 * Convolutions Help Transformers See Better", 2021). docs/model.md has the equations. Private to core/model.
 *
 * Consecutive tokens with one plane number are the tiles of one picture; tiles that are not there are grey,
 * the mean of training. Of a picture nothing is kept for the backward pass, which goes through it anew: so
 * memory is that of the largest picture, however many there are. */
#ifndef CSL_MODEL_STEM_H
#define CSL_MODEL_STEM_H

#include "model/layout.h"

/* Floats of scratch for the pictures of a modality's tokens; 0 where it has none. */
size_t csl_stem_room(const csl_network *n, size_t modality, const csl_encoded_modality *in);

/* h[count, D] += what the stem says of each token that is a tile. */
void csl_stem_forward(const csl_network *n, const float *w, size_t modality, const csl_encoded_modality *in,
                      float *h, float *scratch);
/* gradient += that by the stem's weights, dh[count, D] being that by h. */
void csl_stem_backward(const csl_network *n, const float *w, float *gradient, size_t modality,
                       const csl_encoded_modality *in, const float *dh, float *scratch);

/* The tokens of a picture: first .. end - 1. False after the last. Start with end 0. */
typedef struct csl_picture_run {
    size_t first, end;
    size_t rows, columns; /* tiles */
} csl_picture_run;
bool csl_next_picture(const csl_encoded_modality *in, csl_picture_run *run);
/* Its pixels, [rows x side, columns x side]; 0 where a tile or a pixel is not known. */
void csl_picture_assemble(const csl_network_modality *m, const csl_encoded_modality *in,
                          const csl_picture_run *run, float *pixels);

#endif
