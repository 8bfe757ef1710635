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

/* Transforms CSL_FFT_LANES lines: X[k] = sum over n of x[n] exp(-2 pi i k n / length). real and imaginary are
 * [length][CSL_FFT_LANES] and are overwritten with X. */
void csl_fft_lines(csl_fft *fft, float *real, float *imaginary);

#endif
