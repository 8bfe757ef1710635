#include "roi.h"

#include "diagnose.h"
#include "radiomics.h"
#include "resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* First and last voxel (inclusive) along each axis. */
typedef struct box {
    uint32_t first[3], last[3];
    size_t count; /* voxels inside */
} box;

static uint32_t peak_reach(double spacing)
{
    return (uint32_t)fmin(CSL_PEAK_RADIUS / spacing, CSL_VOLUME_MAX_SIDE);
}

static bool resamples(const csl_radiomics_settings *settings, const double spacing[3], int axis)
{
    return settings->resample[axis] > 0 && settings->resample[axis] != spacing[axis];
}

void csl_radiomics_margin(const csl_radiomics_settings *settings, const double spacing[3], uint32_t margin[3])
{
    for (int axis = 0; axis < 3; axis++) {
        double reach = 1 + ceil(CSL_PEAK_RADIUS / spacing[axis]);
        if (resamples(settings, spacing, axis)) {
            reach += 2 + ceil(settings->resample[axis] / spacing[axis]);
            if (settings->interpolation == CSL_INTERPOLATE_CUBIC) reach += 2 + CSL_SPLINE_REACH;
        }
        margin[axis] = (uint32_t)fmin(reach, CSL_VOLUME_MAX_SIDE);
    }
}

static int32_t check(const csl_volume *volume, const csl_mask *mask, const csl_radiomics_settings *settings,
                     csl_dcm_error *error)
{
    for (int axis = 0; axis < 3; axis++) {
        const uint32_t size = volume->size[axis];
        if (size == 0 || volume->whole[axis] > CSL_VOLUME_MAX_SIDE || size > volume->whole[axis] ||
            volume->first[axis] > volume->whole[axis] - size)
            return csl_dcm_fail(
                error, CSL_PLUGIN_BAD_INPUT, "volume",
                "%u voxels from voxel %u of %u along axis %d; a part lies within the image, which "
                "has 1 to %u voxels a side",
                size, volume->first[axis], volume->whole[axis], axis, CSL_VOLUME_MAX_SIDE);
        if (!(volume->spacing[axis] > 0 && volume->spacing[axis] <= CSL_VOLUME_MAX_SPACING))
            return csl_dcm_fail(
                error, CSL_PLUGIN_BAD_INPUT, "volume",
                "spacing of %g mm along axis %d; radiomics needs the distance between voxels, up to %g mm",
                volume->spacing[axis], axis, CSL_VOLUME_MAX_SPACING);
        if (mask->size[axis] != size)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "region of interest",
                                "%u voxels along axis %d, the image has %u", mask->size[axis], axis, size);
        if (!(settings->resample[axis] >= 0 && settings->resample[axis] < 1e6))
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "radiomics.resample", "%g mm",
                                settings->resample[axis]);
    }
    return CSL_PLUGIN_OK;
}

static void grow(box *b, uint32_t x, uint32_t y, uint32_t z)
{
    const uint32_t at[3] = {x, y, z};
    for (int axis = 0; axis < 3; axis++) {
        if (b->count == 0 || at[axis] < b->first[axis]) b->first[axis] = at[axis];
        if (b->count == 0 || at[axis] > b->last[axis]) b->last[axis] = at[axis];
    }
    b->count++;
}

/* What is inside: bytes that are not 0 of the mask. */
static box find_box(const uint8_t *inside, const uint32_t size[3])
{
    box b = {0};
    for (uint32_t z = 0; z < size[2]; z++)
        for (uint32_t y = 0; y < size[1]; y++) {
            const uint8_t *row = inside + ((size_t)z * size[1] + y) * size[0];
            for (uint32_t x = 0; x < size[0]; x++)
                if (row[x]) grow(&b, x, y, z);
        }
    return b;
}

/* Margins around the box, no further than the image of `size`. */
static box widen(box b, const uint32_t margin[3], const uint32_t size[3])
{
    for (int axis = 0; axis < 3; axis++) {
        b.first[axis] -= b.first[axis] < margin[axis] ? b.first[axis] : margin[axis];
        b.last[axis] =
            size[axis] - 1 - b.last[axis] < margin[axis] ? size[axis] - 1 : b.last[axis] + margin[axis];
    }
    return b;
}

static double voxels(const box *b)
{
    double product = 1;
    for (int axis = 0; axis < 3; axis++) product *= b->last[axis] - b->first[axis] + 3.0;
    return product;
}

static int32_t check_size(const box *b, csl_dcm_error *error)
{
    if (voxels(b) <= CSL_RADIOMICS_MAX_VOXELS) return CSL_PLUGIN_OK;
    return csl_dcm_fail(
        error, CSL_PLUGIN_BAD_INPUT, "region of interest",
        "%.0f voxels in its bounding box, at most %u are measured: take a larger radiomics.resample",
        voxels(b), CSL_RADIOMICS_MAX_VOXELS);
}

static int32_t check_finite(const csl_volume *volume, const box *b, csl_dcm_error *error)
{
    for (uint32_t z = b->first[2]; z <= b->last[2]; z++)
        for (uint32_t y = b->first[1]; y <= b->last[1]; y++) {
            const float *row = volume->values + ((size_t)z * volume->size[1] + y) * volume->size[0];
            for (uint32_t x = b->first[0]; x <= b->last[0]; x++)
                if (!isfinite(row[x]))
                    return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "volume",
                                        "voxel (%u, %u, %u) is no finite number", x, y, z);
        }
    return CSL_PLUGIN_OK;
}

/* The part of `volume` in the box, as a volume of its own; of the mask instead where `mask` is given. */
static bool cut(const csl_volume *volume, const csl_mask *mask, const box *b, csl_volume *part)
{
    *part = *volume;
    for (int axis = 0; axis < 3; axis++) {
        part->size[axis] = b->last[axis] - b->first[axis] + 1;
        part->first[axis] += b->first[axis];
    }
    part->values = malloc((size_t)part->size[0] * part->size[1] * part->size[2] * sizeof *part->values);
    if (!part->values) return false;
    float *out = part->values;
    for (uint32_t z = b->first[2]; z <= b->last[2]; z++)
        for (uint32_t y = b->first[1]; y <= b->last[1]; y++, out += part->size[0]) {
            const size_t at = ((size_t)z * volume->size[1] + y) * volume->size[0] + b->first[0];
            if (mask)
                for (uint32_t x = 0; x < part->size[0]; x++) out[x] = mask->inside[at + x] ? 1 : 0;
            else
                memcpy(out, volume->values + at, part->size[0] * sizeof *out);
        }
    return true;
}

/* Grids for the box, and the mask from bytes of a grid of `size` that has the box in it. */
static bool make_grids(csl_roi *roi, const box *b, const uint8_t *inside, const uint32_t size[3])
{
    for (int axis = 0; axis < 3; axis++) roi->size[axis] = b->last[axis] - b->first[axis] + 1;
    roi->row = roi->size[0] + 2;
    roi->slice = roi->row * (roi->size[1] + 2);
    roi->cells = roi->slice * (roi->size[2] + 2);
    roi->mask = calloc(roi->cells, 1);
    roi->levels = calloc(roi->cells, sizeof *roi->levels);
    roi->spans = calloc((size_t)roi->size[1] * roi->size[2], sizeof *roi->spans);
    if (!roi->mask || !roi->levels || !roi->spans) return false;
    for (uint32_t z = 0; z < roi->size[2]; z++)
        for (uint32_t y = 0; y < roi->size[1]; y++) {
            const uint8_t *from =
                inside + ((size_t)(z + b->first[2]) * size[1] + y + b->first[1]) * size[0] + b->first[0];
            uint8_t *to = roi->mask + csl_roi_at(roi, 0, y, z);
            for (uint32_t x = 0; x < roi->size[0]; x++) to[x] = from[x] ? CSL_MORPHOLOGICAL : 0;
        }
    roi->morphological = b->count;
    return true;
}

/* No interpolation: the image is looked at where it lies. */
static int32_t take(const csl_volume *volume, const csl_mask *mask, const box *b, csl_roi *roi)
{
    uint32_t margin[3];
    for (int axis = 0; axis < 3; axis++) margin[axis] = peak_reach(roi->spacing[axis]);
    const box wide = widen(*b, margin, volume->size);
    roi->image_row = volume->size[0];
    roi->image_slice = roi->image_row * volume->size[1];
    roi->image =
        volume->values + wide.first[2] * roi->image_slice + wide.first[1] * roi->image_row + wide.first[0];
    for (int axis = 0; axis < 3; axis++) {
        roi->around[axis] = wide.last[axis] - wide.first[axis] + 1;
        roi->lead[axis] = b->first[axis] - wide.first[axis];
    }
    return make_grids(roi, b, mask->inside, volume->size) ? CSL_PLUGIN_OK : CSL_PLUGIN_NO_MEMORY;
}

/* The mask at the new spacing: inside is where at least half is inside (IBSI 2.4). */
static int32_t interpolate_mask(const csl_volume *volume, const csl_mask *mask, const box *b, csl_roi *roi,
                                uint32_t first[3], box *found, csl_dcm_error *error)
{
    const uint32_t around[3] = {2, 2, 2};
    const box reached = widen(*b, around, volume->size);
    box region = {.count = 1};
    uint32_t size[3];
    for (int axis = 0; axis < 3; axis++)
        csl_resampled_reach(volume, roi->spacing, axis, b->first[axis] + volume->first[axis],
                            b->last[axis] + volume->first[axis], &region.first[axis], &region.last[axis]);
    int32_t status = check_size(&region, error);
    if (status) return status;
    for (int axis = 0; axis < 3; axis++) {
        first[axis] = region.first[axis];
        size[axis] = region.last[axis] - region.first[axis] + 1;
    }
    const size_t count = (size_t)size[0] * size[1] * size[2];
    csl_volume part = {0};
    float *share = malloc(count * sizeof *share);
    uint8_t *inside = malloc(count);
    status = CSL_PLUGIN_NO_MEMORY;
    if (!share || !inside || !cut(volume, mask, &reached, &part)) goto done;
    if (csl_resample(&part, roi->spacing, CSL_INTERPOLATE_LINEAR, first, size, share)) goto done;
    /* halves stay halves, whatever binary fractions make of them */
    for (size_t i = 0; i < count; i++) inside[i] = share[i] >= 0.5f - 1e-6f;
    *found = find_box(inside, size);
    if (found->count == 0) {
        status =
            csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "region of interest",
                         "nothing is left of its %zu voxels at a spacing of %g x %g x %g mm; take a smaller "
                         "radiomics.resample",
                         b->count, roi->spacing[0], roi->spacing[1], roi->spacing[2]);
        goto done;
    }
    if (!make_grids(roi, found, inside, size)) goto done;
    status = CSL_PLUGIN_OK;
done:
    free(part.values);
    free(share);
    free(inside);
    return status;
}

static int32_t interpolate(const csl_volume *volume, const csl_mask *mask,
                           const csl_radiomics_settings *settings, const box *b, csl_roi *roi,
                           csl_dcm_error *error)
{
    uint32_t first[3], margin[3], whole[3];
    box found;
    int32_t status = interpolate_mask(volume, mask, b, roi, first, &found, error);
    if (status) return status;

    for (int axis = 0; axis < 3; axis++) {
        found.first[axis] += first[axis];
        found.last[axis] += first[axis];
        margin[axis] = peak_reach(roi->spacing[axis]);
        whole[axis] = csl_resampled_size(volume, roi->spacing, axis);
    }
    const box wide = widen(found, margin, whole);
    status = check_size(&wide, error);
    if (status) return status;
    for (int axis = 0; axis < 3; axis++) {
        roi->around[axis] = wide.last[axis] - wide.first[axis] + 1;
        roi->lead[axis] = found.first[axis] - wide.first[axis];
    }
    roi->image_row = roi->around[0];
    roi->image_slice = roi->image_row * roi->around[1];
    const size_t count = roi->image_slice * roi->around[2];

    csl_radiomics_margin(settings, volume->spacing, margin);
    const box needed = widen(*b, margin, volume->size);
    csl_volume part = {0};
    roi->own = malloc(count * sizeof *roi->own);
    status = CSL_PLUGIN_NO_MEMORY;
    if (!roi->own || !cut(volume, NULL, &needed, &part)) goto done;
    if (csl_resample(&part, roi->spacing, settings->interpolation, wide.first, roi->around, roi->own))
        goto done;
    if (settings->round)
        for (size_t i = 0; i < count; i++) roi->own[i] = rintf(roi->own[i]);
    roi->image = roi->own;
    status = CSL_PLUGIN_OK;
done:
    free(part.values);
    return status;
}

static void find_moments(csl_roi *roi)
{
    double sum = 0, squares = 0;
    roi->least = roi->most = roi->count ? roi->intensities[0] : NAN;
    for (size_t i = 0; i < roi->count; i++) {
        const double value = roi->intensities[i];
        sum += value;
        if (value < roi->least) roi->least = value;
        if (value > roi->most) roi->most = value;
    }
    roi->mean = sum / (double)roi->count;
    for (size_t i = 0; i < roi->count; i++)
        squares += (roi->intensities[i] - roi->mean) * (roi->intensities[i] - roi->mean);
    roi->deviation = sqrt(squares / (double)roi->count);
}

/* Puts the intensity mask where low <= value <= high, and fills `intensities`, their moments and `spans`. */
static void segment(csl_roi *roi, double low, double high)
{
    csl_span *span = roi->spans;
    roi->count = 0;
    for (uint32_t z = 0; z < roi->size[2]; z++)
        for (uint32_t y = 0; y < roi->size[1]; y++, span++) {
            uint8_t *const mask = roi->mask + csl_roi_at(roi, 0, y, z);
            *span = (csl_span){0, 0};
            for (uint32_t x = 0; x < roi->size[0]; x++) {
                if (!mask[x]) continue;
                const float value = csl_roi_value(roi, x, y, z);
                mask[x] = CSL_MORPHOLOGICAL;
                if (value < low || value > high) continue;
                mask[x] |= CSL_INTENSITY;
                roi->intensities[roi->count++] = value;
                if (!span->end) span->first = x;
                span->end = x + 1;
            }
        }
    find_moments(roi);
}

int32_t csl_roi_make(const csl_volume *volume, const csl_mask *mask, const csl_radiomics_settings *settings,
                     csl_roi *roi, double *diagnostics, csl_dcm_error *error)
{
    memset(roi, 0, sizeof *roi);
    int32_t status = check(volume, mask, settings, error);
    if (status) return status;
    const box b = find_box(mask->inside, volume->size);
    if (b.count == 0)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "region of interest",
                            "it holds no voxel of the image");
    uint32_t margin[3], whole[3];
    csl_radiomics_margin(settings, volume->spacing, margin);
    const box needed = widen(b, margin, volume->size);
    if ((status = check_size(&b, error)) || (status = check_finite(volume, &needed, error))) return status;

    bool same = true;
    for (int axis = 0; axis < 3; axis++) {
        const bool changes = resamples(settings, volume->spacing, axis);
        roi->spacing[axis] = changes ? settings->resample[axis] : volume->spacing[axis];
        same = same && !changes;
    }
    status = same ? take(volume, mask, &b, roi) : interpolate(volume, mask, settings, &b, roi, error);
    if (!status) {
        roi->intensities = malloc(roi->morphological * sizeof *roi->intensities);
        if (!roi->intensities) status = CSL_PLUGIN_NO_MEMORY;
    }
    if (status == CSL_PLUGIN_NO_MEMORY)
        csl_dcm_fail(error, status, "region of interest", "not enough memory for %zu voxels", b.count);
    if (status) goto failed;

    for (int axis = 0; axis < 3; axis++) whole[axis] = csl_resampled_size(volume, roi->spacing, axis);
    csl_diagnose_image(volume->whole, volume->spacing, diagnostics);
    csl_diagnose_image(whole, roi->spacing, diagnostics + CSL_DIAGNOSTIC_IMAGES);
    double *masks = diagnostics + 2 * CSL_DIAGNOSTIC_IMAGES;
    csl_diagnose_input(volume, mask, b.first, b.last, masks);
    segment(roi, -INFINITY, INFINITY);
    csl_diagnose_masks(roi, whole, masks + CSL_DIAGNOSTIC_MASKS);
    double low = settings->range[0], high = settings->range[1];
    if (settings->outliers > 0) { /* of the whole region, so that the order of both filters does not matter */
        low = fmax(low, roi->mean - settings->outliers * roi->deviation);
        high = fmin(high, roi->mean + settings->outliers * roi->deviation);
    }
    if (roi->least < low || roi->most > high) segment(roi, low, high);
    csl_diagnose_masks(roi, whole, masks + 2 * CSL_DIAGNOSTIC_MASKS);
    status = csl_roi_discretise(roi, settings, error);
    if (!status) return CSL_PLUGIN_OK;
failed:
    csl_roi_clear(roi);
    return status;
}

void csl_roi_clear(csl_roi *roi)
{
    free(roi->mask);
    free(roi->levels);
    free(roi->spans);
    free(roi->intensities);
    free(roi->own);
    memset(roi, 0, sizeof *roi);
}
