#include "case/reading.h"

#include "file/dicomdir.h"
#include "file/facts.h"
#include "file/nifti.h"
#include "file/object.h"
#include "file/privacy.h"
#include "space/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t csl_reading_refuse(const csl_reading *reading, uint32_t input, int32_t status,
                           const csl_dcm_error *error)
{
    if (status == CSL_PLUGIN_BAD_INPUT || status == CSL_PLUGIN_INTERNAL)
        (void)reading->sink->fail(reading->sink, input, error->place, error->text);
    return status;
}

/* Reading the elements of a small file takes longer than decoding its pixels. */
struct csl_kept {
    csl_dcm_file *file;
    csl_dcm_header header;
};

static const uint64_t small_file = 1 << 20;

static void leave_file(csl_reading *reading)
{
    uint32_t input = reading->file_input;
    if (input >= CSL_READING_KEPT || !reading->kept[input]) csl_dcm_close(reading->file);
    reading->file = NULL;
}

/* Without memory for it the file is read again. */
static void keep_file(csl_reading *reading, uint32_t input)
{
    if (input >= CSL_READING_KEPT || reading->inputs[input].length > small_file) return;
    struct csl_kept *kept = reading->kept[input] = malloc(sizeof *kept);
    if (kept) *kept = (struct csl_kept){reading->file, reading->header};
}

int32_t csl_reading_open(csl_reading *reading, uint32_t input)
{
    csl_dcm_error error;
    if (reading->file && reading->file_input == input) return CSL_PLUGIN_OK;
    leave_file(reading);
    struct csl_kept *kept = input < CSL_READING_KEPT ? reading->kept[input] : NULL;
    if (kept) {
        reading->file = kept->file;
        reading->header = kept->header;
        reading->file_input = input;
        return CSL_PLUGIN_OK;
    }
    const csl_input *bytes = &reading->inputs[input];
    int32_t status = csl_dcm_open(bytes->bytes, bytes->length, &reading->file, &error);
    if (status == CSL_PLUGIN_OK) status = csl_dcm_header_read(reading->file, &reading->header, &error);
    reading->file_input = input;
    if (status == CSL_PLUGIN_OK) keep_file(reading, input);
    return csl_reading_refuse(reading, input, status, &error);
}

void csl_reading_clear(csl_reading *reading)
{
    leave_file(reading);
    for (uint32_t i = 0; i < CSL_READING_KEPT; i++) {
        if (reading->kept[i]) csl_dcm_close(reading->kept[i]->file);
        free(reading->kept[i]);
    }
    free(reading->stacks.stacks);
    free(reading->instances);
    free(reading->structure_inputs);
    free(reading->waveform_inputs);
}

static int32_t note(void *context, uint32_t input, const char *text)
{
    const csl_reading *reading = context;
    return reading->sink->warn(reading->sink, input, "series", text);
}

static int32_t reserve(csl_reading *reading, uint32_t more)
{
    if (more <= reading->instance_room - reading->instance_count) return CSL_PLUGIN_OK;
    uint64_t room = 2 * ((uint64_t)reading->instance_count + more);
    if (room > UINT32_MAX) return CSL_PLUGIN_NO_MEMORY;
    csl_instance *grown = realloc(reading->instances, room * sizeof *grown);
    if (!grown) return CSL_PLUGIN_NO_MEMORY;
    reading->instances = grown;
    reading->instance_room = (uint32_t)room;
    return CSL_PLUGIN_OK;
}

/* Says what the frames of an object are that does not say where they lie. */
static int32_t note_frames(csl_reading *reading, uint32_t input)
{
    char axes[96], text[192];
    if (reading->header.frame_groups)
        return reading->sink->warn(
            reading->sink, input, "(5200,9230) PerFrameFunctionalGroupsSequence",
            "the functional groups do not say where each frame lies: taken in stored order");
    csl_dcm_frame_axes(reading->file, axes, sizeof axes);
    snprintf(text, sizeof text, "%u frames along %s: taken in their stored order",
             reading->header.pixels.frames, axes[0] ? axes : "an axis that the file does not name");
    return reading->sink->warn(reading->sink, input, "(0028,0009) FrameIncrementPointer", text);
}

/* Appends the image in the open file: each frame by itself where the file says where it lies. */
static int32_t add_image(csl_reading *reading, uint32_t input)
{
    csl_dcm_error error;
    csl_dcm_place *places = NULL;
    uint32_t count = 0;
    int32_t status = csl_dcm_places_read(reading->file, &reading->header, &places, &count, &error);
    if (status == CSL_PLUGIN_OK) status = reserve(reading, count ? count : 1);
    for (uint32_t i = 0; i < count && status == CSL_PLUGIN_OK; i++)
        reading->instances[reading->instance_count++] =
            csl_instance_at(&reading->header, input, i, &places[i]);
    free(places);
    if (status != CSL_PLUGIN_OK || count > 0) return csl_reading_refuse(reading, input, status, &error);
    reading->instances[reading->instance_count++] = csl_instance_of(&reading->header, input);
    return reading->header.pixels.frames > 1 ? note_frames(reading, input) : CSL_PLUGIN_OK;
}

/* Notes an input for a later pass. */
static int32_t keep(const csl_reading *reading, uint32_t input, uint32_t **kept, uint32_t *count)
{
    if (!*kept) *kept = malloc(reading->input_count * sizeof **kept);
    if (!*kept) return CSL_PLUGIN_NO_MEMORY;
    (*kept)[(*count)++] = input;
    return CSL_PLUGIN_OK;
}

static int32_t add_structures(csl_reading *reading, uint32_t input)
{
    return keep(reading, input, &reading->structure_inputs, &reading->structure_count);
}

/* Whether the case has a file of that name, in whatever folder. */
static bool has_file(void *context, const char *path)
{
    const csl_reading *reading = context;
    size_t length = strlen(path);
    for (uint32_t i = 0; i < reading->input_count; i++) {
        const char *name = reading->inputs[i].name;
        size_t all = strlen(name);
        if (all >= length && strcmp(name + all - length, path) == 0 &&
            (all == length || name[all - length - 1] == '/'))
            return true;
    }
    return false;
}

static int32_t note_directory(csl_reading *reading, uint32_t input)
{
    csl_dcm_error error;
    uint32_t listed, there;
    char text[160];
    int32_t status = csl_dicomdir_count(reading->file, has_file, reading, &listed, &there, &error);
    if (status != CSL_PLUGIN_OK) return csl_reading_refuse(reading, input, status, &error);
    snprintf(text, sizeof text,
             "a DICOMDIR: of the %u files that it lists the case has %u, each read by itself", listed, there);
    return reading->sink->warn(reading->sink, input, "(0004,1220) DirectoryRecordSequence", text);
}

/* An object that is no image: left with a word on what it is, unless a later pass reads it. */
static int32_t add_other(csl_reading *reading, uint32_t input)
{
    char text[192];
    const csl_dcm_header *header = &reading->header;
    if (csl_object_regions(header->sop_class) != CSL_OBJECT_NO_REGIONS) return add_structures(reading, input);
    if (csl_object_waveform(header->sop_class))
        return keep(reading, input, &reading->waveform_inputs, &reading->waveform_count);
    if (csl_object_is_directory(header->sop_class)) return note_directory(reading, input);
    const char *name = csl_object_name(header->sop_class);
    if (header->is_image_class)
        snprintf(text, sizeof text, "%s without pixels: no rows, no columns, no PixelData", header->sop_name);
    else
        snprintf(text, sizeof text, "no image that this program reads: %s%s%s", name ? name : "",
                 name ? ", " : "", header->sop_name);
    return reading->sink->warn(reading->sink, input, "(0008,0016) SOPClassUID", text);
}

static int32_t look_at(csl_reading *reading, uint32_t input, csl_facts *facts, csl_privacy *seen)
{
    const csl_sink *sink = reading->sink;
    const csl_input *bytes = &reading->inputs[input];
    if (csl_nifti_is(bytes->bytes, bytes->length)) return add_structures(reading, input);
    int32_t status = csl_reading_open(reading, input);
    if (status == CSL_PLUGIN_OK && !reading->deidentify)
        status = csl_facts_emit(facts, &reading->header, input, sink);
    if (status != CSL_PLUGIN_OK) return status;
    csl_privacy_note(seen, reading->file, &reading->header, input);
    if (!reading->header.is_image) return add_other(reading, input);
    for (uint32_t i = 0; i < reading->header.doubt_count && status == CSL_PLUGIN_OK; i++)
        status = sink->warn(sink, input, reading->header.doubts[i].place, reading->header.doubts[i].text);
    return status == CSL_PLUGIN_OK ? add_image(reading, input) : status;
}

/* Says once for each stack of PT images why they stay in an arbitrary unit. */
static int32_t note_units(csl_reading *reading)
{
    int32_t status = CSL_PLUGIN_OK;
    char text[192];
    for (uint32_t i = 0; i < reading->stacks.stack_count && status == CSL_PLUGIN_OK; i++) {
        const csl_instance *first = &reading->stacks.instances[reading->stacks.stacks[i].first];
        if (!first->suv_lack) continue;
        snprintf(text, sizeof text, "values stay in arbitrary units: SUV needs %s", first->suv_lack);
        status = reading->sink->warn(reading->sink, first->input, "SUV", text);
    }
    return status;
}

int32_t csl_reading_survey(csl_reading *reading)
{
    int32_t status = CSL_PLUGIN_OK;
    csl_facts *facts = csl_facts_new();
    csl_privacy seen = {0};
    if (!facts) return CSL_PLUGIN_NO_MEMORY;
    for (uint32_t i = 0; i < reading->input_count && status == CSL_PLUGIN_OK; i++)
        status = look_at(reading, i, facts, &seen);
    if (status == CSL_PLUGIN_OK) status = csl_facts_emit_studies(facts, reading->sink);
    csl_facts_free(facts);
    if (status == CSL_PLUGIN_OK) status = csl_privacy_warn(&seen, reading->sink);
    if (status != CSL_PLUGIN_OK || reading->instance_count == 0) return status;
    uint32_t refused = 0;
    status = csl_stacks_build(reading->instances, reading->instance_count, &reading->stacks, note, reading,
                              &refused);
    if (status == CSL_PLUGIN_BAD_INPUT) {
        csl_dcm_error error;
        (void)csl_dcm_fail(&error, status, "(0020,0037) ImageOrientationPatient",
                           "the series has more than %d image sizes, spacings and orientations",
                           CSL_SERIES_GEOMETRIES);
        return csl_reading_refuse(reading, refused, status, &error);
    }
    return status == CSL_PLUGIN_OK ? note_units(reading) : status;
}
