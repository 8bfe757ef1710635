/* Where each frame of a multi-frame object lies: the plane position, plane orientation, pixel measures and
 * frame content functional groups (PS3.3 C.7.6.16.2), the slice vector of nuclear medicine (C.8.4.15) or the
 * grid frame offsets of a dose (C.8.8.3). */
#ifndef CSL_PLUGIN_DICOM_PLACE_H
#define CSL_PLUGIN_DICOM_PLACE_H

#include "file/dcm.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct csl_dcm_place {
    bool has_position, has_orientation;
    double position[3];                                /* of the centre of the first pixel, mm */
    double orientation[6];                             /* direction along a row, then along a column */
    double row_spacing, column_spacing, slice_spacing; /* mm, NaN = not known */
    uint32_t stack;   /* StackID as a number that tells stacks of this object apart, 0: none */
    int32_t temporal; /* TemporalPositionIndex, 0: none */
    int32_t segment;  /* ReferencedSegmentNumber of a segmentation's frame, 0: none */
} csl_dcm_place;

/* One place for each frame, in stored order, which the caller frees; *count is 0, and *places NULL, where the
 * object does not say where its frames lie or says it for another number of frames than it has.
 * CSL_PLUGIN_NO_MEMORY is the only failure that a file cannot be blamed for. */
int32_t csl_dcm_places_read(csl_dcm_file *file, const csl_dcm_header *header, csl_dcm_place **places,
                            uint32_t *count, csl_dcm_error *error);

/* What the frames of an object without places are, by FrameIncrementPointer (PS3.3 C.7.6.6.1): "time",
 * "energy windows and detectors"; empty where it does not say. */
void csl_dcm_frame_axes(csl_dcm_file *file, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
