/* Grey level size zone and distance zone matrices (IBSI 3.8, 3.9). A zone is a set of neighbouring voxels of
 * one level; its distance is the least city-block distance of its voxels to the border of the morphological
 * mask. */
#include "texture.h"

#include <stdlib.h>
#include <string.h>

#define SMALL 256u

typedef struct zone {
    uint32_t size;
    uint16_t level, distance;
} zone;

typedef struct zones {
    zone *at;
    size_t count, room;
    uint32_t
        *label; /* [cells]: a voxel of the same zone that comes no later, in the end the number of the zone */
    uint16_t *distance; /* [cells]: 1 at the border of the mask, 0 outside */
    uint32_t *small;    /* [N_g + 1][SMALL]: zones of small sizes */
    double *by_size;    /* as csl_emphasis wants it */
} zones;

static uint32_t root_of(uint32_t *label, uint32_t i)
{
    while (label[i] != i) {
        label[i] = label[label[i]];
        i = label[i];
    }
    return i;
}

static void join(uint32_t *label, uint32_t a, uint32_t b)
{
    a = root_of(label, a);
    b = root_of(label, b);
    if (a < b)
        label[b] = a;
    else
        label[a] = b;
}

/* If the neighbour at `pivot` is of a voxel's level, they and the neighbours at `rest` that are, too, are one
 * zone: what else lies before the voxel touches the pivot, and was joined to it if it is of that level. A
 * pivot of 0 is the voxel itself. */
typedef struct rule {
    ptrdiff_t pivot;
    uint32_t count;
    ptrdiff_t rest[10];
} rule;

/* Joins every voxel to those of its level among the neighbours before it, by the first rule that fits. */
static void connect(const csl_roi *roi, const rule *rules, uint32_t *label)
{
    for (uint32_t z = 0; z < roi->size[2]; z++)
        for (uint32_t y = 0; y < roi->size[1]; y++) {
            const csl_span span = csl_roi_span(roi, y, z);
            const size_t row = csl_roi_at(roi, 0, y, z);
            for (size_t i = row + span.first; i < row + span.end; i++) {
                const uint16_t *const at = roi->levels + i;
                if (*at == 0) continue;
                const rule *r = rules;
                while (at[r->pivot] != *at) r++;
                label[i] = r->pivot ? label[(ptrdiff_t)i + r->pivot] : (uint32_t)i;
                for (uint32_t k = 0; k < r->count; k++)
                    if (at[r->rest[k]] == *at)
                        join(label, (uint32_t)i, (uint32_t)((ptrdiff_t)i + r->rest[k]));
            }
        }
}

/* City-block distance to the nearest voxel outside the mask, exact in two passes (Rosenfeld and Pfaltz,
 * Journal of the ACM 13(4), 1966). */
static void measure_distance(const csl_roi *roi, bool solid, uint16_t *distance)
{
    const size_t step[3] = {1, roi->row, roi->slice};
    const int axes = solid ? 3 : 2;
    memset(distance, 0, roi->cells * sizeof *distance);
    for (size_t i = roi->slice; i < roi->cells - roi->slice; i++) {
        if (!roi->mask[i]) continue;
        uint16_t least = UINT16_MAX - 1;
        for (int k = 0; k < axes; k++)
            if (distance[i - step[k]] < least) least = distance[i - step[k]];
        distance[i] = (uint16_t)(least + 1);
    }
    for (size_t i = roi->cells - roi->slice; i-- > roi->slice;) {
        if (!roi->mask[i]) continue;
        for (int k = 0; k < axes; k++)
            if (distance[i + step[k]] + 1 < distance[i]) distance[i] = (uint16_t)(distance[i + step[k]] + 1);
    }
}

/* Zones in the order of their first voxels. */
static bool collect(const csl_roi *roi, zones *s)
{
    s->count = 0;
    for (size_t i = roi->slice; i < roi->cells - roi->slice; i++) {
        if (roi->levels[i] == 0) continue;
        if (s->label[i] == i) { /* voxels before this one have the numbers of their zones by now */
            if (s->count == s->room) {
                const size_t room = s->room ? 2 * s->room : 1024;
                zone *grown = realloc(s->at, room * sizeof *grown);
                if (!grown) return false;
                s->at = grown;
                s->room = room;
            }
            s->label[i] = (uint32_t)s->count;
            s->at[s->count++] = (zone){0, roi->levels[i], UINT16_MAX};
        } else {
            s->label[i] = s->label[s->label[i]];
        }
        zone *const z = &s->at[s->label[i]];
        z->size++;
        if (s->distance[i] < z->distance) z->distance = s->distance[i];
    }
    return true;
}

static int compare(const void *a, const void *b)
{
    const csl_cell *const p = a, *const q = b;
    if (p->level != q->level) return p->level < q->level ? -1 : 1;
    return p->size < q->size ? -1 : p->size > q->size;
}

static uint32_t size_of(const zone *z, bool by_distance)
{
    return by_distance ? z->distance : z->size;
}

/* The matrix of zones first .. end - 1 as cells sorted by level and size. Most zones are small: they are
 * counted where they belong, and only the others are sorted. NULL: no memory. */
static csl_cell *make_matrix(const zones *s, uint32_t levels, size_t first, size_t end, bool by_distance,
                             size_t *count)
{
    size_t large = 0, room = 0, taken = 0, side = 0; /* side: of the small sizes that occur, and 0 */
    for (size_t i = first; i < end; i++) {
        const uint32_t size = size_of(&s->at[i], by_distance);
        if (size < SMALL && size >= side) side = size + 1;
    }
    memset(s->small, 0, (levels + 1) * side * sizeof *s->small);
    for (size_t i = first; i < end; i++) {
        const uint32_t size = size_of(&s->at[i], by_distance);
        if (size < SMALL)
            room += s->small[s->at[i].level * side + size]++ == 0;
        else
            large++;
    }
    csl_cell *cells = malloc((room + 2 * large + 1) * sizeof *cells), *const sorted = cells + room + large;
    if (!cells) return NULL;
    for (size_t i = first; large && i < end; i++)
        if (size_of(&s->at[i], by_distance) >= SMALL)
            sorted[taken++] = (csl_cell){s->at[i].level, size_of(&s->at[i], by_distance), 1};
    qsort(sorted, large, sizeof *sorted, compare);
    *count = taken = 0;
    for (uint32_t level = 1; level <= levels; level++) {
        for (uint32_t size = 1; size < side; size++) {
            const uint32_t n = s->small[level * side + size];
            if (n) cells[(*count)++] = (csl_cell){level, size, n};
        }
        for (; taken < large && sorted[taken].level == level; taken++) {
            if (*count && compare(&cells[*count - 1], &sorted[taken]) == 0)
                cells[*count - 1].count++;
            else
                cells[(*count)++] = sorted[taken];
        }
    }
    return cells;
}

/* Features of both matrices of zones first .. end - 1, of `voxels` voxels. */
static bool measure(const zones *s, uint32_t levels, size_t first, size_t end, double voxels,
                    double out[2][CSL_EMPHASIS_FEATURES])
{
    for (int k = 0; k < 2; k++) {
        size_t count;
        csl_cell *cells = make_matrix(s, levels, first, end, k == 1, &count);
        if (!cells) return false;
        double features[CSL_NGLDM_FEATURES];
        csl_emphasis(cells, count, voxels, s->by_size, features);
        memcpy(out[k], features, CSL_EMPHASIS_FEATURES * sizeof **out);
        free(cells);
    }
    return true;
}

/* Zones within slices: they are in the order of slices, so those of one follow each other. */
static bool flat_zones(const csl_roi *roi, zones *s, double size[3][CSL_EMPHASIS_FEATURES],
                       double distance[3][CSL_EMPHASIS_FEATURES])
{
    const ptrdiff_t row = (ptrdiff_t)roi->row;
    const rule rules[] = {{-row, 0, {0}}, {-1, 1, {1 - row}}, {0, 2, {-1 - row, 1 - row}}};
    csl_average by_size = {0}, by_distance = {0};
    double features[2][CSL_EMPHASIS_FEATURES];
    connect(roi, rules, s->label);
    measure_distance(roi, false, s->distance);
    if (!collect(roi, s)) return false;
    size_t first = 0;
    for (uint32_t z = 0; z < roi->size[2]; z++) {
        size_t end = first;
        double voxels = 0;
        const size_t from = csl_roi_at(roi, 0, 0, z), to = csl_roi_at(roi, 0, 0, z + 1);
        for (size_t i = from; i < to; i++) {
            if (roi->levels[i] == 0) continue;
            voxels++;
            if (s->label[i] >= end) end = s->label[i] + 1;
        }
        if (voxels == 0) continue;
        if (!measure(s, roi->level_count, first, end, voxels, features)) return false;
        csl_average_add(&by_size, features[0], CSL_EMPHASIS_FEATURES);
        csl_average_add(&by_distance, features[1], CSL_EMPHASIS_FEATURES);
        first = end;
    }
    csl_average_take(&by_size, size[0], CSL_EMPHASIS_FEATURES);
    csl_average_take(&by_distance, distance[0], CSL_EMPHASIS_FEATURES);
    if (!measure(s, roi->level_count, 0, s->count, (double)roi->count, features)) return false;
    memcpy(size[1], features[0], sizeof features[0]);
    memcpy(distance[1], features[1], sizeof features[1]);
    return true;
}

static bool solid_zones(const csl_roi *roi, zones *s, double size[3][CSL_EMPHASIS_FEATURES],
                        double distance[3][CSL_EMPHASIS_FEATURES])
{
    const ptrdiff_t y = (ptrdiff_t)roi->row, z = (ptrdiff_t)roi->slice;
    const rule rules[] = {
        {-z, 0, {0}},
        {-y, 3, {-z + y - 1, -z + y, -z + y + 1}},
        {-1, 4, {-y + 1, -z - y + 1, -z + 1, -z + y + 1}},
        {0,
         10,
         {-y - 1, -y + 1, -z - y - 1, -z - y, -z - y + 1, -z - 1, -z + 1, -z + y - 1, -z + y, -z + y + 1}},
    };
    double features[2][CSL_EMPHASIS_FEATURES];
    connect(roi, rules, s->label);
    measure_distance(roi, true, s->distance);
    if (!collect(roi, s) || !measure(s, roi->level_count, 0, s->count, (double)roi->count, features))
        return false;
    memcpy(size[2], features[0], sizeof features[0]);
    memcpy(distance[2], features[1], sizeof features[1]);
    return true;
}

bool csl_zones(const csl_roi *roi, bool flat, bool solid, double size[3][CSL_EMPHASIS_FEATURES],
               double distance[3][CSL_EMPHASIS_FEATURES])
{
    zones s = {
        .label = malloc(roi->cells * sizeof *s.label),
        .distance = malloc(roi->cells * sizeof *s.distance),
        .small = malloc((roi->level_count + 1) * SMALL * sizeof *s.small),
        .by_size = calloc(roi->morphological < CSL_BY_SIZE ? roi->morphological + 1 : CSL_BY_SIZE,
                          sizeof *s.by_size),
    };
    bool ok = s.label && s.distance && s.small && s.by_size;
    if (flat) ok = ok && flat_zones(roi, &s, size, distance);
    if (solid) ok = ok && solid_zones(roi, &s, size, distance);
    free(s.at);
    free(s.label);
    free(s.distance);
    free(s.small);
    free(s.by_size);
    return ok;
}
