#include "wave/ecg.h"

#include "pixel/region.h"
#include "wave/qrs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;
static const double highest = 40; /* Hz that the spectrum is looked at up to */
static const double spectrum_hz = 250,
                    beats_hz = 1000; /* sampled twice as fast or more, neighbours are averaged */

const char *const csl_ecg_names[CSL_ECG_FEATURES] = {"sampling_frequency",
                                                     "duration",
                                                     "mean",
                                                     "deviation",
                                                     "minimum",
                                                     "percentile10",
                                                     "median",
                                                     "percentile90",
                                                     "maximum",
                                                     "slope",
                                                     "zero_crossings",
                                                     "dominant_frequency",
                                                     "beats",
                                                     "heart_rate",
                                                     "rr_mean",
                                                     "rr_sdnn",
                                                     "rr_rmssd"};
const char *const csl_ecg_units[CSL_ECG_FEATURES] = {"Hz",   "s",  "mV", "mV", "mV",   "mV", "mV", "mV", "mV",
                                                     "mV/s", "/s", "Hz", "1",  "/min", "ms", "ms", "ms"};

/* Gaps take the value before them, a gap at the start the first value; false if there is none at all. */
static bool fill_gaps(float *values, size_t count)
{
    size_t first = 0;
    while (first < count && isnan(values[first])) first++;
    if (first == count) return false;
    for (size_t i = 0; i < first; i++) values[i] = values[first];
    for (size_t i = first + 1; i < count; i++) values[i] = isnan(values[i]) ? values[i - 1] : values[i];
    return true;
}

static void measure_amplitudes(const float *values, size_t count, double frequency, float *scratch,
                               float *features)
{
    double sum = 0, squares = 0, steps = 0;
    for (size_t i = 0; i < count; i++) sum += (double)values[i];
    double mean = sum / (double)count;
    for (size_t i = 0; i < count; i++) {
        double d = (double)values[i] - mean, step = i > 0 ? (double)values[i] - (double)values[i - 1] : 0;
        squares += d * d;
        steps += step * step;
    }
    memcpy(scratch, values, count * sizeof *scratch);
    csl_sort_floats(scratch, scratch + count, count);
    features[CSL_ECG_MEAN] = (float)mean;
    features[CSL_ECG_DEVIATION] = (float)sqrt(squares / (double)count);
    features[CSL_ECG_MINIMUM] = scratch[0];
    features[CSL_ECG_P10] = (float)csl_quantile(scratch, count, 0.1);
    features[CSL_ECG_MEDIAN] = (float)csl_quantile(scratch, count, 0.5);
    features[CSL_ECG_P90] = (float)csl_quantile(scratch, count, 0.9);
    features[CSL_ECG_MAXIMUM] = scratch[count - 1];
    if (count > 1) features[CSL_ECG_SLOPE] = (float)(sqrt(steps / (double)(count - 1)) * frequency);
}

/* How often a second the signal passes its mean. */
static double crossings(const float *values, size_t count, double frequency)
{
    double sum = 0;
    size_t passed = 0;
    int side = 0;
    for (size_t i = 0; i < count; i++) sum += (double)values[i];
    double mean = sum / (double)count;
    for (size_t i = 0; i < count; i++) {
        int now = ((double)values[i] > mean) - ((double)values[i] < mean);
        passed += now * side < 0;
        side = now ? now : side;
    }
    return (double)passed * frequency / (double)count;
}

/* Averages of `factor` neighbours each; returns how many. */
static size_t reduce(const float *values, size_t count, size_t factor, float *reduced)
{
    for (size_t i = 0; i < count / factor; i++) {
        double sum = 0;
        for (size_t k = 0; k < factor; k++) sum += (double)values[i * factor + k];
        reduced[i] = (float)(sum / (double)factor);
    }
    return count / factor;
}

static size_t factor_to(double frequency, double enough)
{
    return (size_t)fmax(1, floor(frequency / enough));
}

/* Of the harmonics of the window up to 40 Hz, the one with most power under a Hann window; NaN: no power. */
static double dominant(const float *values, size_t count, double frequency, float *reduced)
{
    size_t factor = factor_to(frequency, spectrum_hz), n = reduce(values, count, factor, reduced);
    double sum = 0, most = 0, found = NAN;
    if (n < 4) return NAN;
    for (size_t i = 0; i < n; i++) sum += (double)reduced[i];
    double mean = sum / (double)n, seconds = (double)(n * factor) / frequency;
    for (size_t i = 0; i < n; i++)
        reduced[i] =
            (float)(((double)reduced[i] - mean) * (0.5 - 0.5 * cos(2 * pi * ((double)i + 0.5) / (double)n)));
    for (size_t k = 1; k < n / 2 && (double)k / seconds <= highest; k++) {
        /* Goertzel: one harmonic by a recurrence. */
        double c = 2 * cos(2 * pi * (double)k / (double)n), s1 = 0, s2 = 0;
        for (size_t i = 0; i < n; i++) {
            double s0 = (double)reduced[i] + c * s1 - s2;
            s2 = s1;
            s1 = s0;
        }
        double power = s1 * s1 + s2 * s2 - c * s1 * s2;
        if (power > most) {
            most = power;
            found = (double)k / seconds;
        }
    }
    return found;
}

/* Rate and variability of the intervals between R peaks (Task Force of ESC and NASPE, Circulation 93, 1996):
 * SDNN with n - 1, RMSSD over neighbouring intervals. */
static void measure_beats(const uint32_t *peaks, size_t count, double frequency, float *features)
{
    double mean = 0, squares = 0, steps = 0;
    features[CSL_ECG_BEATS] = (float)count;
    if (count < 2) return;
    const size_t intervals = count - 1;
    const double ms = 1000 / frequency;
    mean = (double)(peaks[count - 1] - peaks[0]) * ms / (double)intervals;
    features[CSL_ECG_RR_MEAN] = (float)mean;
    features[CSL_ECG_RATE] = (float)(60000 / mean);
    if (count < 3) return;
    for (size_t i = 0; i < intervals; i++) {
        double interval = (double)(peaks[i + 1] - peaks[i]) * ms;
        double next = i + 2 < count ? (double)(peaks[i + 2] - peaks[i + 1]) * ms : interval;
        squares += (interval - mean) * (interval - mean);
        steps += (next - interval) * (next - interval);
    }
    features[CSL_ECG_RR_SDNN] = (float)sqrt(squares / (double)(intervals - 1));
    features[CSL_ECG_RR_RMSSD] = (float)sqrt(steps / (double)(intervals - 1));
}

/* Looks for R peaks and measures their intervals; false: out of memory. */
static bool find_beats(const float *values, size_t count, double frequency, float *reduced, float *features)
{
    size_t factor = factor_to(frequency, beats_hz), n = reduce(values, count, factor, reduced);
    size_t room = (size_t)((double)count / frequency * 5) + 2; /* 200 ms apart */
    uint32_t *peaks = malloc(room * sizeof *peaks);
    int64_t beats = peaks ? csl_qrs_find(reduced, n, frequency / (double)factor, peaks, room) : -1;
    if (beats >= 0) measure_beats(peaks, (size_t)beats, frequency / (double)factor, features);
    free(peaks);
    return beats >= 0;
}

bool csl_ecg_measure(float *values, size_t count, double frequency, bool is_voltage, bool has_beats,
                     float features[CSL_ECG_FEATURES])
{
    for (int i = 0; i < CSL_ECG_FEATURES; i++) features[i] = NAN;
    features[CSL_ECG_FREQUENCY] = (float)frequency;
    features[CSL_ECG_DURATION] = (float)((double)count / frequency);
    if (!fill_gaps(values, count)) return true;
    float *scratch = malloc(2 * count * sizeof *scratch);
    if (!scratch) return false;
    if (is_voltage) measure_amplitudes(values, count, frequency, scratch, features);
    features[CSL_ECG_CROSSINGS] = (float)crossings(values, count, frequency);
    features[CSL_ECG_DOMINANT] = (float)dominant(values, count, frequency, scratch);
    bool done = !has_beats || find_beats(values, count, frequency, scratch, features);
    free(scratch);
    return done;
}
