#include "event.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"
#include "score.h"
#include "unit.h"

rec_event rec_event_new(const rec_record *record, rec_kind kind)
{
    return (rec_event){.kind = kind,
                       .value = NAN,
                       .rate = NAN,
                       .low = NAN,
                       .high = NAN,
                       .interpretation = NAN,
                       .active = NAN,
                       .time.days = NAN,
                       .input = record->input};
}

bool rec_record_init(rec_record *record, uint32_t files)
{
    enum { BYTES_MAX = 1 << 30 };
    *record = (rec_record){.count = files};
    rec_arena_init(&record->arena, BYTES_MAX);
    rec_arena_init(&record->held, BYTES_MAX);
    record->persons = rec_alloc(&record->arena, files, sizeof *record->persons);
    for (uint32_t i = 0; record->persons && i < files; i++)
        record->persons[i] = (rec_person){.birth.days = NAN, .sex_male = NAN};
    return record->persons != NULL;
}

void rec_record_free(rec_record *record)
{
    rec_arena_free(&record->arena);
    rec_arena_free(&record->held);
}

/* The event with copies of its texts. */
static rec_event owned(rec_arena *arena, rec_event e)
{
    e.system = rec_text(arena, e.system);
    e.code = rec_text(arena, e.code);
    e.display = rec_text(arena, e.display);
    e.status = rec_text(arena, e.status);
    e.unit = rec_text(arena, e.unit);
    e.comparator = rec_text(arena, e.comparator);
    e.answer = rec_text(arena, e.answer);
    return e;
}

static int by_place(const void *x, const void *y)
{
    const rec_event *a = *(const rec_event *const *)x, *b = *(const rec_event *const *)y;
    return (a > b) - (a < b);
}

/* Keeps what would be chosen if the record ended here. No other event can be chosen later: whatever comes can
 * only take places before it. */
static void prune(rec_record *record)
{
    const rec_event *chosen[REC_TOKENS_MAX];
    size_t distinct, count = rec_select(record, chosen, REC_TOKENS_MAX, &distinct);
    rec_arena kept;
    rec_arena_init(&kept, record->held.maximum);
    rec_event *events = rec_alloc(&kept, REC_EVENTS_HELD, sizeof *events);
    qsort(chosen, count, sizeof *chosen, by_place);
    for (size_t i = 0; events && i < count; i++) events[i] = owned(&kept, *chosen[i]);
    rec_arena_free(&record->held);
    record->held = kept;
    record->events = events;
    record->event_count = count;
    record->event_capacity = REC_EVENTS_HELD;
    if (!events || kept.failed) record->arena.failed = true;
}

static bool grow(rec_record *record)
{
    if (record->event_count == REC_EVENTS_HELD) prune(record);
    if (record->arena.failed || record->event_count < record->event_capacity) return !record->arena.failed;
    size_t capacity = record->event_capacity ? record->event_capacity * 2 : 32;
    rec_event *events = rec_take(&record->held, capacity * sizeof *events);
    if (!events) return false;
    if (record->event_count) memcpy(events, record->events, record->event_count * sizeof *events);
    record->events = events;
    record->event_capacity = capacity;
    return true;
}

/* The record's span. */
static void note_time(rec_record *record, const rec_event *e)
{
    const rec_date *t = &e->time;
    if (isnan(t->days)) return;
    if (!record->last.year || t->days > record->last.days) record->last = *t;
    if (!t->day) return;
    bool any = record->first_day.time.day != 0;
    if (!any || t->days < record->first_day.time.days)
        record->first_day = (rec_event){.time = *t, .input = e->input};
    if (!any || t->days > record->last_day.time.days)
        record->last_day = (rec_event){.time = *t, .input = e->input};
}

static double in_float(double x)
{
    return fabs(x) <= FLT_MAX ? x : NAN;
}

/* Brings value and range to the code's unit. */
static void convert(rec_record *record, rec_event *e, const char *range_unit, const rec_node *at)
{
    const char *canonical = NULL, *given = e->unit;
    bool number = !isnan(e->value);
    rec_unit_result result = rec_unit(e->system, e->code, given, &e->value, &canonical);
    if (result == REC_UNIT_UNKNOWN && number) {
        if (given && !record->options.deidentify)
            rec_warn(record, at,
                     "unit \"%.32s\" is not known for %s (wanted %s or another of its units); value left out",
                     given, rec_unit_name(e->system, e->code), canonical);
        else
            rec_warn(record, at,
                     "a value of %s without a known unit (wanted %s or another of its units); value left out",
                     rec_unit_name(e->system, e->code), canonical);
        e->value = NAN;
        e->unit = NULL;
        e->comparator = NULL;
    } else if (result == REC_UNIT_CANONICAL) {
        e->unit = canonical;
    }
    if (!range_unit) range_unit = given;
    double *const bounds[] = {&e->low, &e->high};
    for (size_t i = 0; i < 2; i++)
        if (!isnan(*bounds[i]) &&
            rec_unit(e->system, e->code, range_unit, bounds[i], &canonical) == REC_UNIT_UNKNOWN)
            *bounds[i] = NAN;
    /* A range in another unit than the value cannot be compared where the table knows neither. */
    if (result == REC_UNIT_AS_GIVEN && range_unit && given && strcmp(range_unit, given))
        e->low = e->high = NAN;
}

/* Some exporters leave blanks around a code. */
static const char *trimmed(const char *code, char out[REC_VALUE_MAX + 1])
{
    if (!code) return NULL;
    code += strspn(code, " \t\r\n");
    size_t length = strnlen(code, REC_VALUE_MAX);
    while (length && strchr(" \t\r\n", code[length - 1])) length--;
    memcpy(out, code, length);
    out[length] = 0;
    return length ? out : NULL;
}

void rec_event_add(rec_record *record, const rec_event *event, const char *range_unit, const rec_node *at)
{
    rec_event e = *event;
    char code[REC_VALUE_MAX + 1];
    e.code = trimmed(e.code, code);
    convert(record, &e, range_unit, at);
    e.value = in_float(e.value);
    e.low = in_float(e.low);
    e.high = in_float(e.high);
    if (isnan(e.interpretation) && !isnan(e.value)) {
        if (e.value < e.low)
            e.interpretation = -1;
        else if (e.value > e.high)
            e.interpretation = 1;
        else if (!isnan(e.low) || !isnan(e.high))
            e.interpretation = 0;
    }
    if (!grow(record)) {
        record->arena.failed = true;
        return;
    }
    note_time(record, &e);
    if (record->options.scores) rec_score_note(&record->scores, &e);
    record->event_total++;
    record->events[record->event_count++] = owned(&record->held, e);
    if (record->held.failed) record->arena.failed = true;
}

void rec_fact_add(rec_record *record, uint32_t kind, const char *value, const char *system, const char *place)
{
    if (!value || !*value) return;
    for (size_t i = 0; i < record->fact_count; i++) {
        const rec_fact *f = &record->facts[i];
        if (f->kind == kind && f->input == record->input && !strcmp(f->value, value) &&
            !strcmp(f->system ? f->system : "", system ? system : ""))
            return;
    }
    if (record->fact_count == REC_FACTS_MAX) {
        rec_warn(record, NULL, "more than %d facts; the rest is left out", (int)REC_FACTS_MAX);
        return;
    }
    rec_fact fact = {kind, record->input, rec_text(&record->arena, value), rec_text(&record->arena, system),
                     rec_text(&record->arena, place)};
    if (!record->arena.failed) record->facts[record->fact_count++] = fact;
}

void rec_warn(rec_record *record, const rec_node *at, const char *format, ...)
{
    char text[REC_TEXT_MAX], place[REC_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    rec_clean(text);
    for (size_t i = 0; i < record->warning_count; i++) {
        rec_warning *w = &record->warnings[i];
        if (w->input != record->input || strcmp(w->text, text)) continue;
        w->times++;
        return;
    }
    if (record->warning_count == REC_WARNINGS_MAX) return;
    rec_place(at, place);
    rec_clean(place);
    rec_warning warning = {record->input, 1, rec_text(&record->arena, place), rec_text(&record->arena, text)};
    if (!record->arena.failed) record->warnings[record->warning_count++] = warning;
}

void rec_fail(rec_record *record, const rec_node *at, const char *format, ...)
{
    if (record->failed) return;
    va_list args;
    va_start(args, format);
    vsnprintf(record->fault.text, sizeof record->fault.text, format, args);
    va_end(args);
    if (record->options.deidentify) /* the text may name a patient */
        snprintf(record->fault.text, sizeof record->fault.text,
                 "refused; without de-identification the message says more");
    rec_place(at, record->fault.place);
    record->failed = true;
}

static void date_fact(rec_record *record, uint32_t kind, const rec_date *date, const char *place)
{
    char text[REC_DATE_TEXT];
    rec_date_text(date, text);
    rec_fact_add(record, kind, text, NULL, place);
}

void rec_person_birth(rec_record *record, const rec_date *date, const char *place)
{
    record->persons[record->input].birth = *date;
    date_fact(record, CSL_FACT_BIRTH_DATE, date, place);
}

void rec_person_death(rec_record *record, const rec_date *date, const char *place)
{
    date_fact(record, CSL_FACT_DEATH_DATE, date, place);
}

void rec_person_sex(rec_record *record, const char *sex, const char *place)
{
    rec_person *person = &record->persons[record->input];
    person->sex_male = rec_among(sex, "male") ? 1 : rec_among(sex, "female") ? 0 : NAN;
    if (rec_among(sex, "male female other")) rec_fact_add(record, CSL_FACT_SEX, sex, NULL, place);
}
