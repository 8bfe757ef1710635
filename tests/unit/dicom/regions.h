/* A volume and files with regions of interest in it, one of each kind. What is returned belongs to the
 * caller. */
#ifndef CSL_TESTS_DICOM_REGIONS_H
#define CSL_TESTS_DICOM_REGIONS_H

#include "made.h"

/* A CT of 5 slices of 16 columns and 12 rows, 0.5 x 0.75 x 2 mm; slice z holds `step` z HU. */
enum { REGIONS_COLUMNS = 16, REGIONS_ROWS = 12, REGIONS_SLICES = 5 };
#define REGIONS_FRAME "1.2.9"
file_set *regions_volume(unsigned step);

/* Columns 3 .. 10 and rows 2 .. 8 with a hole of columns 5 .. 6 and rows 4 .. 6, in slices 1 .. 3. */
made regions_structure_set(const char *frame_of_reference);

/* Segment 2 covers rows 2 .. 5 and columns 4 .. 9 of slices 3 and 1, stored in that order; segment 1 is
 * elsewhere. */
made regions_segmentation(bool fractional);

/* What the structure set holds as labels 2 on the volume's grid; the first voxel of all is label 1. */
made regions_nifti(bool quaternion);
made regions_gzipped(const made *m);

#endif
