/* The record as tokens, facts and warnings.
 *
 * De-identified, what leaves is what the safe harbour of HIPAA (45 CFR 164.514(b)(2)) allows: no facts at all
 * (names, identifiers, dates); no date in a label, only the days before the last event; ages above 89 as 90;
 * codes and their displays only of published systems, for a hospital's own may name the hospital or hold free
 * text; of answers only yes and no. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "code.h"
#include "note/note.h"
#include "reader.h"
#include "score.h"
#include "unit.h"

#define AGE_CODE REC_LOINC "|30525-0"
#define SEX_CODE REC_LOINC "|46098-0"

enum { NAME_MAX_BYTES = 200 }; /* of a code's display in a label */

static const double days_a_year = 365.25;

const char *const rec_feature_names[REC_FEATURES] = {
    "value",          "value_known",     "days_before",  "age_years",     "interpretation",
    "range_position", "is_condition",    "is_allergy",   "is_medication", "is_observation",
    "is_procedure",   "is_immunization", "is_encounter", "active",        "sex_male",
};
const char *const rec_feature_units[REC_FEATURES] = {"{by code}", "1", "d", "a", "1", "1", "1", "1",
                                                     "1",         "1", "1", "1", "1", "1", "1"};

static const char *const kind_names[REC_KINDS] = {"Condition", "Allergy",      "Medication", "Observation",
                                                  "Procedure", "Immunization", "Encounter"};

/* Copies at most `most` bytes, whole characters, runs of blanks and control characters as single spaces. */
static size_t plain(const char *text, size_t most, char *out)
{
    size_t n = 0;
    for (; text && *text && n < most; text++) {
        unsigned char c = (unsigned char)*text;
        if (c > ' ' && c != 127)
            out[n++] = (char)c;
        else if (n && out[n - 1] != ' ')
            out[n++] = ' ';
    }
    if (text && ((unsigned char)*text & 0xc0) == 0x80) /* cut inside a character: drop its beginning */
        while (n && ((unsigned char)out[--n] & 0xc0) == 0x80) {
        }
    while (n && out[n - 1] == ' ') n--;
    out[n] = 0;
    return n;
}

/* "http://loinc.org" -> "LOINC": the systems that people know by a name. */
static const char *system_name(const char *system)
{
    static const struct {
        const char *uri, *name;
    } names[] = {{REC_LOINC, "LOINC"},
                 {REC_SNOMED, "SNOMED CT"},
                 {REC_RXNORM, "RxNorm"},
                 {REC_CVX, "CVX"},
                 {"http://hl7.org/fhir/sid/icd-10-cm", "ICD-10-CM"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (system && !strcmp(system, names[i].uri)) return names[i].name;
    return "code";
}

/* As it may leave when it must not identify anybody. */
static rec_event anonymous(const rec_event *e)
{
    rec_event a = *e;
    bool published = e->code && e->system && rec_system_published(e->system);
    if (!published) a.system = a.code = a.display = NULL;
    if (a.answer && strcmp(a.answer, "yes") && strcmp(a.answer, "no")) a.answer = NULL;
    a.time = (rec_date){.days = e->time.days};
    return a;
}

static void label_of(const rec_event *e, char *out, size_t size)
{
    char name[NAME_MAX_BYTES + 1], value[160] = "", answer[81], unit[33], status[41], date[REC_DATE_TEXT];
    const char *display = e->display ? e->display : rec_unit_name(e->system, e->code);
    if (!plain(display, NAME_MAX_BYTES, name)) {
        char code[65];
        plain(e->code, 64, code);
        snprintf(name, sizeof name, "%s %s", e->code ? system_name(e->system) : kind_names[e->kind],
                 e->code ? code : "without a code");
    }
    bool number = !isnan(e->value) && !e->answer;
    plain(e->answer, sizeof answer - 1, answer);
    plain(e->unit, sizeof unit - 1, unit);
    plain(e->status, sizeof status - 1, status);
    bool unitless = !*unit || !strcmp(unit, "1") || *unit == '{';
    if (number)
        snprintf(value, sizeof value, fabs(e->value) < 10000 ? " %s%.4g" : " %s%.0f",
                 e->comparator ? e->comparator : "", e->value);
    else if (*answer)
        snprintf(value, sizeof value, ": %s", answer);
    if (!unitless && *value)
        snprintf(value + strlen(value), sizeof value - strlen(value), *unit == '%' ? "%s" : " %s", unit);
    bool state = *status && e->active == 0 &&
                 (e->kind == REC_CONDITION || e->kind == REC_ALLERGY || e->kind == REC_MEDICATION);
    rec_date_text(&e->time, date);
    const char *kind = e->kind == REC_ALLERGY && !strstr(name, "llergy") ? "Allergy: " : "";
    snprintf(out, size, "%s%s%s%s%s%s%s", kind, name, value, state ? ", " : "", state ? status : "",
             *date ? ", " : "", date);
}

typedef struct emitter {
    rec_record *record;
    const csl_sink *sink;
    double last;                /* days of the last event, NaN: none is dated */
    const rec_person *fallback; /* the first known patient, for files that hold none */
} emitter;

static int32_t put(const emitter *m, uint32_t input, const float *features, const char *label,
                   const char *code)
{
    double position = features[REC_F_DAYS_BEFORE];
    csl_token token = {.struct_size = sizeof token,
                       .input = input,
                       .features = features,
                       .position = &position,
                       .label = label,
                       .code = code};
    return m->sink->token(m->sink, &token);
}

static const rec_person *person_of(const emitter *m, uint32_t input)
{
    const rec_person *person = &m->record->persons[input];
    return person->known || !m->fallback ? person : m->fallback;
}

static double age_at(const emitter *m, const rec_person *person, double days)
{
    double age = person->birth.year ? (days - person->birth.days) / days_a_year : NAN;
    if (m->record->options.deidentify && age >= 90) age = 90;
    return age >= 0 && age < 150 ? age : NAN;
}

static void clear(float *features)
{
    for (int i = 0; i < REC_FEATURES; i++) features[i] = i >= REC_F_KIND && i < REC_F_ACTIVE ? 0 : NAN;
    features[REC_F_VALUE_KNOWN] = 0;
}

static int32_t emit_event(const emitter *m, const rec_event *given)
{
    rec_event shown = m->record->options.deidentify ? anonymous(given) : *given;
    const rec_event *e = &shown;
    float f[REC_FEATURES];
    char label[CSL_MAX_LABEL_BYTES], code[CSL_MAX_LABEL_BYTES];
    const rec_person *person = person_of(m, e->input);
    clear(f);
    f[REC_F_VALUE] = (float)e->value;
    f[REC_F_VALUE_KNOWN] = isnan(e->value) ? 0.0f : 1.0f;
    f[REC_F_DAYS_BEFORE] = (float)(m->last - e->time.days);
    f[REC_F_AGE] = (float)age_at(m, person, e->time.days);
    f[REC_F_INTERPRETATION] = (float)e->interpretation;
    double position = (e->value - e->low) / (e->high - e->low);
    if (e->high > e->low && fabs(position) < 1e6) f[REC_F_RANGE_POSITION] = (float)position;
    f[REC_F_KIND + (int)e->kind] = 1;
    f[REC_F_ACTIVE] = (float)e->active;
    f[REC_F_SEX_MALE] = (float)person->sex_male;
    label_of(e, label, sizeof label);
    bool coded = e->code &&
                 snprintf(code, sizeof code, "%s|%s", e->system ? e->system : "", e->code) < (int)sizeof code;
    return put(m, e->input, f, label, coded ? code : NULL);
}

/* Age and sex as observations of their own, at the time of the last event. */
static int32_t emit_person(const emitter *m, uint32_t input)
{
    float f[REC_FEATURES];
    char label[64];
    int32_t status = CSL_PLUGIN_OK;
    const rec_person *person = &m->record->persons[input];
    double age = age_at(m, person, m->last);
    clear(f);
    f[REC_F_KIND + REC_OBSERVATION] = 1;
    f[REC_F_VALUE_KNOWN] = 1;
    f[REC_F_DAYS_BEFORE] = 0;
    f[REC_F_AGE] = (float)age;
    f[REC_F_SEX_MALE] = (float)person->sex_male;
    if (!isnan(age)) {
        f[REC_F_VALUE] = (float)age;
        snprintf(label, sizeof label, "Age %d years", (int)age);
        status = put(m, input, f, label, AGE_CODE);
    }
    if (!isnan(person->sex_male) && status == CSL_PLUGIN_OK) {
        f[REC_F_VALUE] = (float)person->sex_male;
        status = put(m, input, f, person->sex_male > 0 ? "Sex male" : "Sex female", SEX_CODE);
    }
    return status;
}

static int32_t emit_day(const emitter *m, const rec_event *event, uint32_t input, const char *place)
{
    char date[REC_DATE_TEXT];
    rec_date_text(&event->time, date);
    csl_fact fact = {
        .struct_size = sizeof fact, .kind = CSL_FACT_DATE, .input = input, .value = date, .place = place};
    return m->sink->fact(m->sink, &fact);
}

/* The record, of how many files it may be, covers the time from its first event to its last: both are said of
 * one file. */
static int32_t emit_facts(const emitter *m)
{
    int32_t status = CSL_PLUGIN_OK;
    for (size_t i = 0; i < m->record->fact_count && status == CSL_PLUGIN_OK; i++) {
        const rec_fact *f = &m->record->facts[i];
        csl_fact fact = {.struct_size = sizeof fact,
                         .kind = f->kind,
                         .input = f->input,
                         .value = f->value,
                         .system = f->system,
                         .place = f->place};
        status = m->sink->fact(m->sink, &fact);
    }
    const rec_event *first = &m->record->first_day, *last = &m->record->last_day;
    if (!first->time.day || status != CSL_PLUGIN_OK) return status;
    if (first->time.days < last->time.days) status = emit_day(m, first, last->input, "first event");
    return status == CSL_PLUGIN_OK ? emit_day(m, last, last->input, "last event") : status;
}

static int32_t emit_warnings(const emitter *m, size_t distinct, size_t chosen)
{
    char text[REC_TEXT_MAX + 64];
    int32_t status = CSL_PLUGIN_OK;
    for (size_t i = 0; i < m->record->warning_count && status == CSL_PLUGIN_OK; i++) {
        const rec_warning *w = &m->record->warnings[i];
        if (w->times > 1)
            snprintf(text, sizeof text, "%s (%zu times)", w->text, w->times);
        else
            snprintf(text, sizeof text, "%s", w->text);
        status = m->sink->warn(m->sink, w->input, w->place, text);
    }
    if (status == CSL_PLUGIN_OK && distinct > chosen) {
        bool all = m->record->event_total == m->record->event_count;
        snprintf(text, sizeof text,
                 "%zu events%s; the %zu that stand for the most codes, latest first, are kept",
                 all ? distinct : m->record->event_total, all ? "" : ", repetitions among them", chosen);
        status = m->sink->warn(m->sink, 0, "record", text);
    }
    return status;
}

int32_t rec_emit(rec_record *record, const csl_sink *sink)
{
    const rec_event *chosen[REC_TOKENS_MAX - 2];
    size_t distinct, count = rec_select(record, chosen, sizeof chosen / sizeof *chosen, &distinct);
    emitter m = {.record = record, .sink = sink, .last = record->last.year ? record->last.days : NAN};
    uint32_t person = 0;
    if (record->arena.failed) return CSL_PLUGIN_NO_MEMORY;
    while (person < record->count && !record->persons[person].known) person++;
    if (person < record->count) m.fallback = &record->persons[person];

    int32_t status = record->options.deidentify ? CSL_PLUGIN_OK : emit_facts(&m);
    if (status == CSL_PLUGIN_OK && m.fallback) status = emit_person(&m, person);
    for (size_t i = 0; i < count && status == CSL_PLUGIN_OK; i++) status = emit_event(&m, chosen[i]);
    if (status == CSL_PLUGIN_OK && record->options.scores && m.fallback)
        status = rec_score_emit(record, m.fallback, person, REC_STREAM_SCORE, sink);
    if (status == CSL_PLUGIN_OK && record->notes)
        status = note_emit(record->notes, m.last, record->options.deidentify, sink);
    if (status == CSL_PLUGIN_OK) status = emit_warnings(&m, distinct, count);
    return status;
}
