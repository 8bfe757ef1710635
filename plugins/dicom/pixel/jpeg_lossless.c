#include "pixel/jpeg_lossless.h"

#include "pixel/codestream.h"
#include "pixel/decode.h"
#include "pixel/jpeg_difference.h"
#include "pixel/markers.h"

#include <stdlib.h>
#include <string.h>

static const char place[] = "(7FE0,0010) PixelData, lossless JPEG";

enum { MAX_COMPONENTS = 4, PIXELS_FOR_SEVERAL = 1 << 15 };

typedef struct decoder {
    csl_markers markers;
    uint32_t rows, columns, components, precision;
    uint8_t identifier[MAX_COMPONENTS];
    uint32_t restart_interval; /* pixels; 0: none */
    uint32_t seen;             /* bit for each component that a scan has brought */
    uint16_t *lines;           /* [components][2][columns + CSL_SEVERAL_SLACK] */
    csl_huffman tables[CSL_HUFFMAN_TABLES];
    csl_several several; /* of the scan's table, if it is one component's */
    csl_bit_source source;
} decoder;

typedef struct scan {
    uint32_t count, selection, transform;
    uint32_t component[MAX_COMPONENTS];
    const csl_huffman *table[MAX_COMPONENTS];
} scan;

static int32_t decode_scan(decoder *d, const scan *s, csl_dcm_frame *frame, csl_dcm_error *error)
{
    csl_bits bits = csl_bits_open(&d->source, CSL_STUFFED_BYTES, d->markers.stream + d->markers.at,
                                  d->markers.stream + d->markers.length);
    uint32_t lines_left = 0, restarts = 0, per_restart = d->restart_interval / d->columns;
    uint32_t start = 1u << (d->precision - s->transform - 1);
    size_t stride = (size_t)d->columns + CSL_SEVERAL_SLACK;
    const csl_several *several = NULL;
    if (s->count == 1 && (uint64_t)d->rows * d->columns >= PIXELS_FOR_SEVERAL) {
        csl_several_build(s->table[0], &d->several);
        several = &d->several;
    }
    for (uint32_t y = 0; y < d->rows; y++) {
        uint16_t *line[MAX_COMPONENTS];
        bool good = true, first = y == 0;
        if (per_restart && lines_left == 0) {
            if (y > 0) {
                good = csl_bits_restart(&d->source, &bits, restarts++);
                first = true;
            }
            lines_left = per_restart;
        }
        lines_left--;
        for (uint32_t k = 0; k < s->count; k++) line[k] = d->lines + (2 * s->component[k] + (y & 1)) * stride;
        good =
            good && (s->count == 1
                         ? csl_differences_read(&d->source, &bits, s->table[0], several, line[0], d->columns)
                         : csl_differences_mixed(&d->source, &bits, s->count, s->table, line, d->columns));
        if (!good || csl_bits_invented(&d->source, bits))
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                                "the codestream is damaged or ends early, in line %u of %u", y + 1, d->rows);
        for (uint32_t k = 0; k < s->count; k++) {
            const uint16_t *above = d->lines + (2 * s->component[k] + (~y & 1)) * stride;
            csl_differences_add(s->selection, line[k], first ? NULL : above, d->columns, start);
            csl_frame_store(frame, line[k], y, d->columns, s->component[k], s->transform);
        }
    }
    for (uint32_t k = 0; k < s->count; k++) d->seen |= 1u << s->component[k];
    if (d->seen != (1u << d->components) - 1) csl_skip_scan(&d->markers, 1);
    return CSL_PLUGIN_OK;
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
        if (component == d->components || d->seen >> component & 1 || table >= CSL_HUFFMAN_TABLES ||
            !d->tables[table].present)
            return false;
        s->component[k] = component;
        s->table[k] = &d->tables[table];
    }
    s->selection = body[1 + 2 * s->count];
    s->transform = body[3 + 2 * s->count] & 15;
    return s->selection >= 1 && s->selection <= 7 && s->transform < d->precision;
}

static int32_t decode_segments(decoder *d, csl_dcm_frame *frame, csl_dcm_error *error)
{
    csl_segment segment;
    while (d->seen != (1u << d->components) - 1 && csl_next_segment(&d->markers, &segment)) {
        uint8_t marker = segment.marker;
        const uint8_t *body = segment.body;
        uint64_t size = segment.size;
        scan s;
        bool good = true;
        if (marker == CSL_DHT) good = csl_huffman_read(body, size, 16, d->tables, NULL);
        if (marker == CSL_SOF3) good = read_frame_header(d, body, size);
        if (marker == CSL_DRI) {
            d->restart_interval = size >= 2 ? csl_u16be(body) : 0;
            good = d->restart_interval % d->columns == 0; /* whole lines, B.2.4.4 */
        }
        if (marker == CSL_SOS) good = read_scan_header(d, body, size, &s);
        if (!good)
            return csl_dcm_fail(
                error, CSL_PLUGIN_BAD_INPUT, place,
                "marker segment FF%02X is damaged or asks for what lossless JPEG does not have", marker);
        if (marker != CSL_SOS) continue;
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
    if (!csl_codestream_frame(stream, length, &header) || header.marker != CSL_SOF3)
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
    decoder *d = calloc(1, sizeof *d);
    uint16_t *lines =
        calloc((size_t)2 * header.components * (header.columns + CSL_SEVERAL_SLACK), sizeof *lines);
    if (d && lines) {
        d->markers = (csl_markers){stream, length, 0};
        d->rows = header.rows;
        d->columns = header.columns;
        d->components = header.components;
        d->precision = header.precision;
        d->lines = lines;
        status = decode_segments(d, frame, error);
    } else {
        status = csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, place, "out of memory");
    }
    free(lines);
    free(d);
    return status;
}
