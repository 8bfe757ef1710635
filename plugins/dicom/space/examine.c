#include "space/stack.h"

#include "space/geometry.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { few = 3 };                    /* one step in so many may be a gap; more of them are a second spacing */
static const double most_lean = 0.5; /* degrees that rounded positions may give */

/* Slices whose places are known come first; returns their number. */
static uint32_t placed_of(const csl_stack *stack, const csl_instance *instances)
{
    uint32_t placed = 0;
    while (placed < stack->count && !isnan(instances[placed].along)) placed++;
    return placed;
}

static int32_t say(csl_stack_note note, void *context, const csl_instance *first, const csl_steps *steps)
{
    char text[160];
    int32_t stopped = 0;
    if (steps->equal > 0) {
        snprintf(text, sizeof text, "%u slices lie where another one does", steps->equal);
        stopped = note(context, first->input, text);
    }
    if (!stopped && few * steps->gaps > steps->count) {
        snprintf(text, sizeof text, "steps between slices are mixed: from %.4g to %.4g mm", steps->shortest,
                 steps->longest);
        stopped = note(context, first->input, text);
    } else if (!stopped && steps->gaps > 0) {
        snprintf(text, sizeof text,
                 "%u gaps between slices: a step of %.4g mm where the regular one is %.4g mm", steps->gaps,
                 steps->longest, steps->regular);
        stopped = note(context, first->input, text);
    }
    if (!stopped && steps->uneven > 0) {
        snprintf(text, sizeof text,
                 "%u uneven steps between slices: the shortest is %.4g mm, the regular one %.4g mm",
                 steps->uneven, steps->shortest, steps->regular);
        stopped = note(context, first->input, text);
    }
    if (!stopped && steps->lean > most_lean) {
        snprintf(
            text, sizeof text,
            "the stack leans by %.1f degrees: slices do not follow each other along their normal, as with a "
            "tilted gantry",
            steps->lean);
        stopped = note(context, first->input, text);
    }
    return stopped;
}

int32_t csl_stack_examine(csl_stack *stack, const csl_instance *instances, csl_stack_note note, void *context)
{
    char text[160];
    uint32_t placed = placed_of(stack, instances);
    stack->slice_spacing = instances[0].slice_spacing;
    stack->is_volume = placed == stack->count && instances[0].frames == 1;
    stack->are_frames = stack->count == 1 && stack->slices > 1;
    if (stack->count < 2) return 0;
    if (placed > 1) {
        double *along = malloc(2 * (size_t)placed * sizeof *along), normal[3];
        if (!along) return CSL_PLUGIN_NO_MEMORY;
        for (uint32_t i = 0; i < placed; i++) along[i] = instances[i].along;
        csl_normal(instances[0].orientation, normal);
        csl_steps steps = csl_steps_of(along, placed, instances[0].position, instances[placed - 1].position,
                                       normal, along + placed);
        free(along);
        if (isnan(steps.regular)) {
            stack->is_volume = false;
            stack->are_frames = true;
            snprintf(text, sizeof text, "%u frames lie in one place: taken as points in time", placed);
            return note(context, instances[0].input, text);
        }
        stack->slice_spacing = steps.regular;
        int32_t stopped = say(note, context, &instances[0], &steps);
        if (stopped) return stopped;
    }
    if (placed == stack->count) return 0;
    snprintf(text, sizeof text, "%u slices have no position in space: ordered by instance number",
             stack->count - placed);
    return note(context, instances[0].input, text);
}
