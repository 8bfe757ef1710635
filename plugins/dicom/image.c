#include "image.h"

#include "pixel/picture.h"
#include "space/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANGE_SAMPLES = 16384 }; /* pixels of a slice that its stack's grey range is taken from */

#define ROW(r) "p" #r "0", "p" #r "1", "p" #r "2", "p" #r "3", "p" #r "4", "p" #r "5", "p" #r "6", "p" #r "7"
const char *const csl_image_names[CSL_IMAGE_FEATURES] = {
    ROW(0),    ROW(1),     ROW(2),      ROW(3),        ROW(4),           ROW(5),         ROW(6),
    ROW(7),    "mean",     "deviation", "minimum",     "percentile10",   "median",       "percentile90",
    "maximum", "gradient", "texture",   "row_spacing", "column_spacing", "slice_spacing"};
#define ONES "1", "1", "1", "1", "1", "1", "1", "1"
const char *const csl_image_units[CSL_IMAGE_FEATURES] = {ONES, ONES, ONES, ONES, ONES, ONES, ONES,
                                                         ONES, "1",  "1",  "1",  "1",  "1",  "1",
                                                         "1",  "1",  "1",  "mm", "mm", "mm"};
const char *const csl_image_positions[CSL_IMAGE_POSITIONS] = {"slice", "row", "column"};

/* A region measured in the units of its stack, waiting for the stack's grey scale. */
typedef struct measured {
    uint32_t input, slice, row, column;
    csl_unit unit;
    float features[CSL_IMAGE_FEATURES];
} measured;

/* Grey values of a systematic sample of a plane, appended to `range`. */
static size_t sample_plane(const csl_plane *plane, float *range)
{
    uint64_t count = (uint64_t)plane->rows * plane->columns;
    uint64_t taken = count < RANGE_SAMPLES ? count : RANGE_SAMPLES;
    if (taken == count) memcpy(range, plane->values, count * sizeof *range);
    for (uint64_t i = 0; taken < count && i < taken; i++) range[i] = plane->values[i * count / taken];
    return (size_t)taken;
}

static void measure_slice(const csl_plane *plane, const csl_stack *stack, const csl_instance *instance,
                          uint32_t slice, csl_unit unit, measured *to)
{
    for (uint32_t row = 0; row < stack->grid; row++) {
        for (uint32_t column = 0; column < stack->grid; column++, to++) {
            *to = (measured){
                .input = instance->input, .slice = slice, .row = row, .column = column, .unit = unit};
            csl_region_measure(plane, csl_region_of_grid(plane, stack->grid, row, column), to->features);
            to->features[CSL_IMAGE_ROW_SPACING] = (float)instance->row_spacing;
            to->features[CSL_IMAGE_COLUMN_SPACING] = (float)instance->column_spacing;
            to->features[CSL_IMAGE_SLICE_SPACING] = (float)stack->slice_spacing;
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

static int32_t show(csl_reading *r, const csl_plane *plane, const csl_dcm_frame *frame,
                    const csl_stack *stack, const csl_instance *instance, uint32_t slice, float *range,
                    float *scratch, size_t samples)
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
    status = r->preview->emit(r->sink, &picture);
    free(image.grey);
    return status;
}

/* Decodes one slice, measures its regions and appends a sample of its values to range[*samples]. */
static int32_t read_slice(csl_reading *r, const csl_stack *stack, uint32_t slice, bool is_key, measured *to,
                          float *range, float *scratch, size_t *samples)
{
    uint32_t index;
    const csl_instance *instance = csl_stack_instance(&r->stacks, stack, slice, &index);
    csl_dcm_error error;
    csl_dcm_frame frame;
    csl_plane plane;
    int32_t status = csl_reading_open(r, instance->input);
    if (status != CSL_PLUGIN_OK) return status;
    status = csl_dcm_frame_read(r->file, &r->header, index, &frame, &error);
    if (status != CSL_PLUGIN_OK) return csl_reading_refuse(r, instance->input, status, &error);
    status = csl_plane_make(&r->header.pixels, &frame, &plane);
    if (status == CSL_PLUGIN_OK) {
        csl_unit unit = csl_unit_of(&r->header, &frame);
        size_t taken = sample_plane(&plane, range + *samples);
        /* The window of the file is in its own unit, so that the picture comes before SUV. */
        if (is_key && r->preview && !r->showed)
            status = show(r, &plane, &frame, stack, instance, slice, range + *samples, scratch, taken);
        csl_unit_apply(&r->header, unit, &plane);
        measure_slice(&plane, stack, instance, slice, unit, to);
        *samples += taken;
        free(plane.values);
    }
    csl_dcm_frame_clear(&frame);
    return status;
}

static int32_t emit_token(const csl_reading *r, const csl_stack *stack, uint32_t plane, measured *m,
                          double low, double high)
{
    const csl_instance *instance = &r->stacks.instances[stack->first];
    char label[128], where[48] = "", code[16];
    double mean = (double)m->features[CSL_REGION_MEAN];
    if (m->unit == CSL_UNIT_ARBITRARY) {
        csl_region_rescale(m->features, low, high > low ? 1 / (high - low) : 1);
        mean = (double)m->features[CSL_REGION_MEAN];
    } else {
        csl_region_rescale(m->features, 0, 1 / csl_unit_scale(m->unit));
    }
    if (m->unit == CSL_UNIT_HOUNSFIELD) mean = round(mean) + 0.0; /* no "-0" */
    if (stack->slices > 1)
        snprintf(where, sizeof where, "%s %u of %u, ", stack->are_frames ? "frame" : "slice", m->slice + 1,
                 stack->slices);
    snprintf(label, sizeof label, "%s %sregion (%u,%u), mean %.*f %s", instance->modality, where, m->row + 1,
             m->column + 1, m->unit == CSL_UNIT_HOUNSFIELD ? 0 : 2, mean, csl_unit_name(m->unit));
    snprintf(code, sizeof code, "DCM|%s", instance->modality);
    const double position[CSL_IMAGE_POSITIONS] = {
        (m->slice + 0.5) / stack->slices, (m->row + 0.5) / stack->grid, (m->column + 0.5) / stack->grid};
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
static int32_t read_stack(csl_reading *r, const csl_stack *stack, uint32_t first_plane)
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
    for (size_t i = 0; i < tokens; i++) needs_range |= all[i].unit == CSL_UNIT_ARBITRARY;
    if (needs_range) grey_range(range, scratch, samples, &low, &high);
    for (size_t i = 0; i < tokens && status == CSL_PLUGIN_OK; i++)
        status = emit_token(r, stack, first_plane + (uint32_t)(i / regions), &all[i], low, high);
done:
    free(all);
    free(range);
    free(scratch);
    return status;
}

int32_t csl_image_emit(csl_reading *r)
{
    int32_t status = CSL_PLUGIN_OK;
    uint32_t plane = 1;
    for (uint32_t i = 0; i < r->stacks.stack_count && status == CSL_PLUGIN_OK; i++) {
        if (r->stacks.stacks[i].chosen) status = read_stack(r, &r->stacks.stacks[i], plane);
        plane += r->stacks.stacks[i].chosen;
        r->has_tokens |= r->stacks.stacks[i].chosen > 0;
    }
    return status;
}
