/* What the texture matrices share: directions, averages, and the features of matrices of grey level and size.
 */
#ifndef CSL_PLUGIN_DICOM_RADIOMICS_TEXTURE_H
#define CSL_PLUGIN_DICOM_RADIOMICS_TEXTURE_H

#include "families.h"

/* Half of the 26 neighbours, the first four within a slice: each with its opposite is one direction. Offsets
 * in the grids of the region. */
#define CSL_DIRECTIONS_FLAT  4
#define CSL_DIRECTIONS_SOLID 13
void csl_directions(const csl_roi *roi, ptrdiff_t offsets[CSL_DIRECTIONS_SOLID]);

/* The mean of each of up to 25 features over matrices, those left out where they are undefined. */
typedef struct csl_average {
    double sum[25];
    uint32_t count[25];
} csl_average;

void csl_average_add(csl_average *average, const double *features, size_t count);
void csl_average_take(const csl_average *average, double *out, size_t count);

/* A cell of a matrix of grey level and size: of a run, a zone, its distance or a dependence; both from 1. */
typedef struct csl_cell {
    uint32_t level, size, count;
} csl_cell;

/* The 16 features that runs, zones and dependences have (IBSI 3.7, 3.8, 3.9, 3.11) and the energy, which
 * dependences alone have. Cells are sorted by level, those of one level and size are one; `voxels` is what
 * the percentage is of. by_size has room for all sizes below CSL_BY_SIZE that occur, all 0, and is so again
 * afterwards. */
#define CSL_BY_SIZE 65536u
void csl_emphasis(const csl_cell *cells, size_t count, double voxels, double *by_size,
                  double out[CSL_NGLDM_FEATURES]);

#endif
