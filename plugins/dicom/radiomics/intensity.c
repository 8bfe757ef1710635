/* Intensity statistics, intensity histogram and intensity-volume histogram. */
#include "families.h"

#include <stdlib.h>
#include <string.h>

static const double QUANTILES[] = {0.10, 0.25, 0.50, 0.75, 0.90};
enum { P10, P25, P50, P75, P90, QUANTILE_COUNT };

/* Linear between neighbours. */
static double quantile(const float *ascending, size_t count, double q)
{
    const double at = q * (double)(count - 1);
    const size_t below = (size_t)at, above = below + (below + 1 < count);
    return ascending[below] + (at - (double)below) * ((double)ascending[above] - ascending[below]);
}

void csl_statistics(const csl_roi *roi, double out[CSL_STATISTICS_FEATURES])
{
    csl_undefined(out, CSL_STATISTICS_FEATURES);
    if (roi->count == 0) return;
    const double mean = roi->mean, least = roi->least, most = roi->most, n = (double)roi->count;
    double p[QUANTILE_COUNT];
    for (int k = 0; k < QUANTILE_COUNT; k++) p[k] = quantile(roi->intensities, roi->count, QUANTILES[k]);

    double cubes = 0, fourths = 0, energy = 0, from_mean = 0, from_median = 0, inner = 0, inner_count = 0;
    for (size_t i = 0; i < roi->count; i++) {
        const double x = roi->intensities[i], d = x - mean;
        cubes += d * d * d;
        fourths += d * d * d * d;
        energy += x * x;
        from_mean += fabs(d);
        from_median += fabs(x - p[P50]);
        if (x >= p[P10] && x <= p[P90]) {
            inner += x;
            inner_count++;
        }
    }
    const double inner_mean = csl_ratio(inner, inner_count);
    double robust = 0;
    for (size_t i = 0; i < roi->count; i++) {
        const double x = roi->intensities[i];
        if (x >= p[P10] && x <= p[P90]) robust += fabs(x - inner_mean);
    }
    /* where all are equal, what differs from 0 is rounding */
    const double variance = most > least ? roi->deviation * roi->deviation : 0;
    out[0] = mean;
    out[1] = variance;
    out[2] = csl_ratio(cubes / n, variance * sqrt(variance));
    out[3] = csl_ratio(fourths / n, variance * variance) - 3;
    out[4] = p[P50];
    out[5] = least;
    out[6] = p[P10];
    out[7] = p[P90];
    out[8] = most;
    out[9] = p[P75] - p[P25];
    out[10] = most - least;
    out[11] = from_mean / n;
    out[12] = csl_ratio(robust, inner_count);
    out[13] = from_median / n;
    out[14] = csl_ratio(sqrt(variance), mean);
    out[15] = csl_ratio(p[P75] - p[P25], p[P75] + p[P25]);
    out[16] = energy;
    out[17] = sqrt(energy / n);
}

/* Level of a rank (0: the lowest) in counts[1 ..]. */
static double level_of(const double *counts, double rank)
{
    uint32_t level = 1;
    while (rank >= counts[level]) rank -= counts[level++];
    return level;
}

static double level_quantile(const double *counts, double n, double q)
{
    const double at = q * (n - 1), low = floor(at), below = level_of(counts, low);
    return low + 1 < n ? below + (at - low) * (level_of(counts, low + 1) - below) : below;
}

/* Slopes of the histogram (IBSI 3.4.20 to 23): central differences, one-sided at its ends. */
static void gradients(const double *counts, uint32_t levels, double *out)
{
    if (levels < 2) return;
    for (uint32_t g = 1; g <= levels; g++) {
        const uint32_t before = g > 1 ? g - 1 : g, after = g < levels ? g + 1 : g;
        const double slope = (counts[after] - counts[before]) / (after - before);
        if (g == 1 || slope > out[0]) {
            out[0] = slope;
            out[1] = g;
        }
        if (g == 1 || slope < out[2]) {
            out[2] = slope;
            out[3] = g;
        }
    }
}

bool csl_histogram(const csl_roi *roi, double out[CSL_HISTOGRAM_FEATURES])
{
    csl_undefined(out, CSL_HISTOGRAM_FEATURES);
    if (roi->count == 0) return true;
    const uint32_t levels = roi->level_count;
    double *counts = calloc(levels + 1, sizeof *counts);
    if (!counts) return false;
    for (size_t i = 0; i < roi->cells; i++) counts[roi->levels[i]]++;
    counts[0] = 0;

    const double n = (double)roi->count;
    double p[QUANTILE_COUNT], mean = 0;
    for (int k = 0; k < QUANTILE_COUNT; k++) p[k] = level_quantile(counts, n, QUANTILES[k]);
    for (uint32_t g = 1; g <= levels; g++) mean += g * counts[g] / n;
    double variance = 0, cubes = 0, fourths = 0, from_mean = 0, from_median = 0, inner = 0, inner_count = 0;
    double entropy = 0, uniformity = 0, least = 0, most = 0, mode = 0;
    for (uint32_t g = 1; g <= levels; g++) {
        if (counts[g] == 0) continue;
        const double share = counts[g] / n, d = g - mean;
        variance += share * d * d;
        cubes += share * d * d * d;
        fourths += share * d * d * d * d;
        from_mean += share * fabs(d);
        from_median += share * fabs(g - p[P50]);
        entropy += csl_surprise(share);
        uniformity += share * share;
        if (least == 0) least = g;
        most = g;
        /* of several that are most frequent, the one nearest to the mean (IBSI 3.4.10) */
        const double best = mode > 0 ? counts[(uint32_t)mode] : 0;
        if (counts[g] > best || (counts[g] == best && fabs(d) < fabs(mode - mean))) mode = g;
        if (g >= p[P10] && g <= p[P90]) {
            inner += g * counts[g];
            inner_count += counts[g];
        }
    }
    const double inner_mean = csl_ratio(inner, inner_count);
    double robust = 0;
    for (uint32_t g = 1; g <= levels; g++)
        if (g >= p[P10] && g <= p[P90]) robust += counts[g] * fabs(g - inner_mean);
    if (least == most) variance = 0;
    out[0] = mean;
    out[1] = variance;
    out[2] = csl_ratio(cubes, variance * sqrt(variance));
    out[3] = csl_ratio(fourths, variance * variance) - 3;
    out[4] = p[P50];
    out[5] = least;
    out[6] = p[P10];
    out[7] = p[P90];
    out[8] = most;
    out[9] = mode;
    out[10] = p[P75] - p[P25];
    out[11] = most - least;
    out[12] = from_mean;
    out[13] = csl_ratio(robust, inner_count);
    out[14] = from_median;
    out[15] = csl_ratio(sqrt(variance), mean);
    out[16] = csl_ratio(p[P75] - p[P25], p[P75] + p[P25]);
    out[17] = entropy;
    out[18] = uniformity;
    gradients(counts, levels, out + 19);
    free(counts);
    return true;
}

/* The bins of the intensity-volume histogram: value v is in bin floor((v - low) / width) + 1 of `bins`, at
 * most the last. Bin b stands for intensity zero + b * step, and for the fraction (b - 1) / (bins - 1) of the
 * range of intensities. */
typedef struct ivh {
    double low, width, bins, zero, step;
} ivh;

static double bin_of(const ivh *h, double value)
{
    return fmin(fmax(floor((value - h->low) / h->width) + 1, 1), h->bins);
}

/* Share of the volume at and above fraction q of the range of intensities. */
static double volume_at(const csl_roi *roi, const ivh *h, double q)
{
    size_t first = 0, end = roi->count; /* the first that is at or above lies between them */
    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        if ((bin_of(h, roi->intensities[middle]) - 1) / (h->bins - 1) >= q)
            end = middle;
        else
            first = middle + 1;
    }
    return h->bins > 1 ? (double)(roi->count - first) / (double)roi->count : NAN;
}

void csl_volume_histogram(const csl_roi *roi, const csl_radiomics_settings *settings,
                          double out[CSL_VOLUME_HISTOGRAM_FEATURES])
{
    csl_undefined(out, CSL_VOLUME_HISTOGRAM_FEATURES);
    if (roi->count == 0) return;
    const double least = roi->least, most = roi->most;
    const double low = isfinite(settings->range[0]) ? settings->range[0] : least;
    const double high = isfinite(settings->range[1]) ? settings->range[1] : most;
    ivh h = {.low = low, .width = 1, .bins = floor(high - low) + 1, .zero = low - 1, .step = 1};
    if (settings->ivh_bins) { /* of the intensities that are there; the number of a bin stands for it */
        const double bins = most > least ? settings->ivh_bins : 1;
        h = (ivh){.low = least, .width = most > least ? (most - least) / bins : 1, .bins = bins, .step = 1};
    } else if (settings->ivh_bin_width > 0) {
        const double width = settings->ivh_bin_width;
        h = (ivh){.low = low,
                  .width = width,
                  .bins = ceil((high - low) / width) + 1,
                  .zero = low - 0.5 * width,
                  .step = width};
    }
    /* The least intensity that no more than a tenth (nine tenths) of the volume reaches is the one after that
     * of the voxel that still is too much. */
    const size_t too_much[2] = {roi->count - 1 - roi->count / 10,
                                roi->count - 1 - roi->count / 10 * 9 - roi->count % 10 * 9 / 10};
    out[0] = volume_at(roi, &h, 0.1);
    out[1] = volume_at(roi, &h, 0.9);
    for (int k = 0; k < 2; k++)
        out[2 + k] = h.zero + (bin_of(&h, roi->intensities[too_much[k]]) + 1) * h.step;
    out[4] = out[0] - out[1];
    out[5] = out[2] - out[3];
}
