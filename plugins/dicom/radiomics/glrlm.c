/* Grey level run length matrices (IBSI 3.7). */
#include "file/vector.h"
#include "texture.h"

#include <stdlib.h>
#include <string.h>

typedef struct glrlm {
    const csl_roi *roi;
    size_t side;      /* longest run that can be + 1 */
    size_t numbers;   /* of one matrix: (N_g + 1) * side */
    uint16_t *length; /* [cells of the grid]: of the run so far */
    uint32_t *number; /* [size x]: of the matrix, for a voxel */
    csl_cell *cells;  /* [numbers] */
    double *by_size;  /* [side], 0 */
} glrlm;

/* A matrix of counts and the longest run in it. */
typedef struct runs {
    uint32_t *counts; /* [N_g + 1][side] */
    uint32_t longest;
    double voxels; /* that the runs are made of, each counted once a direction */
} runs;

static void clear(const glrlm *g, runs *r)
{
    if (r->longest == 0) memset(r->counts, 0, g->numbers * sizeof *r->counts);
    for (uint32_t level = 1; r->longest && level <= g->roi->level_count; level++)
        memset(r->counts + level * g->side, 0, (r->longest + 1) * sizeof *r->counts);
    r->longest = 0;
    r->voxels = 0;
}

/* length[i] = voxels of the run along `offset` that voxel i is the last of so far; returns the largest. */
CSL_VECTOR static uint16_t extend_row(const uint16_t *levels, ptrdiff_t offset, size_t count,
                                      uint16_t *length)
{
    uint16_t longest = 0;
    const uint16_t *restrict const before = levels - offset, *restrict const shorter = length - offset;
    uint16_t *restrict const longer = length;
    for (size_t x = 0; x < count; x++) {
        longer[x] = (uint16_t)(1 + (shorter[x] & -(levels[x] == before[x])));
        const uint16_t inside = levels[x] ? longer[x] : 0;
        longest = inside > longest ? inside : longest;
    }
    return longest;
}

static uint16_t extend_along_row(const uint16_t *levels, size_t count, uint16_t *length)
{
    uint16_t longest = 0, run = 0;
    for (size_t x = 0; x < count; x++) {
        run = (uint16_t)(1 + (levels[x] == levels[(ptrdiff_t)x - 1] ? run : 0));
        length[x] = run;
        if (levels[x] && run > longest) longest = run;
    }
    return longest;
}

/* Numbers of the matrix that the voxels of a row count in: the last of a run in that of its level and length,
 * the others in one of level 0, which nobody reads; not all in the same, so that they need not wait for each
 * other. */
CSL_VECTOR static void number_row(const uint16_t *levels, ptrdiff_t offset, const uint16_t *length,
                                  size_t count, uint32_t side, uint32_t *number)
{
    const uint16_t *const next = levels + offset;
    for (size_t x = 0; x < count; x++) {
        const uint32_t level = levels[x] == next[x] ? 0 : levels[x];
        number[x] = level * side + (levels[x] ? length[x] : 0);
    }
}

/* Runs of slices first .. end - 1 along `offset`, the voxels of which `voxels` are inside. */
static void count_runs(const glrlm *g, uint32_t first, uint32_t end, double voxels, ptrdiff_t offset, runs *r)
{
    const csl_roi *const roi = g->roi;
    clear(g, r);
    r->voxels = voxels;
    for (uint32_t z = first; z < end; z++)
        for (uint32_t y = 0; y < roi->size[1]; y++) {
            const csl_span span = csl_roi_span(roi, y, z);
            const uint32_t width = span.end - span.first;
            const size_t row = csl_roi_at(roi, span.first, y, z);
            const uint16_t *const at = roi->levels + row;
            uint16_t *const length = g->length + row;
            const uint16_t longest =
                offset == 1 ? extend_along_row(at, width, length) : extend_row(at, offset, width, length);
            if (longest > r->longest) r->longest = longest;
            number_row(at, offset, length, width, (uint32_t)g->side, g->number);
            for (uint32_t x = 0; x < width; x++) r->counts[g->number[x]]++;
        }
}

static void merge(const glrlm *g, runs *into, const runs *from)
{
    for (uint32_t level = 1; level <= g->roi->level_count; level++)
        for (uint32_t length = 1; length <= from->longest; length++)
            into->counts[level * g->side + length] += from->counts[level * g->side + length];
    if (from->longest > into->longest) into->longest = from->longest;
    into->voxels += from->voxels;
}

static void measure(const glrlm *g, const runs *r, double out[CSL_EMPHASIS_FEATURES])
{
    size_t count = 0;
    for (uint32_t level = 1; level <= g->roi->level_count; level++)
        for (uint32_t length = 1; length <= r->longest; length++) {
            const uint32_t n = r->counts[level * g->side + length];
            if (n) g->cells[count++] = (csl_cell){level, length, n};
        }
    double features[CSL_NGLDM_FEATURES];
    csl_emphasis(g->cells, count, r->voxels, g->by_size, features);
    memcpy(out, features, CSL_EMPHASIS_FEATURES * sizeof *out);
}

static double voxels_of(const csl_roi *roi, uint32_t z)
{
    double count = 0;
    for (size_t i = csl_roi_at(roi, 0, 0, z); i < csl_roi_at(roi, 0, 0, z + 1); i++)
        count += roi->levels[i] != 0;
    return count;
}

static void flat_matrices(const glrlm *g, const ptrdiff_t *offsets, runs m[7],
                          double out[6][CSL_EMPHASIS_FEATURES])
{
    csl_average by_matrix = {0}, by_slice = {0}, by_direction = {0};
    double features[CSL_EMPHASIS_FEATURES];
    runs *const counts = &m[0], *const slice = &m[1], *const all = &m[2], *const direction = &m[3];
    for (uint32_t z = 0; z < g->roi->size[2]; z++) {
        const double voxels = voxels_of(g->roi, z);
        clear(g, slice);
        for (int d = 0; d < CSL_DIRECTIONS_FLAT; d++) {
            count_runs(g, z, z + 1, voxels, offsets[d], counts);
            measure(g, counts, features);
            csl_average_add(&by_matrix, features, CSL_EMPHASIS_FEATURES);
            merge(g, slice, counts);
            merge(g, &direction[d], counts);
        }
        measure(g, slice, features);
        csl_average_add(&by_slice, features, CSL_EMPHASIS_FEATURES);
        merge(g, all, slice);
    }
    for (int d = 0; d < CSL_DIRECTIONS_FLAT; d++) {
        measure(g, &direction[d], features);
        csl_average_add(&by_direction, features, CSL_EMPHASIS_FEATURES);
    }
    csl_average_take(&by_matrix, out[0], CSL_EMPHASIS_FEATURES);
    csl_average_take(&by_slice, out[1], CSL_EMPHASIS_FEATURES);
    csl_average_take(&by_direction, out[2], CSL_EMPHASIS_FEATURES);
    measure(g, all, out[3]);
}

static void solid_matrices(const glrlm *g, const ptrdiff_t *offsets, runs m[7],
                           double out[6][CSL_EMPHASIS_FEATURES])
{
    csl_average by_direction = {0};
    double features[CSL_EMPHASIS_FEATURES];
    clear(g, &m[1]);
    for (int d = 0; d < CSL_DIRECTIONS_SOLID; d++) {
        count_runs(g, 0, g->roi->size[2], (double)g->roi->count, offsets[d], &m[0]);
        measure(g, &m[0], features);
        csl_average_add(&by_direction, features, CSL_EMPHASIS_FEATURES);
        merge(g, &m[1], &m[0]);
    }
    csl_average_take(&by_direction, out[4], CSL_EMPHASIS_FEATURES);
    measure(g, &m[1], out[5]);
}

bool csl_glrlm(const csl_roi *roi, bool flat, bool solid, double out[6][CSL_EMPHASIS_FEATURES])
{
    ptrdiff_t offsets[CSL_DIRECTIONS_SOLID];
    csl_directions(roi, offsets);
    glrlm g = {.roi = roi};
    for (int axis = 0; axis < 3; axis++)
        if (roi->size[axis] + 1 > g.side) g.side = roi->size[axis] + 1;
    g.numbers = (roi->level_count + 1) * g.side;
    g.cells = malloc(g.numbers * sizeof *g.cells);
    g.by_size = calloc(g.side, sizeof *g.by_size);
    g.length = calloc(roi->cells, sizeof *g.length);
    g.number = malloc(roi->size[0] * sizeof *g.number);
    runs m[7] = {0};
    uint32_t *const block = calloc(7 * g.numbers, sizeof *block);
    const bool ok = g.cells && g.by_size && g.length && g.number && block;
    for (size_t k = 0; ok && k < 7; k++) m[k].counts = block + k * g.numbers;
    if (ok && flat) flat_matrices(&g, offsets, m, out);
    if (ok && solid) solid_matrices(&g, offsets, m, out);
    free(g.cells);
    free(g.by_size);
    free(g.length);
    free(g.number);
    free(block);
    return ok;
}
