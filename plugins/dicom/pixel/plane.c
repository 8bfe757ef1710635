#include "pixel/plane.h"

#include "file/vector.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ITU-R BT.601-7, 2.5.1 */
static const double red = 0.299, green = 0.587, blue = 0.114;

static const float hounsfield_low = -1024, hounsfield_high = 3071;

/* Samples may lie in the file, where nothing is aligned. */
typedef uint16_t __attribute__((aligned(1), may_alias)) sample16;
typedef uint32_t __attribute__((aligned(1), may_alias)) sample32;
typedef float __attribute__((aligned(1), may_alias)) sample_float;
typedef double __attribute__((aligned(1), may_alias)) sample_double;

/* How a stored value lies in a sample (PS3.5 8.1.1); sign is its highest bit, or 0 for one that has none. */
typedef struct cut {
    uint32_t shift, mask, sign;
} cut;

static cut cut_of(const csl_dcm_frame *frame)
{
    uint32_t mask = frame->bits >= 32 ? UINT32_MAX : (1u << frame->bits) - 1u;
    return (cut){frame->shift, mask, frame->is_signed ? 1u << (frame->bits - 1) : 0};
}

/* What becomes of a stored value: slope and intercept, then limits; or, where it means padding, `darkest`. */
typedef struct scale {
    double slope, intercept;
    float low, high;
    float padding_low, padding_high, darkest; /* the first above the second: no padding */
} scale;

static inline int32_t value_of(uint32_t sample, cut c)
{
    return (int32_t)(((sample >> c.shift) & c.mask) ^ c.sign) - (int32_t)c.sign;
}

static inline float limited(float value, const scale *s)
{
    value = value < s->low ? s->low : value;
    return value > s->high ? s->high : value;
}

/* A loop for each width, so that the compiler can take many samples at once. */
#define VALUE(stored, number) limited((float)((number)(stored) * (number)s.slope + (number)s.intercept), &s)
#define FILL(name, type, stored, number)                                                                     \
    CSL_VECTOR static void name(const type *restrict from, size_t step, size_t count, cut c, scale s,        \
                                float *restrict to)                                                          \
    {                                                                                                        \
        (void)c;                                                                                             \
        if (step > 1) {                                                                                      \
            for (size_t i = 0; i < count; i++) to[i] = VALUE(stored(from[i * step], c), number);             \
        } else if (s.padding_low > s.padding_high) {                                                         \
            for (size_t i = 0; i < count; i++) to[i] = VALUE(stored(from[i], c), number);                    \
        } else {                                                                                             \
            for (size_t i = 0; i < count; i++) {                                                             \
                float is = (float)stored(from[i], c), value = VALUE(stored(from[i], c), number);             \
                to[i] = ((is < s.padding_low) | (is > s.padding_high)) ? value : s.darkest;                  \
            }                                                                                                \
        }                                                                                                    \
    }

static inline int64_t wide_value_of(uint32_t sample, cut c)
{
    return (int64_t)(((sample >> c.shift) & c.mask) ^ c.sign) - (int64_t)c.sign;
}

/* Not a number, which a limit would let through, is taken for padding. */
static inline double real_value_of(double sample, cut c)
{
    (void)c;
    return sample;
}

FILL(fill8, uint8_t, value_of, double)
FILL(fill8_exactly, uint8_t, value_of, float)
FILL(fill16, sample16, value_of, double)
FILL(fill16_exactly, sample16, value_of, float)
FILL(fill32, sample32, wide_value_of, double)
FILL(fill_float, sample_float, real_value_of, double)
FILL(fill_double, sample_double, real_value_of, double)

/* Single precision does where every step is a whole number that it holds. */
static bool is_exact(const csl_dcm_frame *frame, const scale *s)
{
    return frame->bits <= 16 && !(fabs(s->slope) > 1) && !(fabs(s->slope) < 1) &&
           fabs(s->intercept) < 1 << 22 && !(fabs(s->intercept - trunc(s->intercept)) > 0);
}

/* `count` samples, from number `first` on in steps of `step`. */
static void fill(const csl_dcm_frame *frame, size_t first, size_t step, size_t count, scale s, float *to)
{
    const uint8_t *from = frame->samples + first * frame->bytes_per_sample;
    const void *at = from;
    cut c = cut_of(frame);
    bool exact = is_exact(frame, &s);
    if (frame->is_float && frame->bytes_per_sample == 4)
        fill_float(at, step, count, c, s, to);
    else if (frame->is_float)
        fill_double(at, step, count, c, s, to);
    else if (frame->bytes_per_sample == 1)
        (exact ? fill8_exactly : fill8)(from, step, count, c, s, to);
    else if (frame->bytes_per_sample == 2)
        (exact ? fill16_exactly : fill16)(at, step, count, c, s, to);
    else
        fill32(at, step, count, c, s, to);
}

/* The least and the most of the stored values that are no padding; the first above the second where all are.
 */
typedef struct span {
    int32_t least, most;
} span;

#define SPAN(name, type)                                                                                     \
    CSL_VECTOR static span name(const type *restrict from, size_t count, cut c, int32_t low, int32_t high)   \
    {                                                                                                        \
        int32_t least = INT32_MAX, most = INT32_MIN;                                                         \
        for (size_t i = 0; i < count; i++) {                                                                 \
            int32_t is = value_of(from[i], c);                                                               \
            int32_t other = ((is - low) >> 31) | ((high - is) >> 31); /* -1 where it is no padding */        \
            int32_t up = (is & other) | (INT32_MAX & ~other), down = (is & other) | (INT32_MIN & ~other);    \
            least = up < least ? up : least;                                                                 \
            most = down > most ? down : most;                                                                \
        }                                                                                                    \
        return (span){least, most};                                                                          \
    }

SPAN(span8, uint8_t)
SPAN(span16, sample16)

static scale plain_scale(void)
{
    return (scale){1, 0, -(float)UINT32_MAX, (float)UINT32_MAX, 1, 0, 0};
}

enum { CHUNK = 2048 }; /* pixels at a time, so that what is in between stays in the cache */

/* Padding and what is no number become infinite, for now; `stored` are the values before any scale. Returns
 * the lowest of the rest. */
CSL_VECTOR static float mark_padding(const csl_dcm_pixels *pixels, const float *restrict stored,
                                     float *restrict values, size_t count)
{
    float low = pixels->has_padding ? (float)pixels->padding_low : INFINITY;
    float high = pixels->has_padding ? (float)pixels->padding_high : -INFINITY;
    int32_t lowest =
        INT32_MAX; /* as a number that orders as floats do, whose minimum is taken many at once */
    for (size_t i = 0; i < count; i++) {
        float value = stored[i], is = values[i];
        is = ((value < low) | (value > high)) ? is : INFINITY; /* true of no NaN */
        values[i] = is;
        int32_t bits;
        memcpy(&bits, &is, sizeof bits);
        bits ^= (bits >> 31) & INT32_MAX;
        lowest = bits < lowest ? bits : lowest;
    }
    lowest ^= (lowest >> 31) & INT32_MAX;
    float value;
    memcpy(&value, &lowest, sizeof value);
    return value;
}

CSL_VECTOR static void darken_padding(float darkest, float *values, size_t count)
{
    darkest = isinf(darkest) ? 0 : darkest; /* nothing but padding */
    for (size_t i = 0; i < count; i++) values[i] = values[i] > FLT_MAX ? darkest : values[i];
}

/* A table of what each stored value becomes, for lookup tables of either kind. */
static float *table_of(const csl_dcm_frame *frame)
{
    const csl_lut *palette = frame->palette, *lut = palette[0].values ? &palette[0] : &frame->modality;
    float *table = malloc(lut->count * sizeof *table);
    if (!table) return NULL;
    for (uint32_t i = 0; i < lut->count; i++) {
        if (!palette[0].values)
            table[i] = lut->values[i];
        else
            table[i] =
                (float)(red * lut->values[i] + green * palette[1].values[i] + blue * palette[2].values[i]);
    }
    return table;
}

CSL_VECTOR static void find(const csl_lut *lut, const float *restrict stored, size_t count,
                            int32_t *restrict at)
{
    float first = (float)lut->first, last = (float)(lut->count - 1);
    for (size_t i = 0; i < count; i++) {
        float index = stored[i] - first;
        at[i] = (int32_t)(index > 0 ? index < last ? index : last : 0); /* 0 of what is no number */
    }
}

/* Values through a table, at most CHUNK of them. */
static void look_up(const csl_lut *lut, const float *table, const float *stored, float *values, size_t count)
{
    int32_t at[CHUNK];
    find(lut, stored, count, at);
    for (size_t i = 0; i < count; i++) values[i] = table[at[i]];
}

/* Of bytes each is looked up once, then found by what lies in the frame. */
static void look_up_bytes(const csl_dcm_frame *frame, const csl_lut *lut, const float *table, float *values,
                          size_t count)
{
    uint8_t samples[256];
    float stored[256], value_of_sample[256];
    for (int i = 0; i < 256; i++) samples[i] = (uint8_t)i;
    fill8(samples, 1, 256, cut_of(frame), plain_scale(), stored);
    look_up(lut, table, stored, value_of_sample, 256);
    for (size_t i = 0; i < count; i++) values[i] = value_of_sample[frame->samples[i]];
}

/* What padding becomes: the darkest other value, before they are inverted. A scale keeps the order of what is
 * stored or turns it round; no value is darker than the limit. */
static float darkest_of(const csl_dcm_pixels *pixels, const csl_dcm_frame *frame, scale s, bool inverted,
                        size_t count)
{
    const int32_t low = (int32_t)pixels->padding_low, high = (int32_t)pixels->padding_high;
    float darkest = inverted ? -INFINITY : INFINITY;
    for (size_t first = 0; first < count && (inverted || darkest > s.low); first += CHUNK) {
        size_t part = count - first < CHUNK ? count - first : CHUNK;
        const uint8_t *from = frame->samples + first * frame->bytes_per_sample;
        span of = frame->bytes_per_sample == 1 ? span8(from, part, cut_of(frame), low, high)
                                               : span16((const void *)from, part, cut_of(frame), low, high);
        if (of.least > of.most) continue; /* nothing but padding */
        float a = VALUE(of.least, double), b = VALUE(of.most, double);
        darkest = inverted ? fmaxf(darkest, fmaxf(a, b)) : fminf(darkest, fminf(a, b));
    }
    return isinf(darkest) ? 0 : darkest;
}

static int32_t fill_grey(const csl_dcm_pixels *pixels, const csl_dcm_frame *frame, csl_plane *plane,
                         size_t count)
{
    bool is_palette = frame->palette[0].values;
    const csl_lut *lut = is_palette ? &frame->palette[0] : frame->modality.values ? &frame->modality : NULL;
    scale s = plain_scale();
    s.slope = frame->slope;
    s.intercept = frame->intercept;
    s.low = frame->is_hounsfield ? hounsfield_low : (float)INT32_MIN;
    s.high = frame->is_hounsfield ? hounsfield_high : s.high;
    bool may_be_padded = !is_palette && (pixels->has_padding || frame->is_float);
    /* Padding of whole numbers is found before the values are made. */
    bool by_value = may_be_padded && (frame->is_float || frame->bytes_per_sample > 2 || lut);
    if (may_be_padded && !by_value) {
        s.padding_low = (float)pixels->padding_low;
        s.padding_high = (float)pixels->padding_high;
        s.darkest = darkest_of(pixels, frame, s, plane->inverted, count);
    }
    float *table = lut ? table_of(frame) : NULL, darkest = INFINITY, stored[CHUNK];
    if (lut && !table) return CSL_PLUGIN_NO_MEMORY;
    const bool by_byte = lut && !by_value && frame->bytes_per_sample == 1;
    if (by_byte) look_up_bytes(frame, lut, table, plane->values, count);
    for (size_t first = 0; first < count; first += CHUNK) {
        size_t part = count - first < CHUNK ? count - first : CHUNK;
        float *values = plane->values + first;
        if ((lut && !by_byte) || by_value) fill(frame, first, 1, part, plain_scale(), stored);
        if (lut && !by_byte)
            look_up(lut, table, stored, values, part);
        else if (!lut)
            fill(frame, first, 1, part, s, values);
        for (size_t i = 0; i < part && plane->inverted; i++) values[i] = -values[i];
        if (!by_value) continue;
        float lowest = mark_padding(pixels, stored, values, part);
        darkest = lowest < darkest ? lowest : darkest;
    }
    if (by_value) darken_padding(darkest, plane->values, count);
    free(table);
    return CSL_PLUGIN_OK;
}

/* Three samples a pixel, `step` and `next` apart. */
#define LUMINANCE(name, type, stored)                                                                        \
    CSL_VECTOR static void name(const type *restrict from, size_t step, size_t next, size_t count, cut c,    \
                                float *restrict to)                                                          \
    {                                                                                                        \
        for (size_t i = 0; i < count; i++)                                                                   \
            to[i] = (float)(red * (double)stored(from[i * step], c) +                                        \
                            green * (double)stored(from[i * step + next], c) +                               \
                            blue * (double)stored(from[i * step + 2 * next], c));                            \
    }

LUMINANCE(luminance8, uint8_t, value_of)
LUMINANCE(luminance16, sample16, value_of)
LUMINANCE(luminance32, sample32, wide_value_of)

static void fill_luminance(const csl_dcm_frame *frame, csl_plane *plane, size_t count)
{
    size_t step = frame->planar ? 1 : frame->channels, next = frame->planar ? count : 1;
    const void *from = frame->samples;
    cut c = cut_of(frame);
    if (frame->subsampled) { /* Y0 Y1 Cb Cr: for every two pixels */
        for (size_t i = 0; i < count; i++)
            fill(frame, i / 2 * 4 + i % 2, 1, 1, plain_scale(), plane->values + i);
    } else if (frame->channels == 1 || frame->photometric != CSL_PHOTOMETRIC_RGB) {
        fill(frame, 0, step, count, plain_scale(), plane->values);
    } else if (frame->bytes_per_sample == 1) {
        luminance8(from, step, next, count, c, plane->values);
    } else if (frame->bytes_per_sample == 2) {
        luminance16(from, step, next, count, c, plane->values);
    } else {
        luminance32(from, step, next, count, c, plane->values);
    }
    /* Y from 16/256 to 235/256 of the range, PS3.3 C.7.6.3.1.2 */
    if (frame->photometric != CSL_PHOTOMETRIC_YBR_PARTIAL_422 &&
        frame->photometric != CSL_PHOTOMETRIC_YBR_PARTIAL_420)
        return;
    double full = c.mask;
    for (size_t i = 0; i < count; i++)
        plane->values[i] = (float)(((double)plane->values[i] - full * 16 / 255) * 255 / 219);
}

int32_t csl_plane_make(const csl_dcm_pixels *pixels, const csl_dcm_frame *frame, csl_plane *plane)
{
    size_t count = (size_t)pixels->rows * pixels->columns;
    *plane = (csl_plane){pixels->rows, pixels->columns, malloc(count * sizeof *plane->values), false};
    if (!plane->values) return CSL_PLUGIN_NO_MEMORY;
    if (pixels->samples == 3) {
        fill_luminance(frame, plane, count);
        return CSL_PLUGIN_OK;
    }
    plane->inverted = pixels->photometric == CSL_PHOTOMETRIC_MONOCHROME1 && !frame->is_hounsfield;
    int32_t status = fill_grey(pixels, frame, plane, count);
    if (status != CSL_PLUGIN_OK) {
        free(plane->values);
        plane->values = NULL;
    }
    return status;
}
