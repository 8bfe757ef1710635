/* Convolutions of one picture, [rows, columns, channels], as matrix products over the pixels' neighbourhoods
 * (im2col: Chellapilla, Puri, Simard 2006), a strip of lines at a time. Private to core/model. */
#ifndef CSL_MODEL_CONV_H
#define CSL_MODEL_CONV_H

#include "model/layout.h"

/* Floats that the two calls below need as scratch, for pictures of any size. */
size_t csl_conv_scratch(const csl_conv *conv, size_t columns);

/* y[rows / stride, columns / stride, outputs] = conv(x) + bias; with act, that too: GELU(y). */
void csl_conv_forward(const float *w, const csl_conv *conv, const float *x, size_t rows, size_t columns,
                      float *y, float *act, float *scratch);
/* gradient += that by the weights; dx += that by x, unless NULL. */
void csl_conv_backward(const float *w, float *gradient, const csl_conv *conv, const float *x, size_t rows,
                       size_t columns, const float *dy, float *dx, float *scratch);

#endif
