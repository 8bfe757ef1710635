#include "pixel/picture.h"

#include "pixel/lut.h"

#include <math.h>
#include <stdlib.h>

uint8_t csl_window_apply(const csl_dcm_window *window, double value)
{
    double c = window->center, w = window->width, y;
    if (window->function == CSL_WINDOW_SIGMOID) {
        y = 1 / (1 + exp(-4 * (value - c) / w));
    } else if (window->function == CSL_WINDOW_LINEAR_EXACT || w <= 1) {
        y = w > 0 ? (value - c) / w + 0.5 : value > c;
    } else {
        y = (value - (c - 0.5)) / (w - 1) + 0.5;
    }
    return (uint8_t)lround(fmin(fmax(y, 0), 1) * 255);
}

uint8_t csl_voi_apply(const csl_lut *lut, double value)
{
    double full = (double)((1u << lut->bits) - 1), entry = csl_lut_entry(lut, round(value));
    return (uint8_t)lround(fmin(entry / full, 1) * 255);
}

/* Mean over the pixels that one output pixel covers; whole pixels suffice for looking at. */
static double mean_of(const csl_plane *plane, uint32_t top, uint32_t bottom, uint32_t left, uint32_t right)
{
    double sum = 0;
    for (uint32_t y = top; y < bottom; y++) {
        for (uint32_t x = left; x < right; x++)
            sum += (double)plane->values[(uint64_t)y * plane->columns + x];
    }
    return sum / ((double)(bottom - top) * (right - left));
}

int32_t csl_key_image_make(const csl_plane *plane, const csl_dcm_frame *frame, double low, double high,
                           double row_spacing, double column_spacing, csl_key_image *image)
{
    uint32_t longest = plane->rows > plane->columns ? plane->rows : plane->columns;
    double shrink = longest > CSL_PICTURE_SIDE ? (double)longest / CSL_PICTURE_SIDE : 1;
    uint32_t height = (uint32_t)fmax(1, floor(plane->rows / shrink)),
             width = (uint32_t)fmax(1, floor(plane->columns / shrink));
    *image = (csl_key_image){
        .grey = malloc((size_t)width * height), .width = width, .height = height, .aspect = 1};
    if (!image->grey) return CSL_PLUGIN_NO_MEMORY;
    double pixel_height = (double)plane->rows / height, pixel_width = (double)plane->columns / width;
    if (row_spacing > 0 && column_spacing > 0) {
        pixel_height *= row_spacing;
        pixel_width *= column_spacing;
    }
    image->aspect = pixel_height / pixel_width;
    image->window = frame->window;
    double sign = plane->inverted ? -1 : 1;
    bool by_table = !image->window.present && frame->voi.values;
    if (by_table) { /* what the caption says: the values that the table tells apart */
        image->window.center = frame->voi.first + frame->voi.count / 2.0;
        image->window.width = frame->voi.count;
    } else if (!image->window.present) {
        image->window.function = CSL_WINDOW_LINEAR_EXACT;
        image->window.center = frame->is_hounsfield ? 40 : sign * (low + high) / 2;
        image->window.width = frame->is_hounsfield ? 400 : high - low;
    }
    for (uint32_t y = 0; y < height; y++) {
        uint32_t top = (uint32_t)((uint64_t)plane->rows * y / height);
        uint32_t bottom = (uint32_t)((uint64_t)plane->rows * (y + 1) / height);
        for (uint32_t x = 0; x < width; x++) {
            uint32_t left = (uint32_t)((uint64_t)plane->columns * x / width);
            uint32_t right = (uint32_t)((uint64_t)plane->columns * (x + 1) / width);
            double value = sign * mean_of(plane, top, bottom, left, right);
            uint8_t grey =
                by_table ? csl_voi_apply(&frame->voi, value) : csl_window_apply(&image->window, value);
            image->grey[(size_t)y * width + x] = plane->inverted ? (uint8_t)(255 - grey) : grey;
        }
    }
    return CSL_PLUGIN_OK;
}
