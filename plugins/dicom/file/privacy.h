/* What in a DICOM file can name a patient without being an identifier. */
#ifndef CSL_PLUGIN_DICOM_PRIVACY_H
#define CSL_PLUGIN_DICOM_PRIVACY_H

#include "file/dcm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Gathered over the files of a case, so that each thing is said once, of the first file it was seen in. Zero
 * at first. */
typedef struct csl_privacy {
    uint32_t burned_in, free_text; /* number of files */
    uint32_t first_burned_in, first_free_text;
    uint32_t attributes; /* that hold free text, a bit each; see privacy.cc */
} csl_privacy;

/* Looks for BurnedInAnnotation and for free text (attributes that the Clean Descriptors Option of PS3.15
 * E.3.5 looks at). Nothing of the text is kept. */
void csl_privacy_note(csl_privacy *seen, csl_dcm_file *file, const csl_dcm_header *header, uint32_t input);
int32_t csl_privacy_warn(const csl_privacy *seen, const csl_sink *sink); /* what the sink says */

#ifdef __cplusplus
}
#endif
#endif
