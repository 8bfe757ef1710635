/* org.consilium.dicom: DICOM objects to tokens and facts. docs/dicom.md says what each number means. */
#include "case/reading.h"
#include "file/container.h"
#include "file/nifti.h"
#include "image.h"
#include "options.h"
#include "roi/regions.h"
#include "synth/synth.h"
#include "wave/waves.h"

#include <consilium/preview.h>
#include <consilium/synth.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct adapter {
    const csl_preview *preview; /* NULL: the host wants none */
    csl_adapter_options options;
    int32_t library; /* what csl_dcm_library_open said; only embed can tell the user why */
    csl_dcm_error why;
} adapter;

static int32_t note_nothing(const csl_reading *reading)
{
    char text[160];
    snprintf(text, sizeof text,
             "none of the case's %u files gives a token: no image, region of interest or waveform",
             reading->input_count);
    return reading->sink->warn(reading->sink, 0, "case", text);
}

static int32_t embed(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink)
{
    const adapter *self = instance;
    if (self->library != CSL_PLUGIN_OK) {
        (void)sink->fail(sink, 0, self->why.place, self->why.text);
        return self->library;
    }
    csl_reading reading = {.preview = self->preview,
                           .deidentify = self->options.deidentify,
                           .inputs = inputs,
                           .input_count = count,
                           .sink = sink};
    int32_t status = csl_reading_survey(&reading);
    if (status == CSL_PLUGIN_OK) status = csl_image_emit(&reading);
    if (status == CSL_PLUGIN_OK) status = csl_regions_emit(&reading, &self->options.regions);
    if (status == CSL_PLUGIN_OK) status = csl_waves_emit(&reading);
    if (status == CSL_PLUGIN_OK && !reading.has_tokens) status = note_nothing(&reading);
    csl_reading_clear(&reading);
    return status;
}

static void deinit(void *instance)
{
    free(instance);
    csl_dcm_library_close();
}

static int32_t init(const csl_host *host, void **instance)
{
    adapter *self = calloc(1, sizeof *self);
    *instance = self;
    if (!self) return CSL_PLUGIN_NO_MEMORY;
    self->library = csl_dcm_library_open(&self->why);
    if (!host || !CSL_HAS(host, csl_host, get_extension) || !host->get_extension) return CSL_PLUGIN_OK;
    self->preview = host->get_extension(host, CSL_EXT_PREVIEW, 1);
    int32_t status =
        csl_adapter_options_read(host, host->get_extension(host, CSL_EXT_OPTIONS, 1), &self->options);
    if (status != CSL_PLUGIN_OK) deinit(self);
    return status;
}

static const void *get_extension(const char *id, uint32_t revision)
{
    static const csl_synth synth = {sizeof synth, 1, csl_dicom_synth};
    return revision <= 1 && strcmp(id, CSL_EXT_SYNTH) == 0 ? &synth : NULL;
}

static uint32_t probe(const uint8_t *head, uint64_t length, const char *name)
{
    uint32_t sure = csl_container_probe(head, length, name);
    return sure == 0 && csl_nifti_is(head, length) ? 90 : sure;
}

static const csl_stream radiomics = {.struct_size = sizeof radiomics,
                                     .feature_count = CSL_RADIOMICS_FEATURES,
                                     .position_count = CSL_REGIONS_POSITIONS,
                                     .coded_feature = -1,
                                     .modality = "radiomics",
                                     .feature_names = csl_radiomics_names,
                                     .feature_units = csl_radiomics_units,
                                     .position_names = csl_regions_positions};
static const csl_stream ecg = {.struct_size = sizeof ecg,
                               .feature_count = CSL_ECG_FEATURES,
                               .position_count = CSL_WAVES_POSITIONS,
                               .coded_feature = -1,
                               .modality = "ecg",
                               .feature_names = csl_ecg_names,
                               .feature_units = csl_ecg_units,
                               .position_names = csl_waves_positions};
static const csl_stream *const streams[] = {&radiomics, &ecg};

static csl_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_major = CSL_ABI_MAJOR,
    .abi_minor = CSL_ABI_MINOR,
    .feature_count = CSL_IMAGE_FEATURES,
    .position_count = CSL_IMAGE_POSITIONS,
    .coded_feature = -1,
    .id = "org.consilium.dicom",
    .name = "DICOM images",
    .version = "1.0.0",
    .modality = "image",
    .feature_names = csl_image_names,
    .feature_units = csl_image_units,
    .position_names = csl_image_positions,
    .probe = probe,
    .init = init,
    .embed = embed,
    .deinit = deinit,
    .get_extension = get_extension,
    .patch_feature = 0,
    .patch_side = CSL_REGION_CELLS,
    .streams = streams,
    .stream_count = sizeof streams / sizeof *streams,
    .option_count = CSL_ADAPTER_OPTIONS,
};

const csl_plugin *consilium_plugin_entry(uint32_t host_abi_major, uint32_t host_abi_minor)
{
    (void)host_abi_major;
    (void)host_abi_minor;
    plugin.options = csl_adapter_option_table();
    return &plugin;
}
