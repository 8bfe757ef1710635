/* A segment in one slice: the nearest of its frames, by nearest neighbours. */
#include "roi/structures.h"

#include "space/geometry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Frames of the segment by their place along the grid's normal, and the step between them. */
int32_t csl_seg_prepare(csl_structures *from, uint32_t region, const csl_grid *grid, csl_dcm_error *error)
{
    const uint32_t frames = from->header.pixels.frames;
    const uint64_t pixels = (uint64_t)from->header.pixels.rows * from->header.pixels.columns;
    if (!from->along) from->along = malloc(frames * sizeof *from->along);
    if (!from->bits) from->bits = malloc(pixels);
    if (!from->along || !from->bits)
        return csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, "(7FE0,0010) PixelData",
                            "out of memory for a segment");
    from->bits_of = -1;
    from->step = grid->spacing[2];
    for (uint32_t i = 0; i < frames; i++) {
        const csl_dcm_place *place = &from->places[i];
        double normal[3];
        from->along[i] = NAN;
        if (!place->has_position || !place->has_orientation) continue;
        if (!from->is_label_map && place->segment != from->regions[region].number) continue;
        csl_normal(place->orientation, normal);
        if (fabs(fabs(csl_dot(normal, grid->normal)) - 1) > 1e-3)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(0020,0037) ImageOrientationPatient",
                                "frames of the segmentation are not parallel to the image's slices");
        if (!(place->row_spacing > 0) || !(place->column_spacing > 0))
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(0028,0030) PixelSpacing",
                                "is missing; frames of a segmentation need it");
        from->along[i] = csl_dot(place->position, grid->normal);
        if (place->slice_spacing > 0) from->step = place->slice_spacing;
    }
    return CSL_PLUGIN_OK;
}

/* The frame nearest to a slice, no further than half a step of the coarser grid; -1: there is none. */
static int64_t nearest(const csl_structures *from, const csl_grid *grid, uint32_t slice)
{
    double best = fmax(from->step, grid->spacing[2]) / 2 + CSL_SAME_PLACE;
    int64_t found = -1;
    for (uint32_t i = 0; i < from->header.pixels.frames; i++) {
        double distance = fabs(from->along[i] - grid->along[slice]);
        if (distance < best) {
            best = distance;
            found = i;
        }
    }
    return found;
}

static int64_t rounded(double value)
{
    return fabs(value) < 1e9 ? (int64_t)floor(value + 0.5) : -1;
}

int32_t csl_seg_slice(csl_structures *from, uint32_t region, const csl_grid *grid, uint32_t slice,
                      uint8_t *mask, uint64_t *inside, csl_dcm_error *error)
{
    const csl_dcm_pixels *pixels = &from->header.pixels;
    int64_t frame = nearest(from, grid, slice);
    if (frame < 0) return CSL_PLUGIN_OK;
    if (from->bits_of != frame) {
        from->bits_of = -1;
        int32_t status =
            csl_seg_frame(from, (uint32_t)frame, from->regions[region].number, from->bits, error);
        if (status != CSL_PLUGIN_OK) return status;
        from->bits_of = frame;
    }
    const csl_dcm_place *place = &from->places[frame];
    const double *origin = grid->origins[slice];
    const double offset[3] = {origin[0] - place->position[0], origin[1] - place->position[1],
                              origin[2] - place->position[2]};
    /* Column and row of the segment's frame, as they go with column and row of the slice. */
    double start[2], by_column[2], by_row[2];
    for (int axis = 0; axis < 2; axis++) {
        const double *direction = place->orientation + 3 * axis;
        double spacing = axis == 0 ? place->column_spacing : place->row_spacing;
        start[axis] = csl_dot(offset, direction) / spacing;
        by_column[axis] = csl_dot(grid->along_row, direction) * grid->spacing[0] / spacing;
        by_row[axis] = csl_dot(grid->along_column, direction) * grid->spacing[1] / spacing;
    }
    for (uint32_t row = 0; row < grid->rows; row++) {
        for (uint32_t column = 0; column < grid->columns; column++) {
            int64_t x = rounded(start[0] + column * by_column[0] + row * by_row[0]);
            int64_t y = rounded(start[1] + column * by_column[1] + row * by_row[1]);
            uint8_t in = x >= 0 && y >= 0 && x < pixels->columns && y < pixels->rows &&
                         from->bits[(size_t)y * pixels->columns + (size_t)x];
            mask[(size_t)row * grid->columns + column] = in;
            *inside += in;
        }
    }
    return CSL_PLUGIN_OK;
}
