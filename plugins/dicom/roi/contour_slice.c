/* A region of a structure set in one slice: the contours of the plane that is nearest to it. */
#include "roi/structures.h"

#include "roi/polygon.h"
#include "space/geometry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int rising(const void *left, const void *right)
{
    double a = ((const csl_contour *)left)->along, b = ((const csl_contour *)right)->along;
    return (a > b) - (a < b);
}

/* Where a contour lies along the normal; false if it leaves the plane of its mean by more than `bound`. */
static bool place(const csl_contours *contours, const double normal[3], double bound, csl_contour *contour)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < contour->count; i++) {
        double along = csl_dot(normal, contours->points + 3 * (contour->first + i));
        low = fmin(low, along);
        high = fmax(high, along);
    }
    contour->along = (low + high) / 2;
    return high - low <= bound;
}

int32_t csl_contour_prepare(csl_structures *from, uint32_t region, const csl_grid *grid, csl_dcm_error *error)
{
    csl_contours *contours = &from->contours;
    size_t kept = 0, longest = 1;
    int32_t status = csl_rtstruct_contours(from->file, from->regions[region].number, contours, error);
    if (status != CSL_PLUGIN_OK) return status;
    for (size_t i = 0; i < contours->count; i++) {
        csl_contour contour = contours->items[i];
        if (!place(contours, grid->normal, grid->spacing[2] / 2, &contour)) {
            contours->skipped++;
            continue;
        }
        longest = contour.count > longest ? contour.count : longest;
        contours->items[kept++] = contour;
    }
    contours->count = kept;
    qsort(contours->items, kept, sizeof *contours->items, rising);
    free(from->crossings);
    free(from->polygon);
    from->crossings = malloc((size_t)grid->rows * (grid->columns + 1));
    from->polygon = malloc(2 * longest * sizeof *from->polygon);
    return from->crossings && from->polygon
               ? CSL_PLUGIN_OK
               : csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, "(3006,0050) ContourData", "out of memory");
}

/* The first contour that is not below `along`. */
static size_t first_from(const csl_contours *contours, double along)
{
    size_t low = 0, high = contours->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (contours->items[middle].along < along)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int32_t csl_contour_slice(csl_structures *from, const csl_grid *grid, uint32_t slice, uint8_t *mask,
                          uint64_t *inside, csl_dcm_error *error)
{
    const csl_contours *contours = &from->contours;
    const double at = grid->along[slice], half = grid->spacing[2] / 2;
    const double rounding = fmin(0.05, grid->spacing[2] / 8); /* mm between contours that are of one plane */
    size_t next = first_from(contours, at), begin = next, end = next;
    double above = next < contours->count ? contours->items[next].along - at : INFINITY;
    double below = next > 0 ? at - contours->items[next - 1].along : INFINITY;
    double plane = above <= below ? at + above : at - below;
    /* Half way between two slices belongs to the upper one. */
    if (!(plane - at < half && at - plane <= half)) return CSL_PLUGIN_OK;
    while (begin > 0 && plane - contours->items[begin - 1].along <= rounding) begin--;
    while (end < contours->count && contours->items[end].along - plane <= rounding) end++;
    memset(from->crossings, 0, (size_t)grid->rows * (grid->columns + 1));
    for (; begin < end; begin++) {
        const csl_contour *contour = &contours->items[begin];
        for (size_t i = 0; i < contour->count; i++)
            csl_grid_project(grid, slice, contours->points + 3 * (contour->first + i), &from->polygon[2 * i],
                             &from->polygon[2 * i + 1]);
        from->work +=
            csl_polygon_cross(from->polygon, contour->count, grid->columns, grid->rows, from->crossings);
        if (from->work > CSL_STRUCTURES_WORK)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(3006,0050) ContourData",
                                "has more edges than this program follows");
    }
    *inside = csl_polygon_fill(from->crossings, grid->columns, grid->rows, mask);
    return CSL_PLUGIN_OK;
}
