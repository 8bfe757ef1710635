#include <consilium/plugin.h>

#include "align/rule.h"

/* Clocks differ by their time zones: a day more or less proves nothing. */
enum { ZONE_DAYS = 1 };

/* From the earliest to the latest date of one input, and the facts that say so. */
typedef struct span {
    uint32_t input;
    int modality;
    day_range days;
    const csl_case_fact *earliest, *latest;
} span;

typedef struct spans {
    span *items;
    size_t count;
} spans;

static spans spans_of(search *s)
{
    statements dates = align_gather(s, CSL_FACT_DATE);
    spans all = {0};
    all.items = csl_arena_alloc(s->c->arena, dates.count + 1, sizeof *all.items);
    if (!all.items) {
        s->status = csl_fail(s->error, CSL_ENOMEM, NULL, "the case needs more memory than its limit");
        return all;
    }
    for (size_t i = 0; i < dates.count; i++) {
        const statement *said = &dates.items[i];
        span one = {.input = said->input,
                    .modality = said->input == UINT32_MAX ? -1 : s->c->inputs[said->input].modality};
        for (size_t k = 0; k < said->count; k++) {
            day_range days;
            if (!align_parse_date(said->facts[k]->value, &days)) continue;
            if (!one.earliest || days.first < one.days.first) {
                one.days.first = days.first;
                one.earliest = said->facts[k];
            }
            if (!one.latest || days.last > one.days.last) {
                one.days.last = days.last;
                one.latest = said->facts[k];
            }
        }
        if (one.earliest) all.items[all.count++] = one;
    }
    return all;
}

/* Days between two spans, 0 where they touch; the two facts that lie nearest. */
static long distance(const span *a, const span *b, const csl_case_fact **first, const csl_case_fact **second)
{
    bool a_before = a->days.last < b->days.first;
    *first = a_before ? a->latest : a->earliest;
    *second = a_before ? b->earliest : b->latest;
    if (a_before) return b->days.first - a->days.last;
    return b->days.last < a->days.first ? a->days.first - b->days.last : 0;
}

static void within_window(search *s, const spans *all, int one, int other)
{
    long least = -1;
    const csl_case_fact *first = NULL, *second = NULL;
    for (size_t i = 0; i < all->count && least != 0; i++) {
        for (size_t j = 0; all->items[i].modality == one && j < all->count && least != 0; j++) {
            const csl_case_fact *x, *y;
            if (all->items[j].modality != other) continue;
            long days = distance(&all->items[i], &all->items[j], &x, &y);
            if (least < 0 || days < least) {
                least = days;
                first = x;
                second = y;
            }
        }
    }
    if (least > s->window)
        align_contradict(s, "dates", first, second,
                         align_sentence(s, "dates %s and %s are %ld days apart, more than the %ld allowed",
                                        align_say(s, first), align_say(s, second), least, s->window));
}

/* Contradicts the first span of each modality that lies, with all its dates, on the wrong side of a limit;
 * limit NULL: the limit is the clock. */
static void each_modality_once(search *s, const spans *all, const csl_case_fact *limit, day_range days,
                               bool (*broken)(day_range study, day_range limit), const char *how)
{
    uint32_t told = 0; /* bit a modality; a case has at most CSL_MAX_MODALITIES */
    for (size_t i = 0; i < all->count && !align_full(s); i++) {
        const span *study = &all->items[i];
        uint32_t bit = study->modality < 0 ? 1u << CSL_MAX_MODALITIES : 1u << study->modality;
        if ((told & bit) || !broken(study->days, days)) continue;
        told |= bit;
        align_contradict(s, "dates", study->earliest, limit,
                         limit ? align_sentence(s, "date %s lies %s %s", align_say(s, study->earliest), how,
                                                align_say(s, limit))
                               : align_sentence(s, "date %s lies %s", align_say(s, study->earliest), how));
    }
}

static bool before(day_range study, day_range limit)
{
    return study.last < limit.first - ZONE_DAYS;
}

static bool after(day_range study, day_range limit)
{
    return study.first > limit.last + ZONE_DAYS;
}

static void birth_and_death(search *s, const spans *all)
{
    const csl_case_fact *birth = NULL, *death = NULL;
    day_range born = {0}, died = {0}, today = {s->today, s->today};
    /* Where several are stated, the rule birth_date has compared them: the first stands for all. */
    for (size_t i = 0; i < s->c->fact_count; i++) {
        const csl_case_fact *fact = &s->c->facts[i];
        if (!birth && fact->kind == CSL_FACT_BIRTH_DATE && align_parse_date(fact->value, &born)) birth = fact;
        if (!death && fact->kind == CSL_FACT_DEATH_DATE && align_parse_date(fact->value, &died)) death = fact;
    }
    if (birth) {
        each_modality_once(s, all, birth, born, before, "before the birth date");
        if (after(born, today))
            align_contradict(s, "birth_date", birth, NULL,
                             align_sentence(s, "birth_date %s lies in the future", align_say(s, birth)));
    }
    if (death) {
        each_modality_once(s, all, death, died, after, "after the death date");
        if (birth && before(died, born))
            align_contradict(s, "dates", death, birth,
                             align_sentence(s, "death date %s lies before the birth date %s",
                                            align_say(s, death), align_say(s, birth)));
    }
    each_modality_once(s, all, NULL, today, after, "in the future");
}

void align_dates(search *s)
{
    spans all = spans_of(s);
    if (s->status != CSL_OK) return;
    birth_and_death(s, &all);
    for (int i = 0; i < (int)s->c->modality_count; i++)
        for (int j = i + 1; j < (int)s->c->modality_count && !align_full(s); j++)
            within_window(s, &all, i, j);
}
