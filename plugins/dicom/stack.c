#include "stack.h"

#include "region.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNIT = CSL_VOLUME_GRID * CSL_VOLUME_GRID, UNITS = CSL_TOKEN_BUDGET / UNIT };

static const double same_direction = 1e-3; /* of a unit vector's component */
static const double same_place = 1e-3;     /* mm */

static const struct {
    const char code[8];
    bool is_projection; /* each image stands for itself, even in one series */
} modalities[] = {
    {"CR", true},  {"CT", false}, {"DX", true},    {"ES", true},   {"GM", true},      {"IO", true},
    {"MG", true},  {"MR", false}, {"NM", false},   {"OCT", false}, {"OP", true},      {"OT", false},
    {"PT", false}, {"PX", true},  {"RF", false},   {"RG", true},   {"RTDOSE", false}, {"RTIMAGE", true},
    {"SC", false}, {"SM", true},  {"US", false},   {"XA", false},  {"XC", true},      {"BI", false},
    {"DG", false}, {"EC", false}, {"IVUS", false}, {"OPT", false},
};

const char *csl_modality_code(const char *modality)
{
    for (size_t i = 0; i < sizeof modalities / sizeof modalities[0]; i++) {
        if (strcmp(modalities[i].code, modality) == 0) return modalities[i].code;
    }
    return "OT";
}

static bool is_projection(const char *code)
{
    for (size_t i = 0; i < sizeof modalities / sizeof modalities[0]; i++) {
        if (strcmp(modalities[i].code, code) == 0) return modalities[i].is_projection;
    }
    return false;
}

csl_instance csl_instance_of(const csl_dcm_header *header, uint32_t input)
{
    csl_instance instance = {
        .input = input,
        .frames = header->pixels.frames,
        .rows = header->pixels.rows,
        .columns = header->pixels.columns,
        .number = header->instance_number,
        .has_position = header->has_position,
        .has_orientation = header->has_orientation,
        .modality = csl_modality_code(header->modality),
        .row_spacing = header->row_spacing,
        .column_spacing = header->column_spacing,
        .slice_spacing = header->slice_spacing,
    };
    instance.is_projection = is_projection(instance.modality) && !header->has_position;
    memcpy(instance.series, header->series, sizeof instance.series);
    memcpy(instance.sop_instance, header->sop_instance, sizeof instance.sop_instance);
    memcpy(instance.position, header->position, sizeof instance.position);
    memcpy(instance.orientation, header->orientation, sizeof instance.orientation);
    return instance;
}

static bool same_geometry(const csl_instance *a, const csl_instance *b)
{
    if (a->rows != b->rows || a->columns != b->columns || a->has_orientation != b->has_orientation)
        return false;
    for (int i = 0; a->has_orientation && i < 6; i++) {
        if (fabs(a->orientation[i] - b->orientation[i]) > same_direction) return false;
    }
    return true;
}

static bool same_series(const csl_instance *a, const csl_instance *b)
{
    return a->modality == b->modality && strcmp(a->series, b->series) == 0;
}

/* Distance along the normal, the cross product of row and column direction; NaN where the file does not say.
 */
static double distance_along(const csl_instance *instance)
{
    if (!instance->has_position || !instance->has_orientation) return NAN;
    const double *r = instance->orientation, *c = instance->orientation + 3, *p = instance->position;
    return (r[1] * c[2] - r[2] * c[1]) * p[0] + (r[2] * c[0] - r[0] * c[2]) * p[1] +
           (r[0] * c[1] - r[1] * c[0]) * p[2];
}

static int compare(const void *left, const void *right)
{
    const csl_instance *a = left, *b = right;
    if (a->stack != b->stack) return a->stack < b->stack ? -1 : 1;
    /* Slices without a place sort behind those that have one, by number. */
    if (isnan(a->along) != isnan(b->along)) return isnan(a->along) ? 1 : -1;
    if (!isnan(a->along) && fabs(a->along - b->along) > 0) return a->along < b->along ? -1 : 1;
    if (a->number != b->number) return a->number < b->number ? -1 : 1;
    return a->input < b->input ? -1 : a->input > b->input;
}

static int32_t note_count(csl_stack_note note, void *context, uint32_t input, uint32_t count,
                          const char *what)
{
    char text[160];
    snprintf(text, sizeof text, "%u %s", count, what);
    return count ? note(context, input, text) : 0;
}

/* Gaps, equal places and the spacing of a volume that is already in order. */
static int32_t examine(csl_stack *stack, const csl_instance *instances, csl_stack_note note, void *context)
{
    uint32_t equal = 0, unplaced = 0, gaps = 0, steps = 0;
    stack->slice_spacing = instances[0].slice_spacing;
    if (stack->count < 2) return 0;
    double *step = malloc(stack->count * sizeof *step);
    if (!step) return CSL_PLUGIN_NO_MEMORY;
    for (uint32_t i = 0; i < stack->count; i++) {
        if (isnan(instances[i].along)) {
            unplaced++;
        } else if (i > 0) {
            double d = instances[i].along - instances[i - 1].along;
            if (d <= same_place)
                equal++;
            else
                step[steps++] = d;
        }
    }
    if (steps > 0) {
        /* A missing slice makes a step longer, nothing makes it shorter: the smallest is the regular one. */
        double smallest = INFINITY;
        for (uint32_t i = 0; i < steps; i++) smallest = fmin(smallest, step[i]);
        for (uint32_t i = 0; i < steps; i++) gaps += step[i] > 1.5 * smallest;
        stack->slice_spacing = smallest;
    }
    free(step);
    int32_t stopped;
    if ((stopped =
             note_count(note, context, instances[0].input, equal, "slices lie where another one does")) ||
        (stopped =
             note_count(note, context, instances[0].input, gaps, "gaps or uneven steps between slices")))
        return stopped;
    if (unplaced > 0)
        return note_count(note, context, instances[0].input, unplaced,
                          "slices have no position in space: ordered by instance number");
    return 0;
}

/* Of so few pixels that 4 x 4 patches of 8 x 8 cells hold them all. */
static bool is_small(const csl_instance *instance)
{
    return instance->rows <= CSL_VOLUME_GRID * CSL_REGION_CELLS &&
           instance->columns <= CSL_VOLUME_GRID * CSL_REGION_CELLS;
}

/* Every stack gets one unit of 16 tokens while there are any, in order; then single images grow to 8 x 8
 * regions, unless they are small; then volumes get one slice more each in turn until nobody wants more. */
static uint32_t share_budget(csl_stacks *stacks)
{
    uint32_t left = UNITS, without = 0;
    for (uint32_t i = 0; i < stacks->stack_count; i++) {
        csl_stack *stack = &stacks->stacks[i];
        stack->chosen = left > 0;
        stack->grid = CSL_VOLUME_GRID;
        without += left == 0;
        left -= left > 0;
    }
    const uint32_t growth = CSL_IMAGE_GRID * CSL_IMAGE_GRID / UNIT - 1;
    for (uint32_t i = 0; i < stacks->stack_count; i++) {
        csl_stack *stack = &stacks->stacks[i];
        if (stack->chosen && stack->slices == 1 && left >= growth &&
            !is_small(&stacks->instances[stack->first])) {
            stack->grid = CSL_IMAGE_GRID;
            left -= growth;
        }
    }
    for (bool grew = true; grew && left > 0;) {
        grew = false;
        for (uint32_t i = 0; i < stacks->stack_count && left > 0; i++) {
            csl_stack *stack = &stacks->stacks[i];
            if (stack->chosen && stack->chosen < stack->slices && stack->chosen < CSL_VOLUME_SLICES) {
                stack->chosen++;
                left--;
                grew = true;
            }
        }
    }
    return without;
}

static bool in_series_of_slices(const csl_instance *instance)
{
    return instance->frames == 1 && !instance->is_projection && instance->series[0];
}

/* Numbers the stacks in order of their first file and counts those that begin a second one in their series.
 * The last match is tried first: files of a series lie together. */
static uint32_t number_stacks(csl_instance *instances, uint32_t count, uint32_t *heads, uint32_t *mixed)
{
    uint32_t stacks = 0;
    *mixed = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t found = stacks;
        bool seen = false;
        for (uint32_t k = stacks; k > 0 && found == stacks; k--) {
            const csl_instance *head = &instances[heads[k - 1]];
            if (!in_series_of_slices(head) || !in_series_of_slices(&instances[i]) ||
                !same_series(head, &instances[i]))
                continue;
            seen = true;
            if (same_geometry(head, &instances[i])) found = k - 1;
        }
        if (found == stacks) {
            *mixed += seen;
            heads[stacks++] = i;
        }
        instances[i].stack = found;
        instances[i].along = distance_along(&instances[i]);
    }
    return stacks;
}

/* Removes instances that are there twice under one identifier; the first file counts. */
static uint32_t drop_duplicates(csl_instance *instances, uint32_t count, csl_stack_note note, void *context,
                                int32_t *stopped)
{
    uint32_t kept = 0, dropped = 0, input = 0;
    for (uint32_t i = 0; i < count; i++) {
        /* Sorted: copies of one instance have one place and number. */
        bool twice = false;
        for (uint32_t k = kept; k > 0 && !twice; k--) {
            const csl_instance *other = &instances[k - 1];
            if (other->stack != instances[i].stack || other->number != instances[i].number) break;
            twice =
                instances[i].sop_instance[0] && strcmp(other->sop_instance, instances[i].sop_instance) == 0;
        }
        if (twice) {
            dropped++;
            input = instances[i].input;
        } else {
            instances[kept++] = instances[i];
        }
    }
    *stopped = note_count(note, context, input, dropped, "files are copies of another one and were left out");
    return kept;
}

int32_t csl_stacks_build(csl_instance *instances, uint32_t count, csl_stacks *stacks, csl_stack_note note,
                         void *context)
{
    int32_t status = CSL_PLUGIN_OK;
    uint32_t *heads = malloc((count ? count : 1) * sizeof *heads);
    *stacks = (csl_stacks){.instances = instances};
    if (!heads) return CSL_PLUGIN_NO_MEMORY;
    uint32_t mixed, stack_count = number_stacks(instances, count, heads, &mixed);
    stacks->stacks = calloc(stack_count ? stack_count : 1, sizeof *stacks->stacks);
    if (!stacks->stacks) {
        status = CSL_PLUGIN_NO_MEMORY;
        goto done;
    }
    stacks->stack_count = stack_count;
    qsort(instances, count, sizeof *instances, compare);
    count = stacks->instance_count = drop_duplicates(instances, count, note, context, &status);
    for (uint32_t i = 0; i < count && status == CSL_PLUGIN_OK; i++) {
        csl_stack *stack = &stacks->stacks[instances[i].stack];
        if (stack->count++ == 0) stack->first = i;
        stack->slices = stack->count > 1 ? stack->count : instances[i].frames;
    }
    if (status == CSL_PLUGIN_OK && mixed > 0)
        status = note_count(
            note, context, instances[0].input, mixed,
            "times a series goes on with another image size or orientation; each is read by itself");
    for (uint32_t k = 0; k < stack_count && status == CSL_PLUGIN_OK; k++)
        status = examine(&stacks->stacks[k], instances + stacks->stacks[k].first, note, context);
    uint32_t without = share_budget(stacks);
    if (status == CSL_PLUGIN_OK && count > 0)
        status = note_count(note, context, instances[0].input, without,
                            "series or images were left out: a case has room for 256 image tokens");
done:
    free(heads);
    return status;
}

uint32_t csl_stack_slice(const csl_stack *stack, uint32_t i)
{
    return (uint32_t)(((uint64_t)2 * i + 1) * stack->slices / ((uint64_t)2 * stack->chosen));
}
