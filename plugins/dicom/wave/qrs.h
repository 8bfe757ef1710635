/* Beats of an electrocardiogram, after Pan and Tompkins (IEEE Trans. Biomed. Eng. 32, 230-236, 1985):
 * band-pass, slope, square, moving window, two running thresholds, and a search back where a beat seems to be
 * missing. The band-pass runs forwards and backwards, so that nothing is delayed. */
#ifndef CSL_PLUGIN_DICOM_QRS_H
#define CSL_PLUGIN_DICOM_QRS_H

#include <stddef.h>
#include <stdint.h>

enum { CSL_QRS_MIN_HZ = 40 }; /* sampling below which QRS complexes are not looked for */

/* Writes the sample numbers of the R peaks, rising, into peaks[room]; returns how many, 0 where nothing
 * stands out, -1 out of memory. Two lie at least 200 ms apart. Values are finite. */
int64_t csl_qrs_find(const float *values, size_t count, double frequency, uint32_t *peaks, size_t room);

#endif
