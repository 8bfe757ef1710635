/* Waveforms: beats where they were put, and samples in their physical units. */
#include "../../../plugins/dicom/wave/ecg.h"

#include "../../../plugins/dicom/wave/qrs.h"
#include "made.h"
#include "spoil.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(ecg, .fini = adapter_close);

static double noise(uint64_t *state)
{ /* about normal, deviation 1 */
    double sum = 0;
    for (int i = 0; i < 12; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        sum += (double)(*state >> 11) / 9007199254740992.0;
    }
    return sum - 6;
}

static double bump(double t, double at, double width, double height)
{
    double u = (t - at) / width;
    return fabs(u) < 6 ? height * exp(-u * u / 2) : 0;
}

/* P, Q, R, S and T as bumps about an R peak at 0 s: 1 mV and some 80 ms of QRS, T of 0.3 mV after 280 ms,
 * less at high rates, as in any textbook. */
static double beat(double t, double interval)
{
    double late = 0.28 * sqrt(interval);
    return bump(t, -0.16 * sqrt(interval), 0.02, 0.12) + bump(t, -0.028, 0.009, -0.12) +
           bump(t, 0, 0.011, 1) + bump(t, 0.03, 0.01, -0.22) + bump(t, late, 0.04, 0.3);
}

/* R peaks at times[beats] seconds, with 0.03 mV of noise, 0.05 mV of mains and 0.4 mV of breathing. */
static void draw(float *values, size_t count, double frequency, const double *times, size_t beats,
                 double sign)
{
    uint64_t state = 7;
    for (size_t i = 0; i < count; i++) {
        double t = (double)i / frequency;
        double v =
            0.4 * sin(2 * acos(-1) * 0.25 * t) + 0.05 * sin(2 * acos(-1) * 50 * t) + 0.03 * noise(&state);
        for (size_t k = 0; k < beats; k++) {
            double interval = k > 0 ? times[k] - times[k - 1] : times[1] - times[0];
            v += sign * beat(t - times[k], interval);
        }
        values[i] = (float)v;
    }
}

/* Regular rhythm at known rates: every beat within 10 ms, none more. */
Test(ecg, rates_that_were_put_in)
{
    static const double rates[] = {40, 60, 75, 100, 140, 180}, frequencies[] = {125, 250, 500, 1000};
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        for (size_t f = 0; f < sizeof frequencies / sizeof *frequencies; f++) {
            double frequency = frequencies[f], times[40];
            size_t count = (size_t)(10 * frequency), beats = 0;
            for (double t = 0.3; t < 9.8; t += 60 / rates[r]) times[beats++] = t;
            float *values = malloc(count * sizeof *values), features[CSL_ECG_FEATURES];
            uint32_t peaks[64];
            for (int sign = -1; sign <= 1; sign += 2) {
                draw(values, count, frequency, times, beats, sign);
                int64_t found = csl_qrs_find(values, count, frequency, peaks, 64);
                cr_assert_eq(found, (int64_t)beats, "%g/min at %g Hz, sign %d: %lld beats of %zu", rates[r],
                             frequency, sign, (long long)found, beats);
                for (size_t k = 0; k < beats; k++)
                    cr_assert_float_eq(peaks[k] / frequency, times[k], 0.010,
                                       "%g/min at %g Hz, beat %zu at %g", rates[r], frequency, k,
                                       peaks[k] / frequency);
                cr_assert(csl_ecg_measure(values, count, frequency, true, true, features));
                cr_assert_float_eq((double)features[CSL_ECG_RATE], rates[r], 0.01 * rates[r]);
            }
            free(values);
        }
    }
}

/* Intervals of 0.7, 0.9, 0.7, ... s: mean and SDNN over nine of them, RMSSD 200 ms. */
Test(ecg, variability_that_was_put_in)
{
    enum { BEATS = 10, COUNT = 5000 };
    double times[BEATS] = {0.5}, mean = 0, squares = 0;
    static float values[COUNT];
    float features[CSL_ECG_FEATURES];
    for (int k = 1; k < BEATS; k++) times[k] = times[k - 1] + (k % 2 ? 0.7 : 0.9);
    mean = (times[BEATS - 1] - times[0]) / (BEATS - 1);
    for (int k = 1; k < BEATS; k++) squares += pow(times[k] - times[k - 1] - mean, 2);
    draw(values, COUNT, 500, times, BEATS, 1);
    cr_assert(csl_ecg_measure(values, COUNT, 500, true, true, features));
    cr_assert_float_eq((double)features[CSL_ECG_BEATS], BEATS, 0);
    cr_assert_float_eq((double)features[CSL_ECG_RR_MEAN], 1000 * mean, 2);
    cr_assert_float_eq((double)features[CSL_ECG_RR_SDNN], 1000 * sqrt(squares / (BEATS - 2)), 4);
    cr_assert_float_eq((double)features[CSL_ECG_RR_RMSSD], 200, 6);
}

Test(ecg, nothing_beats_in_noise_or_silence)
{
    static float values[5000];
    uint32_t peaks[64];
    uint64_t state = 3;
    cr_assert_eq(csl_qrs_find(values, 5000, 500, peaks, 64), 0);
    for (int i = 0; i < 5000; i++) values[i] = (float)noise(&state);
    cr_assert_eq(csl_qrs_find(values, 5000, 500, peaks, 64), 0);
    for (int i = 0; i < 5000; i++) values[i] = (float)sin(0.05 * i);
    cr_assert_eq(csl_qrs_find(values, 5000, 500, peaks, 64), 0);
}

/* A sine of 7 Hz and amplitude 2: deviation sqrt(2), 14 crossings a second, slope 2 pi 7 sqrt(2). */
Test(ecg, a_sine)
{
    static float values[2000];
    float features[CSL_ECG_FEATURES];
    const double pi = acos(-1);
    for (int i = 0; i < 2000; i++) values[i] = (float)(2 * sin(2 * pi * 7 * (i + 0.5) / 500));
    values[3] = NAN; /* takes the value before it */
    cr_assert(csl_ecg_measure(values, 2000, 500, true, false, features));
    cr_assert_float_eq((double)features[CSL_ECG_DOMINANT], 7, 1e-6);
    cr_assert_float_eq((double)features[CSL_ECG_DEVIATION], sqrt(2), 1e-3);
    cr_assert_float_eq((double)features[CSL_ECG_CROSSINGS], 14, 0.3);
    cr_assert_float_eq((double)features[CSL_ECG_SLOPE], 2 * pi * 7 * sqrt(2), 0.2);
    cr_assert_float_eq((double)features[CSL_ECG_MAXIMUM], 2, 1e-3);
    cr_assert(isnan(features[CSL_ECG_BEATS]));
}

static void add_channel(made *m, const char *value, const char *scheme, const char *sensitivity,
                        const char *unit)
{
    made_open_item(m);
    made_open_sequence(m, 0x003A0208);
    made_open_item(m);
    made_text(m, 0x00080100, "SH", value);
    made_text(m, 0x00080102, "SH", scheme);
    made_close_item(m);
    made_close_sequence(m);
    made_text(m, 0x003A0210, "DS", sensitivity);
    made_open_sequence(m, 0x003A0211);
    made_open_item(m);
    made_text(m, 0x00080100, "SH", unit);
    made_text(m, 0x00080102, "SH", "UCUM");
    made_close_item(m);
    made_close_sequence(m);
    made_text(m, 0x003A0212, "DS", "2");
    made_text(m, 0x003A0213, "DS", "500");
    made_close_item(m);
}

/* Two channels at 100 Hz: one counts up to 99 and begins again, the other stays at -40; sensitivities of 2.5
 * uV and 1 mm[Hg], corrected by 2, zero at 500 of the unit. */
static made waveform(unsigned samples, unsigned written)
{
    made m = {NULL, 0, 0};
    char number[16];
    made_start(&m, "1.2.840.10008.1.2.1");
    made_text(&m, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.9.1.1");
    made_text(&m, 0x00080018, "UI", "1.2.7");
    made_text(&m, 0x00080060, "CS", "ECG");
    made_open_sequence(&m, 0x54000100);
    made_open_item(&m);
    made_us(&m, 0x003A0005, 2);
    made_tag(&m, 0x003A, 0x0010);
    made_raw(&m, (const uint8_t[]){'U', 'L', 4, 0, (uint8_t)samples, (uint8_t)(samples >> 8), 0, 0}, 8);
    snprintf(number, sizeof number, "100");
    made_text(&m, 0x003A001A, "DS", number);
    made_open_sequence(&m, 0x003A0200);
    add_channel(&m, "5.6.3-9-62", "SCPECG", "2.5", "uV");
    add_channel(&m, "Jane Doe", "99LOCAL", "1", "mm[Hg]");
    made_close_sequence(&m);
    made_us(&m, 0x54001004, 16);
    made_text(&m, 0x54001006, "CS", "SS");
    made_long(&m, 0x54001010, "OW", 4 * written);
    for (unsigned i = 0; i < written; i++) {
        const int16_t pair[2] = {(int16_t)(i % 100), -40};
        made_raw(&m, pair, 4);
    }
    made_close_item(&m);
    made_close_sequence(&m);
    return m;
}

static heard *embed_made(made *m)
{
    cr_assert_not_null(adapter_open());
    file_set *set = set_new();
    set_add(set, "w.dcm", m->bytes, m->length);
    heard *h = adapter_embed(set);
    set_free(set);
    made_free(m);
    return h;
}

/* 25 s: three windows of 8.33 s. Value = sample x sensitivity x correction + baseline (PS3.3 C.10.9.1.4). */
Test(ecg, samples_in_physical_units)
{
    made m = waveform(2500, 2500);
    heard *h = embed_made(&m);
    cr_assert_eq(h->status, CSL_PLUGIN_OK, "%s", h->failure.text);
    cr_assert_eq(h->token_count, 6u);
    const heard_token *voltage = &h->tokens[0], *pressure = &h->tokens[1];
    cr_assert_eq(voltage->stream, 2u);
    cr_assert_eq(strncmp(voltage->label, "ECG lead aVR, 0.0 to 8.3 s of 25.0", 34), 0, "%s", voltage->label);
    cr_assert_eq(strncmp(pressure->label, "ECG channel 2 of 2, 0.0 to 8.3 s of 25.0", 40), 0, "%s",
                 pressure->label);
    cr_assert_str_eq(voltage->code, "MDC|2:62");
    cr_assert_str_eq(pressure->code, "");
    cr_assert_float_eq(heard_feature(voltage, "minimum"), 0.5, 1e-6);
    cr_assert_float_eq(heard_feature(voltage, "maximum"), 0.5 + 99 * 0.005, 1e-6);
    cr_assert_float_eq(heard_feature(voltage, "duration"), 8.33, 1e-5);
    cr_assert_float_eq(heard_feature(voltage, "sampling_frequency"), 100, 1e-5);
    cr_assert(isnan(heard_feature(pressure, "mean"))); /* no voltage */
    cr_assert_float_eq(h->tokens[2].position[1], 0.5, 1e-12);
    cr_assert_float_eq(h->tokens[2].position[0], 0.25, 1e-12);
    heard_free(h);
}

Test(ecg, a_waveform_that_ends_early_is_refused)
{
    made m = waveform(2500, 2499);
    heard *h = embed_made(&m);
    cr_assert_eq(h->status, CSL_PLUGIN_BAD_INPUT);
    cr_assert_str_eq(h->failure.place, "(5400,1010) WaveformData");
    heard_free(h);
}

/* The recording of pydicom's test files: mean interval 982.4 to 982.7 ms in every lead by scipy 1.10.1
 * (butter(3, 5 to 20 Hz), filtfilt, find_peaks), amplitudes of lead I in mV by pydicom 2.3.1 and
 * numpy 1.24.2. */
Test(ecg, a_real_recording)
{
    const char *path = real_path("dicom/pydicom/test_files/waveform_ecg.dcm");
    if (!path) return;
    cr_assert_not_null(adapter_open());
    file_set *set = set_new();
    cr_assert(set_add_path(set, path));
    heard *h = adapter_embed(set);
    cr_assert_eq(h->status, CSL_PLUGIN_OK);
    cr_assert_eq(h->token_count, 24u);
    for (size_t i = 0; i < 12; i++) {
        cr_assert_float_eq(heard_feature(&h->tokens[i], "beats"), 10, 0);
        cr_assert_float_eq(heard_feature(&h->tokens[i], "rr_mean"), 982.55, 0.3);
        cr_assert_float_eq(heard_feature(&h->tokens[i], "rr_sdnn"), 15, 0.7);
    }
    cr_assert_str_eq(h->tokens[0].label, "ECG lead I, 0.0 to 10.0 s of 10.0, 61 beats a minute");
    cr_assert_float_eq(heard_feature(&h->tokens[0], "mean"), 0.0926614, 1e-6);
    heard_free(h);
    set_free(set);
}

Test(ecg, spoiled_files)
{
    made m = waveform(300, 300);
    file_set *set = set_new();
    set_add(set, "w.dcm", m.bytes, m.length);
    cr_assert_not_null(adapter_open());
    spoil(set, 0);
    set_free(set);
    made_free(&m);
}
