/* One call of embed: the files of a case, opened one at a time, and what the first look at them found. */
#ifndef CSL_PLUGIN_DICOM_READING_H
#define CSL_PLUGIN_DICOM_READING_H

#include "space/stack.h"

#include <consilium/preview.h>

enum { CSL_READING_KEPT = 64 }; /* of the first so many files */

typedef struct csl_reading {
    const csl_preview *preview; /* NULL: the host wants no key image */
    bool deidentify;            /* say no facts */
    const csl_input *inputs;
    uint32_t input_count;
    const csl_sink *sink;
    csl_stacks stacks;
    csl_instance *instances; /* [instance_count], owned; in the order of stacks once those are built */
    uint32_t instance_count, instance_room;
    uint32_t *structure_inputs; /* [structure_count] files of regions of interest, owned */
    uint32_t structure_count;
    uint32_t *waveform_inputs; /* [waveform_count] waveforms, owned */
    uint32_t waveform_count;
    bool has_tokens;    /* something was emitted */
    bool showed;        /* the key image has been emitted, or must not be */
    struct csl_kept *kept[CSL_READING_KEPT]; /* small files stay open for the second look; NULL: not */
    csl_dcm_file *file; /* the last one opened, for frames of one instance */
    csl_dcm_header header;
    uint32_t file_input;
} csl_reading;

/* Opens a file of the case, unless it is the one that is open, and reads its header into reading->header. */
int32_t csl_reading_open(csl_reading *reading, uint32_t input);
/* Says why an input is refused, if it or a library is to blame; returns `status`. */
int32_t csl_reading_refuse(const csl_reading *reading, uint32_t input, int32_t status,
                           const csl_dcm_error *error);
void csl_reading_clear(csl_reading *reading);

/* First pass: facts, what kind of object each file is, and stacks of the images among them. */
int32_t csl_reading_survey(csl_reading *reading);

#endif
