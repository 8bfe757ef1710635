#include "resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TAPS 4

/* Where a new voxel takes its value from along one axis. */
typedef struct tap {
    uint32_t index[TAPS]; /* into the part */
    double weight[TAPS];
} tap;

uint32_t csl_resampled_size(const csl_volume *volume, const double spacing[3], int axis)
{
    if (spacing[axis] == volume->spacing[axis]) return volume->whole[axis];
    /* what is left over from binary fractions makes no voxel of its own */
    const double size = ceil(volume->whole[axis] * volume->spacing[axis] / spacing[axis] - 1e-6);
    return size < 1 ? 1 : size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
}

/* Voxel 0 of the new grid, in voxels of the old one: both have one centre. */
static double origin(const csl_volume *volume, const double spacing[3], int axis)
{
    const double step = spacing[axis] / volume->spacing[axis];
    return 0.5 * (volume->whole[axis] - 1.0) - 0.5 * (csl_resampled_size(volume, spacing, axis) - 1.0) * step;
}

void csl_resampled_reach(const csl_volume *volume, const double spacing[3], int axis, uint32_t first,
                         uint32_t last, uint32_t *new_first, uint32_t *new_last)
{
    if (spacing[axis] == volume->spacing[axis]) {
        *new_first = first;
        *new_last = last;
        return;
    }
    const double zero = origin(volume, spacing, axis);
    const double step = spacing[axis] / volume->spacing[axis];
    const double most = csl_resampled_size(volume, spacing, axis) - 1.0;
    *new_first = (uint32_t)fmin(fmax(ceil((first - 1.0 - zero) / step), 0), most);
    *new_last = (uint32_t)fmax(fmin(floor((last + 1.0 - zero) / step), most), *new_first);
}

static uint32_t clamp(double index, uint32_t size)
{
    return index <= 0 ? 0 : index >= size - 1.0 ? size - 1 : (uint32_t)index;
}

static tap *make_taps(const csl_volume *volume, const double spacing[3], csl_interpolation interpolation,
                      int axis, uint32_t first, uint32_t size)
{
    tap *taps = calloc(size, sizeof *taps);
    if (!taps) return NULL;
    const bool same = spacing[axis] == volume->spacing[axis];
    const double step = spacing[axis] / volume->spacing[axis];
    const double zero = same ? 0 : origin(volume, spacing, axis);
    for (uint32_t i = 0; i < size; i++) {
        double at = zero + ((double)first + i) * step;
        at = fmin(fmax(at, 0), volume->whole[axis] - 1.0) - volume->first[axis];
        double low = floor(at + 1e-9); /* a voxel of both grids is copied, whatever binary fractions do */
        const double t = fmax(at - low, 0);
        double *const w = taps[i].weight;
        if (same || interpolation == CSL_INTERPOLATE_NEAREST) {
            w[0] = 1;
            low = floor(at + 0.5);
        } else if (interpolation == CSL_INTERPOLATE_LINEAR) {
            w[0] = 1 - t;
            w[1] = t;
        } else { /* the cubic B-spline at t + 1, t, 1 - t, 2 - t */
            low -= 1;
            w[0] = (1 - t) * (1 - t) * (1 - t) / 6;
            w[1] = (4 - 6 * t * t + 3 * t * t * t) / 6;
            w[2] = (1 + 3 * t + 3 * t * t - 3 * t * t * t) / 6;
            w[3] = t * t * t / 6;
        }
        for (int k = 0; k < TAPS; k++) {
            double index = low + k;
            if (interpolation == CSL_INTERPOLATE_CUBIC &&
                !same) { /* coefficients are mirrored at the border */
                if (index < 0) index = -index;
                if (index > volume->size[axis] - 1.0) index = 2 * (volume->size[axis] - 1.0) - index;
            }
            taps[i].index[k] = clamp(index, volume->size[axis]);
        }
    }
    return taps;
}

/* Values to coefficients of the cubic spline through them, in place (Unser, IEEE Signal Processing Magazine
 * 16(6), 1999, box 2), the line mirrored at its ends. */
static void spline_line(double *line, uint32_t length)
{
    if (length < 2) return;
    const double pole = sqrt(3) - 2;
    const uint32_t reach = length < 2 * CSL_SPLINE_REACH ? length : 2 * CSL_SPLINE_REACH;
    double sum;
    if (reach < length) {
        double power = 1;
        sum = 0;
        for (uint32_t i = 0; i < reach; i++, power *= pole) sum += line[i] * power;
    } else { /* the mirrored line whole */
        double power = pole, back = pow(pole, length - 1);
        sum = line[0] + back * line[length - 1];
        back = back * back / pole;
        for (uint32_t i = 1; i < length - 1; i++, power *= pole, back /= pole)
            sum += line[i] * (power + back);
        sum /= 1 - pow(pole, 2 * (length - 1.0));
    }
    line[0] = sum;
    for (uint32_t i = 1; i < length; i++) line[i] += pole * line[i - 1];
    line[length - 1] = pole / (pole * pole - 1) * (pole * line[length - 2] + line[length - 1]);
    for (uint32_t i = length - 1; i-- > 0;) line[i] = pole * (line[i + 1] - line[i]);
    for (uint32_t i = 0; i < length; i++) line[i] *= 6;
}

/* Along the axes that change. */
static bool spline_filter(float *values, const csl_volume *volume, const double spacing[3])
{
    const size_t stride[3] = {1, volume->size[0], (size_t)volume->size[0] * volume->size[1]};
    for (int axis = 0; axis < 3; axis++) {
        if (spacing[axis] == volume->spacing[axis]) continue;
        const int u = axis == 0 ? 1 : 0, v = axis == 2 ? 1 : 2;
        double *line = malloc(volume->size[axis] * sizeof *line);
        if (!line) return false;
        for (uint32_t j = 0; j < volume->size[v]; j++)
            for (uint32_t i = 0; i < volume->size[u]; i++) {
                float *at = values + i * stride[u] + j * stride[v];
                for (uint32_t k = 0; k < volume->size[axis]; k++) line[k] = at[k * stride[axis]];
                spline_line(line, volume->size[axis]);
                for (uint32_t k = 0; k < volume->size[axis]; k++) at[k * stride[axis]] = (float)line[k];
            }
        free(line);
    }
    return true;
}

int32_t csl_resample(const csl_volume *volume, const double spacing[3], csl_interpolation interpolation,
                     const uint32_t first[3], const uint32_t size[3], float *out)
{
    const size_t row = volume->size[0], slice = row * volume->size[1];
    int32_t status = CSL_PLUGIN_NO_MEMORY;
    float *filtered = NULL;
    double *mixed = malloc(row * sizeof *mixed); /* one row of the old grid, at the new y and z */
    tap *taps[3] = {0};
    for (int axis = 0; axis < 3; axis++) {
        taps[axis] = make_taps(volume, spacing, interpolation, axis, first[axis], size[axis]);
        if (!taps[axis]) goto done;
    }
    if (!mixed) goto done;
    const float *values = volume->values;
    if (interpolation == CSL_INTERPOLATE_CUBIC) {
        filtered = malloc(slice * volume->size[2] * sizeof *filtered);
        if (!filtered) goto done;
        memcpy(filtered, volume->values, slice * volume->size[2] * sizeof *filtered);
        if (!spline_filter(filtered, volume, spacing)) goto done;
        values = filtered;
    }
    for (uint32_t z = 0; z < size[2]; z++)
        for (uint32_t y = 0; y < size[1]; y++) {
            const tap *const tz = &taps[2][z], *const ty = &taps[1][y];
            memset(mixed, 0, row * sizeof *mixed);
            for (int k = 0; k < TAPS; k++)
                for (int j = 0; j < TAPS; j++) {
                    const double weight = tz->weight[k] * ty->weight[j];
                    if (weight == 0) continue;
                    const float *from = values + tz->index[k] * slice + ty->index[j] * row;
                    for (size_t x = 0; x < row; x++) mixed[x] += weight * from[x];
                }
            for (uint32_t x = 0; x < size[0]; x++) {
                const tap *const tx = &taps[0][x];
                double sum = 0;
                for (int i = 0; i < TAPS; i++) sum += tx->weight[i] * mixed[tx->index[i]];
                *out++ = (float)sum;
            }
        }
    status = CSL_PLUGIN_OK;
done:
    for (int axis = 0; axis < 3; axis++) free(taps[axis]);
    free(mixed);
    free(filtered);
    return status;
}
