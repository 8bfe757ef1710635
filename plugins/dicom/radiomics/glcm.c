/* Grey level co-occurrence matrices (IBSI 3.6): symmetric, at Chebyshev distance 1. */
#include "texture.h"

#include <stdlib.h>
#include <string.h>

/* Counts of pairs; [side][side], where row and column 0 take the pairs that leave the region. */
typedef uint32_t matrix;

typedef struct glcm {
    const csl_roi *roi;
    size_t side;       /* N_g + 1 */
    uint32_t *present; /* levels that occur in the voxels at hand, ascending */
    uint32_t present_count;
    double *margin, *difference, *sum; /* p_i, p_|i-j|, p_i+j */
} glcm;

/* Counts the pairs of a voxel of slices first .. end - 1 and the one at `offset` from it. */
static void count_pairs(const glcm *g, uint32_t first, uint32_t end, ptrdiff_t offset, matrix *counts)
{
    const csl_roi *const roi = g->roi;
    memset(counts, 0, g->side * g->side * sizeof *counts);
    for (uint32_t z = first; z < end; z++)
        for (uint32_t y = 0; y < roi->size[1]; y++) {
            const uint16_t *const from = roi->levels + csl_roi_at(roi, 0, y, z), *const to = from + offset;
            const csl_span span = csl_roi_span(roi, y, z);
            for (uint32_t x = span.first; x < span.end; x++) counts[from[x] * g->side + to[x]]++;
        }
}

/* Adds what of `counts` lies within the levels present, or only takes it. */
static void merge(const glcm *g, matrix *into, const matrix *counts)
{
    for (uint32_t a = 0; a < g->present_count; a++)
        for (uint32_t b = 0; b < g->present_count; b++) {
            const size_t at = g->present[a] * g->side + g->present[b];
            into[at] += counts[at];
        }
}

static void find_present(glcm *g, uint32_t first, uint32_t end)
{
    const csl_roi *const roi = g->roi;
    uint8_t seen[CSL_RADIOMICS_MAX_LEVELS + 1] = {0};
    for (size_t i = csl_roi_at(roi, 0, 0, first); i < csl_roi_at(roi, 0, 0, end); i++)
        seen[roi->levels[i]] = 1;
    g->present_count = 0;
    for (uint32_t level = 1; level < g->side; level++)
        if (seen[level]) g->present[g->present_count++] = level;
}

/* The features follow from the joint distribution p_ij through its largest element, energy and entropy, its
 * margin p_i, and the distributions of |i - j| and of i + j. */
static void measure(const glcm *g, const matrix *counts, double out[CSL_GLCM_FEATURES])
{
    csl_undefined(out, CSL_GLCM_FEATURES);
    double total = 0;
    for (uint32_t a = 0; a < g->present_count; a++)
        for (uint32_t b = 0; b < g->present_count; b++)
            total += counts[g->present[a] * g->side + g->present[b]];
    if (total == 0) return;
    total *= 2; /* each pair counts once in either order */

    memset(g->margin, 0, g->side * sizeof *g->margin);
    memset(g->difference, 0, g->side * sizeof *g->difference);
    memset(g->sum, 0, 2 * g->side * sizeof *g->sum);
    double most = 0, energy = 0, entropy = 0;
    for (uint32_t a = 0; a < g->present_count; a++)
        for (uint32_t b = a; b < g->present_count; b++) {
            const uint32_t i = g->present[a], j = g->present[b];
            const double n = (double)counts[i * g->side + j] + counts[j * g->side + i];
            if (n == 0) continue;
            const double p = n / total, both = a == b ? p : 2 * p;
            most = fmax(most, p);
            energy += both * p;
            entropy += both * -log2(p);
            g->margin[i] += p;
            if (a != b) g->margin[j] += p;
            g->difference[j - i] += both;
            g->sum[i + j] += both;
        }

    const double levels = g->roi->level_count;
    double mean = 0, variance = 0, margin_entropy = 0;
    for (uint32_t a = 0; a < g->present_count; a++) {
        const uint32_t i = g->present[a];
        mean += i * g->margin[i];
        margin_entropy += csl_surprise(g->margin[i]);
    }
    for (uint32_t a = 0; a < g->present_count; a++) {
        const double d = g->present[a] - mean;
        variance += d * d * g->margin[g->present[a]];
    }
    double d_mean = 0, d_squares = 0, d_entropy = 0, inverse = 0, inverse_norm = 0, moment = 0,
           moment_norm = 0;
    double inverse_variance = 0;
    for (uint32_t k = 0; k < g->side; k++) {
        const double p = g->difference[k], k2 = (double)k * k;
        if (p == 0) continue;
        d_mean += k * p;
        d_squares += k2 * p;
        d_entropy += csl_surprise(p);
        inverse += p / (1 + k);
        inverse_norm += p / (1 + k / levels);
        moment += p / (1 + k2);
        moment_norm += p / (1 + k2 / (levels * levels));
        if (k) inverse_variance += p / k2;
    }
    double s_mean = 0, s_entropy = 0, s2 = 0, s3 = 0, s4 = 0, d_variance = 0, squares = 0;
    for (size_t k = 0; k < 2 * g->side; k++) {
        const double p = g->sum[k], d = (double)k - 2 * mean;
        s_mean += (double)k * p;
        squares += (double)(k * k) * p;
        s_entropy += csl_surprise(p);
        s2 += d * d * p;
        s3 += d * d * d * p;
        s4 += d * d * d * d * p;
    }
    for (uint32_t k = 0; k < g->side; k++) d_variance += (k - d_mean) * (k - d_mean) * g->difference[k];
    const double product = (squares - d_squares) / 4; /* of i and j: (i + j)^2 - (i - j)^2 is 4 i j */
    const double few = g->present_count < 2 ? 0 : 1; /* where there is one level, what is not 0 is rounding */
    /* HXY1 and HXY2 both are twice the entropy of the margin, the matrix being symmetric */
    const double hxy = entropy, hxy2 = 2 * margin_entropy;
    out[0] = most;
    out[1] = mean;
    out[2] = variance;
    out[3] = entropy;
    out[4] = d_mean;
    out[5] = d_variance;
    out[6] = d_entropy;
    out[7] = s_mean;
    out[8] = s2;
    out[9] = s_entropy;
    out[10] = energy;
    out[11] = d_squares;
    out[12] = d_mean;
    out[13] = inverse;
    out[14] = inverse_norm;
    out[15] = moment;
    out[16] = moment_norm;
    out[17] = inverse_variance;
    out[18] = csl_ratio((variance - d_squares / 2) * few, variance * few);
    out[19] = product;
    out[20] = s2;
    out[21] = s3;
    out[22] = s4;
    out[23] = csl_ratio((hxy - hxy2) * few, margin_entropy * few);
    out[24] = sqrt(1 - exp(-2 * fmax(hxy2 - hxy, 0)));
}

static void flat_matrices(glcm *g, const ptrdiff_t *offsets, matrix *m[7], double out[6][CSL_GLCM_FEATURES])
{
    csl_average by_matrix = {0}, by_slice = {0}, by_direction = {0};
    double features[CSL_GLCM_FEATURES];
    matrix *const counts = m[0], *const slice = m[1], *const all = m[2], **const direction = m + 3;
    const size_t bytes = g->side * g->side * sizeof(matrix);
    for (int k = 2; k < 7; k++) memset(m[k], 0, bytes);
    for (uint32_t z = 0; z < g->roi->size[2]; z++) {
        find_present(g, z, z + 1);
        memset(slice, 0, bytes);
        for (int d = 0; d < CSL_DIRECTIONS_FLAT; d++) {
            count_pairs(g, z, z + 1, offsets[d], counts);
            measure(g, counts, features);
            csl_average_add(&by_matrix, features, CSL_GLCM_FEATURES);
            merge(g, slice, counts);
            merge(g, direction[d], counts);
        }
        measure(g, slice, features);
        csl_average_add(&by_slice, features, CSL_GLCM_FEATURES);
        merge(g, all, slice);
    }
    find_present(g, 0, g->roi->size[2]);
    for (int d = 0; d < CSL_DIRECTIONS_FLAT; d++) {
        measure(g, direction[d], features);
        csl_average_add(&by_direction, features, CSL_GLCM_FEATURES);
    }
    csl_average_take(&by_matrix, out[0], CSL_GLCM_FEATURES);
    csl_average_take(&by_slice, out[1], CSL_GLCM_FEATURES);
    csl_average_take(&by_direction, out[2], CSL_GLCM_FEATURES);
    measure(g, all, out[3]);
}

static void solid_matrices(glcm *g, const ptrdiff_t *offsets, matrix *m[7], double out[6][CSL_GLCM_FEATURES])
{
    csl_average by_direction = {0};
    double features[CSL_GLCM_FEATURES];
    matrix *const counts = m[0], *const all = m[1];
    memset(all, 0, g->side * g->side * sizeof *all);
    find_present(g, 0, g->roi->size[2]);
    for (int d = 0; d < CSL_DIRECTIONS_SOLID; d++) {
        count_pairs(g, 0, g->roi->size[2], offsets[d], counts);
        measure(g, counts, features);
        csl_average_add(&by_direction, features, CSL_GLCM_FEATURES);
        merge(g, all, counts);
    }
    csl_average_take(&by_direction, out[4], CSL_GLCM_FEATURES);
    measure(g, all, out[5]);
}

bool csl_glcm(const csl_roi *roi, bool flat, bool solid, double out[6][CSL_GLCM_FEATURES])
{
    ptrdiff_t offsets[CSL_DIRECTIONS_SOLID];
    csl_directions(roi, offsets);
    glcm g = {.roi = roi, .side = roi->level_count + 1u};
    g.present = malloc(g.side * sizeof *g.present);
    g.margin = malloc(g.side * sizeof *g.margin);
    g.difference = malloc(g.side * sizeof *g.difference);
    g.sum = malloc(2 * g.side * sizeof *g.sum);
    matrix *m[7], *const block = malloc(7 * g.side * g.side * sizeof *block);
    const bool ok = g.present && g.margin && g.difference && g.sum && block;
    for (int k = 0; ok && k < 7; k++) m[k] = block + (size_t)k * g.side * g.side;
    if (ok && flat) flat_matrices(&g, offsets, m, out);
    if (ok && solid) solid_matrices(&g, offsets, m, out);
    free(g.present);
    free(g.margin);
    free(g.difference);
    free(g.sum);
    free(block);
    return ok;
}
