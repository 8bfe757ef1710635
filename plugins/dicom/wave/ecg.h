/* What a token says of one channel of a waveform over a window of time. docs/dicom.md has the formulas. */
#ifndef CSL_PLUGIN_DICOM_ECG_H
#define CSL_PLUGIN_DICOM_ECG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CSL_ECG_FREQUENCY,
    CSL_ECG_DURATION,
    CSL_ECG_MEAN,
    CSL_ECG_DEVIATION,
    CSL_ECG_MINIMUM,
    CSL_ECG_P10,
    CSL_ECG_MEDIAN,
    CSL_ECG_P90,
    CSL_ECG_MAXIMUM,
    CSL_ECG_SLOPE,
    CSL_ECG_CROSSINGS,
    CSL_ECG_DOMINANT,
    CSL_ECG_BEATS,
    CSL_ECG_RATE,
    CSL_ECG_RR_MEAN,
    CSL_ECG_RR_SDNN,
    CSL_ECG_RR_RMSSD,
    CSL_ECG_FEATURES
};

extern const char *const csl_ecg_names[CSL_ECG_FEATURES], *const csl_ecg_units[CSL_ECG_FEATURES];

/* values[count] at `frequency` Hz, NaN where there is none, are changed: gaps are filled. Amplitudes are NaN
 * unless is_voltage (values are millivolts); beats are looked for where has_beats. False: out of memory. */
bool csl_ecg_measure(float *values, size_t count, double frequency, bool is_voltage, bool has_beats,
                     float features[CSL_ECG_FEATURES]);

#endif
