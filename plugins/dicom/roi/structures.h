/* Regions of interest as files give them: DICOM segmentations (PS3.3 A.51), RT structure sets (A.19) and
 * NIfTI-1 masks. A file is opened once; a region's mask is made slice by slice on the grid of the volume it
 * lies in. */
#ifndef CSL_PLUGIN_DICOM_STRUCTURES_H
#define CSL_PLUGIN_DICOM_STRUCTURES_H

#include "space/grid.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { CSL_STRUCTURE_NAME_BYTES = 65, CSL_STRUCTURE_CODE_BYTES = 32 };

#define CSL_STRUCTURES_WORK (UINT64_C(1) << 31) /* edges times rows of one file that are looked at */

typedef struct csl_structure {
    int32_t number;                      /* SegmentNumber, ROINumber, or the value of the mask's voxels */
    char name[CSL_STRUCTURE_NAME_BYTES]; /* SegmentLabel or ROIName: to compare with what the user asks for,
                                            never printed */
    char code[CSL_STRUCTURE_CODE_BYTES]; /* "SCT|10200004", empty: none of a known scheme */
    char frame_of_reference[CSL_DCM_UID_BYTES]; /* empty: not said */
} csl_structure;

/* One contour of a structure set, in the patient's coordinates. */
typedef struct csl_contour {
    size_t first, count; /* points, in csl_contours.points */
    double along;        /* mm along the normal of the grid it was last sorted for */
} csl_contour;

typedef struct csl_contours {
    double *points; /* [3 x point_count] */
    size_t point_count;
    csl_contour *items;
    size_t count;
    uint32_t skipped; /* contours of another geometric type than CLOSED_PLANAR, or broken ones */
} csl_contours;

/* Voxels of a NIfTI-1 file as labels, and how its indices lie in the patient. */
typedef struct csl_nifti {
    uint32_t size[3];
    uint16_t *labels;      /* [z][y][x] */
    double to_index[3][4]; /* from millimetres in the patient */
} csl_nifti;

typedef enum csl_structures_kind {
    CSL_STRUCTURES_SEGMENTATION,
    CSL_STRUCTURES_CONTOURS,
    CSL_STRUCTURES_LABELS
} csl_structures_kind;

typedef struct csl_structures {
    csl_structures_kind kind;
    csl_structure *regions; /* [count] */
    uint32_t count;
    char series[CSL_DCM_UID_BYTES]; /* that the regions were drawn on, empty: not said */
    /* segmentation */
    csl_dcm_file *file;
    csl_dcm_header header;
    csl_dcm_place *places; /* [header.pixels.frames] */
    bool is_fractional, is_label_map;
    uint32_t full;   /* MaximumFractionalValue */
    double *along;   /* [header.pixels.frames], NaN: no frame of the region that was prepared; owned */
    double step;     /* mm between its own frames */
    uint8_t *bits;   /* of one frame, owned */
    int64_t bits_of; /* which, -1: none; segments differ in label maps */
    /* structure set: the region that was prepared */
    csl_contours contours;
    uint8_t *crossings;
    double *polygon;
    uint64_t work; /* crossings so far, against CSL_STRUCTURES_WORK */
    csl_nifti nifti;
} csl_structures;

/* Reads what regions there are. The bytes must outlive the file. */
int32_t csl_structures_open(const uint8_t *bytes, uint64_t length, csl_structures *from,
                            csl_dcm_error *error);
void csl_structures_close(csl_structures *from);

/* Makes ready to give the masks of one region on one grid. */
int32_t csl_structures_prepare(csl_structures *from, uint32_t region, const csl_grid *grid,
                               csl_dcm_error *error);
/* The region that was prepared, in one slice of the grid: mask is [rows][columns] of 0 and 1; *inside, the
 * number of ones. */
int32_t csl_structures_slice(csl_structures *from, uint32_t region, const csl_grid *grid, uint32_t slice,
                             uint8_t *mask, uint64_t *inside, csl_dcm_error *error);

/* What the kinds do for the above (seg.cc and seg_slice.c, rtstruct.cc and contour_slice.c, nifti.c). */
int32_t csl_seg_read(csl_dcm_file *file, csl_structures *from, csl_dcm_error *error);
int32_t csl_seg_frame(const csl_structures *from, uint32_t frame, int32_t segment, uint8_t *mask,
                      csl_dcm_error *error);
int32_t csl_seg_prepare(csl_structures *from, uint32_t region, const csl_grid *grid, csl_dcm_error *error);
int32_t csl_seg_slice(csl_structures *from, uint32_t region, const csl_grid *grid, uint32_t slice,
                      uint8_t *mask, uint64_t *inside, csl_dcm_error *error);
int32_t csl_rtstruct_read(csl_dcm_file *file, csl_structures *from, csl_dcm_error *error);
int32_t csl_rtstruct_contours(csl_dcm_file *file, int32_t number, csl_contours *contours,
                              csl_dcm_error *error);
int32_t csl_contour_prepare(csl_structures *from, uint32_t region, const csl_grid *grid,
                            csl_dcm_error *error);
int32_t csl_contour_slice(csl_structures *from, const csl_grid *grid, uint32_t slice, uint8_t *mask,
                          uint64_t *inside, csl_dcm_error *error);
int32_t csl_nifti_read(const uint8_t *bytes, uint64_t length, csl_structures *from, csl_dcm_error *error);
int32_t csl_nifti_prepare(const csl_nifti *nifti, const csl_grid *grid, csl_dcm_error *error);
void csl_nifti_slice(const csl_nifti *nifti, int32_t label, const csl_grid *grid, uint32_t slice,
                     uint8_t *mask, uint64_t *inside);

#ifdef __cplusplus
}
#endif
#endif
