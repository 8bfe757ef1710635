/* The stream `ecg`: a token for each channel and window of a waveform. */
#ifndef CSL_PLUGIN_DICOM_WAVES_H
#define CSL_PLUGIN_DICOM_WAVES_H

#include "case/reading.h"
#include "wave/ecg.h"

enum {
    CSL_WAVES_POSITIONS = 2,
    CSL_WAVES_BUDGET = 256, /* tokens of a case */
    CSL_WAVES_SECONDS = 10, /* the longest window */
};
extern const char *const csl_waves_positions[CSL_WAVES_POSITIONS];

/* Last pass over the files that the survey found to be waveforms. */
int32_t csl_waves_emit(csl_reading *reading);

#endif
