/* What a file is by its SOP class (PS3.6 table A-1, PS3.4 B.5), where it is no image. */
#ifndef CSL_PLUGIN_DICOM_OBJECT_H
#define CSL_PLUGIN_DICOM_OBJECT_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* In a reader's words: "a structured report"; NULL: of a class that is not in the table. */
const char *csl_object_name(const char *sop_class);

bool csl_object_is_directory(const char *sop_class); /* a DICOMDIR, PS3.3 F.5 */

typedef enum csl_region_object {
    CSL_OBJECT_NO_REGIONS,
    CSL_OBJECT_SEGMENTATION,
    CSL_OBJECT_STRUCTURE_SET
} csl_region_object;

/* As what it holds regions of interest. */
csl_region_object csl_object_regions(const char *sop_class);

/* The kind of a waveform, "ECG"; NULL: it is none whose channels are read. Sound is left out: a voice names
 * its owner. */
const char *csl_object_waveform(const char *sop_class);
bool csl_object_has_beats(const char *sop_class); /* a waveform in which heart beats show */

#ifdef __cplusplus
}
#endif
#endif
