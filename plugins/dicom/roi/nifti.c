/* NIfTI-1 masks on the grid of a volume. */
#include "file/nifti.h"

#include "roi/structures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LABELS = 255 }; /* different ones; more, or fractions, are a probability map */

/* Whole numbers are labels; where there are fractions or too many labels, at least a half is inside. */
static int32_t read_labels(const csl_nifti_file *file, csl_structures *from, csl_dcm_error *error)
{
    bool seen[65536] = {false}, is_map = false;
    uint32_t different = 0;
    from->nifti.labels = calloc(file->count, sizeof *from->nifti.labels);
    from->regions = calloc(MOST_LABELS, sizeof *from->regions);
    if (!from->nifti.labels || !from->regions)
        return csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, "voxels", "out of memory for a mask");
    for (uint64_t i = 0; i < file->count && !is_map; i++) {
        double value = csl_nifti_voxel(file, i);
        if (!(value > 0)) continue;
        is_map = value > 65535 || fabs(value - floor(value)) > 0;
        if (is_map) break;
        uint16_t label = (uint16_t)value;
        different += !seen[label];
        seen[label] = true;
        from->nifti.labels[i] = label;
        is_map = different > MOST_LABELS;
    }
    for (uint64_t i = 0; is_map && i < file->count; i++) {
        double value = csl_nifti_voxel(file, i);
        from->nifti.labels[i] = value >= 0.5;
    }
    if (is_map) from->regions[from->count++].number = 1;
    for (int label = 1; !is_map && label < 65536; label++) {
        if (seen[label]) from->regions[from->count++].number = label;
    }
    return CSL_PLUGIN_OK;
}

int32_t csl_nifti_read(const uint8_t *bytes, uint64_t length, csl_structures *from, csl_dcm_error *error)
{
    csl_nifti_file file;
    int32_t status = csl_nifti_open(bytes, length, &file, error);
    if (status != CSL_PLUGIN_OK) return status;
    memcpy(from->nifti.size, file.size, sizeof file.size);
    memcpy(from->nifti.to_index, file.to_index, sizeof file.to_index);
    status = read_labels(&file, from, error);
    csl_nifti_close(&file);
    return status;
}

static void index_of(const csl_nifti *nifti, const csl_grid *grid, uint32_t column, uint32_t row,
                     uint32_t slice, double index[3])
{
    double point[3];
    for (int i = 0; i < 3; i++)
        point[i] = grid->origins[slice][i] + column * grid->spacing[0] * grid->along_row[i] +
                   row * grid->spacing[1] * grid->along_column[i];
    for (int i = 0; i < 3; i++) {
        const double *t = nifti->to_index[i];
        index[i] = t[0] * point[0] + t[1] * point[1] + t[2] * point[2] + t[3];
    }
}

/* NIfTI has no frame of reference. A mask of the volume's own size is meant voxel for voxel: it must then lie
 * where the volume lies, whichever way its axes run. */
int32_t csl_nifti_prepare(const csl_nifti *nifti, const csl_grid *grid, csl_dcm_error *error)
{
    if (nifti->size[0] != grid->columns || nifti->size[1] != grid->rows || nifti->size[2] != grid->slices)
        return CSL_PLUGIN_OK;
    for (int corner = 0; corner < 8; corner++) {
        double index[3];
        index_of(nifti, grid, corner & 1 ? grid->columns - 1 : 0, corner & 2 ? grid->rows - 1 : 0,
                 corner & 4 ? grid->slices - 1 : 0, index);
        for (int i = 0; i < 3; i++) {
            double end = fmin(fabs(index[i]), fabs(index[i] - (nifti->size[i] - 1.0)));
            if (!(end < 0.5))
                return csl_dcm_fail(
                    error, CSL_PLUGIN_BAD_INPUT, "srow_x",
                    "the mask has the size of the volume, %u x %u x %u, but lies elsewhere or has "
                    "another spacing",
                    nifti->size[0], nifti->size[1], nifti->size[2]);
        }
    }
    return CSL_PLUGIN_OK;
}

void csl_nifti_slice(const csl_nifti *nifti, int32_t label, const csl_grid *grid, uint32_t slice,
                     uint8_t *mask, uint64_t *inside)
{
    double start[3], by_column[3], by_row[3];
    index_of(nifti, grid, 0, 0, slice, start);
    index_of(nifti, grid, 1, 0, slice, by_column);
    index_of(nifti, grid, 0, 1, slice, by_row);
    for (int i = 0; i < 3; i++) {
        by_column[i] -= start[i];
        by_row[i] -= start[i];
    }
    for (uint32_t row = 0; row < grid->rows; row++) {
        for (uint32_t column = 0; column < grid->columns; column++) {
            uint64_t at = 0, stride = 1;
            bool in = true;
            for (int i = 0; i < 3; i++) {
                double index = floor(start[i] + column * by_column[i] + row * by_row[i] + 0.5);
                in &= index >= 0 && index < nifti->size[i];
                at += in ? (uint64_t)index * stride : 0;
                stride *= nifti->size[i];
            }
            in = in && nifti->labels[at] == label;
            mask[(size_t)row * grid->columns + column] = in;
            *inside += in;
        }
    }
}
