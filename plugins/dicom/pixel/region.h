/* What a token says of one rectangle of a plane. docs/dicom.md has the formulas. */
#ifndef CSL_PLUGIN_DICOM_REGION_H
#define CSL_PLUGIN_DICOM_REGION_H

#include "pixel/plane.h"

enum {
    CSL_REGION_CELLS = 8, /* a side */
    CSL_REGION_PATCH = CSL_REGION_CELLS * CSL_REGION_CELLS,
    CSL_REGION_MEAN = CSL_REGION_PATCH,
    CSL_REGION_DEVIATION,
    CSL_REGION_MINIMUM,
    CSL_REGION_P10,
    CSL_REGION_MEDIAN,
    CSL_REGION_P90,
    CSL_REGION_MAXIMUM,
    CSL_REGION_GRADIENT,
    CSL_REGION_TEXTURE,
    CSL_REGION_FEATURES,
    CSL_REGION_SAMPLES = 4096, /* most pixels that the percentiles look at */
};

typedef struct csl_region {
    uint32_t top, bottom, left, right; /* rows top .. bottom - 1, columns left .. right - 1; never empty */
} csl_region;

/* Region (row, column) of a grid of `grid` x `grid` over the plane. Where the plane has fewer pixels than the
 * grid, regions are one pixel and repeat. */
csl_region csl_region_of_grid(const csl_plane *plane, uint32_t grid, uint32_t row, uint32_t column);

/* Features in the units of the plane. */
void csl_region_measure(const csl_plane *plane, csl_region region, float features[CSL_REGION_FEATURES]);

/* Takes features of values v to those of (v - zero) * scale, scale > 0. */
void csl_region_rescale(float features[CSL_REGION_FEATURES], double zero, double scale);

/* Ascending, in time linear in count; scratch holds as many. Values are finite. */
void csl_sort_floats(float *values, float *scratch, size_t count);

/* Quantile q of sorted values, between neighbours in proportion (Hyndman and Fan 1996, definition 7). */
double csl_quantile(const float *sorted, size_t count, double q);

#endif
