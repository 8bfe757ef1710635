#include "diagnose.h"

#include <math.h>

void csl_diagnose_image(const uint32_t size[3], const double spacing[3], double *out)
{
    for (int axis = 0; axis < 3; axis++) {
        out[axis] = size[axis];
        out[3 + axis] = spacing[axis];
    }
}

void csl_diagnose_input(const csl_volume *volume, const csl_mask *mask, const uint32_t first[3],
                        const uint32_t last[3], double *out)
{
    double sum = 0, least = INFINITY, most = -INFINITY;
    size_t count = 0;
    for (uint32_t z = first[2]; z <= last[2]; z++)
        for (uint32_t y = first[1]; y <= last[1]; y++)
            for (uint32_t x = first[0]; x <= last[0]; x++) {
                const size_t at = ((size_t)z * volume->size[1] + y) * volume->size[0] + x;
                if (!mask->inside[at]) continue;
                count++;
                sum += volume->values[at];
                least = fmin(least, volume->values[at]);
                most = fmax(most, volume->values[at]);
            }
    for (int axis = 0; axis < 3; axis++) {
        out[axis] = volume->whole[axis];
        out[3 + axis] = out[6 + axis] = last[axis] - first[axis] + 1.0;
    }
    out[9] = out[10] = (double)count;
    out[11] = sum / (double)count;
    out[12] = least;
    out[13] = most;
}

void csl_diagnose_masks(const csl_roi *roi, const uint32_t whole[3], double *out)
{
    uint32_t first[3] = {UINT32_MAX, UINT32_MAX, UINT32_MAX}, last[3] = {0};
    for (uint32_t z = 0; z < roi->size[2]; z++)
        for (uint32_t y = 0; y < roi->size[1]; y++) {
            const csl_span span = csl_roi_span(roi, y, z);
            if (!span.end) continue;
            const uint32_t from[3] = {span.first, y, z}, to[3] = {span.end - 1, y, z};
            for (int axis = 0; axis < 3; axis++) {
                if (from[axis] < first[axis]) first[axis] = from[axis];
                if (to[axis] > last[axis]) last[axis] = to[axis];
            }
        }
    for (int axis = 0; axis < 3; axis++) {
        out[axis] = whole[axis];
        out[3 + axis] = roi->count ? last[axis] - first[axis] + 1.0 : 0;
        out[6 + axis] = roi->size[axis];
    }
    out[9] = (double)roi->count;
    out[10] = (double)roi->morphological;
    out[11] = roi->mean;
    out[12] = roi->least;
    out[13] = roi->most;
}
