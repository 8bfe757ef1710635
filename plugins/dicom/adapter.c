/* org.consilium.dicom: DICOM objects to tokens and facts. docs/dicom.md says what each number means. */
#include "container.h"
#include "image.h"
#include "reading.h"
#include "synth.h"

#include <consilium/options.h>
#include <consilium/preview.h>
#include <consilium/synth.h>

#include <stdlib.h>
#include <string.h>

typedef struct adapter {
    const csl_preview *preview; /* NULL: the host wants none */
    bool deidentify;            /* say no facts */
    int32_t library;            /* what csl_dcm_library_open said; only embed can tell the user why */
    csl_dcm_error why;
} adapter;

static int32_t embed(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink)
{
    const adapter *self = instance;
    if (self->library != CSL_PLUGIN_OK) {
        (void)sink->fail(sink, 0, self->why.place, self->why.text);
        return self->library;
    }
    csl_reading reading = {.preview = self->preview,
                           .deidentify = self->deidentify,
                           .inputs = inputs,
                           .input_count = count,
                           .sink = sink};
    int32_t status = csl_reading_survey(&reading);
    if (status == CSL_PLUGIN_OK) status = csl_image_emit(&reading);
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
    const csl_options *options = host->get_extension(host, CSL_EXT_OPTIONS, 1);
    const char *deidentify = options ? options->get(host, "deidentify") : NULL;
    self->deidentify = deidentify && !strcmp(deidentify, "yes");
    if (deidentify && !self->deidentify && strcmp(deidentify, "no")) {
        deinit(self);
        return options->refuse(host, "deidentify", "yes or no");
    }
    return CSL_PLUGIN_OK;
}

static const void *get_extension(const char *id, uint32_t revision)
{
    static const csl_synth synth = {sizeof synth, 1, csl_dicom_synth};
    return revision <= 1 && strcmp(id, CSL_EXT_SYNTH) == 0 ? &synth : NULL;
}

static const csl_option deidentify_option = {
    .struct_size = sizeof deidentify_option,
    .name = "deidentify",
    .value = "yes|no",
    .help = "leave out what the basic profile of PS3.15 Annex E removes; no"};
static const csl_option *const options[] = {&deidentify_option};

static const csl_plugin plugin = {
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
    .probe = csl_container_probe,
    .init = init,
    .embed = embed,
    .deinit = deinit,
    .get_extension = get_extension,
    .patch_feature = 0,
    .patch_side = CSL_REGION_CELLS,
    .options = options,
    .option_count = sizeof options / sizeof *options,
};

const csl_plugin *consilium_plugin_entry(uint32_t host_abi_major, uint32_t host_abi_minor)
{
    (void)host_abi_major;
    (void)host_abi_minor;
    return &plugin;
}
