/* The synth extension: a CT volume and a radiograph of one synthetic patient, with planted truth.
 * docs/dicom.md says what is planted where. */
#ifndef CSL_PLUGIN_DICOM_SYNTH_H
#define CSL_PLUGIN_DICOM_SYNTH_H

#include <consilium/synth.h>

/* csl_synth.write of this plugin: ct-000.dcm .. ct-007.dcm and dx.dcm. */
int32_t csl_dicom_synth(const csl_synth_subject *subject, const csl_synth_writer *writer);

#endif
