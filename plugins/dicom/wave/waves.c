#include "wave/waves.h"

#include "file/object.h"
#include "wave/waveform.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const char *const csl_waves_positions[CSL_WAVES_POSITIONS] = {"channel", "time"};

/* One multiplex group: `windows` equal parts of at most ten seconds, of which `chosen` give tokens. */
typedef struct group {
    uint32_t input, index;
    uint32_t channels, windows, chosen;
} group;

typedef struct waves {
    csl_reading *reading;
    group *groups;
    size_t count, room;
} waves;

static int32_t add_group(waves *w, uint32_t input, uint32_t index, const csl_wave_group *g)
{
    if (w->count == w->room) {
        size_t room = w->room ? 2 * w->room : 16;
        group *grown = realloc(w->groups, room * sizeof *grown);
        if (!grown) return CSL_PLUGIN_NO_MEMORY;
        w->groups = grown;
        w->room = room;
    }
    double windows = ceil((double)g->samples / g->frequency / CSL_WAVES_SECONDS);
    w->groups[w->count++] = (group){.input = input,
                                    .index = index,
                                    .channels = g->channel_count,
                                    .windows = windows < g->samples ? (uint32_t)windows : g->samples};
    return CSL_PLUGIN_OK;
}

static int32_t survey(waves *w, uint32_t input)
{
    csl_dcm_error error;
    csl_waveform waveform = {0};
    int32_t status = csl_reading_open(w->reading, input);
    if (status != CSL_PLUGIN_OK) return status;
    status = csl_waveform_read(w->reading->file, &waveform, &error);
    if (status != CSL_PLUGIN_OK) status = csl_reading_refuse(w->reading, input, status, &error);
    for (uint32_t i = 0; i < waveform.group_count && status == CSL_PLUGIN_OK; i++)
        status = add_group(w, input, i, &waveform.groups[i]);
    csl_waveform_clear(&waveform);
    return status;
}

/* Every group gets one window while there is room for its channels, in order; then each in turn one more. */
static int32_t share_budget(waves *w)
{
    uint32_t left = CSL_WAVES_BUDGET, without = 0;
    char text[128];
    for (size_t i = 0; i < w->count; i++) {
        group *g = &w->groups[i];
        g->chosen = g->channels <= left;
        without += !g->chosen;
        left -= g->chosen ? g->channels : 0;
    }
    for (bool grew = true; grew;) {
        grew = false;
        for (size_t i = 0; i < w->count; i++) {
            group *g = &w->groups[i];
            if (!g->chosen || g->chosen == g->windows || g->channels > left) continue;
            g->chosen++;
            left -= g->channels;
            grew = true;
        }
    }
    if (without == 0) return CSL_PLUGIN_OK;
    snprintf(text, sizeof text,
             "%u multiplex groups were left out: a case has room for %d tokens of waveforms", without,
             CSL_WAVES_BUDGET);
    return w->reading->sink->warn(w->reading->sink, w->groups[0].input, "(5400,0100) WaveformSequence", text);
}

static int32_t emit(const waves *w, const group *g, const csl_wave_group *wave, uint32_t channel,
                    uint32_t window, const float *features)
{
    const csl_wave_channel *c = &wave->channels[channel];
    const double whole = (double)wave->samples / wave->frequency, part = whole / g->windows;
    char label[192], which[32], rate[48] = "";
    if (c->lead)
        snprintf(which, sizeof which, "lead %s", c->lead);
    else
        snprintf(which, sizeof which, "channel %u of %u", channel + 1, g->channels);
    if (!isnan(features[CSL_ECG_RATE]))
        snprintf(rate, sizeof rate, ", %.0f beats a minute", (double)features[CSL_ECG_RATE]);
    snprintf(label, sizeof label, "%s %s, %.1f to %.1f s of %.1f%s",
             csl_object_waveform(w->reading->header.sop_class), which, part * window, part * (window + 1),
             whole, rate);
    const double position[CSL_WAVES_POSITIONS] = {(channel + 0.5) / g->channels, (window + 0.5) / g->windows};
    csl_token token = {.struct_size = sizeof token,
                       .input = g->input,
                       .features = features,
                       .position = position,
                       .label = label,
                       .code = c->code[0] ? c->code : NULL,
                       .stream = 2};
    w->reading->has_tokens = true;
    return w->reading->sink->token(w->reading->sink, &token);
}

static int32_t measure(const waves *w, const group *g, const csl_waveform *waveform)
{
    const csl_wave_group *wave = &waveform->groups[g->index];
    const bool has_beats = csl_object_has_beats(w->reading->header.sop_class);
    const uint32_t longest = wave->samples / g->windows + 1;
    float features[CSL_ECG_FEATURES], *values = NULL;
    csl_dcm_error error;
    int32_t status = CSL_PLUGIN_OK;
    for (uint32_t i = 0; i < g->chosen && status == CSL_PLUGIN_OK; i++) {
        uint32_t window = (uint32_t)(((uint64_t)2 * i + 1) * g->windows / ((uint64_t)2 * g->chosen));
        uint32_t first = (uint32_t)((uint64_t)wave->samples * window / g->windows);
        uint32_t count = (uint32_t)((uint64_t)wave->samples * (window + 1) / g->windows) - first;
        /* Only now: the first reading holds the samples against the file's length. */
        status = csl_waveform_check(w->reading->file, waveform, g->index, &error);
        if (status != CSL_PLUGIN_OK) return csl_reading_refuse(w->reading, g->input, status, &error);
        if (!values) values = malloc((size_t)longest * g->channels * sizeof *values);
        if (!values) return CSL_PLUGIN_NO_MEMORY;
        status = csl_waveform_values(w->reading->file, waveform, g->index, first, count, values, &error);
        if (status != CSL_PLUGIN_OK) (void)csl_reading_refuse(w->reading, g->input, status, &error);
        for (uint32_t c = 0; c < g->channels && status == CSL_PLUGIN_OK; c++) {
            bool done = csl_ecg_measure(values + (size_t)c * count, count, wave->frequency,
                                        wave->channels[c].is_voltage, has_beats, features);
            status = done ? emit(w, g, wave, c, window, features) : CSL_PLUGIN_NO_MEMORY;
        }
    }
    free(values);
    return status;
}

static int32_t measure_file(const waves *w, const group *g)
{
    csl_dcm_error error;
    csl_waveform waveform = {0};
    int32_t status = csl_reading_open(w->reading, g->input);
    if (status == CSL_PLUGIN_OK) {
        status = csl_waveform_read(w->reading->file, &waveform, &error);
        if (status != CSL_PLUGIN_OK) (void)csl_reading_refuse(w->reading, g->input, status, &error);
    }
    if (status == CSL_PLUGIN_OK) status = measure(w, g, &waveform);
    csl_waveform_clear(&waveform);
    return status;
}

int32_t csl_waves_emit(csl_reading *reading)
{
    waves w = {.reading = reading};
    int32_t status = CSL_PLUGIN_OK;
    for (uint32_t i = 0; i < reading->waveform_count && status == CSL_PLUGIN_OK; i++)
        status = survey(&w, reading->waveform_inputs[i]);
    if (status == CSL_PLUGIN_OK && w.count > 0) status = share_budget(&w);
    for (size_t i = 0; i < w.count && status == CSL_PLUGIN_OK; i++) {
        if (w.groups[i].chosen) status = measure_file(&w, &w.groups[i]);
    }
    free(w.groups);
    return status;
}
