/* The surface of the morphological mask: marching cubes at level 0.5 of a mask of 0 and 1 (IBSI 3.1), so that
 * all vertices are half-way between a voxel inside and one outside. */
#ifndef CSL_PLUGIN_DICOM_RADIOMICS_MESH_H
#define CSL_PLUGIN_DICOM_RADIOMICS_MESH_H

#include "hull.h"
#include "roi.h"

/* Volume enclosed, mm3, and area, mm2. False: no memory. */
bool csl_mesh_measure(const csl_roi *roi, double *volume, double *area);

/* Vertices of the mesh among which are all those of its convex hull, in half voxels from voxel (0, 0, 0) of
 * the box. The caller frees them. NULL: no memory. */
csl_point *csl_mesh_extremes(const csl_roi *roi, size_t *count);

#endif
