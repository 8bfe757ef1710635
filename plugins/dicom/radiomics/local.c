/* Local intensity peaks: means over spheres of 1 cm3 around the voxels of the intensity mask (IBSI 3.2). */
#include "families.h"
#include "file/vector.h"

#include <stdlib.h>
#include <string.h>

/* One row of the sphere: voxels -half .. half, `y` rows and `z` slices from the centre. */
typedef struct chord {
    int32_t y, z, half;
} chord;

/* The rows of a sphere, no further than the image reaches; *count 0 if there are too many of them. */
static chord *make_sphere(const csl_roi *roi, size_t *count)
{
    const double r = CSL_PEAK_RADIUS;
    int32_t reach[3];
    for (int axis = 0; axis < 3; axis++)
        reach[axis] = (int32_t)fmin(r / roi->spacing[axis], roi->around[axis]);
    *count = 0;
    if ((2.0 * reach[1] + 1) * (2.0 * reach[2] + 1) > 2.0 * CSL_PEAK_ROWS) return calloc(1, sizeof(chord));
    chord *sphere = malloc((size_t)(2 * reach[1] + 1) * (size_t)(2 * reach[2] + 1) * sizeof *sphere);
    if (!sphere) return NULL;
    for (int32_t z = -reach[2]; z <= reach[2]; z++)
        for (int32_t y = -reach[1]; y <= reach[1]; y++) {
            const double dy = y * roi->spacing[1], dz = z * roi->spacing[2], left = r * r - dy * dy - dz * dz;
            if (left < 0) continue;
            const int32_t half = (int32_t)fmin(sqrt(left) / roi->spacing[0], roi->around[0]);
            sphere[(*count)++] = (chord){y, z, half};
        }
    if (*count > CSL_PEAK_ROWS) *count = 0;
    return sphere;
}

/* sums[x] = values 0 .. x - 1 of the row. */
static void sum_row(const float *row, uint32_t size, double *sums)
{
    sums[0] = 0;
    for (uint32_t x = 0; x < size; x++) sums[x + 1] = sums[x] + row[x];
}

typedef struct peaks {
    const chord *sphere;
    size_t chords;
    double *sums; /* [slices][around y][around x + 1]: of the slices that a sphere reaches, in turn */
    int32_t slices;
    double *total, *voxels; /* [size x] of the row at hand */
    float highest;
    double local, global;
} peaks;

/* total[x] += high[x] - low[x] */
CSL_VECTOR static void add_differences(double *restrict total, const double *high, const double *low,
                                       size_t count)
{
    for (size_t x = 0; x < count; x++) total[x] += high[x] - low[x];
}

/* Adds one row of the spheres around voxels first .. end - 1 of a row of the box that begins `lead` voxels
 * into one of `wide`; `sums` are of the row of the image that it lies in. Returns the voxels that it adds to
 * all of them; where the image ends before the sphere does, `voxels` takes what there is. */
static double add_chord(const peaks *p, const double *sums, int64_t half, int64_t lead, int64_t wide,
                        int64_t first, int64_t end)
{
    /* between these two the whole chord lies within the image */
    const int64_t from = half - lead > first ? half - lead : first;
    const int64_t to = wide - half - lead < end ? wide - half - lead : end;
    const double whole = 2.0 * (double)half + 1;
    if (from < to)
        add_differences(p->total + from, sums + from + lead + half + 1, sums + from + lead - half,
                        (size_t)(to - from));
    if (from == first && to == end) return whole;
    for (int64_t x = first; x < end; x++) {
        if (x >= from && x < to) {
            p->voxels[x] += whole;
            continue;
        }
        const int64_t low = x + lead - half < 0 ? 0 : x + lead - half;
        const int64_t high = x + lead + half + 1 > wide ? wide : x + lead + half + 1;
        p->total[x] += sums[high] - sums[low];
        p->voxels[x] += (double)(high - low);
    }
    return 0;
}

/* Means over the spheres around row (y, z) of the box. */
static void scan_row(const csl_roi *roi, peaks *p, uint32_t y, uint32_t z)
{
    const uint32_t width = roi->size[0];
    const uint8_t *mask = roi->mask + csl_roi_at(roi, 0, y, z);
    const uint32_t first = csl_roi_span(roi, y, z).first, end = csl_roi_span(roi, y, z).end;
    if (first == end) return;
    memset(p->total, 0, width * sizeof *p->total);
    memset(p->voxels, 0, width * sizeof *p->voxels);
    double whole = 0;
    for (size_t i = 0; i < p->chords; i++) {
        const int64_t at_y = (int64_t)y + roi->lead[1] + p->sphere[i].y;
        const int64_t at_z = (int64_t)z + roi->lead[2] + p->sphere[i].z;
        if (at_y < 0 || at_y >= roi->around[1] || at_z < 0 || at_z >= roi->around[2]) continue;
        const double *sums =
            p->sums + ((size_t)(at_z % p->slices) * roi->around[1] + (size_t)at_y) * (roi->around[0] + 1);
        whole += add_chord(p, sums, p->sphere[i].half, roi->lead[0], roi->around[0], first, end);
    }
    for (uint32_t x = first; x < end; x++) {
        if (!(mask[x] & CSL_INTENSITY)) continue;
        const double mean = p->total[x] / (p->voxels[x] + whole);
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
    peaks p = {.local = NAN, .global = NAN};
    chord *sphere = make_sphere(roi, &p.chords);
    if (!sphere) return false;
    bool ok = true;
    if (p.chords == 0) goto done;
    int32_t reach = 0;
    for (size_t i = 0; i < p.chords; i++)
        if (sphere[i].z > reach) reach = sphere[i].z;
    p.sphere = sphere;
    p.slices = 2 * reach + 1;
    const size_t slice = (size_t)roi->around[1] * (roi->around[0] + 1);
    p.sums = malloc((size_t)p.slices * slice * sizeof *p.sums);
    p.total = malloc(roi->size[0] * sizeof *p.total);
    p.voxels = malloc(roi->size[0] * sizeof *p.voxels);
    ok = p.sums && p.total && p.voxels;
    if (!ok) goto done;
    uint32_t summed = 0; /* slices of the image whose sums have been taken */
    for (uint32_t z = 0; z < roi->size[2]; z++) {
        for (; summed < roi->around[2] && summed <= z + roi->lead[2] + (uint32_t)reach; summed++)
            for (uint32_t y = 0; y < roi->around[1]; y++)
                sum_row(roi->image + summed * roi->image_slice + y * roi->image_row, roi->around[0],
                        p.sums + (summed % (uint32_t)p.slices) * slice + y * (size_t)(roi->around[0] + 1));
        for (uint32_t y = 0; y < roi->size[1]; y++) scan_row(roi, &p, y, z);
    }
    out[0] = p.local;
    out[1] = p.global;
done:
    free(sphere);
    free(p.sums);
    free(p.total);
    free(p.voxels);
    return ok;
}
