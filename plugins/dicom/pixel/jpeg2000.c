#include "pixel/jpeg2000.h"

#include "pixel/codestream.h"
#include "pixel/decode.h"
#include "pixel/markers.h"

#include <openjpeg.h>
#include <stdlib.h>
#include <string.h>

static const char place[] = "(7FE0,0010) PixelData, JPEG 2000";

enum { SIZ = 0xFF51, COD = 0xFF52, COC = 0xFF53, SOT = 0xFF90 };
enum { MAX_LEVELS = 32, MAX_COMPONENTS = 4 };

/* What OpenJPEG allocates for each, some hundred bytes for a precinct and some thousand for a tile, must stay
 * in proportion to the pixels. */
enum { PIXELS_A_TILE = 1024, PIXELS_A_PRECINCT = 64, FEW = 4096, MAX_PACKETS = 1 << 22 };

typedef struct main_header { /* Annex A.5.1 and A.6.1 */
    uint32_t rows, columns, components;
    uint32_t precision;
    bool is_signed;
    uint64_t tiles;
    bool has_coding;
    uint32_t layers;
    bool transforms_components;
    uint64_t precincts;
} main_header;

static uint32_t u32be(const uint8_t *at)
{
    return csl_u16be(at) << 16 | csl_u16be(at + 2);
}

static uint64_t divide_up(uint64_t a, uint64_t b)
{
    return (a + b - 1) / b;
}

/* Passes over the boxes of a JP2 file (Annex I.4) to the contiguous codestream. */
static bool skip_boxes(const uint8_t **stream, uint64_t *length)
{
    while (*length >= 8 && u32be(*stream) != 0xFF4FFF51) {
        uint64_t size = u32be(*stream), header = 8;
        if (size == 1) {
            if (*length < 16) return false;
            size = (uint64_t)u32be(*stream + 8) << 32 | u32be(*stream + 12);
            header = 16;
        } else if (size == 0) {
            size = *length; /* to the end */
        }
        if (size < header || size > *length) return false;
        uint64_t step = memcmp(*stream + 4, "jp2c", 4) == 0 ? header : size;
        *stream += step;
        *length -= step;
    }
    return *length >= 8;
}

static bool read_size(const uint8_t *body, uint64_t size, main_header *h)
{
    if (size < 36) return false;
    uint32_t right = u32be(body + 2), bottom = u32be(body + 6), left = u32be(body + 10),
             top = u32be(body + 14);
    uint32_t tile_width = u32be(body + 18), tile_height = u32be(body + 22);
    uint32_t tile_left = u32be(body + 26), tile_top = u32be(body + 30);
    h->components = csl_u16be(body + 34);
    if (right <= left || bottom <= top || tile_width == 0 || tile_height == 0 || tile_left > left ||
        tile_top > top || h->components < 1 || h->components > MAX_COMPONENTS ||
        size < 36 + 3ull * h->components)
        return false;
    h->columns = right - left;
    h->rows = bottom - top;
    h->tiles = divide_up(right - tile_left, tile_width) * divide_up(bottom - tile_top, tile_height);
    for (uint32_t i = 0; i < h->components; i++) {
        const uint8_t *component = body + 36 + 3 * i;
        /* Of one kind, and at least the first, which may be the luminance, without subsampling. */
        if (component[0] != body[36] || component[1] == 0 || component[2] == 0) return false;
    }
    h->precision = (body[36] & 0x7Fu) + 1;
    h->is_signed = body[36] & 0x80;
    return body[37] == 1 && body[38] == 1;
}

/* Precincts of one component over all resolutions, as if there were one tile (tiles add at most one row and
 * column of them each, and are counted by themselves). */
static bool count_precincts(const uint8_t *coding, uint64_t size, bool has_sizes, main_header *h)
{
    if (size < 5) return false;
    uint32_t levels = coding[0];
    if (levels > MAX_LEVELS || (has_sizes && size < 5ull + levels + 1)) return false;
    for (uint32_t r = 0; r <= levels; r++) {
        uint32_t down = levels - r, px = has_sizes ? coding[5 + r] & 15 : 15,
                 py = has_sizes ? coding[5 + r] >> 4 : 15;
        h->precincts += divide_up(divide_up(h->columns, 1ull << down), 1ull << px) *
                        divide_up(divide_up(h->rows, 1ull << down), 1ull << py);
    }
    return true;
}

/* The markers up to the first tile. */
static bool read_main_header(const uint8_t *stream, uint64_t length, main_header *h)
{
    memset(h, 0, sizeof *h);
    for (uint64_t at = 2; length - at >= 4;) {
        uint32_t marker = csl_u16be(stream + at);
        uint64_t size = csl_u16be(stream + at + 2), left = length - at - 2;
        const uint8_t *body = stream + at + 4;
        if (marker == SOT) break;
        if (size < 2 || size > left) return false;
        uint64_t held = size - 2, index = h->components < 257 ? 1 : 2;
        if (marker == SIZ && (h->components || !read_size(body, held, h))) return false;
        if (marker != SIZ && !h->components) return false;
        if (marker == COD) {
            if (held < 10 || !count_precincts(body + 5, held - 5, body[0] & 1, h)) return false;
            h->layers = csl_u16be(body + 2);
            h->transforms_components = body[4] != 0;
            h->has_coding = true;
        }
        if (marker == COC &&
            (held < index + 1 || !count_precincts(body + index + 1, held - index - 1, body[index] & 1, h)))
            return false;
        at += 2 + size;
    }
    return h->components && h->has_coding;
}

static int32_t check(const main_header *h, const csl_dcm_pixels *pixels, csl_dcm_error *error)
{
    int32_t status =
        csl_codestream_check(place, pixels, h->rows, h->columns, h->components, h->precision, error);
    if (status != CSL_PLUGIN_OK) return status;
    uint64_t count = (uint64_t)h->rows * h->columns;
    if (h->precision > 31)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "samples of %u bits, should be 1 to 31",
                            h->precision);
    if (h->tiles > 16 + count / PIXELS_A_TILE || h->precincts > FEW + count / PIXELS_A_PRECINCT ||
        h->layers == 0 || h->layers * (h->precincts + h->tiles) > MAX_PACKETS)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                            "%llu tiles, %llu precincts and %u layers are out of proportion to %llu pixels",
                            (unsigned long long)h->tiles, (unsigned long long)h->precincts, h->layers,
                            (unsigned long long)count);
    return CSL_PLUGIN_OK;
}

typedef struct source {
    const uint8_t *bytes;
    uint64_t length, at;
} source;

static OPJ_SIZE_T read_source(void *to, OPJ_SIZE_T count, void *context)
{
    source *s = context;
    if (s->at >= s->length) return (OPJ_SIZE_T)-1;
    if (count > s->length - s->at) count = (OPJ_SIZE_T)(s->length - s->at);
    memcpy(to, s->bytes + s->at, count);
    s->at += count;
    return count;
}

static OPJ_OFF_T skip_source(OPJ_OFF_T count, void *context)
{
    source *s = context;
    if (count < 0) return -1;
    uint64_t left = s->length - s->at, step = (uint64_t)count < left ? (uint64_t)count : left;
    s->at += step;
    return (OPJ_OFF_T)step;
}

static OPJ_BOOL seek_source(OPJ_OFF_T to, void *context)
{
    source *s = context;
    if (to < 0 || (uint64_t)to > s->length) return OPJ_FALSE;
    s->at = (uint64_t)to;
    return OPJ_TRUE;
}

static opj_stream_t *open_stream(source *s)
{
    opj_stream_t *stream = opj_stream_create(s->length < 1 << 20 ? (OPJ_SIZE_T)s->length : 1 << 20, OPJ_TRUE);
    if (!stream) return NULL;
    opj_stream_set_read_function(stream, read_source);
    opj_stream_set_skip_function(stream, skip_source);
    opj_stream_set_seek_function(stream, seek_source);
    opj_stream_set_user_data(stream, s, NULL);
    opj_stream_set_user_data_length(stream, s->length);
    return stream;
}

/* Says what OpenJPEG says; its messages name no text of the file. */
static void keep_message(const char *text, void *context)
{
    csl_dcm_error *error = context;
    if (!error->text[0])
        (void)csl_dcm_fail(error, 0, place, "the codestream cannot be decoded: %.180s", text);
    error->text[strcspn(error->text, "\r\n")] = '\0';
}

static void drop_message(const char *text, void *context)
{
    (void)text;
    (void)context;
}

static void store(const opj_image_comp_t *component, uint32_t bytes_per_sample, uint8_t *to)
{
    size_t count = (size_t)component->w * component->h;
    const int32_t *from = component->data;
    if (bytes_per_sample == 1) {
        for (size_t i = 0; i < count; i++) to[i] = (uint8_t)from[i];
    } else if (bytes_per_sample == 2) {
        uint16_t *words = (uint16_t *)(void *)to; /* planes of a frame are aligned */
        for (size_t i = 0; i < count; i++) words[i] = (uint16_t)from[i];
    } else {
        memcpy(to, from, count * sizeof *from);
    }
}

static bool decode(opj_codec_t *codec, opj_stream_t *stream, opj_image_t **image, uint32_t channels)
{
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    if (!opj_setup_decoder(codec, &parameters) || !opj_decoder_set_strict_mode(codec, OPJ_TRUE) ||
        !opj_read_header(stream, codec, image))
        return false;
    const OPJ_UINT32 first = 0;
    if (channels < (*image)->numcomps && !opj_set_decoded_components(codec, channels, &first, OPJ_FALSE))
        return false;
    return opj_decode(codec, stream, *image) && opj_end_decompress(codec, stream);
}

/* Planes of bytes take no more than the first component's own buffer: they are put together there, so that
 * the others are given back before there is a frame. */
static void pack_planes(opj_image_t *image, uint32_t channels)
{
    uint8_t *planes = (uint8_t *)image->comps[0].data;
    for (uint32_t i = 0; i < channels; i++) {
        opj_image_comp_t *component = &image->comps[i];
        store(component, 1, planes + (size_t)i * component->w * component->h);
        if (i == 0) continue;
        opj_image_data_free(component->data);
        component->data = NULL;
    }
}

/* Takes the components apart into the frame. */
static int32_t fill_frame(opj_image_t *image, const csl_dcm_pixels *pixels, uint32_t channels,
                          uint32_t precision, csl_dcm_frame *frame, csl_dcm_error *error)
{
    const bool of_bytes = channels > 1 && precision <= 8;
    if (of_bytes) pack_planes(image, channels);
    int32_t status = csl_frame_allocate(frame, pixels, channels, precision, error);
    if (status != CSL_PLUGIN_OK) return status;
    const size_t plane = (size_t)image->comps[0].w * image->comps[0].h * frame->bytes_per_sample;
    if (of_bytes) memcpy(frame->owned, image->comps[0].data, channels * plane);
    for (uint32_t i = 0; i < channels && !of_bytes; i++)
        store(&image->comps[i], frame->bytes_per_sample, frame->owned + i * plane);
    frame->planar = channels > 1;
    return CSL_PLUGIN_OK;
}

int32_t csl_jpeg2000_decode(const uint8_t *stream, uint64_t length, const csl_dcm_pixels *pixels,
                            csl_dcm_frame *frame, csl_dcm_error *error)
{
    main_header header;
    if (!skip_boxes(&stream, &length) || !read_main_header(stream, length, &header))
        return csl_dcm_fail(
            error, CSL_PLUGIN_BAD_INPUT, place,
            "its main header is damaged or describes no picture of 1 to 4 components of one kind");
    int32_t status = check(&header, pixels, error);
    if (status != CSL_PLUGIN_OK) return status;
    bool states_transform =
        pixels->photometric == CSL_PHOTOMETRIC_YBR_ICT || pixels->photometric == CSL_PHOTOMETRIC_YBR_RCT;
    bool only_luminance = header.components == 3 && !header.transforms_components && !states_transform &&
                          pixels->photometric != CSL_PHOTOMETRIC_RGB;
    uint32_t channels = only_luminance ? 1 : header.components;
    source s = {stream, length, 0};
    csl_dcm_error why = {"", ""};
    opj_image_t *image = NULL;
    opj_codec_t *codec = opj_create_decompress(OPJ_CODEC_J2K);
    opj_stream_t *in = open_stream(&s);
    status = CSL_PLUGIN_NO_MEMORY;
    if (!codec || !in) goto done;
    (void)opj_set_error_handler(codec, keep_message, &why);
    (void)opj_set_warning_handler(codec, drop_message, NULL);
    (void)opj_set_info_handler(codec, drop_message, NULL);
    status = CSL_PLUGIN_BAD_INPUT;
    if (!decode(codec, in, &image, channels)) goto done;
    for (uint32_t i = 0; i < channels; i++) {
        const opj_image_comp_t *component = &image->comps[i];
        if (!component->data || component->w != header.columns || component->h != header.rows) goto done;
    }
    status = CSL_PLUGIN_OK;
done:
    opj_stream_destroy(in);
    opj_destroy_codec(codec);
    if (status == CSL_PLUGIN_OK) status = fill_frame(image, pixels, channels, header.precision, frame, &why);
    if (states_transform) frame->photometric = CSL_PHOTOMETRIC_RGB;
    opj_image_destroy(image);
    if (status == CSL_PLUGIN_NO_MEMORY) return csl_dcm_fail(error, status, place, "out of memory");
    if (status != CSL_PLUGIN_OK)
        return csl_dcm_fail(error, status, place, "%s",
                            why.text[0] ? why.text : "the codestream is damaged or ends early");
    return status;
}
