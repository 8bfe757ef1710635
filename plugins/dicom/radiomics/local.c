/* Local intensity peaks: means over spheres of 1 cm3 around the voxels of the intensity mask (IBSI 3.2). */
#include "families.h"
#include "file/vector.h"

#include <stdlib.h>
#include <string.h>

#define LANES 32

/* Sums of rows of the image: sums[pad + x] is that of its voxels 0 .. x - 1, for x from -pad to wide + pad,
 * so that no chord needs to be cut where the image ends. */
typedef struct peaks {
    const csl_roi *roi;
    int32_t reach[3];   /* of a sphere, in voxels, no further than the image goes */
    int32_t *halves;    /* [2 reach z + 1][2 reach y + 1]: chords are -half .. half; -1: there is none */
    size_t pad, stride; /* pad: the longest half; stride: of a row of sums, LANES more than it holds */
    double *sums;       /* [2 reach z + 1][around y][stride]: of the slices that a sphere reaches, in turn */
    double *ones;       /* [stride]: of a row of ones */
    struct chord *chords; /* of the row at hand, that lie within the image */
    size_t chord_count;
    uint32_t cut[4]; /* how far they go in y and z, down and up */
    double *total;   /* [size x] of the row at hand */
    double *voxels;  /* [size x]: of the image in a sphere */
    float highest;
    double local, global;
} peaks;

/* Where the row of a chord begins, seen from that of the voxel in the first slice of `sums`. */
typedef struct chord {
    ptrdiff_t row;
    int32_t half;
} chord;

/* The rows of a sphere. */
static bool make_sphere(peaks *p, size_t *count)
{
    const csl_roi *const roi = p->roi;
    const double r = CSL_PEAK_RADIUS;
    for (int axis = 0; axis < 3; axis++)
        p->reach[axis] = (int32_t)fmin(r / roi->spacing[axis], roi->around[axis]);
    *count = 0;
    if ((2.0 * p->reach[1] + 1) * (2.0 * p->reach[2] + 1) > 2.0 * CSL_PEAK_ROWS) return true;
    int32_t *half = p->halves =
        malloc((size_t)(2 * p->reach[1] + 1) * (size_t)(2 * p->reach[2] + 1) * sizeof *p->halves);
    if (!half) return false;
    for (int32_t z = -p->reach[2]; z <= p->reach[2]; z++)
        for (int32_t y = -p->reach[1]; y <= p->reach[1]; y++, half++) {
            const double dy = y * roi->spacing[1], dz = z * roi->spacing[2], left = r * r - dy * dy - dz * dz;
            *half = left < 0 ? -1 : (int32_t)fmin(sqrt(left) / roi->spacing[0], roi->around[0]);
            *count += left >= 0;
        }
    return true;
}

/* Of a row of ones where `row` is NULL. */
static void sum_row(const peaks *p, const float *row, double *sums)
{
    const uint32_t wide = p->roi->around[0];
    double sum = 0;
    for (size_t x = 0; x < p->pad; x++) sums[x] = 0;
    for (uint32_t x = 0; x < wide; x++) {
        sums[p->pad + x] = sum;
        sum += row ? row[x] : 1;
    }
    for (size_t x = p->pad + wide; x < p->stride; x++) sums[x] = sum;
}

/* Neighbours in a row, wherever they begin. */
typedef double eight __attribute__((vector_size(64), aligned(sizeof(double)), may_alias));

/* out[x] = sum of the chords around voxel x, for x from first to end - 1; `row` is that of the voxels in the
 * first slice of the sums, or, if they are all alike, the only one. */
CSL_VECTOR static void sum_chords(const peaks *p, const double *row, bool alike, uint32_t first, uint32_t end,
                                  double *out)
{
    for (uint32_t from = first; from < end; from += LANES) {
        eight sum[LANES / 8] = {0};
        for (size_t i = 0; i < p->chord_count; i++) {
            const double *const middle = row + (alike ? 0 : p->chords[i].row) + from;
            const eight *const high = (const eight *)(middle + p->chords[i].half + 1);
            const eight *const low = (const eight *)(middle - p->chords[i].half);
            for (int l = 0; l < LANES / 8; l++) sum[l] += high[l] - low[l];
        }
        for (uint32_t x = from; x < end && x < from + LANES; x++)
            out[x] = sum[(x - from) / 8][(x - from) % 8];
    }
}

/* The chords around row `y` of slice `z` of the image, cut[..] slices and rows to either side. */
static void list_chords(peaks *p, uint32_t z, const uint32_t cut[4])
{
    const uint32_t slices = 2 * (uint32_t)p->reach[2] + 1;
    p->chord_count = 0;
    for (int32_t dz = -(int32_t)cut[2]; dz <= (int32_t)cut[3]; dz++) {
        const uint32_t slice = (z + slices + (uint32_t)dz) % slices;
        const int32_t *const halves =
            p->halves + (ptrdiff_t)(dz + p->reach[2]) * (2 * p->reach[1] + 1) + p->reach[1];
        for (int32_t dy = -(int32_t)cut[0]; dy <= (int32_t)cut[1]; dy++)
            if (halves[dy] >= 0)
                p->chords[p->chord_count++] =
                    (chord){((ptrdiff_t)slice * p->roi->around[1] + dy) * (ptrdiff_t)p->stride, halves[dy]};
    }
}

/* Means over the spheres around row (y, z) of the box. */
static void scan_row(peaks *p, uint32_t y, uint32_t z)
{
    const csl_roi *const roi = p->roi;
    const uint8_t *mask = roi->mask + csl_roi_at(roi, 0, y, z);
    const csl_span span = csl_roi_span(roi, y, z);
    uint32_t cut[4];
    for (int axis = 1; axis < 3; axis++) {
        const uint32_t at = (axis == 1 ? y : z) + roi->lead[axis], after = roi->around[axis] - 1 - at;
        const uint32_t reach = (uint32_t)p->reach[axis];
        cut[2 * axis - 2] = at < reach ? at : reach;
        cut[2 * axis - 1] = after < reach ? after : reach;
    }
    const bool same = memcmp(cut, p->cut, sizeof cut) == 0; /* as of the row before */
    if (y == 0 || !same) list_chords(p, z + roi->lead[2], cut);
    const size_t lead = p->pad + roi->lead[0];
    if (!same) {
        memcpy(p->cut, cut, sizeof cut);
        sum_chords(p, p->ones + lead, true, 0, roi->size[0], p->voxels);
    }
    sum_chords(p, p->sums + (y + roi->lead[1]) * p->stride + lead, false, span.first, span.end, p->total);
    for (uint32_t x = span.first; x < span.end; x++) {
        if (!(mask[x] & CSL_INTENSITY)) continue;
        const double mean = p->total[x] / p->voxels[x];
        const float value = csl_roi_value(roi, x, y, z);
        if (isnan(p->global) || mean > p->global) p->global = mean;
        /* of several voxels of the highest intensity, the one with the highest peak */
        if (isnan(p->local) || value > p->highest || (value == p->highest && mean > p->local)) {
            p->highest = value;
            p->local = mean;
        }
    }
}

bool csl_local_intensity(const csl_roi *roi, double out[CSL_LOCAL_FEATURES])
{
    csl_undefined(out, CSL_LOCAL_FEATURES);
    if (roi->count == 0) return true;
    peaks p = {.roi = roi, .cut = {UINT32_MAX}, .local = NAN, .global = NAN};
    size_t chords;
    bool ok = make_sphere(&p, &chords);
    if (!ok || chords == 0 || chords > CSL_PEAK_ROWS) goto done;
    const uint32_t reach = (uint32_t)p.reach[2], slices = 2 * reach + 1;
    p.pad = (size_t)p.reach[0];
    p.stride = roi->around[0] + 2 * p.pad + 1 + LANES;
    p.sums = malloc((size_t)slices * roi->around[1] * p.stride * sizeof *p.sums);
    p.ones = malloc(p.stride * sizeof *p.ones);
    p.chords = malloc(chords * sizeof *p.chords);
    p.total = malloc(roi->size[0] * sizeof *p.total);
    p.voxels = malloc(roi->size[0] * sizeof *p.voxels);
    ok = p.sums && p.ones && p.chords && p.total && p.voxels;
    if (!ok) goto done;
    sum_row(&p, NULL, p.ones);
    uint32_t summed = 0; /* slices of the image whose sums have been taken */
    for (uint32_t z = 0; z < roi->size[2]; z++) {
        for (; summed < roi->around[2] && summed <= z + roi->lead[2] + reach; summed++)
            for (uint32_t y = 0; y < roi->around[1]; y++)
                sum_row(&p, roi->image + summed * roi->image_slice + y * roi->image_row,
                        p.sums + ((summed % slices) * (size_t)roi->around[1] + y) * p.stride);
        for (uint32_t y = 0; y < roi->size[1]; y++) scan_row(&p, y, z);
    }
    out[0] = p.local;
    out[1] = p.global;
done:
    free(p.halves);
    free(p.sums);
    free(p.ones);
    free(p.chords);
    free(p.total);
    free(p.voxels);
    return ok;
}
