#include "space/stack.h"

#include "space/geometry.h"
#include "space/modality.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double same_direction = 1e-3; /* of a unit vector's component */
static const double same_spacing = 1e-3;   /* of the spacing itself */

csl_instance csl_instance_of(const csl_dcm_header *header, uint32_t input)
{
    csl_instance instance = {
        .input = input,
        .frames = header->pixels.frames,
        .rows = header->pixels.rows,
        .columns = header->pixels.columns,
        .number = header->instance_number,
        .temporal = header->temporal,
        .has_position = header->has_position,
        .has_orientation = header->has_orientation,
        .modality = csl_modality_code(header->modality),
        .suv_lack = header->suv_lack,
        .row_spacing = header->row_spacing,
        .column_spacing = header->column_spacing,
        .slice_spacing = header->slice_spacing,
    };
    instance.is_projection = csl_modality_is_projection(instance.modality) && !header->has_position;
    memcpy(instance.series, header->series, sizeof instance.series);
    memcpy(instance.sop_instance, header->sop_instance, sizeof instance.sop_instance);
    memcpy(instance.frame_of_reference, header->frame_of_reference, sizeof instance.frame_of_reference);
    memcpy(instance.position, header->position, sizeof instance.position);
    memcpy(instance.orientation, header->orientation, sizeof instance.orientation);
    return instance;
}

csl_instance csl_instance_at(const csl_dcm_header *header, uint32_t input, uint32_t frame,
                             const csl_dcm_place *place)
{
    csl_instance instance = csl_instance_of(header, input);
    instance.frame = frame;
    instance.frames = 1;
    instance.temporal = place->temporal;
    instance.stack_name = place->stack;
    instance.has_position = place->has_position;
    instance.has_orientation = place->has_orientation;
    instance.is_projection = false;
    instance.row_spacing = place->row_spacing;
    instance.column_spacing = place->column_spacing;
    instance.slice_spacing = place->slice_spacing;
    memcpy(instance.position, place->position, sizeof instance.position);
    memcpy(instance.orientation, place->orientation, sizeof instance.orientation);
    return instance;
}

static bool near(double a, double b, double bound)
{
    return (isnan(a) && isnan(b)) || fabs(a - b) <= bound;
}

static bool same_geometry(const csl_instance *a, const csl_instance *b)
{
    if (a->rows != b->rows || a->columns != b->columns || a->has_orientation != b->has_orientation ||
        !near(a->row_spacing, b->row_spacing, same_spacing * a->row_spacing) ||
        !near(a->column_spacing, b->column_spacing, same_spacing * a->column_spacing))
        return false;
    for (int i = 0; a->has_orientation && i < 6; i++) {
        if (fabs(a->orientation[i] - b->orientation[i]) > same_direction) return false;
    }
    return true;
}

/* Stacks of one object and frames of reference are kept apart without a word: the object says so itself. */
static bool same_series(const csl_instance *a, const csl_instance *b)
{
    return a->modality == b->modality && strcmp(a->series, b->series) == 0;
}

static bool same_space(const csl_instance *a, const csl_instance *b)
{
    return a->stack_name == b->stack_name && strcmp(a->frame_of_reference, b->frame_of_reference) == 0;
}

/* Distance along the normal; NaN where the file does not say. */
static double distance_along(const csl_instance *instance)
{
    double normal[3];
    if (!instance->has_position || !instance->has_orientation) return NAN;
    csl_normal(instance->orientation, normal);
    return csl_dot(normal, instance->position);
}

static int order_of(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare(const void *left, const void *right)
{
    const csl_instance *a = left, *b = right;
    int order = order_of(a->stack, b->stack);
    if (order == 0) order = order_of(a->pass, b->pass);
    /* Slices without a place sort behind those that have one, by number. */
    if (order == 0) order = order_of(isnan(a->along), isnan(b->along));
    if (order == 0 && !isnan(a->along)) order = (a->along > b->along) - (a->along < b->along);
    if (order == 0) order = order_of(a->temporal, b->temporal);
    if (order == 0) order = order_of(a->number, b->number);
    if (order == 0) order = order_of(a->frame, b->frame);
    return order ? order : order_of(a->input, b->input);
}

static int32_t note_count(csl_stack_note note, void *context, uint32_t input, uint32_t count,
                          const char *what)
{
    char text[160];
    snprintf(text, sizeof text, "%u %s", count, what);
    return count ? note(context, input, text) : 0;
}

static bool in_series_of_slices(const csl_instance *instance)
{
    return instance->frames == 1 && !instance->is_projection && instance->series[0];
}

/* Numbers the stacks in order of their first file and counts those that begin a second geometry in their
 * series. The last match is tried first: files of a series lie together. CSL_PLUGIN_BAD_INPUT at instance
 * *at. */
static int32_t number_stacks(csl_instance *instances, uint32_t count, uint32_t *heads, uint32_t *mixed,
                             uint32_t *at)
{
    uint32_t stacks = 0;
    *mixed = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t found = stacks, others = 0;
        bool seen = false;
        for (uint32_t k = stacks; k > 0 && found == stacks; k--) {
            const csl_instance *head = &instances[heads[k - 1]];
            if (!in_series_of_slices(head) || !in_series_of_slices(&instances[i]) ||
                !same_series(head, &instances[i]))
                continue;
            others++;
            if (!same_space(head, &instances[i])) continue;
            seen = true;
            if (same_geometry(head, &instances[i])) found = k - 1;
        }
        if (found == stacks) {
            *at = i;
            if (others >= CSL_SERIES_GEOMETRIES) return CSL_PLUGIN_BAD_INPUT;
            *mixed += seen;
            heads[stacks++] = i;
        }
        instances[i].stack = found;
        instances[i].pass = 0;
        instances[i].along = distance_along(&instances[i]);
    }
    return CSL_PLUGIN_OK;
}

/* Slices nearer than CSL_SAME_PLACE get one place, so that time and number order them. */
static void snap(csl_instance *instances, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        const csl_instance *before = &instances[i - 1];
        if (before->stack == instances[i].stack && instances[i].along - before->along <= CSL_SAME_PLACE)
            instances[i].along = before->along;
    }
}

/* Removes instances that are there twice under one identifier; the first file counts. */
static uint32_t drop_duplicates(csl_instance *instances, uint32_t count, csl_stack_note note, void *context,
                                int32_t *stopped)
{
    uint32_t kept = 0, dropped = 0, input = 0;
    for (uint32_t i = 0; i < count; i++) {
        /* Sorted: copies of one instance have one place, number and frame. */
        bool twice = false;
        for (uint32_t k = kept; k > 0 && !twice; k--) {
            const csl_instance *other = &instances[k - 1];
            if (other->stack != instances[i].stack || other->number != instances[i].number ||
                other->frame != instances[i].frame)
                break;
            twice =
                instances[i].sop_instance[0] && strcmp(other->sop_instance, instances[i].sop_instance) == 0;
        }
        if (twice) {
            dropped += instances[i].frame == 0;
            input = instances[i].input;
        } else {
            instances[kept++] = instances[i];
        }
    }
    *stopped = note_count(note, context, input, dropped, "files are copies of another one and were left out");
    return kept;
}

/* Several frames in each of several places (points in time, echoes, phases) are as many volumes: the same
 * number in all places, or a point in time said by each frame. */
static void number_passes(csl_instance *instances, uint32_t count)
{
    uint32_t places = 0, most = 0, least = UINT32_MAX;
    bool timed = true;
    if (isnan(instances[count - 1].along)) return;
    for (uint32_t i = 0, run; i < count; i += run) {
        for (run = 1; i + run < count && !(instances[i + run].along > instances[i].along); run++) {
        }
        places++;
        most = run > most ? run : most;
        least = run < least ? run : least;
    }
    for (uint32_t i = 0; i < count; i++) timed &= instances[i].temporal > 0;
    if (places < 2 || most == 1 || (most != least && !timed)) return;
    for (uint32_t i = 0; i < count; i++) {
        bool same_place = i > 0 && !(instances[i].along > instances[i - 1].along);
        instances[i].pass = most != least ? instances[i].temporal
                            : same_place  ? instances[i - 1].pass + 1
                                          : 0;
    }
}

/* The instances of each stack, one stack after another. */
static void split_passes(csl_instance *instances, uint32_t count)
{
    for (uint32_t i = 0, run; i < count; i += run) {
        for (run = 1; i + run < count && instances[i + run].stack == instances[i].stack; run++) {
        }
        number_passes(instances + i, run);
    }
}

/* Instances that are sorted by stack and pass become stacks. */
static int32_t gather(csl_stacks *stacks)
{
    csl_instance *instances = stacks->instances;
    uint32_t before = 0;
    int32_t pass = 0;
    stacks->stacks = calloc(stacks->instance_count ? stacks->instance_count : 1, sizeof *stacks->stacks);
    if (!stacks->stacks) return CSL_PLUGIN_NO_MEMORY;
    for (uint32_t i = 0; i < stacks->instance_count; i++) {
        bool begins = i == 0 || instances[i].stack != before || instances[i].pass != pass;
        before = instances[i].stack;
        pass = instances[i].pass;
        if (begins) stacks->stacks[stacks->stack_count++].first = i;
        csl_stack *stack = &stacks->stacks[stacks->stack_count - 1];
        stack->count++;
        stack->slices = stack->count > 1 ? stack->count : instances[i].frames;
        instances[i].stack = stacks->stack_count - 1;
    }
    return CSL_PLUGIN_OK;
}

int32_t csl_stacks_build(csl_instance *instances, uint32_t count, csl_stacks *stacks, csl_stack_note note,
                         void *context, uint32_t *refused)
{
    uint32_t *heads = malloc((count ? count : 1) * sizeof *heads), mixed = 0, at = 0;
    *stacks = (csl_stacks){.instances = instances};
    if (!heads) return CSL_PLUGIN_NO_MEMORY;
    int32_t status = number_stacks(instances, count, heads, &mixed, &at);
    free(heads);
    if (status != CSL_PLUGIN_OK) {
        *refused = instances[at].input;
        return status;
    }
    qsort(instances, count, sizeof *instances, compare);
    snap(instances, count);
    qsort(instances, count, sizeof *instances, compare);
    stacks->instance_count = drop_duplicates(instances, count, note, context, &status);
    split_passes(instances, stacks->instance_count);
    qsort(instances, stacks->instance_count, sizeof *instances, compare);
    if (status == CSL_PLUGIN_OK) status = gather(stacks);
    if (status == CSL_PLUGIN_OK && mixed > 0)
        status =
            note_count(note, context, instances[0].input, mixed,
                       "times a series goes on with another image size, spacing or orientation; each is read "
                       "by itself");
    for (uint32_t k = 0; k < stacks->stack_count && status == CSL_PLUGIN_OK; k++)
        status = csl_stack_examine(&stacks->stacks[k], instances + stacks->stacks[k].first, note, context);
    uint32_t without = csl_stacks_share_budget(stacks);
    if (status == CSL_PLUGIN_OK && stacks->instance_count > 0)
        status = note_count(note, context, instances[0].input, without,
                            "series or images were left out: a case has room for 256 image tokens");
    return status;
}

bool csl_stack_in_space(const csl_stacks *stacks, const csl_stack *stack)
{
    const csl_instance *first = &stacks->instances[stack->first];
    return stack->is_volume && first->has_position && first->has_orientation;
}

const csl_instance *csl_stack_instance(const csl_stacks *stacks, const csl_stack *stack, uint32_t slice,
                                       uint32_t *frame)
{
    const csl_instance *instance = &stacks->instances[stack->first + (stack->count > 1 ? slice : 0)];
    *frame = instance->frame + (stack->count > 1 ? 0 : slice);
    return instance;
}
