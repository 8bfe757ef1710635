#include "pixel/jpeg_lossless.h"

#include "file/vector.h"
#include "pixel/codestream.h"
#include "pixel/decode.h"

#include <stdlib.h>
#include <string.h>

static const char place[] = "(7FE0,0010) PixelData, lossless JPEG";

enum { MAX_COMPONENTS = 4, TABLES = 4, LOOKUP_BITS = 13, MAX_CODE = 16 };

enum { AT_ONCE = 4 }; /* differences that one refill is enough for, unless one is long */
enum { RST0 = 0xD0, RST7 = 0xD7, SOI = 0xD8, EOI = 0xD9, SOF3 = 0xC3, DHT = 0xC4, SOS = 0xDA, DRI = 0xDD };

/* What the next LOOKUP_BITS bits say: a whole difference where code and extra bits fit in them. */
typedef struct entry {
    int16_t difference;
    uint16_t bits; /* of code and extra bits; 0: they do not fit */
} entry;

typedef struct huffman {
    bool present;
    entry lookup[1 << LOOKUP_BITS];
    int32_t max_code[MAX_CODE + 2]; /* largest code of each length, left aligned to 16 bits; -1: none */
    int32_t offset[MAX_CODE + 1];   /* from a code of a length to its symbol */
    uint8_t symbols[256];
} huffman;

/* Bits of an entropy-coded segment, stuffed zero bytes taken out (F.2.2.5). Past a marker or the end come
 * zeros, which are counted. */
typedef struct bit_reader {
    const uint8_t *at, *end;
    uint64_t held; /* left aligned */
    uint32_t count;
    uint32_t invented; /* bits of `count` that are not in the stream */
} bit_reader;

typedef struct decoder {
    const uint8_t *stream;
    uint64_t length, at;
    uint32_t rows, columns, components, precision;
    uint8_t identifier[MAX_COMPONENTS];
    uint32_t restart_interval; /* pixels; 0: none */
    huffman *tables;           /* [TABLES] */
    uint16_t *lines;           /* [MAX_COMPONENTS][2][columns] */
    uint32_t seen;             /* bit for each component that a scan has brought */
} decoder;

static uint32_t u16be(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static inline void refill(bit_reader *r)
{
    while (r->count <= 56) {
        uint8_t byte = 0;
        if (r->at < r->end && *r->at != 0xFF) {
            byte = *r->at++;
        } else if (r->end - r->at >= 2 && r->at[1] == 0) {
            byte = 0xFF;
            r->at += 2;
        } else {
            r->invented += 8;
        }
        r->held |= (uint64_t)byte << (56 - r->count);
        r->count += 8;
    }
}

/* Eight bytes at once where none is 0xFF, which is nearly always. */
static inline void refill_fast(bit_reader *r)
{
    uint64_t next;
    if (r->count > 32) return;
    if (r->end - r->at >= 8) {
        memcpy(&next, r->at, sizeof next);
        /* A byte is 0xFF where its complement is zero. */
        uint64_t complement = ~next;
        if (((complement - 0x0101010101010101u) & ~complement & 0x8080808080808080u) == 0) {
            next = __builtin_bswap64(next);
            r->held |= next >> r->count;
            uint32_t bytes = (64 - r->count) >> 3;
            r->at += bytes;
            r->count += bytes * 8;
            r->held &= ~(uint64_t)0 << (64 - r->count) % 64;
            return;
        }
    }
    refill(r);
}

static inline void drop(bit_reader *r, uint32_t bits)
{
    r->held <<= bits;
    r->count -= bits;
}

/* EXTEND of F.2.2.1; 16 has no extra bits and means 32768 (H.1.2.2). */
static inline int32_t extend(uint32_t value, uint32_t category)
{
    return value < 1u << (category - 1) ? (int32_t)value - (1 << category) + 1 : (int32_t)value;
}

static bool long_difference(bit_reader *r, const huffman *table, int32_t *difference)
{
    int32_t next = (int32_t)(r->held >> 48);
    uint32_t bits = 1;
    while (bits <= MAX_CODE && next > table->max_code[bits]) bits++;
    if (bits > MAX_CODE) return false;
    uint32_t category = table->symbols[((next >> (MAX_CODE - bits)) + table->offset[bits]) & 255];
    drop(r, bits);
    if (category > 16) return false;
    if (category == 0 || category == 16) {
        *difference = category ? 32768 : 0;
        return true;
    }
    refill_fast(r);
    *difference = extend((uint32_t)(r->held >> (64 - category)), category);
    drop(r, category);
    return true;
}

static inline bool next_difference(bit_reader *r, const huffman *table, int32_t *difference)
{
    refill_fast(r);
    const entry *e = &table->lookup[r->held >> (64 - LOOKUP_BITS)];
    if (__builtin_expect(e->bits == 0, 0)) return long_difference(r, table, difference);
    *difference = e->difference;
    drop(r, e->bits);
    return true;
}

/* Table H.1: a from the left, b from above, c from above left. */
static inline int32_t predict(uint32_t selection, int32_t a, int32_t b, int32_t c)
{
    switch (selection) {
    case 1: return a;
    case 2: return b;
    case 3: return c;
    case 4: return a + b - c;
    case 5: return a + ((b - c) >> 1);
    case 6: return b + ((a - c) >> 1);
    default: return (a + b) >> 1;
    }
}

static inline int32_t predict_in(uint32_t selection, const uint16_t *above, uint32_t x, int32_t left)
{
    return above ? predict(selection, left, above[x], above[x - 1]) : left;
}

/* The slow ways of a reader that else stays in registers, which a pointer to it would forbid. */
__attribute__((noinline)) static bool one_difference(bit_reader *reader, const huffman *table,
                                                     int32_t *difference)
{
    return next_difference(reader, table, difference);
}

/* One line of one component alone; above is NULL in the first line of an interval. */
__attribute__((always_inline)) static inline bool decode_line(bit_reader *reader, const huffman *table,
                                                              uint32_t selection, uint16_t *restrict line,
                                                              const uint16_t *restrict above,
                                                              uint32_t columns, int32_t start)
{
    int32_t difference = 0, left;
    if (!one_difference(reader, table, &difference)) return false;
    left = ((above ? above[0] : start) + difference) & 0xFFFF;
    line[0] = (uint16_t)left;
    bit_reader r = *reader;
    for (uint32_t x = 1; x < columns;) {
        uint32_t end = columns - x < AT_ONCE ? columns : x + AT_ONCE;
        refill_fast(&r);
        for (; x < end; x++) {
            const entry e = table->lookup[r.held >> (64 - LOOKUP_BITS)];
            /* A long difference before it may have left too few bits. */
            if (__builtin_expect(e.bits == 0 || r.count < LOOKUP_BITS, 0)) {
                bit_reader copy = r;
                int32_t other = 0;
                if (!one_difference(&copy, table, &other)) return false;
                r = copy;
                difference = other;
            } else {
                difference = e.difference;
                drop(&r, e.bits);
            }
            left = (predict_in(selection, above, x, left) + difference) & 0xFFFF;
            line[x] = (uint16_t)left;
        }
    }
    *reader = r;
    return true;
}

CSL_VECTOR static bool decode_plain_line(bit_reader *r, const huffman *table, uint32_t selection,
                                         uint16_t *line, const uint16_t *above, uint32_t columns,
                                         int32_t start)
{
    /* The predictor as a constant lets the compiler make a loop for each. */
    switch (above ? selection : 0) {
    case 0: return decode_line(r, table, 1, line, NULL, columns, start);
    case 1: return decode_line(r, table, 1, line, above, columns, start);
    case 2: return decode_line(r, table, 2, line, above, columns, start);
    case 4: return decode_line(r, table, 4, line, above, columns, start);
    case 6: return decode_line(r, table, 6, line, above, columns, start);
    default: return decode_line(r, table, selection, line, above, columns, start);
    }
}

typedef struct scan {
    uint32_t count, selection, transform;
    uint32_t component[MAX_COMPONENTS];
    const huffman *table[MAX_COMPONENTS];
} scan;

static bool decode_mixed_line(bit_reader *r, const scan *s, uint16_t *line[], const uint16_t *above[],
                              uint32_t columns, int32_t start)
{
    for (uint32_t x = 0; x < columns; x++) {
        for (uint32_t k = 0; k < s->count; k++) {
            int32_t difference = 0, prediction;
            const uint16_t *b = above[k];
            if (!next_difference(r, s->table[k], &difference)) return false;
            if (x == 0)
                prediction = b ? b[0] : start;
            else
                prediction = predict(b ? s->selection : 1, line[k][x - 1], b ? b[x] : 0, b ? b[x - 1] : 0);
            line[k][x] = (uint16_t)(prediction + difference);
        }
    }
    return true;
}

/* Samples of one component to where they lie in the frame, `step` apart. */
CSL_VECTOR static void store_line(const uint16_t *restrict line, uint32_t columns, uint32_t transform,
                                  uint32_t step, uint32_t bytes_per_sample, uint8_t *restrict to)
{
    uint16_t *restrict words = (uint16_t *)(void *)to; /* of the frame, which malloc aligned */
    if (bytes_per_sample == 1 && step == 1) {
        for (uint32_t x = 0; x < columns; x++) to[x] = (uint8_t)(line[x] << transform);
    } else if (bytes_per_sample == 1) {
        for (uint32_t x = 0; x < columns; x++) to[(size_t)x * step] = (uint8_t)(line[x] << transform);
    } else if (step == 1) {
        for (uint32_t x = 0; x < columns; x++) words[x] = (uint16_t)(line[x] << transform);
    } else {
        for (uint32_t x = 0; x < columns; x++) words[(size_t)x * step] = (uint16_t)(line[x] << transform);
    }
}

/* Restart: the next marker is RSTn, and bits start anew (F.2.1.3.1). */
static bool restart(bit_reader *r, uint32_t number)
{
    while (r->end - r->at >= 2 && r->at[0] == 0xFF && r->at[1] == 0xFF) r->at++;
    if (r->end - r->at < 2 || r->at[0] != 0xFF || r->at[1] != RST0 + number % 8) return false;
    *r = (bit_reader){r->at + 2, r->end, 0, 0, 0};
    return true;
}

static int32_t decode_scan(decoder *d, const scan *s, csl_dcm_frame *frame, csl_dcm_error *error)
{
    bit_reader r = {d->stream + d->at, d->stream + d->length, 0, 0, 0};
    uint32_t lines_left = 0, restarts = 0, per_restart = d->restart_interval / d->columns;
    int32_t start = 1 << (d->precision - s->transform - 1);
    bool good = true;
    for (uint32_t y = 0; y < d->rows && good; y++) {
        uint16_t *line[MAX_COMPONENTS];
        const uint16_t *above[MAX_COMPONENTS];
        bool first = y == 0;
        if (per_restart && lines_left == 0) {
            if (y > 0) {
                good = restart(&r, restarts++);
                first = true;
            }
            lines_left = per_restart;
        }
        lines_left--;
        for (uint32_t k = 0; k < s->count; k++) {
            uint16_t *pair = d->lines + (size_t)2 * s->component[k] * d->columns;
            line[k] = pair + (y & 1 ? d->columns : 0);
            above[k] = first ? NULL : pair + (y & 1 ? 0 : d->columns);
        }
        good = good && (s->count == 1 ? decode_plain_line(&r, s->table[0], s->selection, line[0], above[0],
                                                          d->columns, start)
                                      : decode_mixed_line(&r, s, line, above, d->columns, start));
        good = good && r.invented <= r.count;
        for (uint32_t k = 0; k < s->count && good; k++)
            store_line(line[k], d->columns, s->transform, d->components, frame->bytes_per_sample,
                       frame->owned + ((size_t)y * d->columns * d->components + s->component[k]) *
                                          frame->bytes_per_sample);
        if (!good)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                                "the codestream is damaged or ends early, in line %u of %u", y + 1, d->rows);
    }
    for (uint32_t k = 0; k < s->count; k++) d->seen |= 1u << s->component[k];
    if (d->seen == (1u << d->components) - 1) return CSL_PLUGIN_OK;
    /* The next marker; what was read ahead lies before it. */
    const uint8_t *at = d->stream + d->at, *end = d->stream + d->length;
    while (end - at >= 2 && !(at[0] == 0xFF && at[1] != 0 && at[1] != 0xFF && (at[1] < RST0 || at[1] > RST7)))
        at++;
    d->at = (uint64_t)(at - d->stream);
    return CSL_PLUGIN_OK;
}

/* Annex C: codes of rising length, in the order of the symbols. */
static bool build_table(huffman *table, const uint8_t *counts, const uint8_t *symbols, uint32_t total)
{
    uint32_t code = 0, symbol = 0;
    memset(table, 0, sizeof *table);
    memcpy(table->symbols, symbols, total);
    for (uint32_t bits = 1; bits <= MAX_CODE; bits++) {
        table->offset[bits] = (int32_t)symbol - (int32_t)code;
        for (uint32_t i = 0; i < counts[bits - 1]; i++, code++, symbol++) {
            uint32_t category = symbols[symbol];
            if (code >= 1u << bits || category > 16) return false;
            if (bits > LOOKUP_BITS) continue;
            uint32_t extra = category == 16 ? 0 : category, all = bits + extra;
            uint32_t first = code << (LOOKUP_BITS - bits), span = 1u << (LOOKUP_BITS - bits);
            for (uint32_t k = 0; k < span && all <= LOOKUP_BITS; k++) {
                uint32_t value = extra ? k >> (LOOKUP_BITS - all) : 0;
                int32_t difference = category == 16 ? 32768 : extra ? extend(value, category) : 0;
                table->lookup[first + k] = (entry){(int16_t)difference, (uint16_t)all};
            }
        }
        table->max_code[bits] = counts[bits - 1] ? (int32_t)((code << (MAX_CODE - bits)) - 1) : -1;
        code <<= 1;
    }
    table->present = true;
    return true;
}

static bool read_tables(decoder *d, const uint8_t *body, uint64_t left)
{
    while (left > 0) {
        if (left < 17) return false;
        uint32_t total = 0, id = body[0] & 15;
        for (int i = 1; i <= 16; i++) total += body[i];
        if (total > 256 || 17 + total > left || id >= TABLES) return false;
        /* Class 1 is for coefficients, of which there are none. */
        if (body[0] < 16 && !build_table(&d->tables[id], body + 1, body + 17, total)) return false;
        body += 17 + total;
        left -= 17 + total;
    }
    return true;
}

static bool read_frame_header(decoder *d, const uint8_t *body, uint64_t left)
{
    if (left < 6 || body[5] > MAX_COMPONENTS || left < 6 + 3u * body[5]) return false;
    for (uint32_t i = 0; i < body[5]; i++) {
        d->identifier[i] = body[6 + 3 * i];
        /* Sampling of one component alone says nothing; of several, all alike is none. */
        if (body[5] > 1 && body[7 + 3 * i] != body[7]) return false;
    }
    return true;
}

static bool read_scan_header(const decoder *d, const uint8_t *body, uint64_t left, scan *s)
{
    *s = (scan){.count = left ? body[0] : 0};
    if (s->count < 1 || s->count > d->components || left < 4 + 2u * s->count) return false;
    for (uint32_t k = 0; k < s->count; k++) {
        uint32_t component = 0, table = body[2 + 2 * k] >> 4;
        while (component < d->components && d->identifier[component] != body[1 + 2 * k]) component++;
        if (component == d->components || table >= TABLES || !d->tables[table].present) return false;
        s->component[k] = component;
        s->table[k] = &d->tables[table];
    }
    s->selection = body[1 + 2 * s->count];
    s->transform = body[3 + 2 * s->count] & 15;
    return s->selection >= 1 && s->selection <= 7 && s->transform < d->precision;
}

static int32_t decode_segments(decoder *d, csl_dcm_frame *frame, csl_dcm_error *error)
{
    while (d->length - d->at >= 2 && d->seen != (1u << d->components) - 1) {
        uint8_t marker = d->stream[d->at + 1];
        if (d->stream[d->at] != 0xFF || marker == EOI) break;
        if (marker == SOI || marker == 0xFF) {
            d->at += marker == SOI ? 2 : 1;
            continue;
        }
        uint64_t left = d->length - d->at - 2, size = left >= 2 ? u16be(d->stream + d->at + 2) : 0;
        if (size < 2 || size > left) break;
        const uint8_t *body = d->stream + d->at + 4;
        d->at += 2 + size;
        size -= 2;
        scan s;
        bool good = true;
        if (marker == DHT) good = read_tables(d, body, size);
        if (marker == SOF3) good = read_frame_header(d, body, size);
        if (marker == DRI) {
            d->restart_interval = size >= 2 ? u16be(body) : 0;
            good = d->restart_interval % d->columns == 0; /* whole lines, B.2.4.4 */
        }
        if (marker == SOS) good = read_scan_header(d, body, size, &s);
        if (!good)
            return csl_dcm_fail(
                error, CSL_PLUGIN_BAD_INPUT, place,
                "marker segment FF%02X is damaged or asks for what lossless JPEG does not have", marker);
        if (marker != SOS) continue;
        int32_t status = decode_scan(d, &s, frame, error);
        if (status != CSL_PLUGIN_OK) return status;
    }
    if (d->seen != (1u << d->components) - 1)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "the codestream ends before its last scan");
    return CSL_PLUGIN_OK;
}

int32_t csl_jpeg_lossless_decode(const uint8_t *stream, uint64_t length, const csl_dcm_pixels *pixels,
                                 csl_dcm_frame *frame, csl_dcm_error *error)
{
    csl_codestream header;
    if (!csl_codestream_frame(stream, length, &header) || header.marker != SOF3)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "is no lossless JPEG codestream");
    int32_t status = csl_codestream_check(place, pixels, header.rows, header.columns, header.components,
                                          header.precision, error);
    if (status != CSL_PLUGIN_OK) return status;
    if (header.precision < 2 || header.precision > 16)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "samples of %u bits, should be 2 to 16",
                            header.precision);
    status = csl_frame_allocate(frame, pixels, header.components, header.precision, error);
    if (status != CSL_PLUGIN_OK) return status;
    frame->photometric = csl_codestream_photometric(&header, pixels->photometric);
    decoder d = {.stream = stream,
                 .length = length,
                 .rows = header.rows,
                 .columns = header.columns,
                 .components = header.components,
                 .precision = header.precision,
                 .tables = calloc(TABLES, sizeof *d.tables),
                 .lines = calloc((size_t)2 * MAX_COMPONENTS * header.columns, sizeof *d.lines)};
    status = d.tables && d.lines ? decode_segments(&d, frame, error)
                                 : csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, place, "out of memory");
    free(d.tables);
    free(d.lines);
    return status;
}
