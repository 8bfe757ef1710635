#include "align/align.h"

#include <consilium/plugin.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "align/rule.h"

enum { DEFAULT_WINDOW_DAYS = 366 };

bool align_full(const search *s)
{
    return s->status != CSL_OK || s->out->count == CSL_MAX_CONTRADICTIONS;
}

static void no_memory(search *s)
{
    if (s->status == CSL_OK)
        s->status = csl_fail(s->error, CSL_ENOMEM, NULL, "the case needs more memory than its limit");
}

char *align_sentence(search *s, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    char *copy = csl_arena_strdup(s->c->arena, text);
    if (!copy) no_memory(s);
    return copy;
}

const char *align_say(search *s, const csl_case_fact *fact)
{
    bool placed = fact->place && fact->place[0];
    const char *text = align_sentence(s, "\"%s\" (%s%s%s)", fact->value, placed ? fact->place : "",
                                      placed ? " of " : "", csl_case_source(s->c, fact->input));
    return text ? text : "";
}

void align_contradict(search *s, const char *rule, const csl_case_fact *first, const csl_case_fact *second,
                      const char *text)
{
    if (align_full(s)) return;
    if (!text)
        text = align_sentence(s, "%s %s contradicts %s", rule, align_say(s, first), align_say(s, second));
    if (s->status == CSL_OK)
        s->out->items[s->out->count++] =
            (csl_contradiction){.rule = rule, .first = first, .second = second, .text = text};
}

statements align_gather(search *s, uint32_t kind)
{
    statements all = {0};
    size_t total = 0;
    for (size_t i = 0; i < s->c->fact_count; i++) total += s->c->facts[i].kind == kind;
    if (!total || s->status != CSL_OK) return all;
    /* Slot input_count stands for what the manifest says. */
    size_t slots = s->c->input_count + 1;
    size_t *counts = csl_arena_alloc(s->c->arena, slots, sizeof *counts);
    const csl_case_fact **facts = csl_arena_alloc(s->c->arena, total, sizeof *facts);
    all.items = csl_arena_alloc(s->c->arena, slots, sizeof *all.items);
    if (!counts || !facts || !all.items) {
        no_memory(s);
        return (statements){0};
    }
    for (size_t i = 0; i < s->c->fact_count; i++)
        if (s->c->facts[i].kind == kind)
            counts[s->c->facts[i].input == UINT32_MAX ? slots - 1 : s->c->facts[i].input]++;
    statement **by_slot = csl_arena_alloc(s->c->arena, slots, sizeof *by_slot);
    if (!by_slot) {
        no_memory(s);
        return (statements){0};
    }
    for (size_t i = 0; i < slots; i++) {
        if (!counts[i]) continue;
        by_slot[i] = &all.items[all.count++];
        *by_slot[i] = (statement){.input = i == slots - 1 ? UINT32_MAX : (uint32_t)i, .facts = facts};
        facts += counts[i];
    }
    for (size_t i = 0; i < s->c->fact_count; i++) {
        const csl_case_fact *fact = &s->c->facts[i];
        if (fact->kind != kind) continue;
        statement *to = by_slot[fact->input == UINT32_MAX ? slots - 1 : fact->input];
        to->facts[to->count++] = fact;
    }
    return all;
}

const statement *align_statement_of(const statements *all, uint32_t input)
{
    size_t low = 0, high = all->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (all->items[middle].input == input) return &all->items[middle];
        if (all->items[middle].input < input)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* A value that cannot be compared is said, so that silence never looks like agreement. */
static void warn_of_unreadable(search *s)
{
    for (size_t i = 0; i < s->c->fact_count && s->status == CSL_OK; i++) {
        const csl_case_fact *fact = &s->c->facts[i];
        day_range days;
        bool dated = fact->kind == CSL_FACT_BIRTH_DATE || fact->kind == CSL_FACT_DATE ||
                     fact->kind == CSL_FACT_DEATH_DATE;
        if (!dated || align_parse_date(fact->value, &days)) continue;
        char *text = align_sentence(s, "%s is not YYYY, YYYY-MM or YYYY-MM-DD and was not compared",
                                    csl_fact_kind_name(fact->kind));
        if (text) s->status = csl_case_add_warning(s->c, fact->input, fact->place, text, s->error);
    }
}

csl_status csl_align(csl_case *c, const csl_align_options *options, csl_alignment *alignment,
                     csl_error *error)
{
    *alignment = (csl_alignment){0};
    search s = {.c = c, .out = alignment, .error = error, .window = DEFAULT_WINDOW_DAYS};
    if (options && options->window_days) s.window = (long)options->window_days;
    s.today = (long)(time(NULL) / 86400);
    if (options && options->today) {
        day_range days;
        if (!align_parse_date(options->today, &days) || days.first != days.last)
            return csl_fail(error, CSL_EUSAGE, NULL, "today is '%s', not YYYY-MM-DD", options->today);
        s.today = days.first;
    }
    alignment->items = csl_arena_alloc(c->arena, CSL_MAX_CONTRADICTIONS, sizeof *alignment->items);
    if (!alignment->items) {
        no_memory(&s);
        return s.status;
    }
    s.patients = align_gather(&s, CSL_FACT_PATIENT_ID);
    s.samples = align_gather(&s, CSL_FACT_SAMPLE);
    warn_of_unreadable(&s);
    static void (*const rules[])(search *) = {align_patient_id, align_patient_name, align_birth_date,
                                              align_sex,        align_sample,       align_genome_build,
                                              align_dates};
    for (size_t i = 0; i < sizeof rules / sizeof *rules && !align_full(&s); i++) rules[i](&s);
    return s.status;
}

static const char *const identity_names[] = {
    [CSL_IDENTITY_STRICT] = "strict", [CSL_IDENTITY_WARN] = "warn", [CSL_IDENTITY_OFF] = "off"};

csl_status csl_identity_parse(const char *text, csl_identity *identity, csl_error *error)
{
    for (size_t i = 0; i < sizeof identity_names / sizeof *identity_names; i++) {
        if (!strcmp(text, identity_names[i])) {
            *identity = (csl_identity)i;
            return CSL_OK;
        }
    }
    return csl_fail(error, CSL_EUSAGE, NULL, "identity is '%s', but must be strict, warn or off", text);
}

const char *csl_identity_name(csl_identity identity)
{
    return identity_names[identity];
}
