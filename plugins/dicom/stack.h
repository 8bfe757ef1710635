/* Instances of a case sorted into stacks: a volume, one series of slices of equal size and orientation; or a
 * single image. One stack shares one grey scale. */
#ifndef CSL_PLUGIN_DICOM_STACK_H
#define CSL_PLUGIN_DICOM_STACK_H

#include "dcm.h"

enum {
    CSL_TOKEN_BUDGET = 256, /* for a case */
    CSL_VOLUME_GRID = 4,    /* regions a side of a slice */
    CSL_VOLUME_SLICES = 16, /* at most */
    CSL_IMAGE_GRID = 8,     /* regions a side of a single image */
};

/* What sorting needs of one image file; small, because a case may have thousands. */
typedef struct csl_instance {
    uint32_t input;
    uint32_t frames, rows, columns;
    int32_t number; /* InstanceNumber */
    bool has_position, has_orientation, is_projection, duplicate;
    char series[CSL_DCM_UID_BYTES], sop_instance[CSL_DCM_UID_BYTES];
    const char *modality; /* one of the codes csl_modality_code gives */
    double position[3], orientation[6];
    double row_spacing, column_spacing, slice_spacing;
    double along; /* mm along the normal, set by csl_stacks_build */
    uint32_t stack;
} csl_instance;

typedef struct csl_stack {
    uint32_t first, count; /* instances, in order along the volume */
    uint32_t slices;       /* count, or the frames of the one instance */
    double slice_spacing;  /* mm, NaN = not known */
    uint32_t chosen;       /* slices that give tokens; 0: the budget left none */
    uint32_t grid;         /* regions a side of each */
} csl_stack;

typedef struct csl_stacks {
    csl_instance *instances; /* reordered: each stack's lie together */
    uint32_t instance_count;
    csl_stack *stacks; /* in order of their first file */
    uint32_t stack_count;
} csl_stacks;

/* Told of what a reader should know: `input` is the file it was seen in. Nonzero stops. */
typedef int32_t (*csl_stack_note)(void *context, uint32_t input, const char *text);

/* Modality codes of DICOM that are kept (PS3.16 CID 29); "OT" for all else, so that no free text passes. */
const char *csl_modality_code(const char *modality);

csl_instance csl_instance_of(const csl_dcm_header *header, uint32_t input);

/* Sorts instances[count] (which it reorders; the caller frees) into stacks (which the caller frees), shares
 * the token budget among them and notes duplicates, gaps and mixed geometry. */
int32_t csl_stacks_build(csl_instance *instances, uint32_t count, csl_stacks *stacks, csl_stack_note note,
                         void *context);

/* The i-th of the chosen slices: evenly spaced, in the middle of its share. */
uint32_t csl_stack_slice(const csl_stack *stack, uint32_t i);

#endif
