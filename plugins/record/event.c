#include "event.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

rec_event rec_event_new(const rec_record *record, rec_kind kind)
{
    return (rec_event){.kind = kind,
                       .value = NAN,
                       .low = NAN,
                       .high = NAN,
                       .interpretation = NAN,
                       .active = NAN,
                       .time.days = NAN,
                       .input = record->input};
}

static bool grow(rec_record *record)
{
    if (record->event_count < record->event_capacity) return true;
    if (record->event_count >= REC_EVENTS_MAX) {
        rec_fail(record, NULL, "more than %d events in one case; split the record", (int)REC_EVENTS_MAX);
        return false;
    }
    size_t capacity = record->event_capacity ? record->event_capacity * 2 : 256;
    rec_event *events = rec_alloc(&record->arena, capacity, sizeof *events);
    if (!events) return false;
    if (record->event_count) memcpy(events, record->events, record->event_count * sizeof *events);
    record->events = events;
    record->event_capacity = capacity;
    return true;
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
        if (given)
            rec_warn(record, at,
                     "unit \"%.32s\" is not known for %s (wanted %s or another of its units); value left out",
                     given, rec_unit_name(e->system, e->code), canonical);
        else
            rec_warn(record, at,
                     "a value of %s without a unit (wanted %s or another of its units); value left out",
                     rec_unit_name(e->system, e->code), canonical);
        e->value = NAN;
        e->unit = NULL;
        e->comparator = NULL;
    } else if (result == REC_UNIT_CANONICAL) {
        e->unit = canonical;
    }
    if (!range_unit) range_unit = given;
    if (rec_unit(e->system, e->code, range_unit, &e->low, &canonical) == REC_UNIT_UNKNOWN) e->low = NAN;
    if (rec_unit(e->system, e->code, range_unit, &e->high, &canonical) == REC_UNIT_UNKNOWN) e->high = NAN;
    /* A range in another unit than the value cannot be compared where the table knows neither. */
    if (result == REC_UNIT_AS_GIVEN && range_unit && given && strcmp(range_unit, given))
        e->low = e->high = NAN;
}

/* Some exporters leave blanks around a code. */
static const char *trimmed(rec_record *record, const char *code)
{
    if (!code) return NULL;
    code += strspn(code, " \t\r\n");
    size_t length = strlen(code);
    while (length && strchr(" \t\r\n", code[length - 1])) length--;
    return length ? rec_copy(&record->arena, code, length) : NULL;
}

void rec_event_add(rec_record *record, const rec_event *event, const char *range_unit, const rec_node *at)
{
    rec_event e = *event;
    e.code = trimmed(record, e.code);
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
    if (!grow(record)) return;
    e.system = rec_text(&record->arena, e.system);
    e.display = rec_text(&record->arena, e.display);
    e.status = rec_text(&record->arena, e.status);
    e.unit = rec_text(&record->arena, e.unit);
    e.comparator = rec_text(&record->arena, e.comparator);
    e.answer = rec_text(&record->arena, e.answer);
    record->events[record->event_count++] = e;
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
