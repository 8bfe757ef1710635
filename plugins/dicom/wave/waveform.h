/* Waveforms (PS3.3 A.34 and C.10.9): multiplex groups of channels, in physical units. */
#ifndef CSL_PLUGIN_DICOM_WAVEFORM_H
#define CSL_PLUGIN_DICOM_WAVEFORM_H

#include "file/dcm.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { CSL_WAVE_CHANNELS = 1024, CSL_WAVE_GROUPS = 256 }; /* at most, of a group and of a file */

typedef struct csl_wave_channel {
    char code[32];    /* ChannelSourceSequence as "MDC|2:1", empty: of no public scheme */
    const char *lead; /* "I", "aVR", "V1", ...; NULL: no lead of the 12-lead ECG */
    double scale;     /* value = sample x scale + baseline */
    double baseline;
    bool is_voltage; /* in millivolts; otherwise in a unit of its own, or in none */
} csl_wave_channel;

typedef struct csl_wave_group {
    csl_wave_channel *channels; /* [channel_count], owned */
    uint32_t channel_count;
    uint32_t samples; /* of each channel */
    double frequency; /* Hz */
    uint32_t bytes;   /* of a sample: 1, 2 or 4 */
    bool is_signed, has_padding;
    int64_t padding; /* a sample that means "nothing here" */
} csl_wave_group;

typedef struct csl_waveform {
    csl_wave_group *groups; /* [group_count], owned */
    uint32_t group_count;
} csl_waveform;

/* Reads what channels there are. CSL_PLUGIN_BAD_INPUT where a group does not describe its samples. */
int32_t csl_waveform_read(csl_dcm_file *file, csl_waveform *waveform, csl_dcm_error *error);
void csl_waveform_clear(csl_waveform *waveform);

/* Whether all of a group's samples are there. */
int32_t csl_waveform_check(csl_dcm_file *file, const csl_waveform *waveform, uint32_t group,
                           csl_dcm_error *error);

/* Samples first .. first + count - 1 of all channels of a group that was checked into values[channel][count];
 * padding is NaN. */
int32_t csl_waveform_values(csl_dcm_file *file, const csl_waveform *waveform, uint32_t group, uint32_t first,
                            uint32_t count, float *values, csl_dcm_error *error);

/* The lead of the 12-lead ECG that a code names (PS3.16 CID 3001), and the code that all names of it share;
 * NULL: none. */
const char *csl_wave_lead(const char *code, const char **shared);

#ifdef __cplusplus
}
#endif
#endif
