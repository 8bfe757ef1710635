/* What grey values are measured in: Hounsfield units, SUV by body weight, or the arbitrary unit of the file.
 */
#ifndef CSL_PLUGIN_DICOM_UNIT_H
#define CSL_PLUGIN_DICOM_UNIT_H

#include "pixel/plane.h"

/* As labels write it: HU, SUV, a.u. */
const char *csl_unit_name(csl_unit unit);

/* What a feature of 1 stands for: values of all units then lie near 0 to 1. */
double csl_unit_scale(csl_unit unit);

csl_unit csl_unit_of(const csl_dcm_header *header, const csl_dcm_frame *frame);

/* Takes a plane as csl_plane_make leaves it to its unit. SUV is positive whatever the picture shows as
 * bright. */
void csl_unit_apply(const csl_dcm_header *header, csl_unit unit, csl_plane *plane);

#endif
