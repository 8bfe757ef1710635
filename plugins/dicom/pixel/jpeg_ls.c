#include "pixel/jpeg_ls.h"

#include "pixel/codestream.h"
#include "pixel/decode.h"
#include "pixel/jpeg_ls_coder.h"
#include "pixel/markers.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char place[] = "(7FE0,0010) PixelData, JPEG-LS";

enum { BY_PLANE, BY_LINE, BY_SAMPLE };

typedef struct decoder {
    csl_markers markers;
    csl_codestream header;
    uint8_t identifier[CSL_JPEG_LS_COMPONENTS];
    csl_jpeg_ls_preset preset; /* zero: the default */
    uint16_t *lines;           /* [components][2][stride] */
    int8_t *steps;             /* [2 << precision] */
    uint32_t seen;             /* components that a scan has brought */
    csl_jpeg_ls_coder coder;   /* last: csl_jpeg_ls_start fills it */
} decoder;

typedef struct scan {
    uint32_t count, near, interleave;
    uint32_t component[CSL_JPEG_LS_COMPONENTS];
} scan;

static bool read_scan(const decoder *d, const uint8_t *body, uint64_t size, scan *s)
{
    *s = (scan){.count = size ? body[0] : 0};
    if (s->count < 1 || s->count > d->header.components || size < 4 + 2u * s->count) return false;
    for (uint32_t k = 0; k < s->count; k++) {
        uint32_t component = 0;
        while (component < d->header.components && d->identifier[component] != body[1 + 2 * k]) component++;
        if (component == d->header.components || d->seen >> component & 1 || body[2 + 2 * k] != 0)
            return false; /* 0: no mapping table */
        s->component[k] = component;
    }
    s->near = body[1 + 2 * s->count];
    s->interleave = body[2 + 2 * s->count];
    bool alone = s->count == 1;
    return body[3 + 2 * s->count] == 0 && s->interleave <= BY_SAMPLE &&
           (alone == (s->interleave == BY_PLANE) || alone);
}

static bool read_preset(decoder *d, const uint8_t *body, uint64_t size)
{
    if (size < 11 || body[0] != 1) return false; /* mapping tables and huge sizes are others */
    d->preset = (csl_jpeg_ls_preset){csl_u16be(body + 1),
                                     {csl_u16be(body + 3), csl_u16be(body + 5), csl_u16be(body + 7)},
                                     csl_u16be(body + 9)};
    return true;
}

/* Every scan goes into the interleaved frame, however it is interleaved itself. */
static int32_t decode_scan(decoder *d, const scan *s, csl_dcm_frame *frame, csl_dcm_error *error)
{
    uint32_t columns = d->header.columns;
    size_t stride = (size_t)columns + CSL_JPEG_LS_SLACK;
    csl_jpeg_ls_coder *coder = &d->coder;
    if (!csl_jpeg_ls_start(coder, d->header.precision, s->near, &d->preset, d->steps,
                           d->markers.stream + d->markers.at, d->markers.stream + d->markers.length))
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                            "its coding parameters contradict each other");
    for (uint32_t k = 0; k < s->count; k++)
        memset(d->lines + 2 * s->component[k] * stride, 0, 2 * stride * sizeof *d->lines);
    for (uint32_t y = 0; y < d->header.rows; y++) {
        uint16_t *line[CSL_JPEG_LS_COMPONENTS], *above[CSL_JPEG_LS_COMPONENTS];
        bool good = true;
        for (uint32_t k = 0; k < s->count; k++) {
            uint16_t *pair = d->lines + 2 * s->component[k] * stride + 1;
            line[k] = pair + (y & 1 ? stride : 0);
            above[k] = pair + (y & 1 ? 0 : stride);
            /* A.2.1: beyond the line stands its last sample, before it the first of the line above. */
            above[k][columns] = above[k][columns - 1];
            line[k][-1] = above[k][0];
        }
        if (s->interleave == BY_SAMPLE && s->count > 1) {
            good = csl_jpeg_ls_samples(coder, s->count, line, above, columns);
        } else {
            for (uint32_t k = 0; k < s->count && good; k++)
                good = csl_jpeg_ls_line(coder, k, line[k], above[k], columns);
        }
        if (!good)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                                "the codestream is damaged or ends early, in line %u of %u", y + 1,
                                d->header.rows);
        for (uint32_t k = 0; k < s->count; k++)
            csl_frame_store(frame, line[k], y, columns, s->component[k], 0);
    }
    for (uint32_t k = 0; k < s->count; k++) d->seen |= 1u << s->component[k];
    if (d->seen != (1u << d->header.components) - 1)
        csl_skip_scan(&d->markers, 0x80); /* a byte after FF that is less has a stuffed bit */
    return CSL_PLUGIN_OK;
}

static bool read_frame_header(decoder *d, const uint8_t *body, uint64_t size)
{
    if (size < 6 + 3ull * d->header.components || body[5] != d->header.components) return false;
    for (uint32_t i = 0; i < d->header.components; i++) {
        d->identifier[i] = body[6 + 3 * i];
        if (body[7 + 3 * i] != body[7]) return false; /* subsampled */
    }
    return true;
}

static int32_t decode_segments(decoder *d, csl_dcm_frame *frame, csl_dcm_error *error)
{
    csl_segment segment;
    while (d->seen != (1u << d->header.components) - 1 && csl_next_segment(&d->markers, &segment)) {
        uint8_t marker = segment.marker;
        const uint8_t *body = segment.body;
        uint64_t size = segment.size;
        scan s;
        bool good = true;
        if (marker == CSL_SOF55) good = read_frame_header(d, body, size);
        if (marker == CSL_LSE) good = read_preset(d, body, size);
        if (marker == CSL_DRI) good = size >= 2 && csl_u16be(body) == 0;
        if (marker == CSL_APP8) good = size < 5 || memcmp(body, "mrfx", 4) != 0 || body[4] == 0;
        if (marker == CSL_SOS) good = read_scan(d, body, size, &s);
        if (!good)
            return csl_dcm_fail(
                error, CSL_PLUGIN_BAD_INPUT, place,
                "marker segment FF%02X is damaged or asks for restarts, mapping tables, a colour "
                "transform or subsampling, which are not decoded",
                marker);
        if (marker != CSL_SOS) continue;
        int32_t status = decode_scan(d, &s, frame, error);
        if (status != CSL_PLUGIN_OK) return status;
    }
    if (d->seen != (1u << d->header.components) - 1)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "the codestream ends before its last scan");
    return CSL_PLUGIN_OK;
}

int32_t csl_jpeg_ls_decode(const uint8_t *stream, uint64_t length, const csl_dcm_pixels *pixels,
                           csl_dcm_frame *frame, csl_dcm_error *error)
{
    decoder d;
    memset(&d, 0, offsetof(decoder, coder));
    d.markers = (csl_markers){stream, length, 0};
    if (!csl_codestream_frame(stream, length, &d.header) || d.header.marker != CSL_SOF55)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "is no JPEG-LS codestream");
    int32_t status = csl_codestream_check(place, pixels, d.header.rows, d.header.columns, d.header.components,
                                          d.header.precision, error);
    if (status != CSL_PLUGIN_OK) return status;
    if (d.header.precision < 2 || d.header.precision > 16)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "samples of %u bits, should be 2 to 16",
                            d.header.precision);
    status = csl_frame_allocate(frame, pixels, d.header.components, d.header.precision, error);
    if (status != CSL_PLUGIN_OK) return status;
    d.lines =
        calloc(2 * (size_t)d.header.components * (d.header.columns + CSL_JPEG_LS_SLACK), sizeof *d.lines);
    d.steps = malloc(((size_t)2 << d.header.precision) * sizeof *d.steps);
    status = d.lines && d.steps ? decode_segments(&d, frame, error)
                                : csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, place, "out of memory");
    free(d.lines);
    free(d.steps);
    return status;
}
