#include "pixel/jpeg_difference.h"

#include "file/vector.h"

enum { MOST = 3, AT_ONCE = 4 }; /* AT_ONCE entries take no more bits than one load brings */

static_assert(AT_ONCE * CSL_SEVERAL_BITS <= 56, "one load is enough");

void csl_several_build(const csl_huffman *table, csl_several *several)
{
    enum { COUNT = 1 << CSL_SEVERAL_BITS };
    csl_code code[COUNT];
    uint16_t difference[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        uint64_t held = (uint64_t)i << (64 - CSL_SEVERAL_BITS);
        csl_code c = table->lookup[i >> (CSL_SEVERAL_BITS - CSL_HUFFMAN_BITS)];
        bool whole = c.bits > 0 && c.bits <= CSL_SEVERAL_BITS;
        code[i] = whole ? c : (csl_code){UINT8_MAX, 0, 0};
        difference[i] = whole ? (uint16_t)(c.run + csl_huffman_value(c, held)) : 0;
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        uint64_t values = 0, count = 0, bits = 0;
        for (uint32_t at = i; count < MOST && bits + code[at].bits <= CSL_SEVERAL_BITS; count++) {
            values |= (uint64_t)difference[at] << (16 + 16 * count);
            bits += code[at].bits;
            at = at << code[at].bits & (COUNT - 1);
        }
        several->entry[i] = values | count << 8 | bits;
    }
}

/* Behind a load. */
static inline bool read_one(csl_bits *b, const csl_huffman *table, uint16_t *to)
{
    csl_code code = csl_huffman_next(table, b->held);
    *to = (uint16_t)(code.run + csl_huffman_value(code, b->held));
    *b = csl_bits_drop(*b, code.bits);
    return code.bits != 0;
}

CSL_VECTOR bool csl_differences_read(csl_bit_source *source, csl_bits *bits, const csl_huffman *table,
                                     const csl_several *several, uint16_t *to, uint32_t columns)
{
    csl_bits b = *bits;
    uint16_t *end = to + columns;
    while (several && end - to >= AT_ONCE * MOST) {
        b = csl_bits_load(csl_bits_ensure(source, b, 128));
        for (int i = 0; i < AT_ONCE; i++) {
            uint64_t entry = several->entry[b.held >> (64 - CSL_SEVERAL_BITS)], values = entry >> 16;
            uint32_t count = (uint32_t)(entry >> 8) & 0xFF;
            if (__builtin_expect(count == 0, 0)) { /* one that is long */
                b = csl_bits_load(b);
                if (!read_one(&b, table, to++)) return false;
                b = csl_bits_load(b);
                continue;
            }
            memcpy(to, &values, sizeof values);
            to += count;
            b = csl_bits_drop(b, entry & 0x3F);
        }
    }
    while (to < end) {
        b = csl_bits_load(csl_bits_ensure(source, b, 16));
        if (!read_one(&b, table, to++)) return false;
    }
    *bits = b;
    return true;
}

CSL_VECTOR bool csl_differences_mixed(csl_bit_source *source, csl_bits *bits, uint32_t components,
                                      const csl_huffman *const *tables, uint16_t *const *to, uint32_t columns)
{
    csl_bits b = *bits;
    for (uint32_t x = 0; x < columns; x++) {
        for (uint32_t k = 0; k < components; k++) {
            b = csl_bits_load(csl_bits_ensure(source, b, 16));
            if (!read_one(&b, tables[k], to[k] + x)) return false;
        }
    }
    *bits = b;
    return true;
}

static void add_left(uint16_t *line, uint32_t columns)
{
    uint32_t a = line[0];
    for (uint32_t x = 1; x < columns; x++) {
        a += line[x];
        line[x] = (uint16_t)a;
    }
}

/* a from the left, b from above, c from above left. */
__attribute__((always_inline)) static inline void add(uint32_t selection, uint16_t *restrict line,
                                                      const uint16_t *restrict above, uint32_t columns)
{
    int32_t a = line[0];
    for (uint32_t x = 1; x < columns; x++) {
        int32_t b = above[x], c = above[x - 1], p = 0;
        switch (selection) {
        case 2: p = b; break;
        case 3: p = c; break;
        case 4: p = a + b - c; break;
        case 5: p = a + ((b - c) >> 1); break;
        case 6: p = b + ((a - c) >> 1); break;
        default: p = (a + b) >> 1; break;
        }
        line[x] = (uint16_t)(p + line[x]);
        a = line[x];
    }
}

CSL_VECTOR void csl_differences_add(uint32_t selection, uint16_t *line, const uint16_t *above,
                                    uint32_t columns, uint32_t start)
{
    line[0] = (uint16_t)(line[0] + (above ? above[0] : start));
    /* The predictor as a constant lets the compiler make a loop for each. */
    switch (above ? selection : 1) {
    case 1: add_left(line, columns); break;
    case 2: add(2, line, above, columns); break;
    case 3: add(3, line, above, columns); break;
    case 4: add(4, line, above, columns); break;
    case 5: add(5, line, above, columns); break;
    case 6: add(6, line, above, columns); break;
    default: add(7, line, above, columns); break;
    }
}
