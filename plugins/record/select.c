#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"

typedef struct group {
    size_t start, count; /* in the sorted list, latest first */
    const rec_event *first;
} group;

static int texts(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static int numbers(double a, double b)
{
    if (isnan(a) || isnan(b)) return isnan(a) - isnan(b);
    return (a > b) - (a < b);
}

/* Later before earlier, unknown last. */
static int times(const rec_event *a, const rec_event *b)
{
    if (isnan(a->time.days) || isnan(b->time.days)) return isnan(a->time.days) - isnan(b->time.days);
    return numbers(b->time.days, a->time.days);
}

static int keys(const rec_event *a, const rec_event *b)
{
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    int order = texts(a->system, b->system);
    if (!order) order = texts(a->code, b->code);
    return order;
}

/* 0 only for events that say the same. */
static int contents(const rec_event *a, const rec_event *b)
{
    int order = numbers(a->value, b->value);
    if (!order) order = texts(a->unit, b->unit);
    if (!order) order = texts(a->comparator, b->comparator);
    if (!order) order = texts(a->answer, b->answer);
    if (!order) order = texts(a->display, b->display);
    if (!order) order = numbers(a->active, b->active);
    if (!order) order = numbers(a->interpretation, b->interpretation);
    return order;
}

static int by_group(const void *x, const void *y)
{
    const rec_event *a = *(const rec_event *const *)x, *b = *(const rec_event *const *)y;
    int order = keys(a, b);
    if (!order) order = times(a, b);
    if (!order) order = contents(a, b);
    if (!order) order = (a > b) - (a < b); /* as they stood in the files */
    return order;
}

static int by_worth(const void *x, const void *y)
{
    const rec_event *a = ((const group *)x)->first, *b = ((const group *)y)->first;
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    int order = times(a, b);
    return order ? order : keys(a, b);
}

size_t rec_select(rec_record *record, const rec_event **chosen, size_t most, size_t *distinct)
{
    size_t count = record->event_count, kept = 0, group_count = 0, taken = 0;
    *distinct = 0;
    rec_arena scratch;
    rec_arena_init(&scratch, record->held.maximum);
    const rec_event **sorted = rec_alloc(&scratch, count, sizeof *sorted);
    group *groups = rec_alloc(&scratch, count, sizeof *groups);
    if (!sorted || !groups) {
        record->arena.failed = true;
        goto done;
    }
    for (size_t i = 0; i < count; i++) sorted[i] = &record->events[i];
    qsort(sorted, count, sizeof *sorted, by_group);
    for (size_t i = 0; i < count; i++) {
        const rec_event *e = sorted[i], *last = kept ? sorted[kept - 1] : NULL;
        bool same_key = last && !keys(last, e);
        /* Without a code nothing says that two entries are one. */
        if (same_key && e->code && !times(last, e) && !contents(last, e)) continue;
        if (!same_key) groups[group_count++] = (group){.start = kept, .first = e};
        groups[group_count - 1].count++;
        sorted[kept++] = e;
    }
    *distinct = kept;
    qsort(groups, group_count, sizeof *groups, by_worth);
    for (size_t round = 0, found = 1; found && taken < most; round++) {
        found = 0;
        for (size_t g = 0; g < group_count && taken < most; g++) {
            if (groups[g].count <= round) continue;
            chosen[taken++] = sorted[groups[g].start + round];
            found = 1;
        }
    }
done:
    rec_arena_free(&scratch);
    return taken;
}
