#include "space/grid.h"

#include "space/geometry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_unit(const double direction[3])
{
    return fabs(csl_dot(direction, direction) - 1) < 0.01;
}

int32_t csl_grid_of(const csl_stacks *stacks, const csl_stack *stack, csl_grid *grid, csl_dcm_error *error)
{
    const csl_instance *first = &stacks->instances[stack->first];
    *grid = (csl_grid){.columns = first->columns, .rows = first->rows};
    if (!csl_stack_in_space(stacks, stack))
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(0020,0032) ImagePositionPatient",
                            "a region of interest needs slices whose places are known");
    memcpy(grid->along_row, first->orientation, sizeof grid->along_row);
    memcpy(grid->along_column, first->orientation + 3, sizeof grid->along_column);
    csl_normal(first->orientation, grid->normal);
    if (!is_unit(grid->along_row) || !is_unit(grid->along_column) || !is_unit(grid->normal))
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(0020,0037) ImageOrientationPatient",
                            "is not two unit vectors at right angles");
    grid->spacing[0] = first->column_spacing;
    grid->spacing[1] = first->row_spacing;
    grid->spacing[2] = stack->slice_spacing;
    for (int i = 0; i < 3; i++) {
        if (!(grid->spacing[i] > 0 && grid->spacing[i] < 1e4))
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT,
                                i < 2 ? "(0028,0030) PixelSpacing" : "(0018,0050) SliceThickness",
                                "a region of interest needs spacing in millimetres");
    }
    grid->origins = malloc(stack->count * sizeof *grid->origins);
    grid->along = malloc(stack->count * sizeof *grid->along);
    grid->slice = malloc(stack->count * sizeof *grid->slice);
    if (!grid->origins || !grid->along || !grid->slice) {
        csl_grid_clear(grid);
        return csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, "series", "out of memory for the places of slices");
    }
    for (uint32_t i = 0; i < stack->count; i++) {
        const csl_instance *instance = first + i;
        if (grid->slices > 0 && instance->along - grid->along[grid->slices - 1] <= CSL_SAME_PLACE) continue;
        memcpy(grid->origins[grid->slices], instance->position, sizeof grid->origins[0]);
        grid->along[grid->slices] = instance->along;
        grid->slice[grid->slices++] = i;
    }
    return CSL_PLUGIN_OK;
}

void csl_grid_clear(csl_grid *grid)
{
    free(grid->origins);
    free(grid->along);
    free(grid->slice);
    *grid = (csl_grid){0};
}

void csl_grid_project(const csl_grid *grid, uint32_t slice, const double point[3], double *column,
                      double *row)
{
    const double *origin = grid->origins[slice];
    const double from[3] = {point[0] - origin[0], point[1] - origin[1], point[2] - origin[2]};
    *column = csl_dot(from, grid->along_row) / grid->spacing[0];
    *row = csl_dot(from, grid->along_column) / grid->spacing[1];
}

bool csl_grid_is_regular(const csl_grid *grid, uint32_t first, uint32_t last)
{
    for (uint32_t i = first; i < last; i++) {
        if (fabs(grid->along[i + 1] - grid->along[i] - grid->spacing[2]) > 0.05 * grid->spacing[2])
            return false;
    }
    return true;
}
