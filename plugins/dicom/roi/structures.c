#include "roi/structures.h"

#include "file/nifti.h"
#include "file/object.h"

#include <stdlib.h>
#include <string.h>

int32_t csl_structures_open(const uint8_t *bytes, uint64_t length, csl_structures *from, csl_dcm_error *error)
{
    *from = (csl_structures){.bits_of = -1};
    if (csl_nifti_is(bytes, length)) {
        from->kind = CSL_STRUCTURES_LABELS;
        return csl_nifti_read(bytes, length, from, error);
    }
    int32_t status = csl_dcm_open(bytes, length, &from->file, error);
    if (status == CSL_PLUGIN_OK) status = csl_dcm_header_read(from->file, &from->header, error);
    if (status != CSL_PLUGIN_OK) return status;
    switch (csl_object_regions(from->header.sop_class)) {
    case CSL_OBJECT_SEGMENTATION:
        from->kind = CSL_STRUCTURES_SEGMENTATION;
        return csl_seg_read(from->file, from, error);
    case CSL_OBJECT_STRUCTURE_SET:
        from->kind = CSL_STRUCTURES_CONTOURS;
        return csl_rtstruct_read(from->file, from, error);
    case CSL_OBJECT_NO_REGIONS: break;
    }
    return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(0008,0016) SOPClassUID",
                        "is %s, which holds no regions of interest; a Segmentation, an RT Structure Set or a "
                        "NIfTI-1 mask does",
                        from->header.sop_name);
}

static void clear_contours(csl_contours *contours)
{
    free(contours->points);
    free(contours->items);
    *contours = (csl_contours){0};
}

void csl_structures_close(csl_structures *from)
{
    clear_contours(&from->contours);
    csl_dcm_close(from->file);
    free(from->regions);
    free(from->places);
    free(from->along);
    free(from->bits);
    free(from->crossings);
    free(from->polygon);
    free(from->nifti.labels);
    *from = (csl_structures){.bits_of = -1};
}

int32_t csl_structures_prepare(csl_structures *from, uint32_t region, const csl_grid *grid,
                               csl_dcm_error *error)
{
    switch (from->kind) {
    case CSL_STRUCTURES_SEGMENTATION: return csl_seg_prepare(from, region, grid, error);
    case CSL_STRUCTURES_CONTOURS:
        clear_contours(&from->contours);
        return csl_contour_prepare(from, region, grid, error);
    case CSL_STRUCTURES_LABELS: break;
    }
    return csl_nifti_prepare(&from->nifti, grid, error);
}

int32_t csl_structures_slice(csl_structures *from, uint32_t region, const csl_grid *grid, uint32_t slice,
                             uint8_t *mask, uint64_t *inside, csl_dcm_error *error)
{
    *inside = 0;
    switch (from->kind) {
    case CSL_STRUCTURES_SEGMENTATION: return csl_seg_slice(from, region, grid, slice, mask, inside, error);
    case CSL_STRUCTURES_CONTOURS: return csl_contour_slice(from, grid, slice, mask, inside, error);
    case CSL_STRUCTURES_LABELS: break;
    }
    csl_nifti_slice(&from->nifti, from->regions[region].number, grid, slice, mask, inside);
    return CSL_PLUGIN_OK;
}
