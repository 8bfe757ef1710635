/* The grid of a volume in the patient: where each voxel's centre lies, in millimetres (PS3.3 C.7.6.2.1.1). */
#ifndef CSL_PLUGIN_DICOM_GRID_H
#define CSL_PLUGIN_DICOM_GRID_H

#include "space/stack.h"

typedef struct csl_grid {
    uint32_t columns, rows, slices;
    double along_row[3], along_column[3], normal[3]; /* unit vectors */
    double spacing[3];                               /* between columns, rows and slices */
    double (*origins)[3];                            /* [slices], of the first pixel's centre */
    double *along;   /* [slices], component of origins on the normal, rising */
    uint32_t *slice; /* [slices], the slice of the stack; copies of a place are left out */
} csl_grid;

/* CSL_PLUGIN_BAD_INPUT, with what is missing in the error, where the stack is no volume or spacing is not
 * known. */
int32_t csl_grid_of(const csl_stacks *stacks, const csl_stack *stack, csl_grid *grid, csl_dcm_error *error);
void csl_grid_clear(csl_grid *grid);

/* A point in columns and rows from the centre of the first pixel of a slice. */
void csl_grid_project(const csl_grid *grid, uint32_t slice, const double point[3], double *column,
                      double *row);

/* Whether slices first .. last follow each other by the regular step, within 5 % of it. */
bool csl_grid_is_regular(const csl_grid *grid, uint32_t first, uint32_t last);

#endif
