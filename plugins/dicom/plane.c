#include "plane.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ITU-R BT.601-7, 2.5.1 */
static const double red = 0.299, green = 0.587, blue = 0.114;

static const double hounsfield_low = -1024, hounsfield_high = 3071;

/* Sample `index` as it is stored, before its bits are cut out. */
static uint32_t sample_at(const csl_dcm_frame *frame, uint64_t index)
{
    const uint8_t *at = frame->samples + index * frame->bytes_per_sample;
    if (frame->bytes_per_sample == 1) return *at;
    if (frame->bytes_per_sample == 2) {
        uint16_t value;
        memcpy(&value, at, sizeof value);
        return value;
    }
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

typedef struct cut { /* how the value lies in a sample */
    uint32_t shift, mask, sign;
} cut;

static cut cut_of(const csl_dcm_pixels *pixels, const csl_dcm_frame *frame)
{
    uint32_t bits = pixels->bits_stored, width = frame->bytes_per_sample * 8;
    uint32_t shift = pixels->high_bit + 1 - bits;
    /* A codec may give narrower samples than are allocated. */
    if (shift + bits > width) {
        shift = 0;
        bits = bits < width ? bits : width;
    }
    uint32_t mask = bits >= 32 ? UINT32_MAX : (1u << bits) - 1u;
    return (cut){shift, mask, pixels->is_signed ? 1u << (bits - 1) : 0};
}

static int64_t value_of(uint32_t sample, const cut *c)
{
    uint32_t value = (sample >> c->shift) & c->mask;
    return c->sign && (value & c->sign) ? (int64_t)value - (int64_t)c->mask - 1 : (int64_t)value;
}

static double luminance(const csl_dcm_pixels *pixels, const csl_dcm_frame *frame, const cut *c,
                        uint64_t pixel, uint64_t count)
{
    if (frame->subsampled) /* Y0 Y1 Cb Cr */
        return (double)value_of(sample_at(frame, pixel / 2 * 4 + pixel % 2), c);
    uint64_t first = frame->planar ? pixel : pixel * 3, step = frame->planar ? count : 1;
    double one = (double)value_of(sample_at(frame, first), c);
    if (pixels->photometric != CSL_PHOTOMETRIC_RGB) return one;
    return red * one + green * (double)value_of(sample_at(frame, first + step), c) +
           blue * (double)value_of(sample_at(frame, first + 2 * step), c);
}

static double palette_luminance(const csl_dcm_frame *frame, int64_t value)
{
    int64_t entry = value - frame->palette_first;
    entry = entry < 0 ? 0 : entry >= frame->palette_count ? (int64_t)frame->palette_count - 1 : entry;
    const uint16_t *table = frame->palette + entry;
    return red * table[0] + green * table[frame->palette_count] + blue * table[2ull * frame->palette_count];
}

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

static float rescaled(const csl_dcm_frame *frame, double value)
{
    double scaled = value * frame->slope + frame->intercept;
    return frame->is_hounsfield ? (float)clamp(scaled, hounsfield_low, hounsfield_high)
                                : (float)clamp(scaled, INT32_MIN, UINT32_MAX);
}

static void fill_grey(const csl_dcm_pixels *pixels, const csl_dcm_frame *frame, csl_plane *plane,
                      uint64_t count)
{
    cut c = cut_of(pixels, frame);
    float sign = plane->inverted ? -1.0f : 1.0f;
    uint64_t padded = 0;
    float darkest = INFINITY;
    for (uint64_t i = 0; i < count; i++) {
        int64_t value = value_of(sample_at(frame, i), &c);
        if (pixels->has_padding && value >= pixels->padding_low && value <= pixels->padding_high) {
            plane->values[i] = NAN;
            padded++;
            continue;
        }
        plane->values[i] = sign * rescaled(frame, (double)value);
        darkest = plane->values[i] < darkest ? plane->values[i] : darkest;
    }
    if (padded == 0) return;
    if (padded == count) darkest = 0;
    for (uint64_t i = 0; i < count; i++)
        plane->values[i] = isnan(plane->values[i]) ? darkest : plane->values[i];
}

int32_t csl_plane_make(const csl_dcm_pixels *pixels, const csl_dcm_frame *frame, csl_plane *plane)
{
    uint64_t count = (uint64_t)pixels->rows * pixels->columns;
    *plane = (csl_plane){pixels->rows, pixels->columns, malloc(count * sizeof *plane->values), false};
    if (!plane->values) return CSL_PLUGIN_NO_MEMORY;
    if (pixels->samples == 1 && !frame->palette) {
        plane->inverted = pixels->photometric == CSL_PHOTOMETRIC_MONOCHROME1 && !frame->is_hounsfield;
        fill_grey(pixels, frame, plane, count);
        return CSL_PLUGIN_OK;
    }
    cut c = cut_of(pixels, frame);
    double full = c.mask;
    for (uint64_t i = 0; i < count; i++) {
        double value = frame->palette ? palette_luminance(frame, value_of(sample_at(frame, i), &c))
                                      : luminance(pixels, frame, &c, i, count);
        /* Y from 16/256 to 235/256 of the range, PS3.3 C.7.6.3.1.2 */
        if (pixels->photometric == CSL_PHOTOMETRIC_YBR_PARTIAL_422)
            value = (value - full * 16 / 255) * 255 / 219;
        plane->values[i] = (float)value;
    }
    return CSL_PLUGIN_OK;
}
