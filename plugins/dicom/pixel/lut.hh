/* Lookup tables in a data set. */
#ifndef CSL_PLUGIN_DICOM_LUT_HH
#define CSL_PLUGIN_DICOM_LUT_HH

#include "file/file.hh"

namespace csl
{

/* Fills what is there of the frame's tables: palette, modality LUT, VOI LUT. CSL_PLUGIN_BAD_INPUT where one
 * that the pixels need is missing or has fewer entries than it says. */
int32_t read_luts(csl_dcm_file *file, const csl_dcm_header *header, uint32_t index, csl_dcm_frame *frame,
                  csl_dcm_error *error);

} // namespace csl

#endif
