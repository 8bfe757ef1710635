/* Closed planar polygons on a grid of pixels: a pixel is inside where its centre is, by the even-odd rule
 * over all polygons of a plane, so that a polygon inside another is a hole (PS3.3 C.8.8.6.3, CLOSED_PLANAR
 * with a keyhole and CLOSEDPLANAR_XOR alike). Centres on a left or upper edge are inside, on a right or lower
 * one outside. */
#ifndef CSL_PLUGIN_DICOM_POLYGON_H
#define CSL_PLUGIN_DICOM_POLYGON_H

#include <stddef.h>
#include <stdint.h>

/* Marks where rows cross the edges of one polygon; points are pairs of column and row, from the centre of the
 * first pixel. crossings is [rows][columns + 1], zero at first. Returns the number of crossings that were
 * looked at. */
uint64_t csl_polygon_cross(const double *points, size_t count, uint32_t columns, uint32_t rows,
                           uint8_t *crossings);

/* Turns the crossings of all polygons into a mask [rows][columns] of 0 and 1; returns the pixels inside. */
uint64_t csl_polygon_fill(const uint8_t *crossings, uint32_t columns, uint32_t rows, uint8_t *mask);

#endif
