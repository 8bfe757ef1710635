#include "space/stack.h"

#include "pixel/region.h"

enum { UNIT = CSL_VOLUME_GRID * CSL_VOLUME_GRID, UNITS = CSL_TOKEN_BUDGET / UNIT };

/* Of so few pixels that 4 x 4 patches of 8 x 8 cells hold them all. */
static bool is_small(const csl_instance *instance)
{
    return instance->rows <= CSL_VOLUME_GRID * CSL_REGION_CELLS &&
           instance->columns <= CSL_VOLUME_GRID * CSL_REGION_CELLS;
}

/* Every stack gets one unit of 16 tokens while there are any, in order; then single images grow to 8 x 8
 * regions, unless they are small; then volumes get one slice more each in turn until nobody wants more. */
uint32_t csl_stacks_share_budget(csl_stacks *stacks)
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

uint32_t csl_stack_slice(const csl_stack *stack, uint32_t i)
{
    return (uint32_t)(((uint64_t)2 * i + 1) * stack->slices / ((uint64_t)2 * stack->chosen));
}
