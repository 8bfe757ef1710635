/* C-CDA R2.1 (and R1.1, whose entry templates bear the same roots): sections by LOINC code, entries by
 * template. Template roots are those of the C-CDA implementation guide, volume 2. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ccda.h"
#include "note/note.h"
#include "rate.h"
#include "reader.h"

typedef enum class {
    NONE,
    PROBLEM,
    ALLERGY,
    MEDICATION,
    IMMUNIZATION,
    FINDING,
    FAMILY,
    PROCEDURE,
    ENCOUNTER,
    DETAIL /* describes the entry that it is in (status, severity, age, reaction, units) and is no event */
} class;

/* Section templates stand under 2.16.840.1.113883.10.20.22.2, entry templates under ...22.4. */
#define TEMPLATES "2.16.840.1.113883.10.20.22."

static const struct {
    const char *code, *templates;
    class class;
} sections[] = {
    {"11450-4", "2.5 2.5.1", PROBLEM},
    {"11348-0", "2.20", PROBLEM},
    {"48765-2", "2.6 2.6.1", ALLERGY},
    {"10160-0", "2.1 2.1.1", MEDICATION},
    {"11369-6", "2.2 2.2.1", IMMUNIZATION},
    {"30954-2", "2.3 2.3.1", FINDING},
    {"8716-3", "2.4 2.4.1", FINDING},
    {"29762-2", "2.17", FINDING},
    {"47519-4", "2.7 2.7.1", PROCEDURE},
    {"46240-8", "2.22 2.22.1", ENCOUNTER},
    {"47420-5", "2.14", FINDING},
    {"10190-7", "2.56", FINDING},
    {"10157-6", "2.15", FAMILY},
};

/* By the number of the template. */
enum { ENTRIES = 129 };
static const unsigned char entries[ENTRIES] = {
    [3] = PROBLEM,       [4] = PROBLEM,  /* problem concern act, problem observation */
    [30] = ALLERGY,      [7] = ALLERGY,  /* allergy concern act, allergy - intolerance observation */
    [16] = MEDICATION,                   /* medication activity */
    [52] = IMMUNIZATION,                 /* immunization activity */
    [1] = FINDING,       [2] = FINDING,  /* result organizer and observation */
    [26] = FINDING,      [27] = FINDING, /* vital signs organizer and observation */
    [38] = FINDING,      [78] = FINDING,   [85] = FINDING, /* social history observation, smoking status,
                                                              tobacco use */
    [66] = FINDING,      [67] = FINDING,                   /* functional status organizer and observation */
    [74] = FINDING,      [75] = FINDING,                   /* mental status observation and organizer */
    [68] = FINDING,      [73] = FINDING,                   /* R1.1: functional and cognitive status problem */
    [69] = FINDING,      [86] = FINDING,   [128] = FINDING, /* assessment scale, what supports it, self-care
                                                               activity */
    [45] = FAMILY,       [12] = PROCEDURE, [13] = PROCEDURE, [14] = PROCEDURE, [49] = ENCOUNTER,
    [5] = DETAIL,        [6] = DETAIL,     [8] = DETAIL,     [9] = DETAIL,     [19] = DETAIL,
    [25] = DETAIL,       [31] = DETAIL,    [113] = DETAIL,
};

static const char statements[] = "act organizer observation substanceAdministration procedure encounter";

/* What an entry takes from the statements around it. */
typedef struct context {
    class class;
    const char *concern;  /* status of the concern act */
    const rec_node *time; /* effectiveTime of the organizer */
} context;

/* What a templateId names, without the common root; NULL for templates of others. */
static const char *template_of(const rec_node *id)
{
    const size_t length = sizeof TEMPLATES - 1;
    const char *root = rec_get(id, "@root");
    return root && !strncmp(root, TEMPLATES, length) ? root + length : NULL;
}

/* True if the node bears one of the templates, given without their common root. */
static bool has_template(const rec_node *node, const char *templates)
{
    for (const rec_node *t = rec_child(node, "templateId"); t; t = rec_again(t))
        if (rec_among(template_of(t), templates)) return true;
    return false;
}

/* By the first row of the table that has its code or one of its templates. */
static class class_of_section(const rec_node *section)
{
    enum { ROWS = sizeof sections / sizeof *sections };
    const char *code = rec_get(rec_child(section, "code"), "@code");
    size_t best = 0;
    while (best < ROWS && !rec_among(code, sections[best].code)) best++;
    for (const rec_node *t = rec_child(section, "templateId"); t; t = rec_again(t)) {
        const char *template = template_of(t);
        for (size_t i = 0; template && i < best; i++)
            if (rec_among(template, sections[i].templates)) best = i;
    }
    return best < ROWS ? sections[best].class : NONE;
}

/* The number of an entry's template, written without anything before it; ENTRIES if it is none. */
static unsigned entry_number(const char *text)
{
    unsigned number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9' && number < ENTRIES; at++) number = number * 10 + (unsigned)(*at - '0');
    return *at || at == text || *text == '0' || number > ENTRIES ? ENTRIES : number;
}

/* The first class, as they are ordered, of its templates. *other: it bears some template of an entry. */
static class class_of_entry(const rec_node *statement, bool *other)
{
    class best = NONE;
    *other = false;
    for (const rec_node *t = rec_child(statement, "templateId"); t; t = rec_again(t)) {
        const char *template = template_of(t);
        if (!template || strncmp(template, "4.", 2)) continue;
        *other = true;
        unsigned number = entry_number(template + 2);
        class own = number < ENTRIES ? (class)entries[number] : NONE;
        if (own == DETAIL) return DETAIL;
        if (own && (!best || own < best)) best = own;
    }
    return best;
}

static void set_code(rec_event *e, const rec_coding *code)
{
    e->system = code->system;
    e->code = code->code;
    e->display = code->display;
}

static void add_finding(rec_ccda *r, const rec_node *observation, rec_event e)
{
    rec_coding code = rec_ccda_code(r, REC_OBSERVATION, rec_child(observation, "code")), coded = {0};
    set_code(&e, &code);
    rec_ccda_value(r, observation, &e, &coded);
    for (const rec_node *i = rec_child(observation, "interpretationCode"); i && isnan(e.interpretation);
         i = rec_again(i))
        e.interpretation = rec_interpretation(rec_get(i, "@code"));
    const char *range_unit = rec_ccda_range(observation, &e);
    rec_finding_add(r->record, &e, &coded, range_unit, observation);
}

/* Whether a problem or allergy is active: its own status observation, then an end of its time, then the
 * concern. */
static void set_activity(const rec_node *observation, const context *c, rec_event *e)
{
    for (const rec_node *s = rec_child(observation, "entryRelationship"); s; s = rec_again(s)) {
        const rec_node *status = rec_child(s, "observation");
        const char *code =
            has_template(status, "4.6 4.28") ? rec_get(rec_child(status, "value"), "@code") : NULL;
        if (rec_among(code, "55561003")) e->active = 1;           /* SNOMED CT: active */
        if (rec_among(code, "73425007 413322009")) e->active = 0; /* inactive, problem resolved */
    }
    const rec_node *end = rec_find(observation, "effectiveTime/high");
    if (isnan(e->active) && end && (rec_get(end, "@value") || rec_is(rec_child(end, "@nullFlavor"), "UNK")))
        e->active = 0;
    if (isnan(e->active) && rec_among(c->concern, "active")) e->active = 1;
    if (isnan(e->active) && rec_among(c->concern, "completed aborted")) e->active = 0;
    e->status = e->active > 0 ? "active" : e->active == 0 ? "inactive" : NULL;
}

static void add_problem(rec_ccda *r, const rec_node *observation, const context *c, rec_event e)
{
    rec_coding code = rec_ccda_code(r, REC_CONDITION, rec_child(observation, "value"));
    set_code(&e, &code);
    set_activity(observation, c, &e);
    if (!rec_coding_negative(&code) && (code.code || rec_child(observation, "value")))
        rec_event_add(r->record, &e, NULL, observation);
}

static void add_allergy(rec_ccda *r, const rec_node *observation, const context *c, rec_event e)
{
    rec_coding code = {0};
    for (const rec_node *p = rec_child(observation, "participant"); p && !code.code; p = rec_again(p))
        if (rec_is(rec_child(p, "@typeCode"), "CSM"))
            code = rec_ccda_code(r, REC_ALLERGY, rec_find(p, "participantRole/playingEntity/code"));
    if (!code.code) code = rec_ccda_code(r, REC_ALLERGY, rec_child(observation, "value"));
    set_code(&e, &code);
    set_activity(observation, c, &e);
    if (!rec_coding_negative(&code)) rec_event_add(r->record, &e, NULL, observation);
}

/* A statement that says of itself that it does not stand, is only planned, or is about a relative. */
static bool is_excluded(const rec_node *s, const context *c)
{
    const char *mood = rec_get(s, "@moodCode"), *status = rec_get(rec_child(s, "statusCode"), "@code");
    bool ordered = c->class == MEDICATION && rec_among(mood, "INT RQO");
    if (mood && !rec_among(mood, "EVN") && !ordered) return true;
    if (rec_is(rec_child(s, "@negationInd"), "true") || rec_child(s, "@nullFlavor")) return true;
    if (rec_among(status, "cancelled nullified")) return true;
    if (rec_among(status, "aborted") &&
        (c->class == PROCEDURE || c->class == FINDING || c->class == IMMUNIZATION))
        return true;
    return rec_child(s, "subject") != NULL;
}

static void specimen_facts(rec_ccda *r, const rec_node *statement)
{
    for (const rec_node *s = rec_child(statement, "specimen"); s; s = rec_again(s))
        for (const rec_node *id = rec_child(rec_child(s, "specimenRole"), "id"); id; id = rec_again(id))
            rec_fact_add(r->record, CSL_FACT_SAMPLE, rec_get(id, "@extension"),
                         rec_system(&r->record->arena, rec_get(id, "@root")), "specimenRole.id");
}

static void visit(rec_ccda *r, const rec_node *statement, context c);

/* The statements directly inside: an organizer's components, an act's and an encounter's related entries. */
static void visit_inside(rec_ccda *r, const rec_node *statement, const context *c)
{
    for (const rec_node *link = statement->first; link; link = link->next) {
        if (!rec_among(link->name, "component entryRelationship")) continue;
        if (rec_is(rec_child(link, "@inversionInd"), "true")) continue; /* describes what it is in */
        for (const rec_node *s = link->first; s; s = s->next)
            if (rec_among(s->name, statements)) visit(r, s, *c);
    }
}

/* What relatives have: recorded under codes of its own, never as the patient's. */
static void add_family(rec_ccda *r, const rec_node *organizer)
{
    context c = {.class = FAMILY, .time = rec_child(organizer, "effectiveTime")};
    rec_coding relative = rec_ccda_code(r, REC_CONDITION, rec_find(organizer, "subject/relatedSubject/code"));
    for (const rec_node *part = rec_child(organizer, "component"); part; part = rec_again(part)) {
        const rec_node *observation = rec_child(part, "observation");
        if (!has_template(observation, "4.46") || is_excluded(observation, &c)) continue;
        rec_event e = rec_event_new(r->record, REC_OBSERVATION);
        rec_ccda_time(observation, c.time, &e);
        rec_coding code = rec_ccda_code(r, REC_CONDITION, rec_child(observation, "value"));
        rec_family_add(r->record, &e, &relative, &code, observation);
    }
}

static void visit(rec_ccda *r, const rec_node *s, context c)
{
    bool other;
    class own = class_of_entry(s, &other);
    if (own == DETAIL) return;
    /* Without a template of its own an entry is what its section says; with another one it is something else.
     */
    if (own != NONE || other) c.class = own;
    if (c.class == FAMILY) {
        if (!strcmp(s->name, "organizer") && !rec_is(rec_child(s, "@negationInd"), "true")) add_family(r, s);
        return;
    }
    if (s->marks & REC_DOUBTED || is_excluded(s, &c)) return;
    specimen_facts(r, s);
    bool act = !strcmp(s->name, "act"), observation = !strcmp(s->name, "observation");
    bool administration = !strcmp(s->name, "substanceAdministration");
    const char *status = rec_get(rec_child(s, "statusCode"), "@code");
    if (!strcmp(s->name, "organizer")) {
        if (rec_child(s, "effectiveTime")) c.time = rec_child(s, "effectiveTime");
        visit_inside(r, s, &c);
        return;
    }
    if (c.class == NONE || (act && c.class != PROCEDURE)) {
        if (act) c.concern = status;
        visit_inside(r, s, &c);
        return;
    }

    rec_event e = rec_event_new(r->record, REC_OBSERVATION);
    rec_coding code;
    rec_ccda_time(s, c.time, &e);
    e.status = status;
    switch (c.class) {
    case FINDING:
        if (observation) add_finding(r, s, e);
        break;
    case PROBLEM:
        e.kind = REC_CONDITION;
        if (observation) add_problem(r, s, &c, e);
        break;
    case ALLERGY:
        e.kind = REC_ALLERGY;
        if (observation) add_allergy(r, s, &c, e);
        break;
    case MEDICATION:
    case IMMUNIZATION:
        e.kind = c.class == MEDICATION ? REC_MEDICATION : REC_IMMUNIZATION;
        if (!administration) break;
        code =
            rec_ccda_code(r, e.kind, rec_find(s, "consumable/manufacturedProduct/manufacturedMaterial/code"));
        set_code(&e, &code);
        if (e.kind == REC_MEDICATION)
            e.active = rec_among(status, "active")                        ? 1
                       : rec_among(status, "completed aborted suspended") ? 0
                                                                          : NAN;
        if (e.kind == REC_MEDICATION) rec_ccda_rate(s, &e);
        rec_event_add(r->record, &e, NULL, s);
        break;
    case PROCEDURE:
    case ENCOUNTER:
        e.kind = c.class == PROCEDURE ? REC_PROCEDURE : REC_ENCOUNTER;
        if (administration || (c.class == ENCOUNTER && strcmp(s->name, "encounter"))) break;
        code = rec_ccda_code(r, e.kind, rec_child(s, "code"));
        set_code(&e, &code);
        e.active = rec_among(status, "active") ? 1 : rec_among(status, "completed") ? 0 : NAN;
        rec_event_add(r->record, &e, NULL, s);
        if (c.class == ENCOUNTER) visit_inside(r, s, &(context){.class = NONE}); /* encounter diagnoses */
        break;
    case FAMILY:
    case DETAIL:
    case NONE: break;
    }
}

static void read_section(rec_ccda *r, const rec_node *section)
{
    context c = {.class = class_of_section(section)};
    if (rec_child(section, "subject")) return; /* about a relative */
    note_section_text(r->record, section, c.class != NONE);
    for (const rec_node *entry = rec_child(section, "entry"); entry; entry = rec_again(entry))
        for (const rec_node *s = entry->first; s; s = s->next)
            if (rec_among(s->name, statements)) visit(r, s, c);
    for (const rec_node *part = rec_child(section, "component"); part; part = rec_again(part))
        for (const rec_node *s = rec_child(part, "section"); s; s = rec_again(s)) read_section(r, s);
}

static void read_patient(rec_ccda *r, const rec_node *role)
{
    rec_record *record = r->record;
    const rec_node *patient = rec_child(role, "patient"), *name = NULL;
    rec_date date;
    int index = 0;
    record->persons[record->input].known = true;
    for (const rec_node *id = rec_child(role, "id"); id && index < REC_FACTS_MAX;
         id = rec_again(id), index++) {
        const char *root = rec_get(id, "@root"), *extension = rec_get(id, "@extension");
        rec_fact_add(record, CSL_FACT_PATIENT_ID, extension ? extension : root,
                     extension ? rec_system(&record->arena, root) : NULL,
                     rec_format(r->arena, "patientRole.id[%d]", index));
    }
    for (const rec_node *n = rec_child(patient, "name"); n && !name; n = rec_again(n))
        if (rec_get(n, "family") && !rec_among(rec_get(n, "@use"), "P OLD")) name = n;
    if (name) {
        const char *given = rec_get(name, "given");
        rec_fact_add(record, CSL_FACT_PATIENT_NAME,
                     rec_format(r->arena, "%s^%s", rec_get(name, "family"), given ? given : ""), NULL,
                     "patient.name");
    }
    const rec_node *birth = rec_child(patient, "birthTime"), *death = rec_child(patient, "deceasedTime");
    if (rec_date_hl7(rec_get(birth, "@value"), &date)) rec_person_birth(record, &date, "patient.birthTime");
    if (rec_date_hl7(rec_get(death, "@value"), &date))
        rec_person_death(record, &date, "patient.sdtc:deceasedTime");
    const char *sex = rec_get(rec_child(patient, "administrativeGenderCode"), "@code");
    rec_person_sex(record,
                   rec_among(sex, "M")    ? "male"
                   : rec_among(sex, "F")  ? "female"
                   : rec_among(sex, "UN") ? "other"
                                          : NULL,
                   "patient.administrativeGenderCode");
}

void rec_read_ccda(rec_record *record, const rec_node *root)
{
    rec_arena scratch;
    rec_arena_init(&scratch, (size_t)1 << 28);
    rec_ccda r = {.record = record, .arena = &scratch};
    const rec_node *target = rec_child(root, "recordTarget"), *another = rec_again(target);
    const rec_node *body = rec_find(root, "component/structuredBody");
    if (another) {
        char place[REC_TEXT_MAX];
        rec_place(target, place);
        rec_fail(record, another,
                 "a second patient beside the one at %.200s; a document must hold one patient: split it",
                 place);
        goto done;
    }
    if (target) read_patient(&r, rec_child(target, "patientRole"));
    for (const rec_node *c = rec_child(body, "component"); c; c = rec_again(c))
        for (const rec_node *s = rec_child(c, "section"); s; s = rec_again(s)) read_section(&r, s);
    note_body_text(record, root);
    if (!body)
        rec_warn(record, root,
                 "the document has no structured body; nothing but the patient's data and a text was read");
done:
    if (scratch.failed) record->arena.failed = true;
    rec_arena_free(&scratch);
}
