/* Neighbourhood grey tone difference matrices (IBSI 3.10) and neighbouring grey level dependence matrices
 * (IBSI 3.11), both of the neighbours at Chebyshev distance 1; dependence is equality of levels (alpha = 0).
 */
#include "file/vector.h"
#include "texture.h"

#include <stdlib.h>
#include <string.h>

#define NEIGHBOURS 26

/* Both matrices of some voxels. */
typedef struct matrices {
    double *voxels, *difference; /* [N_g + 1]: n_i of those with a neighbour, s_i */
    uint32_t *dependence;        /* [N_g + 1][NEIGHBOURS + 2]: voxels by 1 + their equal neighbours */
} matrices;

typedef struct scan {
    const csl_roi *roi;
    const ptrdiff_t *offsets; /* to all neighbours */
    int neighbours;
    uint16_t *sum, *count, *equal; /* of a row of voxels: see scan_row */
    csl_cell *cells;
    double *by_size;
} scan;

#define DEPENDENCES (NEIGHBOURS + 2u)

static void clear(const scan *s, matrices *m)
{
    const size_t levels = s->roi->level_count + 1;
    memset(m->voxels, 0, levels * sizeof *m->voxels);
    memset(m->difference, 0, levels * sizeof *m->difference);
    memset(m->dependence, 0, levels * DEPENDENCES * sizeof *m->dependence);
}

/* Of `width` voxels: the sum of their neighbours' levels, how many neighbours are inside, how many of their
 * own level. */
CSL_VECTOR static void scan_row(const scan *s, const uint16_t *at, uint32_t width)
{
    uint16_t *restrict const sum = s->sum, *restrict const count = s->count, *restrict const equal = s->equal;
    for (uint32_t x = 0; x < width; x++) sum[x] = count[x] = equal[x] = 0;
    for (int k = 0; k < s->neighbours; k++) {
        const uint16_t *const next = at + s->offsets[k];
        for (uint32_t x = 0; x < width; x++) {
            sum[x] = (uint16_t)(sum[x] + next[x]);
            count[x] = (uint16_t)(count[x] + (next[x] != 0));
            equal[x] = (uint16_t)(equal[x] + (next[x] == at[x]));
        }
    }
}

static void count_slice(const scan *s, uint32_t z, matrices *m)
{
    const csl_roi *const roi = s->roi;
    for (uint32_t y = 0; y < roi->size[1]; y++) {
        const csl_span span = csl_roi_span(roi, y, z);
        const uint32_t width = span.end - span.first;
        const uint16_t *const at = roi->levels + csl_roi_at(roi, span.first, y, z);
        scan_row(s, at, width);
        for (uint32_t x = 0; x < width; x++) {
            const uint16_t level = at[x];
            if (level == 0) continue;
            m->dependence[level * DEPENDENCES + 1 + s->equal[x]]++;
            if (s->count[x] == 0) continue;
            m->voxels[level]++;
            m->difference[level] += fabs(level - (double)s->sum[x] / s->count[x]);
        }
    }
}

static void merge(const scan *s, matrices *into, const matrices *from)
{
    for (size_t i = 0; i <= s->roi->level_count; i++) {
        into->voxels[i] += from->voxels[i];
        into->difference[i] += from->difference[i];
        for (size_t j = 0; j < DEPENDENCES; j++)
            into->dependence[i * DEPENDENCES + j] += from->dependence[i * DEPENDENCES + j];
    }
}

/* IBSI 3.10; what is divided by 0 there has a value by definition there. */
static void measure_difference(const scan *s, const matrices *m, double out[CSL_NGTDM_FEATURES])
{
    csl_undefined(out, CSL_NGTDM_FEATURES);
    const uint32_t levels = s->roi->level_count;
    double total = 0, present = 0, sum = 0, weighted = 0;
    for (uint32_t i = 1; i <= levels; i++) {
        total += m->voxels[i];
        present += m->voxels[i] > 0;
        sum += m->difference[i];
        weighted += m->voxels[i] * m->difference[i];
    }
    if (total == 0) return;
    weighted /= total;
    double spread = 0, turns = 0, complexity = 0, strength = 0;
    for (uint32_t i = 1; i <= levels; i++) {
        if (m->voxels[i] == 0) continue;
        const double p = m->voxels[i] / total;
        for (uint32_t j = 1; j <= levels; j++) {
            if (m->voxels[j] == 0) continue;
            const double q = m->voxels[j] / total, d = fabs((double)i - j);
            spread += p * q * d * d;
            turns += fabs(i * p - j * q);
            complexity += d * (p * m->difference[i] + q * m->difference[j]) / (p + q);
            strength += (p + q) * d * d;
        }
    }
    out[0] = weighted > 1e-6 ? 1 / weighted : 1e6;
    out[1] = present > 1 ? spread / (present * (present - 1)) * sum / total : 0;
    out[2] = present > 1 && turns > 0 ? weighted / turns : 0;
    out[3] = complexity / total;
    out[4] = sum > 0 ? strength / sum : 0;
}

static void measure_dependence(const scan *s, const matrices *m, double voxels,
                               double out[CSL_NGLDM_FEATURES])
{
    size_t count = 0;
    for (uint32_t level = 1; level <= s->roi->level_count; level++)
        for (uint32_t size = 1; size < DEPENDENCES; size++) {
            const uint32_t n = m->dependence[level * DEPENDENCES + size];
            if (n) s->cells[count++] = (csl_cell){level, size, n};
        }
    csl_emphasis(s->cells, count, voxels, s->by_size, out);
}

static double voxels_of(const scan *s, const matrices *m)
{
    double count = 0;
    for (size_t i = 0; i < (s->roi->level_count + 1) * (size_t)DEPENDENCES; i++) count += m->dependence[i];
    return count;
}

static void measure_flat(scan *s, matrices *slice, matrices *all, double difference[3][CSL_NGTDM_FEATURES],
                         double dependence[3][CSL_NGLDM_FEATURES])
{
    csl_average differences = {0}, dependences = {0};
    double first[CSL_NGTDM_FEATURES], second[CSL_NGLDM_FEATURES];
    clear(s, all);
    for (uint32_t z = 0; z < s->roi->size[2]; z++) {
        clear(s, slice);
        count_slice(s, z, slice);
        measure_difference(s, slice, first);
        measure_dependence(s, slice, voxels_of(s, slice), second);
        csl_average_add(&differences, first, CSL_NGTDM_FEATURES);
        csl_average_add(&dependences, second, CSL_NGLDM_FEATURES);
        merge(s, all, slice);
    }
    csl_average_take(&differences, difference[0], CSL_NGTDM_FEATURES);
    csl_average_take(&dependences, dependence[0], CSL_NGLDM_FEATURES);
    measure_difference(s, all, difference[1]);
    measure_dependence(s, all, voxels_of(s, all), dependence[1]);
}

static bool open_matrices(size_t levels, matrices *m)
{
    m->voxels = malloc(levels * sizeof *m->voxels);
    m->difference = malloc(levels * sizeof *m->difference);
    m->dependence = malloc(levels * DEPENDENCES * sizeof *m->dependence);
    return m->voxels && m->difference && m->dependence;
}

static void close_matrices(matrices *m)
{
    free(m->voxels);
    free(m->difference);
    free(m->dependence);
}

bool csl_neighbours(const csl_roi *roi, bool flat, bool solid, double difference[3][CSL_NGTDM_FEATURES],
                    double dependence[3][CSL_NGLDM_FEATURES])
{
    ptrdiff_t half[CSL_DIRECTIONS_SOLID], offsets[NEIGHBOURS];
    csl_directions(roi, half);
    for (int d = 0; d < CSL_DIRECTIONS_SOLID; d++) { /* those within the slice come first */
        offsets[2 * d] = half[d];
        offsets[2 * d + 1] = -half[d];
    }
    const size_t levels = roi->level_count + 1u;
    matrices m = {0}, all = {0};
    scan s = {
        .roi = roi,
        .offsets = offsets,
        .sum = malloc(roi->size[0] * sizeof *s.sum),
        .count = malloc(roi->size[0] * sizeof *s.count),
        .equal = malloc(roi->size[0] * sizeof *s.equal),
        .cells = malloc(levels * DEPENDENCES * sizeof *s.cells),
        .by_size = calloc(DEPENDENCES, sizeof *s.by_size),
    };
    const bool ok = open_matrices(levels, &m) && open_matrices(levels, &all) && s.sum && s.count && s.equal &&
                    s.cells && s.by_size;
    if (ok && flat) {
        s.neighbours = 2 * CSL_DIRECTIONS_FLAT;
        measure_flat(&s, &m, &all, difference, dependence);
    }
    if (ok && solid) {
        s.neighbours = NEIGHBOURS;
        clear(&s, &all);
        for (uint32_t z = 0; z < roi->size[2]; z++) count_slice(&s, z, &all);
        measure_difference(&s, &all, difference[2]);
        measure_dependence(&s, &all, (double)roi->count, dependence[2]);
    }
    close_matrices(&m);
    close_matrices(&all);
    free(s.sum);
    free(s.count);
    free(s.equal);
    free(s.cells);
    free(s.by_size);
    return ok;
}
