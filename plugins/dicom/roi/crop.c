#include "roi/crop.h"

#include "space/unit.h"

#include <stdlib.h>
#include <string.h>

/* One slice's mask into the box, the number of voxels and the sums of their indices. */
static void note_slice(csl_crop *crop, const csl_grid *grid, uint32_t slice, const uint8_t *mask,
                       double sums[3])
{
    for (uint32_t row = 0; row < grid->rows; row++) {
        const uint8_t *line = mask + (size_t)row * grid->columns;
        for (uint32_t column = 0; column < grid->columns; column++) {
            if (!line[column]) continue;
            const uint32_t at[3] = {column, row, slice};
            for (int i = 0; i < 3; i++) {
                if (crop->inside == 0 || at[i] < crop->low[i]) crop->low[i] = at[i];
                if (crop->inside == 0 || at[i] > crop->high[i]) crop->high[i] = at[i];
                sums[i] += at[i];
            }
            crop->inside++;
        }
    }
}

int32_t csl_crop_find(csl_crop *crop, csl_structures *structures, uint32_t region, const csl_grid *grid,
                      csl_dcm_error *error)
{
    double sums[3] = {0};
    int32_t status = CSL_PLUGIN_OK;
    *crop = (csl_crop){.voxel = grid->spacing[0] * grid->spacing[1] * grid->spacing[2]};
    uint8_t *mask = malloc((size_t)grid->rows * grid->columns);
    if (!mask) return csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, "regions", "out of memory for a mask");
    for (uint32_t slice = 0; slice < grid->slices && status == CSL_PLUGIN_OK; slice++) {
        uint64_t inside = 0;
        status = csl_structures_slice(structures, region, grid, slice, mask, &inside, error);
        if (status == CSL_PLUGIN_OK && inside > 0) note_slice(crop, grid, slice, mask, sums);
    }
    free(mask);
    if (status != CSL_PLUGIN_OK) return status;
    if (crop->inside == 0)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "regions", "no voxel of the volume lies inside it");
    if (!csl_grid_is_regular(grid, crop->low[2], crop->high[2]))
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "regions",
                            "slices are missing or uneven where it lies");
    const uint32_t whole[3] = {grid->columns, grid->rows, grid->slices};
    for (int i = 0; i < 3; i++) crop->centroid[2 - i] = (sums[i] / (double)crop->inside + 0.5) / whole[i];
    return CSL_PLUGIN_OK;
}

/* Decodes one slice in its unit; high is always bright in the unit of the file, MONOCHROME1 or not. */
static int32_t read_plane(csl_reading *reading, const csl_stack *stack, const csl_grid *grid, uint32_t slice,
                          csl_plane *plane, csl_unit *unit, csl_dcm_error *error)
{
    uint32_t index;
    csl_dcm_frame frame;
    const csl_instance *instance = csl_stack_instance(&reading->stacks, stack, grid->slice[slice], &index);
    int32_t status = csl_reading_open(reading, instance->input);
    if (status != CSL_PLUGIN_OK) return CSL_PLUGIN_STOP; /* it has been said */
    status = csl_dcm_frame_read(reading->file, &reading->header, index, &frame, error);
    if (status != CSL_PLUGIN_OK) return status;
    *unit = csl_unit_of(&reading->header, &frame);
    frame.is_hounsfield = false; /* radiomics wants metal and air as they are, not clamped for the model */
    status = csl_plane_make(&reading->header.pixels, &frame, plane);
    if (status == CSL_PLUGIN_OK) csl_unit_apply(&reading->header, *unit, plane);
    csl_dcm_frame_clear(&frame);
    return status;
}

int32_t csl_crop_unit(csl_crop *crop, csl_reading *reading, const csl_stack *stack, const csl_grid *grid,
                      csl_dcm_error *error)
{
    csl_plane plane;
    int32_t status = read_plane(reading, stack, grid, crop->low[2], &plane, &crop->unit, error);
    if (status == CSL_PLUGIN_OK) free(plane.values);
    return status;
}

/* One slice of volume and mask. */
static int32_t read_slice(csl_crop *crop, uint32_t z, csl_reading *reading, const csl_stack *stack,
                          csl_structures *structures, uint32_t region, const csl_grid *grid, uint8_t *mask,
                          double *sum, csl_dcm_error *error)
{
    csl_plane plane;
    csl_unit unit;
    uint64_t inside = 0;
    const csl_volume *volume = &crop->volume;
    const uint32_t slice = volume->first[2] + z;
    int32_t status = read_plane(reading, stack, grid, slice, &plane, &unit, error);
    if (status != CSL_PLUGIN_OK) return status;
    if (unit != crop->unit)
        status = csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(0028,1054) RescaleType",
                              "slices differ in their unit");
    else
        status = csl_structures_slice(structures, region, grid, slice, mask, &inside, error);
    for (uint32_t y = 0; y < volume->size[1] && status == CSL_PLUGIN_OK; y++) {
        size_t to = ((size_t)z * volume->size[1] + y) * volume->size[0];
        size_t from = (size_t)(volume->first[1] + y) * grid->columns + volume->first[0];
        for (uint32_t x = 0; x < volume->size[0]; x++) {
            float value = plane.values[from + x];
            volume->values[to + x] = plane.inverted ? -value : value;
            crop->mask.inside[to + x] = inside > 0 ? mask[from + x] : 0;
            if (crop->mask.inside[to + x]) *sum += (double)volume->values[to + x];
        }
    }
    free(plane.values);
    return status;
}

int32_t csl_crop_read(csl_crop *crop, const uint32_t margin[3], csl_reading *reading, const csl_stack *stack,
                      csl_structures *structures, uint32_t region, const csl_grid *grid, csl_dcm_error *error)
{
    const uint32_t whole[3] = {grid->columns, grid->rows, grid->slices};
    size_t voxels = 1;
    double sum = 0;
    csl_volume *volume = &crop->volume;
    for (int i = 0; i < 3; i++) {
        uint32_t first = crop->low[i] > margin[i] ? crop->low[i] - margin[i] : 0;
        uint32_t room = whole[i] - 1 - crop->high[i],
                 last = crop->high[i] + (margin[i] < room ? margin[i] : room);
        if (i == 2) { /* the margin ends at a gap */
            while (!csl_grid_is_regular(grid, first, crop->low[2])) first++;
            while (!csl_grid_is_regular(grid, crop->high[2], last)) last--;
        }
        volume->first[i] = first;
        volume->whole[i] = whole[i];
        volume->size[i] = last - first + 1;
        volume->spacing[i] = grid->spacing[i];
        if (__builtin_mul_overflow(voxels, (size_t)volume->size[i], &voxels)) voxels = SIZE_MAX / 8;
    }
    memcpy(crop->mask.size, volume->size, sizeof crop->mask.size);
    volume->values = malloc(voxels * sizeof *volume->values);
    crop->mask.inside = malloc(voxels);
    uint8_t *mask = malloc((size_t)grid->rows * grid->columns);
    int32_t status = volume->values && crop->mask.inside && mask
                         ? CSL_PLUGIN_OK
                         : csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, "regions", "out of memory for a region");
    for (uint32_t z = 0; z < volume->size[2] && status == CSL_PLUGIN_OK; z++)
        status = read_slice(crop, z, reading, stack, structures, region, grid, mask, &sum, error);
    free(mask);
    crop->mean = sum / (double)crop->inside;
    return status;
}

void csl_crop_clear(csl_crop *crop)
{
    free(crop->volume.values);
    free(crop->mask.inside);
    *crop = (csl_crop){0};
}
