#include "pixel/jpeg12.h"

#include "pixel/huffman.h"
#include "pixel/idct12.h"
#include "pixel/markers.h"

#include <stdlib.h>

static const char place[] = "(7FE0,0010) PixelData, JPEG of 12 bits";

enum { MAX_COMPONENTS = 3, MAX_SAMPLING = 4, MOST_BYTES = 320 }; /* of a block: 64 codes of 31 bits at most */

/* Figure A.6: where the coefficients of a block lie, row by row. */
static const uint8_t zigzag[64] = {0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,
                                   12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28,
                                   35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
                                   58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

typedef struct component {
    uint8_t identifier, across, down, quantization; /* sampling factors, C, H, V, Tq of B.2.2 */
    const csl_huffman *dc, *ac;
    int32_t last; /* DC of the block before */
    /* Blocks that wait for the transform, and their places in blocks; of components that nobody asked for,
     * none. */
    int32_t coefficients[64 * CSL_IDCT_BLOCKS];
    uint32_t row[CSL_IDCT_BLOCKS], column[CSL_IDCT_BLOCKS], waiting;
} component;

typedef struct decoder {
    csl_markers markers;
    uint32_t rows, columns, count, channels;
    uint32_t across, down; /* largest sampling factors; 0: no frame header yet */
    uint32_t restart_interval;
    uint32_t seen; /* bit for each component that a scan has brought */
    uint16_t *samples;
    bool has_quantization[4];
    uint16_t quantization[4][64]; /* in the order of the zigzag */
    component components[MAX_COMPONENTS];
    csl_huffman dc[CSL_HUFFMAN_TABLES], ac[CSL_HUFFMAN_TABLES];
    csl_bit_source source;
} decoder;

typedef struct scan {
    uint32_t count;
    component *component[MAX_COMPONENTS];
} scan;

/* Samples of the waiting blocks to where they lie in the frame. */
static void flush(decoder *d, component *c)
{
    uint16_t samples[64 * CSL_IDCT_BLOCKS];
    uint32_t channel = (uint32_t)(c - d->components), step = d->channels;
    csl_idct12(c->coefficients, samples);
    for (uint32_t i = 0; i < c->waiting; i++) {
        uint32_t top = c->row[i] * 8, left = c->column[i] * 8;
        if (top >= d->rows || left >= d->columns) continue; /* fills the last units */
        uint32_t height = d->rows - top < 8 ? d->rows - top : 8,
                 width = d->columns - left < 8 ? d->columns - left : 8;
        for (uint32_t y = 0; y < height; y++) {
            uint16_t *to = d->samples + ((size_t)(top + y) * d->columns + left) * step + channel;
            for (uint32_t x = 0; x < width; x++) to[x * step] = samples[(y * 8 + x) * CSL_IDCT_BLOCKS + i];
        }
    }
    memset(c->coefficients, 0, sizeof c->coefficients);
    c->waiting = 0;
}

/* One block, F.2.2; false where there is no such code, or more than 64 coefficients. */
static inline bool read_block(decoder *d, csl_bits *bits, component *c)
{
    const uint16_t *quantization = d->quantization[c->quantization];
    int32_t *to = c->coefficients + c->waiting;
    csl_bits b = csl_bits_load(csl_bits_ensure(&d->source, *bits, MOST_BYTES));
    csl_code code = csl_huffman_next(c->dc, b.held);
    if (code.bits == 0) return false;
    c->last = (int16_t)(c->last + csl_huffman_value(code, b.held));
    b = csl_bits_drop(b, code.bits);
    to[0] = (int32_t)((uint32_t)c->last * quantization[0]);
    for (uint32_t k = 1; k < 64; k++) {
        b = csl_bits_load(b);
        code = csl_huffman_next(c->ac, b.held);
        if (code.bits == 0) return false;
        k += code.run;
        if (code.size == 0) {
            b = csl_bits_drop(b, code.bits);
            if (code.run != 15) break;
            continue;
        }
        if (k > 63) return false;
        uint32_t value = (uint32_t)csl_huffman_value(code, b.held);
        to[zigzag[k] * CSL_IDCT_BLOCKS] = (int32_t)(value * quantization[k]);
        b = csl_bits_drop(b, code.bits);
    }
    *bits = b;
    return true;
}

/* A block at its place; the transform waits until there are enough. */
static bool read_placed(decoder *d, csl_bits *bits, component *c, uint32_t row, uint32_t column)
{
    bool wanted = c < d->components + d->channels;
    if (!read_block(d, bits, c)) return false;
    if (!wanted) return true; /* its coefficients are written over */
    c->row[c->waiting] = row;
    c->column[c->waiting] = column;
    if (++c->waiting == CSL_IDCT_BLOCKS) flush(d, c);
    return true;
}

static uint32_t divide_up(uint32_t a, uint32_t b)
{
    return (a + b - 1) / b;
}

/* One minimum coded unit, A.2: a block of an only component, else all of each component's. */
static bool read_unit(decoder *d, csl_bits *bits, const scan *s, uint32_t row, uint32_t column)
{
    if (s->count == 1) return read_placed(d, bits, s->component[0], row, column);
    for (uint32_t k = 0; k < s->count; k++) {
        component *c = s->component[k];
        for (uint32_t i = 0; i < (uint32_t)c->across * c->down; i++) {
            if (!read_placed(d, bits, c, row * c->down + i / c->across, column * c->across + i % c->across))
                return false;
        }
    }
    return true;
}

static int32_t decode_scan(decoder *d, const scan *s, csl_dcm_error *error)
{
    csl_bits bits = csl_bits_open(&d->source, CSL_STUFFED_BYTES, d->markers.stream + d->markers.at,
                                  d->markers.stream + d->markers.length);
    component *only = s->component[0];
    uint32_t across = divide_up(d->columns, 8 * d->across), down = divide_up(d->rows, 8 * d->down);
    if (s->count == 1) { /* not interleaved: only blocks that hold some of it */
        across = divide_up(divide_up(d->columns * only->across, d->across), 8);
        down = divide_up(divide_up(d->rows * only->down, d->down), 8);
    }
    uint32_t left = d->restart_interval, restarts = 0;
    for (uint32_t row = 0; row < down; row++) {
        bool good = true;
        for (uint32_t column = 0; column < across && good; column++) {
            if (d->restart_interval && left == 0) {
                good =
                    !csl_bits_invented(&d->source, bits) && csl_bits_restart(&d->source, &bits, restarts++);
                for (uint32_t k = 0; k < s->count; k++) s->component[k]->last = 0;
                left = d->restart_interval;
            }
            left--;
            good = good && read_unit(d, &bits, s, row, column);
        }
        if (!good || csl_bits_invented(&d->source, bits))
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                                "the codestream is damaged or ends early, in row %u of %u of its units",
                                row + 1, down);
    }
    for (uint32_t k = 0; k < s->count; k++) {
        if (s->component[k]->waiting) flush(d, s->component[k]);
        d->seen |= 1u << (s->component[k] - d->components);
    }
    if (d->seen != (1u << d->count) - 1) csl_skip_scan(&d->markers, 1);
    return CSL_PLUGIN_OK;
}

static bool read_quantization(decoder *d, const uint8_t *body, uint64_t left)
{
    while (left > 0) {
        uint32_t id = body[0] & 15, bytes = (body[0] >> 4) + 1u;
        if (id > 3 || bytes > 2 || left < 1 + 64 * bytes) return false;
        for (uint32_t k = 0; k < 64; k++) {
            const uint8_t *at = body + 1 + k * bytes;
            d->quantization[id][k] = (uint16_t)(bytes == 2 ? csl_u16be(at) : at[0]);
        }
        d->has_quantization[id] = true;
        body += 1 + 64 * bytes;
        left -= 1 + 64 * bytes;
    }
    return true;
}

static bool read_frame_header(decoder *d, const uint8_t *body, uint64_t left)
{
    if (d->across || left < 6 + 3u * d->count || body[5] != d->count) return false;
    for (uint32_t i = 0; i < d->count; i++) {
        component *c = &d->components[i];
        const uint8_t *at = body + 6 + 3 * i;
        c->identifier = at[0];
        c->across = at[1] >> 4;
        c->down = at[1] & 15;
        c->quantization = at[2];
        if (c->across < 1 || c->across > MAX_SAMPLING || c->down < 1 || c->down > MAX_SAMPLING ||
            c->quantization > 3)
            return false;
        d->across = c->across > d->across ? c->across : d->across;
        d->down = c->down > d->down ? c->down : d->down;
    }
    for (uint32_t i = 0; i < d->channels; i++) {
        if (d->components[i].across != d->across || d->components[i].down != d->down) return false;
    }
    return true;
}

static bool read_scan_header(decoder *d, const uint8_t *body, uint64_t left, scan *s)
{
    *s = (scan){.count = left ? body[0] : 0};
    if (!d->across || s->count < 1 || s->count > d->count || left < 4 + 2u * s->count) return false;
    for (uint32_t k = 0; k < s->count; k++) {
        uint32_t i = 0, dc = body[2 + 2 * k] >> 4, ac = body[2 + 2 * k] & 15;
        while (i < d->count && d->components[i].identifier != body[1 + 2 * k]) i++;
        if (i == d->count || d->seen >> i & 1 || dc >= CSL_HUFFMAN_TABLES || ac >= CSL_HUFFMAN_TABLES ||
            !d->dc[dc].present || !d->ac[ac].present || !d->has_quantization[d->components[i].quantization])
            return false;
        component *c = s->component[k] = &d->components[i];
        c->dc = &d->dc[dc];
        c->ac = &d->ac[ac];
        c->last = 0;
        c->waiting = 0;
        memset(c->coefficients, 0, sizeof c->coefficients);
    }
    return true;
}

static int32_t decode_segments(decoder *d, csl_dcm_error *error)
{
    csl_segment segment;
    while (d->seen != (1u << d->count) - 1 && csl_next_segment(&d->markers, &segment)) {
        uint8_t marker = segment.marker;
        bool good = true;
        scan s;
        if (marker == CSL_DHT) good = csl_huffman_read(segment.body, segment.size, 15, d->dc, d->ac);
        if (marker == CSL_DQT) good = read_quantization(d, segment.body, segment.size);
        if (marker == CSL_SOF0 || marker == CSL_SOF1) good = read_frame_header(d, segment.body, segment.size);
        if (marker == CSL_DRI) {
            good = segment.size >= 2;
            d->restart_interval = good ? csl_u16be(segment.body) : 0;
        }
        if (marker == CSL_SOS) good = read_scan_header(d, segment.body, segment.size, &s);
        if (!good)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                                "marker segment FF%02X is damaged or asks for what 12-bit JPEG does not have",
                                marker);
        if (marker != CSL_SOS) continue;
        int32_t status = decode_scan(d, &s, error);
        if (status != CSL_PLUGIN_OK) return status;
    }
    if (d->seen != (1u << d->count) - 1)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "the codestream ends before its last scan");
    return CSL_PLUGIN_OK;
}

int32_t csl_jpeg12_sequential(const uint8_t *stream, uint64_t length, const csl_codestream *header,
                              csl_dcm_frame *frame, csl_dcm_error *error)
{
    decoder *d = calloc(1, sizeof *d);
    if (!d) return csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, place, "out of memory");
    d->markers = (csl_markers){stream, length, 0};
    d->rows = header->rows;
    d->columns = header->columns;
    d->count = header->components;
    d->channels = frame->channels;
    d->samples = (uint16_t *)(void *)frame->owned; /* which malloc aligned */
    int32_t status = decode_segments(d, error);
    free(d);
    return status;
}
