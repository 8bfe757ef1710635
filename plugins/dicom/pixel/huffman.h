/* Huffman codes of JPEG and the bits that they lie in (ISO/IEC 10918-1 annexes C and F), for the decoders of
 * lossless and of 12-bit JPEG.
 *
 * A scan's bytes are copied into a window without the zero bytes that are stuffed after FF (F.1.2.3), so that
 * bits are loaded eight bytes at a time without a look at what they are. Past a marker or the end of the
 * stream come zeros; csl_bits_invented says whether any of them was used. */
#ifndef CSL_PLUGIN_DICOM_HUFFMAN_H
#define CSL_PLUGIN_DICOM_HUFFMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

enum { CSL_BITS_WINDOW = 8192 };

typedef struct csl_bit_source {
    const uint8_t *next, *end; /* what is not yet in the window, still stuffed */
    ptrdiff_t there;           /* bytes of the window that came from the stream */
    uint8_t window[CSL_BITS_WINDOW + 8];
} csl_bit_source;

typedef struct csl_bits { /* apart from the source, so that it stays in registers */
    uint64_t held;        /* left aligned; below the `count` there are bits that will be loaded again */
    uint32_t count;
    const uint8_t *at;
} csl_bits;

csl_bits csl_bits_open(csl_bit_source *source, const uint8_t *at, const uint8_t *end);
csl_bits csl_bits_more(csl_bit_source *source, csl_bits bits);

/* Goes on behind the restart marker RSTm, m = number modulo 8 (F.2.1.3.1); false where that is not next. */
bool csl_bits_restart(csl_bit_source *source, csl_bits *bits, uint32_t number);

static inline bool csl_bits_invented(const csl_bit_source *source, csl_bits bits)
{
    return (bits.at - source->window) * 8 - (ptrdiff_t)bits.count > source->there * 8;
}

/* Before loads of `bytes` in all, which are far less than the window. */
static inline csl_bits csl_bits_ensure(csl_bit_source *source, csl_bits bits, uint32_t bytes)
{
    bool enough = source->window + CSL_BITS_WINDOW - bits.at >= (ptrdiff_t)bytes;
    return __builtin_expect(enough, 1) ? bits : csl_bits_more(source, bits);
}

/* At least 56 bits. */
static inline csl_bits csl_bits_load(csl_bits b)
{
    uint64_t next;
    memcpy(&next, b.at, sizeof next);
    b.held |= __builtin_bswap64(next) >> b.count;
    b.at += (63 - b.count) >> 3;
    b.count |= 56;
    return b;
}

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

static inline csl_bits csl_bits_drop(csl_bits b, uint32_t count)
{
    b.held <<= count;
    b.count -= count;
    return b;
}

#endif
