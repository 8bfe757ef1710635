/* org.consilium.dicom: DICOM images to grid-region tokens. docs/dicom.md says what each number means. */
#include "container.h"
#include "facts.h"
#include "picture.h"
#include "privacy.h"
#include "region.h"
#include "stack.h"
#include "synth.h"

#include <consilium/options.h>
#include <consilium/preview.h>
#include <consilium/synth.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROW_SPACING = CSL_REGION_FEATURES,
    COLUMN_SPACING,
    SLICE_SPACING,
    FEATURES,
    POSITIONS = 3,
    RANGE_SAMPLES = 16384, /* pixels of a slice that its stack's grey range is taken from */
};

#define ROW(r) "p" #r "0", "p" #r "1", "p" #r "2", "p" #r "3", "p" #r "4", "p" #r "5", "p" #r "6", "p" #r "7"
static const char *const feature_names[FEATURES] = {
    ROW(0),    ROW(1),     ROW(2),      ROW(3),        ROW(4),           ROW(5),         ROW(6),
    ROW(7),    "mean",     "deviation", "minimum",     "percentile10",   "median",       "percentile90",
    "maximum", "gradient", "texture",   "row_spacing", "column_spacing", "slice_spacing"};
#define ONES "1", "1", "1", "1", "1", "1", "1", "1"
static const char *const feature_units[FEATURES] = {ONES, ONES, ONES, ONES, ONES, ONES, ONES,
                                                    ONES, "1",  "1",  "1",  "1",  "1",  "1",
                                                    "1",  "1",  "1",  "mm", "mm", "mm"};
static const char *const position_names[POSITIONS] = {"slice", "row", "column"};

typedef struct adapter {
    const csl_preview *preview; /* NULL: the host wants none */
    bool deidentify;            /* say no facts */
    int32_t library;            /* what csl_dcm_library_open said; only embed can tell the user why */
    csl_dcm_error why;
} adapter;

/* One call of embed. */
typedef struct reading {
    const adapter *self;
    const csl_input *inputs;
    const csl_sink *sink;
    csl_stacks stacks;
    csl_instance *instances;
    uint32_t instance_count;
    bool showed;        /* the key image has been emitted, or must not be */
    csl_dcm_file *file; /* the last one opened, for frames of one instance */
    csl_dcm_header header;
    uint32_t file_input;
} reading;

/* A region measured in the units of its stack, waiting for the stack's grey scale. */
typedef struct measured {
    uint32_t input, slice, row, column;
    bool is_hounsfield;
    float features[FEATURES];
} measured;

static int32_t refuse(const reading *r, uint32_t input, int32_t status, const csl_dcm_error *error)
{
    if (status == CSL_PLUGIN_BAD_INPUT) (void)r->sink->fail(r->sink, input, error->place, error->text);
    return status;
}

static int32_t note(void *context, uint32_t input, const char *text)
{
    const reading *r = context;
    return r->sink->warn(r->sink, input, "series", text);
}

static int32_t open_input(reading *r, uint32_t input)
{
    csl_dcm_error error;
    if (r->file && r->file_input == input) return CSL_PLUGIN_OK;
    csl_dcm_close(r->file);
    r->file = NULL;
    int32_t status = csl_dcm_open(r->inputs[input].bytes, r->inputs[input].length, &r->file, &error);
    if (status == CSL_PLUGIN_OK) status = csl_dcm_header_read(r->file, &r->header, &error);
    r->file_input = input;
    return refuse(r, input, status, &error);
}

/* First pass: facts, and what kind of object each file is. */
static int32_t survey(reading *r, uint32_t count)
{
    int32_t status = CSL_PLUGIN_OK;
    csl_facts *facts = csl_facts_new();
    csl_privacy seen = {0};
    if (!facts) return CSL_PLUGIN_NO_MEMORY;
    for (uint32_t i = 0; i < count && status == CSL_PLUGIN_OK; i++) {
        status = open_input(r, i);
        if (status == CSL_PLUGIN_OK && !r->self->deidentify)
            status = csl_facts_emit(facts, &r->header, i, r->sink);
        if (status != CSL_PLUGIN_OK) break;
        csl_privacy_note(&seen, r->file, &r->header, i);
        if (!r->header.is_image) {
            char text[128];
            snprintf(text, sizeof text, "no image that this program reads: %s", r->header.sop_name);
            status = r->sink->warn(r->sink, i, "(0008,0016) SOPClassUID", text);
            continue;
        }
        if (r->header.other_encoding)
            status = r->sink->warn(r->sink, i, "(0002,0010) TransferSyntaxUID",
                                   "the data set is not encoded as the file says; read as it is");
        if (status == CSL_PLUGIN_OK && r->header.lut_only)
            status = r->sink->warn(r->sink, i, "(0028,3000) ModalityLUTSequence", "is not applied");
        r->instances[r->instance_count++] = csl_instance_of(&r->header, i);
    }
    csl_facts_free(facts);
    return status == CSL_PLUGIN_OK ? csl_privacy_warn(&seen, r->sink) : status;
}

/* Grey values of a systematic sample of a plane, appended to `range`. */
static size_t sample_plane(const csl_plane *plane, float *range)
{
    uint64_t count = (uint64_t)plane->rows * plane->columns;
    uint64_t taken = count < RANGE_SAMPLES ? count : RANGE_SAMPLES;
    for (uint64_t i = 0; i < taken; i++) range[i] = plane->values[i * count / taken];
    return (size_t)taken;
}

static void measure_slice(const csl_plane *plane, const csl_stack *stack, const csl_instance *instance,
                          uint32_t slice, bool is_hounsfield, measured *to)
{
    for (uint32_t row = 0; row < stack->grid; row++) {
        for (uint32_t column = 0; column < stack->grid; column++, to++) {
            *to = (measured){.input = instance->input,
                             .slice = slice,
                             .row = row,
                             .column = column,
                             .is_hounsfield = is_hounsfield};
            csl_region_measure(plane, csl_region_of_grid(plane, stack->grid, row, column), to->features);
            to->features[ROW_SPACING] = (float)instance->row_spacing;
            to->features[COLUMN_SPACING] = (float)instance->column_spacing;
            to->features[SLICE_SPACING] = (float)stack->slice_spacing;
        }
    }
}

/* The robust range: from the 1st to the 99th percentile, or all of it where those are equal. */
static void grey_range(float *values, float *scratch, size_t count, double *low, double *high)
{
    csl_sort_floats(values, scratch, count);
    *low = csl_quantile(values, count, 0.01);
    *high = csl_quantile(values, count, 0.99);
    if (!(*high > *low)) {
        *low = (double)values[0];
        *high = (double)values[count - 1];
    }
}

static int32_t show(reading *r, const csl_plane *plane, const csl_dcm_frame *frame, const csl_stack *stack,
                    const csl_instance *instance, uint32_t slice, float *range, float *scratch,
                    size_t samples)
{
    char caption[96], where[48] = "";
    csl_key_image image;
    r->showed = true;
    if (r->header.burned_in_text)
        return r->sink->warn(r->sink, instance->input, "(0028,0301) BurnedInAnnotation",
                             "is YES: no key image is shown");
    double low = 0, high = 0;
    if (!frame->window.present) grey_range(range, scratch, samples, &low, &high);
    int32_t status =
        csl_key_image_make(plane, frame, low, high, instance->row_spacing, instance->column_spacing, &image);
    if (status != CSL_PLUGIN_OK) return status;
    if (stack->slices > 1) snprintf(where, sizeof where, ", slice %u of %u", slice + 1, stack->slices);
    snprintf(caption, sizeof caption, "%s%s, window %.6g/%.6g", instance->modality, where, image.window.width,
             image.window.center);
    csl_picture picture = {.struct_size = sizeof picture,
                           .input = instance->input,
                           .width = image.width,
                           .height = image.height,
                           .grey = image.grey,
                           .caption = caption,
                           .aspect = image.aspect};
    status = r->self->preview->emit(r->sink, &picture);
    free(image.grey);
    return status;
}

/* Decodes one slice, measures its regions and appends a sample of its values to range[*samples]. */
static int32_t read_slice(reading *r, const csl_stack *stack, uint32_t slice, bool is_key, measured *to,
                          float *range, float *scratch, size_t *samples)
{
    const csl_instance *instance = &r->stacks.instances[stack->first + (stack->count > 1 ? slice : 0)];
    csl_dcm_error error;
    csl_dcm_frame frame;
    csl_plane plane;
    int32_t status = open_input(r, instance->input);
    if (status != CSL_PLUGIN_OK) return status;
    status = csl_dcm_frame_read(r->file, &r->header, stack->count > 1 ? 0 : slice, &frame, &error);
    if (status != CSL_PLUGIN_OK) return refuse(r, instance->input, status, &error);
    status = csl_plane_make(&r->header.pixels, &frame, &plane);
    if (status == CSL_PLUGIN_OK) {
        measure_slice(&plane, stack, instance, slice, frame.is_hounsfield, to);
        size_t taken = sample_plane(&plane, range + *samples);
        if (is_key && r->self->preview && !r->showed)
            status = show(r, &plane, &frame, stack, instance, slice, range + *samples, scratch, taken);
        *samples += taken;
        free(plane.values);
    }
    csl_dcm_frame_clear(&frame);
    return status;
}

static int32_t emit_token(const reading *r, const csl_stack *stack, uint32_t plane, measured *m, double low,
                          double high)
{
    const csl_instance *instance = &r->stacks.instances[stack->first];
    double mean = round((double)m->features[CSL_REGION_MEAN]) + 0.0; /* no "-0" */
    char label[128], where[48] = "", code[16];
    if (m->is_hounsfield)
        csl_region_rescale(m->features, 0, 1.0 / 1000);
    else
        csl_region_rescale(m->features, low, high > low ? 1 / (high - low) : 1);
    if (stack->slices > 1) snprintf(where, sizeof where, "slice %u of %u, ", m->slice + 1, stack->slices);
    if (m->is_hounsfield)
        snprintf(label, sizeof label, "%s %sregion (%u,%u), mean %.0f HU", instance->modality, where,
                 m->row + 1, m->column + 1, mean);
    else
        snprintf(label, sizeof label, "%s %sregion (%u,%u), mean %.2f of the grey range", instance->modality,
                 where, m->row + 1, m->column + 1, (double)m->features[CSL_REGION_MEAN]);
    snprintf(code, sizeof code, "DCM|%s", instance->modality);
    const double position[POSITIONS] = {(m->slice + 0.5) / stack->slices, (m->row + 0.5) / stack->grid,
                                        (m->column + 0.5) / stack->grid};
    const csl_tile tile = {sizeof tile, plane, m->row, m->column, stack->grid, stack->grid};
    csl_token token = {.struct_size = sizeof token,
                       .input = m->input,
                       .features = m->features,
                       .position = position,
                       .label = label,
                       .code = code,
                       .tile = &tile};
    return r->sink->token(r->sink, &token);
}

/* Second pass: the chosen slices of one stack, measured, then brought to the stack's grey scale and emitted.
 */
static int32_t read_stack(reading *r, const csl_stack *stack, uint32_t first_plane)
{
    const size_t regions = (size_t)stack->grid * stack->grid, tokens = regions * stack->chosen;
    const size_t room = (size_t)RANGE_SAMPLES * stack->chosen;
    int32_t status = CSL_PLUGIN_NO_MEMORY;
    size_t samples = 0;
    double low = 0, high = 0;
    bool needs_range = false;
    measured *all = malloc(tokens * sizeof *all);
    float *range = malloc(room * sizeof *range), *scratch = malloc(room * sizeof *scratch);
    if (!all || !range || !scratch) goto done;
    status = CSL_PLUGIN_OK;
    for (uint32_t i = 0; i < stack->chosen && status == CSL_PLUGIN_OK; i++)
        status = read_slice(r, stack, csl_stack_slice(stack, i), i == stack->chosen / 2, all + regions * i,
                            range, scratch, &samples);
    if (status != CSL_PLUGIN_OK) goto done;
    for (size_t i = 0; i < tokens; i++) needs_range |= !all[i].is_hounsfield;
    if (needs_range) grey_range(range, scratch, samples, &low, &high);
    for (size_t i = 0; i < tokens && status == CSL_PLUGIN_OK; i++)
        status = emit_token(r, stack, first_plane + (uint32_t)(i / regions), &all[i], low, high);
done:
    free(all);
    free(range);
    free(scratch);
    return status;
}

static int32_t embed(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink)
{
    int32_t status;
    const adapter *self = instance;
    if (self->library != CSL_PLUGIN_OK) {
        (void)sink->fail(sink, 0, self->why.place, self->why.text);
        return self->library;
    }
    reading r = {.self = self, .inputs = inputs, .sink = sink};
    r.instances = malloc((size_t)count * sizeof *r.instances);
    if (!r.instances) return CSL_PLUGIN_NO_MEMORY;
    status = survey(&r, count);
    if (status == CSL_PLUGIN_OK)
        status = csl_stacks_build(r.instances, r.instance_count, &r.stacks, note, &r);
    uint32_t plane = 1;
    for (uint32_t i = 0; i < r.stacks.stack_count && status == CSL_PLUGIN_OK; i++) {
        if (r.stacks.stacks[i].chosen) status = read_stack(&r, &r.stacks.stacks[i], plane);
        plane += r.stacks.stacks[i].chosen;
    }
    csl_dcm_close(r.file);
    free(r.stacks.stacks);
    free(r.instances);
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
    .feature_count = FEATURES,
    .position_count = POSITIONS,
    .coded_feature = -1,
    .id = "org.consilium.dicom",
    .name = "DICOM images",
    .version = "1.0.0",
    .modality = "image",
    .feature_names = feature_names,
    .feature_units = feature_units,
    .position_names = position_names,
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
