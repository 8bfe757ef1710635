#include "pixel/region.h"

#include <math.h>
#include <string.h>

csl_region csl_region_of_grid(const csl_plane *plane, uint32_t grid, uint32_t row, uint32_t column)
{
    csl_region region;
    region.top = (uint32_t)((uint64_t)plane->rows * row / grid);
    region.bottom = (uint32_t)((uint64_t)plane->rows * (row + 1) / grid);
    region.left = (uint32_t)((uint64_t)plane->columns * column / grid);
    region.right = (uint32_t)((uint64_t)plane->columns * (column + 1) / grid);
    if (region.bottom == region.top) region.bottom++;
    if (region.right == region.left) region.right++;
    return region;
}

/* Which pixels of a side a cell covers and how much of each: cells need not fall on pixel borders. */
typedef struct cover {
    uint32_t first, end;
    double first_weight, last_weight;
} cover;

static cover cover_of(uint32_t length, uint32_t cell)
{
    double from = (double)length * cell / CSL_REGION_CELLS,
           to = (double)length * (cell + 1) / CSL_REGION_CELLS;
    cover c = {(uint32_t)floor(from), (uint32_t)ceil(to), 0, 0};
    if (c.end > length) c.end = length;
    if (c.end - c.first == 1) {
        c.first_weight = to - from;
    } else {
        c.first_weight = (double)c.first + 1 - from;
        c.last_weight = to - ((double)c.end - 1);
    }
    return c;
}

static double weight(const cover *c, uint32_t at)
{
    return at == c->first ? c->first_weight : at == c->end - 1 ? c->last_weight : 1.0;
}

/* Area averages of the 8 x 8 cells. */
static void measure_patch(const csl_plane *plane, csl_region region, float *patch)
{
    uint32_t height = region.bottom - region.top, width = region.right - region.left;
    double area = (double)height * width / CSL_REGION_PATCH;
    cover columns[CSL_REGION_CELLS];
    for (uint32_t j = 0; j < CSL_REGION_CELLS; j++) columns[j] = cover_of(width, j);
    for (uint32_t i = 0; i < CSL_REGION_CELLS; i++) {
        cover rows = cover_of(height, i);
        double sums[CSL_REGION_CELLS] = {0};
        for (uint32_t y = rows.first; y < rows.end; y++) {
            const float *line = plane->values + (uint64_t)(region.top + y) * plane->columns + region.left;
            double row_weight = weight(&rows, y);
            for (uint32_t j = 0; j < CSL_REGION_CELLS; j++) {
                double sum = 0;
                for (uint32_t x = columns[j].first; x < columns[j].end; x++)
                    sum += weight(&columns[j], x) * (double)line[x];
                sums[j] += row_weight * sum;
            }
        }
        for (uint32_t j = 0; j < CSL_REGION_CELLS; j++)
            patch[i * CSL_REGION_CELLS + j] = (float)(sums[j] / area);
    }
}

/* Mean gradient magnitude by central differences, and the deviation of what a 3 x 3 mean leaves. Both see the
 * region alone, its border repeated, so that a token depends on nothing outside it. */
static void measure_texture(const csl_plane *plane, csl_region region, float *features)
{
    uint32_t height = region.bottom - region.top, width = region.right - region.left;
    double gradient = 0, sum = 0, squares = 0;
    for (uint32_t y = 0; y < height; y++) {
        const float *line[3];
        uint32_t above = y > 0 ? y - 1 : 0, below = y + 1 < height ? y + 1 : y;
        line[0] = plane->values + (uint64_t)(region.top + above) * plane->columns + region.left;
        line[1] = plane->values + (uint64_t)(region.top + y) * plane->columns + region.left;
        line[2] = plane->values + (uint64_t)(region.top + below) * plane->columns + region.left;
        for (uint32_t x = 0; x < width; x++) {
            uint32_t left = x > 0 ? x - 1 : 0, right = x + 1 < width ? x + 1 : x;
            double down = ((double)line[2][x] - (double)line[0][x]) / 2;
            double along = ((double)line[1][right] - (double)line[1][left]) / 2;
            gradient += sqrt(down * down + along * along);
            double mean = 0;
            for (int k = 0; k < 3; k++)
                mean += (double)line[k][left] + (double)line[k][x] + (double)line[k][right];
            double residual = (double)line[1][x] - mean / 9;
            sum += residual;
            squares += residual * residual;
        }
    }
    double count = (double)height * width;
    features[CSL_REGION_GRADIENT] = (float)(gradient / count);
    features[CSL_REGION_TEXTURE] = (float)sqrt(fmax(0, squares / count - sum / count * (sum / count)));
}

static void measure_moments(const csl_plane *plane, csl_region region, float *features)
{
    double sum = 0, squares = 0;
    float low = INFINITY, high = -INFINITY;
    for (uint32_t y = region.top; y < region.bottom; y++) {
        const float *line = plane->values + (uint64_t)y * plane->columns;
        for (uint32_t x = region.left; x < region.right; x++) {
            sum += (double)line[x];
            low = line[x] < low ? line[x] : low;
            high = line[x] > high ? line[x] : high;
        }
    }
    double count = (double)(region.bottom - region.top) * (region.right - region.left), mean = sum / count;
    for (uint32_t y = region.top; y < region.bottom; y++) {
        const float *line = plane->values + (uint64_t)y * plane->columns;
        for (uint32_t x = region.left; x < region.right; x++)
            squares += ((double)line[x] - mean) * ((double)line[x] - mean);
    }
    features[CSL_REGION_MEAN] = (float)mean;
    features[CSL_REGION_DEVIATION] = (float)sqrt(squares / count);
    features[CSL_REGION_MINIMUM] = low;
    features[CSL_REGION_MAXIMUM] = high;
}

static void measure_quantiles(const csl_plane *plane, csl_region region, float *features)
{
    float values[CSL_REGION_SAMPLES], scratch[CSL_REGION_SAMPLES];
    uint32_t width = region.right - region.left;
    uint64_t count = (uint64_t)(region.bottom - region.top) * width;
    uint64_t taken = count < CSL_REGION_SAMPLES ? count : CSL_REGION_SAMPLES;
    for (uint32_t y = region.top, i = 0; taken == count && y < region.bottom; y++, i += width)
        memcpy(values + i, plane->values + (uint64_t)y * plane->columns + region.left,
               width * sizeof *values);
    for (uint64_t i = 0; taken < count && i < taken; i++) {
        uint64_t at = i * count / taken;
        values[i] = plane->values[(region.top + at / width) * plane->columns + region.left + at % width];
    }
    csl_sort_floats(values, scratch, taken);
    features[CSL_REGION_P10] = (float)csl_quantile(values, taken, 0.1);
    features[CSL_REGION_MEDIAN] = (float)csl_quantile(values, taken, 0.5);
    features[CSL_REGION_P90] = (float)csl_quantile(values, taken, 0.9);
}

void csl_region_measure(const csl_plane *plane, csl_region region, float features[CSL_REGION_FEATURES])
{
    measure_patch(plane, region, features);
    measure_moments(plane, region, features);
    measure_quantiles(plane, region, features);
    measure_texture(plane, region, features);
}

void csl_region_rescale(float features[CSL_REGION_FEATURES], double zero, double scale)
{
    for (int i = 0; i < CSL_REGION_FEATURES; i++) {
        bool is_spread = i == CSL_REGION_DEVIATION || i == CSL_REGION_GRADIENT || i == CSL_REGION_TEXTURE;
        features[i] = (float)(((double)features[i] - (is_spread ? 0 : zero)) * scale);
    }
}

/* Bits of a float in an order that unsigned comparison respects. */
static uint32_t key_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

void csl_sort_floats(float *values, float *scratch, size_t count)
{
    size_t counts[4][256] = {{0}};
    float *from = values, *to = scratch;
    for (size_t i = 0; i < count; i++) {
        uint32_t key = key_of(values[i]);
        for (int pass = 0; pass < 4; pass++) counts[pass][key >> (8 * pass) & 255]++;
    }
    for (int pass = 0; pass < 4 && count > 0; pass++) {
        /* Whole numbers leave the low digits equal: nothing to order by. */
        if (counts[pass][key_of(from[0]) >> (8 * pass) & 255] == count) continue;
        size_t at = 0;
        for (int digit = 0; digit < 256; digit++) {
            size_t n = counts[pass][digit];
            counts[pass][digit] = at;
            at += n;
        }
        for (size_t i = 0; i < count; i++) to[counts[pass][key_of(from[i]) >> (8 * pass) & 255]++] = from[i];
        float *other = from;
        from = to;
        to = other;
    }
    if (from != values) memcpy(values, from, count * sizeof *values);
}

double csl_quantile(const float *sorted, size_t count, double q)
{
    double at = q * (double)(count - 1);
    size_t low = (size_t)at;
    if (low + 1 >= count) return (double)sorted[count - 1];
    return (double)sorted[low] + (at - (double)low) * ((double)sorted[low + 1] - (double)sorted[low]);
}
