/* Huffman codes of JPEG (ISO/IEC 10918-1 annexes C and F), for the decoders of
 * lossless and of 12-bit JPEG. */
#ifndef CSL_PLUGIN_DICOM_HUFFMAN_H
#define CSL_PLUGIN_DICOM_HUFFMAN_H

#include "pixel/bits.h"

enum { CSL_HUFFMAN_TABLES = 4, CSL_HUFFMAN_BITS = 10, CSL_HUFFMAN_MAX = 16 };

/* A code and the value behind it, found by the bits that come next. */
typedef struct csl_code {
    uint8_t bits; /* of code and value; 0: no code, or one of more than CSL_HUFFMAN_BITS */
    uint8_t size; /* of the value, SSSS of tables F.1 and H.2 */
    uint16_t run; /* zeros before it, RRRR; of a difference what is added, 32768 or none (H.1.2.2) */
} csl_code;

typedef struct csl_huffman {
    bool present;
    bool has_runs; /* of coefficients; else of differences */
    uint8_t symbols[256];
    int32_t
        max_code[CSL_HUFFMAN_MAX + 1];   /* largest code of each length, left aligned to 16 bits; -1: none */
    int32_t offset[CSL_HUFFMAN_MAX + 1]; /* from a code of a length to its symbol */
    csl_code lookup[1 << CSL_HUFFMAN_BITS];
} csl_huffman;

/* All tables of a DHT segment (B.2.4.2) into differences[CSL_HUFFMAN_TABLES] by class 0 and
 * coefficients[CSL_HUFFMAN_TABLES] by class 1, NULL where those mean nothing. False where the segment is
 * damaged, or a table gives a difference of more than `most` bits. */
bool csl_huffman_read(const uint8_t *body, uint64_t size, uint32_t most, csl_huffman *differences,
                      csl_huffman *coefficients);

/* The code at the head of `held` where the lookup has none; bits 0: there is none. */
csl_code csl_huffman_long(const csl_huffman *table, uint64_t held);

static inline csl_code csl_huffman_next(const csl_huffman *table, uint64_t held)
{
    csl_code code = table->lookup[held >> (64 - CSL_HUFFMAN_BITS)];
    return __builtin_expect(code.bits != 0, 1) ? code : csl_huffman_long(table, held);
}

/* The value that ends code.bits bits: EXTEND of F.2.2.1. */
static inline int32_t csl_huffman_value(csl_code code, uint64_t held)
{
    uint32_t half = (1u << code.size) >> 1, full = (1u << code.size) - 1;
    uint32_t low = (uint32_t)(held >> ((64 - code.bits) & 63)) & full;
    return (int32_t)(low < half ? low - full : low);
}

#endif
