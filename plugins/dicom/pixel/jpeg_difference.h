/* Lines of lossless JPEG (ISO/IEC 10918-1 annex H): Huffman-coded differences, and the prediction that they
 * are differences from. */
#ifndef CSL_PLUGIN_DICOM_JPEG_DIFFERENCE_H
#define CSL_PLUGIN_DICOM_JPEG_DIFFERENCE_H

#include "pixel/huffman.h"

#include <assert.h>

enum { CSL_SEVERAL_BITS = 12, CSL_SEVERAL_SLACK = 4 };

/* For the bits that come next as many whole differences as lie in them, at most three: how many bits they
 * take in bits 0 to 7, how many there are in bits 8 to 15, and then each in 16. */
typedef struct csl_several {
    uint64_t entry[1 << CSL_SEVERAL_BITS];
} csl_several;

void csl_several_build(const csl_huffman *table, csl_several *several);

/* The differences of one line into `to`, which has room for CSL_SEVERAL_SLACK more. `several` is of the same
 * table, or NULL. False where there is no code. */
bool csl_differences_read(csl_bit_source *source, csl_bits *bits, const csl_huffman *table,
                          const csl_several *several, uint16_t *to, uint32_t columns);

/* The same of several components, all samples of a pixel next to each other. */
bool csl_differences_mixed(csl_bit_source *source, csl_bits *bits, uint32_t components,
                           const csl_huffman *const *tables, uint16_t *const *to, uint32_t columns);

/* Differences to samples, in place, by predictor 1 to 7 of table H.1. The first line of an interval has none
 * above and begins with `start`. */
void csl_differences_add(uint32_t selection, uint16_t *line, const uint16_t *above, uint32_t columns,
                         uint32_t start);

#endif
