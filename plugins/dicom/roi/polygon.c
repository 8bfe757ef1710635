#include "roi/polygon.h"

#include <math.h>

static double within(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* Rows whose centres an edge passes: half open, so that a corner counts once. */
static uint64_t cross_edge(const double *from, const double *to, uint32_t columns, uint32_t rows,
                           uint8_t *crossings)
{
    double low = fmin(from[1], to[1]), high = fmax(from[1], to[1]);
    double slope = (to[0] - from[0]) / (to[1] - from[1]);
    uint32_t first = (uint32_t)within(ceil(low), 0, rows), end = (uint32_t)within(ceil(high), 0, rows);
    for (uint32_t row = first; row < end; row++) {
        double column = from[0] + (row - from[1]) * slope;
        crossings[(size_t)row * (columns + 1) + (uint32_t)within(ceil(column), 0, columns)] ^= 1;
    }
    return end - first;
}

uint64_t csl_polygon_cross(const double *points, size_t count, uint32_t columns, uint32_t rows,
                           uint8_t *crossings)
{
    uint64_t work = count;
    for (size_t i = 0; i < count; i++) {
        const double *from = points + 2 * i, *to = points + 2 * (i + 1 < count ? i + 1 : 0);
        if (fabs(to[1] - from[1]) > 0) work += cross_edge(from, to, columns, rows, crossings);
    }
    return work;
}

uint64_t csl_polygon_fill(const uint8_t *crossings, uint32_t columns, uint32_t rows, uint8_t *mask)
{
    uint64_t inside = 0;
    for (uint32_t row = 0; row < rows; row++) {
        uint8_t in = 0;
        for (uint32_t column = 0; column < columns; column++) {
            in ^= crossings[(size_t)row * (columns + 1) + column];
            mask[(size_t)row * columns + column] = in;
            inside += in;
        }
    }
    return inside;
}
