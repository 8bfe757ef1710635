/* The inverse discrete cosine transform of 12-bit JPEG, as accurate integer arithmetic by Loeffler,
 * Ligtenberg and Moschytz (ICASSP 1989, 11 multiplications and 29 additions for eight points), in the fixed
 * point of the Independent JPEG Group's slow integer transform, so that its pixels are theirs to the bit. */
#ifndef CSL_PLUGIN_DICOM_IDCT12_H
#define CSL_PLUGIN_DICOM_IDCT12_H

#include <stdint.h>

enum { CSL_IDCT_BLOCKS = 8 };

/* Eight blocks at once. coefficients: dequantised, row by row, [64][blocks]; samples: 0 to 4095, likewise. */
void csl_idct12(const int32_t *restrict coefficients, uint16_t *restrict samples);

#endif
