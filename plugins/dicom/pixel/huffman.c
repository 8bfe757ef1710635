#include "pixel/huffman.h"

static csl_code code_of(const csl_huffman *table, uint8_t symbol, uint32_t bits)
{
    csl_code code = {(uint8_t)bits, symbol, 0};
    if (table->has_runs) {
        code.size = symbol & 15;
        code.run = symbol >> 4;
    } else if (symbol == 16) { /* the difference of 32768 has no bits of its own */
        code.size = 0;
        code.run = 32768;
    }
    code.bits = (uint8_t)(code.bits + code.size);
    return code;
}

/* Annex C: codes of rising length, in the order of the symbols. */
static bool build(csl_huffman *table, const uint8_t *counts, const uint8_t *symbols, uint32_t total,
                  uint32_t most)
{
    uint32_t code = 0, symbol = 0;
    memset(table->lookup, 0, sizeof table->lookup);
    memcpy(table->symbols, symbols, total);
    for (uint32_t bits = 1; bits <= CSL_HUFFMAN_MAX; bits++, code <<= 1) {
        table->offset[bits] = (int32_t)symbol - (int32_t)code;
        for (uint32_t i = 0; i < counts[bits - 1]; i++, code++, symbol++) {
            if (code >= 1u << bits || (!table->has_runs && symbols[symbol] > most)) return false;
            if (bits > CSL_HUFFMAN_BITS) continue;
            uint32_t first = code << (CSL_HUFFMAN_BITS - bits), span = 1u << (CSL_HUFFMAN_BITS - bits);
            csl_code filled = code_of(table, symbols[symbol], bits);
            for (uint32_t k = 0; k < span; k++) table->lookup[first + k] = filled;
        }
        table->max_code[bits] = counts[bits - 1] ? (int32_t)((code << (CSL_HUFFMAN_MAX - bits)) - 1) : -1;
    }
    return table->present = true;
}

bool csl_huffman_read(const uint8_t *body, uint64_t left, uint32_t most, csl_huffman *differences,
                      csl_huffman *coefficients)
{
    while (left > 0) {
        if (left < 17) return false;
        uint32_t total = 0, id = body[0] & 15, class = body[0] >> 4;
        for (int i = 1; i <= 16; i++) total += body[i];
        if (total > 256 || 17 + total > left || id >= CSL_HUFFMAN_TABLES || class > 1) return false;
        csl_huffman *tables = class ? coefficients : differences;
        if (tables) {
            tables[id].has_runs = class;
            if (!build(&tables[id], body + 1, body + 17, total, most)) return false;
        }
        body += 17 + total;
        left -= 17 + total;
    }
    return true;
}

csl_code csl_huffman_long(const csl_huffman *table, uint64_t held)
{
    int32_t next = (int32_t)(held >> 48);
    uint32_t bits = 1;
    while (bits <= CSL_HUFFMAN_MAX && next > table->max_code[bits]) bits++;
    if (bits > CSL_HUFFMAN_MAX) return (csl_code){0, 0, 0};
    int32_t symbol = (next >> (CSL_HUFFMAN_MAX - bits)) + table->offset[bits];
    return code_of(table, table->symbols[symbol & 255], bits);
}
