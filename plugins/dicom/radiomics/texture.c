#include "texture.h"

void csl_directions(const csl_roi *roi, ptrdiff_t offsets[CSL_DIRECTIONS_SOLID])
{
    const ptrdiff_t row = (ptrdiff_t)roi->row, slice = (ptrdiff_t)roi->slice;
    int count = 0;
    offsets[count++] = 1;
    for (ptrdiff_t x = -1; x <= 1; x++) offsets[count++] = row + x;
    for (ptrdiff_t y = -1; y <= 1; y++)
        for (ptrdiff_t x = -1; x <= 1; x++) offsets[count++] = slice + y * row + x;
}

void csl_average_add(csl_average *average, const double *features, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (isnan(features[i])) continue;
        average->sum[i] += features[i];
        average->count[i]++;
    }
}

void csl_average_take(const csl_average *average, double *out, size_t count)
{
    for (size_t i = 0; i < count; i++) out[i] = csl_ratio(average->sum[i], average->count[i]);
}

void csl_emphasis(const csl_cell *cells, size_t count, double voxels, double *by_size,
                  double out[CSL_NGLDM_FEATURES])
{
    csl_undefined(out, CSL_NGLDM_FEATURES);
    double total = 0, level_mean = 0, size_mean = 0;
    for (size_t k = 0; k < count; k++) {
        total += cells[k].count;
        level_mean += (double)cells[k].count * cells[k].level;
        size_mean += (double)cells[k].count * cells[k].size;
    }
    if (total == 0) return;
    level_mean /= total;
    size_mean /= total;

    double e[8] = {0}, level_variance = 0, size_variance = 0, entropy = 0, energy = 0;
    double of_level = 0, levels2 = 0, sizes2 = 0;
    for (size_t k = 0; k < count; k++) {
        const double n = cells[k].count, i = cells[k].level, j = cells[k].size, p = n / total;
        const double i2 = i * i, j2 = j * j, of_i2 = 1 / i2, of_j2 = 1 / j2;
        e[0] += n * of_j2;
        e[1] += n * j2;
        e[2] += n * of_i2;
        e[3] += n * i2;
        e[4] += n * of_i2 * of_j2;
        e[5] += n * i2 * of_j2;
        e[6] += n * j2 * of_i2;
        e[7] += n * i2 * j2;
        level_variance += p * (i - level_mean) * (i - level_mean);
        size_variance += p * (j - size_mean) * (j - size_mean);
        entropy += csl_surprise(p);
        energy += p * p;
        of_level += n;
        if (k + 1 == count || cells[k + 1].level != cells[k].level) {
            levels2 += of_level * of_level;
            of_level = 0;
        }
        if (cells[k].size < CSL_BY_SIZE) by_size[cells[k].size] += n;
    }
    for (size_t k = 0; k < count; k++) {
        if (cells[k].size < CSL_BY_SIZE) {
            sizes2 += by_size[cells[k].size] * by_size[cells[k].size];
            by_size[cells[k].size] = 0;
            continue;
        }
        for (size_t l = 0; l < count; l++) /* there is not room for many as large as that */
            if (cells[l].size == cells[k].size) sizes2 += (double)cells[k].count * cells[l].count;
    }
    for (int k = 0; k < 8; k++) out[k] = e[k] / total;
    out[8] = levels2 / total;
    out[9] = levels2 / (total * total);
    out[10] = sizes2 / total;
    out[11] = sizes2 / (total * total);
    out[12] = total / voxels;
    out[13] = level_variance;
    out[14] = size_variance;
    out[15] = entropy;
    out[16] = energy;
}
