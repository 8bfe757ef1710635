/* Convex hulls of points on a grid, exact: coordinates are whole numbers and no sign is ever rounded. */
#ifndef CSL_PLUGIN_DICOM_RADIOMICS_HULL_H
#define CSL_PLUGIN_DICOM_RADIOMICS_HULL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CSL_POINT_MAX 65536 /* of a coordinate: products of three differences fit 64 bits */

typedef struct csl_point {
    int32_t at[3];
} csl_point;

typedef struct csl_hull {
    csl_point *vertices;
    size_t vertex_count;
    uint32_t (*faces)[3]; /* vertices, counter-clockwise from outside; coplanar faces are left apart */
    size_t face_count;
} csl_hull;

/* Of different points of one plane z, in the order of y and then of x, keeps those that are corners of their
 * convex hull, and moves them to the front. Returns how many. */
size_t csl_hull_flat(csl_point *points, size_t count);

/* The hull of points that do not all lie in one plane. False: no memory. The caller clears it. */
bool csl_hull_make(const csl_point *points, size_t count, csl_hull *hull);
void csl_hull_clear(csl_hull *hull);

#endif
