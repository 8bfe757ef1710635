/* Discrete Fourier transforms along the axes of a grid of complex float32, of lengths 2^a 3^b 5^c. */
#ifndef CSL_PLUGIN_DICOM_RADIOMICS_FFT_H
#define CSL_PLUGIN_DICOM_RADIOMICS_FFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct csl_fft csl_fft;

/* The least length of that form that is at least `least`. */
uint32_t csl_fft_length(uint32_t least);

/* NULL: no memory. */
csl_fft *csl_fft_make(uint32_t length);
void csl_fft_free(csl_fft *fft); /* NULL is allowed */

/* Lines are worked on so many at a time, so that the inner loops run over neighbours in memory. */
#define CSL_FFT_LANES 16

/* Transforms CSL_FFT_LANES lines: X[k] = sum over n of x[n] exp(-2 pi i n (k + t) / length), t being 1/2
 * where the lines are `turned`, else 0. x[n] of the lines are from_re[n step] and from_im[n step] and those
 * after them; X is left in `real` and `imaginary`, [length][CSL_FFT_LANES], which may be where x is if `step`
 * is CSL_FFT_LANES. */
void csl_fft_lines(csl_fft *fft, const float *from_re, const float *from_im, size_t step, bool turned,
                   float *real, float *imaginary);

#endif
