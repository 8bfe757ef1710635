/* What a file is by its SOP class (PS3.6 table A-1, PS3.4 B.5), where it is no image. */
#ifndef CSL_PLUGIN_DICOM_OBJECT_H
#define CSL_PLUGIN_DICOM_OBJECT_H

#include <stdint.h>

/* In a reader's words: "a structured report"; NULL: of a class that is not in the table. */
const char *csl_object_name(const char *sop_class);

int32_t csl_object_is_directory(const char *sop_class); /* a DICOMDIR, PS3.3 F.5 */
int32_t csl_object_is_waveform(const char *sop_class);

#endif
