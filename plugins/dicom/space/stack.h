/* Frames of a case sorted into stacks: a volume, frames of one series that have one size, spacing and
 * orientation and follow each other along their normal; frames that do not say where they lie, in stored
 * order; or a single image. One stack shares one grey scale. */
#ifndef CSL_PLUGIN_DICOM_STACK_H
#define CSL_PLUGIN_DICOM_STACK_H

#include "file/dcm.h"
#include "space/place.h"

enum {
    CSL_TOKEN_BUDGET = 256,      /* for a case */
    CSL_VOLUME_GRID = 4,         /* regions a side of a slice */
    CSL_VOLUME_SLICES = 16,      /* at most */
    CSL_IMAGE_GRID = 8,          /* regions a side of a single image */
    CSL_SERIES_GEOMETRIES = 1024 /* sizes, spacings and orientations in one series; more are refused */
};

/* What sorting needs of one frame, or of the frames of a file that does not say where they lie; small,
 * because a case may have thousands. */
typedef struct csl_instance {
    uint32_t input;
    uint32_t frame, frames; /* the first of them, and how many follow in stored order */
    uint32_t rows, columns;
    int32_t number;   /* InstanceNumber */
    int32_t temporal; /* which point in time, 0: not said */
    uint32_t stack_name;
    bool has_position, has_orientation, is_projection;
    char series[CSL_DCM_UID_BYTES], sop_instance[CSL_DCM_UID_BYTES], frame_of_reference[CSL_DCM_UID_BYTES];
    const char *modality; /* one of the codes csl_modality_code gives */
    const char *suv_lack; /* as in csl_dcm_header */
    double position[3], orientation[6];
    double row_spacing, column_spacing, slice_spacing;
    double along;   /* mm along the normal; this and the rest are set by csl_stacks_build */
    uint32_t stack; /* index of its stack */
    int32_t pass;   /* which of several frames in one place */
} csl_instance;

typedef struct csl_stack {
    uint32_t first, count; /* instances, in order along the volume */
    uint32_t slices;       /* count, or the frames of the one instance */
    double slice_spacing;  /* mm, NaN = not known */
    bool is_volume;        /* all slices have places along the normal */
    bool are_frames;       /* of one file or one place, rather than slices */
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

/* The whole of a file, or one frame of it at a place of its own. */
csl_instance csl_instance_of(const csl_dcm_header *header, uint32_t input);
csl_instance csl_instance_at(const csl_dcm_header *header, uint32_t input, uint32_t frame,
                             const csl_dcm_place *place);

/* Sorts instances[count] (which it reorders; the caller frees) into stacks (which the caller frees), shares
 * the token budget among them and notes copies, gaps, lean and mixed geometry. CSL_PLUGIN_BAD_INPUT, with the
 * input in *refused, where a series has more geometries than CSL_SERIES_GEOMETRIES. */
int32_t csl_stacks_build(csl_instance *instances, uint32_t count, csl_stacks *stacks, csl_stack_note note,
                         void *context, uint32_t *refused);

/* Notes what is odd about the places of a stack that is in order, and sets its spacing (examine.c). */
int32_t csl_stack_examine(csl_stack *stack, const csl_instance *instances, csl_stack_note note,
                          void *context);

/* Shares the budget of tokens among the stacks; returns how many got none (budget.c). */
uint32_t csl_stacks_share_budget(csl_stacks *stacks);

/* The i-th of the chosen slices: evenly spaced, in the middle of its share. */
uint32_t csl_stack_slice(const csl_stack *stack, uint32_t i);

/* Whether all its slices are somewhere in the patient. */
bool csl_stack_in_space(const csl_stacks *stacks, const csl_stack *stack);

/* Where slice k is: an instance and a frame of its file. */
const csl_instance *csl_stack_instance(const csl_stacks *stacks, const csl_stack *stack, uint32_t slice,
                                       uint32_t *frame);

#endif
