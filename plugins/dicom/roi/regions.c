#include "roi/regions.h"

#include "file/nifti.h"
#include "roi/crop.h"
#include "roi/structures.h"
#include "space/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const csl_regions_positions[CSL_REGIONS_POSITIONS] = {"slice", "row", "column"};

/* One file of regions that is being measured. */
typedef struct regions {
    csl_reading *reading;
    const csl_regions_options *options;
    uint32_t input;
    const char *name; /* of the one region that is asked for, or its number; NULL: all */
    bool demanded;    /* the user named this file */
    csl_structures structures;
} regions;

/* A region that cannot be measured: the case's fault where the user asked for it, else worth a warning. */
static int32_t give_up(const regions *r, int32_t status, const csl_dcm_error *error, uint32_t index)
{
    const csl_sink *sink = r->reading->sink;
    char text[384];
    if (status != CSL_PLUGIN_BAD_INPUT) return status;
    if (r->demanded) return csl_reading_refuse(r->reading, r->input, status, error);
    snprintf(text, sizeof text, "region %u of %u is not measured: %s", index + 1, r->structures.count,
             error->text);
    return sink->warn(sink, r->input, error->place, text);
}

/* Likewise for a file whose regions cannot even be listed. */
static int32_t give_up_file(const regions *r, int32_t status, const csl_dcm_error *error)
{
    char text[384];
    if (status != CSL_PLUGIN_BAD_INPUT || r->demanded)
        return csl_reading_refuse(r->reading, r->input, status, error);
    snprintf(text, sizeof text, "no region of interest is read: %s", error->text);
    return r->reading->sink->warn(r->reading->sink, r->input, error->place, text);
}

static bool is_wanted(const regions *r, const csl_structure *structure)
{
    char number[16];
    if (!r->name) return true;
    snprintf(number, sizeof number, "%d", structure->number);
    return strcmp(r->name, number) == 0 || strcmp(r->name, structure->name) == 0;
}

static int32_t settings_of(const regions *r, bool hounsfield, csl_radiomics_settings *settings,
                           csl_dcm_error *error)
{
    int32_t status = CSL_PLUGIN_OK;
    *settings = csl_radiomics_defaults(hounsfield);
    for (uint32_t i = 0; i < CSL_RADIOMICS_OPTIONS && status == CSL_PLUGIN_OK; i++) {
        if (r->options->settings[i])
            status = csl_radiomics_settings_set(settings, csl_radiomics_options[i].name,
                                                r->options->settings[i], error);
    }
    return status;
}

static int32_t emit(const regions *r, const csl_stack *stack, uint32_t index, const csl_crop *crop,
                    const float features[CSL_RADIOMICS_FEATURES])
{
    const csl_instance *first = &r->reading->stacks.instances[stack->first];
    const csl_structure *structure = &r->structures.regions[index];
    char label[128];
    snprintf(label, sizeof label, "%s region %u of %u, %.1f mL, mean %.4g %s", first->modality, index + 1,
             r->structures.count, (double)crop->inside * crop->voxel / 1000, crop->mean,
             csl_unit_name(crop->unit));
    csl_token token = {.struct_size = sizeof token,
                       .input = r->input,
                       .features = features,
                       .position = crop->centroid,
                       .label = label,
                       .code = structure->code[0] ? structure->code : NULL,
                       .stream = 1};
    r->reading->has_tokens = true;
    return r->reading->sink->token(r->reading->sink, &token);
}

static int32_t note_skipped(const regions *r, uint32_t index)
{
    char text[160];
    if (r->structures.contours.skipped == 0) return CSL_PLUGIN_OK;
    snprintf(text, sizeof text,
             "%u contours of region %u of %u are left out: open, or not parallel to the slices",
             r->structures.contours.skipped, index + 1, r->structures.count);
    return r->reading->sink->warn(r->reading->sink, r->input, "(3006,0040) ContourSequence", text);
}

static int32_t measure(regions *r, const csl_stack *stack, const csl_grid *grid, uint32_t index)
{
    csl_dcm_error error = {0};
    csl_radiomics_settings settings;
    csl_crop crop = {0};
    float features[CSL_RADIOMICS_FEATURES];
    int32_t status = csl_structures_prepare(&r->structures, index, grid, &error);
    if (status == CSL_PLUGIN_OK && (status = note_skipped(r, index)) != CSL_PLUGIN_OK) return status;
    if (status == CSL_PLUGIN_OK) status = csl_crop_find(&crop, &r->structures, index, grid, &error);
    /* The margin hardly depends on the unit; the first slice tells it, which the settings then go by. */
    if (status == CSL_PLUGIN_OK) status = csl_crop_unit(&crop, r->reading, stack, grid, &error);
    if (status == CSL_PLUGIN_OK) status = settings_of(r, crop.unit == CSL_UNIT_HOUNSFIELD, &settings, &error);
    if (status == CSL_PLUGIN_OK) {
        uint32_t margin[3];
        csl_radiomics_margin(&settings, grid->spacing, margin);
        status = csl_crop_read(&crop, margin, r->reading, stack, &r->structures, index, grid, &error);
    }
    if (status == CSL_PLUGIN_OK)
        status = csl_radiomics(&crop.volume, &crop.mask, &settings, features, &error);
    if (status == CSL_PLUGIN_OK)
        status = emit(r, stack, index, &crop, features);
    else
        status = give_up(r, status, &error, index);
    csl_crop_clear(&crop);
    return status;
}

/* The volume a region lies in: of its frame of reference, of the series it was drawn on if that is there,
 * else the one with most slices. */
static const csl_stack *volume_of(const regions *r, const csl_structure *structure, csl_dcm_error *error)
{
    const csl_stacks *stacks = &r->reading->stacks;
    const csl_stack *best = NULL;
    bool best_series = false;
    uint32_t volumes = 0;
    for (uint32_t i = 0; i < stacks->stack_count; i++) {
        const csl_stack *stack = &stacks->stacks[i];
        const csl_instance *first = &stacks->instances[stack->first];
        if (!csl_stack_in_space(stacks, stack)) continue;
        volumes++;
        if (structure->frame_of_reference[0] && first->frame_of_reference[0] &&
            strcmp(structure->frame_of_reference, first->frame_of_reference) != 0)
            continue;
        bool series = r->structures.series[0] && strcmp(r->structures.series, first->series) == 0;
        if (!best || series > best_series || (series == best_series && stack->slices > best->slices)) {
            best = stack;
            best_series = series;
        }
    }
    if (!best)
        (void)csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(0020,0052) FrameOfReferenceUID",
                           "none of the case's %u volumes has the region's frame of reference", volumes);
    return best;
}

/* Without a volume there is nothing that regions could lie in; said once for each file. */
static int32_t note_no_volume(const regions *r)
{
    static const char place[] = "(0020,0052) FrameOfReferenceUID";
    const csl_sink *sink = r->reading->sink;
    char text[128];
    snprintf(text, sizeof text, "%u regions of interest, but the case has no volume that they lie in",
             r->structures.count);
    if (!r->demanded) return sink->warn(sink, r->input, place, text);
    (void)sink->fail(sink, r->input, place, text);
    return CSL_PLUGIN_BAD_INPUT;
}

static int32_t measure_file(regions *r)
{
    bool any_volume = false;
    for (uint32_t i = 0; i < r->reading->stacks.stack_count; i++)
        any_volume |= csl_stack_in_space(&r->reading->stacks, &r->reading->stacks.stacks[i]);
    if (!any_volume) return note_no_volume(r);
    const csl_sink *sink = r->reading->sink;
    const csl_stack *of = NULL;
    csl_grid grid = {0};
    uint32_t wanted = 0;
    int32_t status = CSL_PLUGIN_OK;
    for (uint32_t i = 0; i < r->structures.count && status == CSL_PLUGIN_OK; i++) {
        csl_dcm_error error = {0};
        if (!is_wanted(r, &r->structures.regions[i])) continue;
        wanted++;
        const csl_stack *stack = volume_of(r, &r->structures.regions[i], &error);
        int32_t found = stack ? CSL_PLUGIN_OK : CSL_PLUGIN_BAD_INPUT;
        if (stack && stack != of) {
            csl_grid_clear(&grid);
            found = csl_grid_of(&r->reading->stacks, stack, &grid, &error);
            of = found == CSL_PLUGIN_OK ? stack : NULL;
        }
        status = found == CSL_PLUGIN_OK ? measure(r, stack, &grid, i) : give_up(r, found, &error, i);
    }
    csl_grid_clear(&grid);
    if (status != CSL_PLUGIN_OK || wanted > 0) return status;
    if (!r->name) return sink->warn(sink, r->input, "regions", "the file holds no region of interest");
    (void)sink->fail(sink, r->input, "option roi", "no region of this file has the number or name after '#'");
    return CSL_PLUGIN_BAD_INPUT;
}

/* The region that follows a file's name in option roi: "" where the name is all there is, NULL where it is
 * another file's. */
static const char *after_name(const char *roi, const char *name)
{
    size_t length = strlen(name);
    if (strncmp(roi, name, length) != 0) return NULL;
    return roi[length] == '\0' ? "" : roi[length] == '#' ? roi + length + 1 : NULL;
}

/* Whether option roi means this file, and which of its regions. The host's name of the file may leave out
 * folders, as may the option. */
static bool is_named(const char *roi, const char *name, const char **region)
{
    const char *slash = strrchr(name, '/'), *found = NULL;
    for (const char *at = roi; at && !found; at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL) {
        found = after_name(at, name);
        if (!found && slash) found = after_name(at, slash + 1);
    }
    *region = found && found[0] ? found : NULL;
    return found;
}

int32_t csl_regions_emit(csl_reading *reading, const csl_regions_options *options)
{
    int32_t status = CSL_PLUGIN_OK;
    bool found = false;
    for (uint32_t i = 0; i < reading->structure_count && status == CSL_PLUGIN_OK; i++) {
        csl_dcm_error error = {0};
        regions r = {.reading = reading, .options = options, .input = reading->structure_inputs[i]};
        const csl_input *input = &reading->inputs[r.input];
        r.demanded = options->roi && is_named(options->roi, input->name, &r.name);
        if (options->roi && !r.demanded) continue;
        if (!options->roi && csl_nifti_is(input->bytes, input->length)) {
            status = reading->sink->warn(reading->sink, r.input, "option roi",
                                         "a NIfTI file is read only as the mask that option roi names");
            continue;
        }
        found = true;
        status = csl_structures_open(input->bytes, input->length, &r.structures, &error);
        if (status == CSL_PLUGIN_OK)
            status = measure_file(&r);
        else
            status = give_up_file(&r, status, &error);
        csl_structures_close(&r.structures);
    }
    if (status != CSL_PLUGIN_OK || !options->roi || found) return status;
    (void)reading->sink->fail(
        reading->sink, 0, "option roi",
        "names no segmentation, RT structure set or NIfTI mask among the files of the case");
    return CSL_PLUGIN_BAD_INPUT;
}
