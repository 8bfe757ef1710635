/* The story as a FHIR R4 Bundle. One description of the resources, in the order of their definitions, written
 * as JSON or XML. */
#include <string.h>

#include "code.h"
#include "synth.h"

#define TERMINOLOGY "http://terminology.hl7.org/CodeSystem/"
#define UCUM        "http://unitsofmeasure.org"

enum { LEVELS = 16 };

typedef struct writer {
    FILE *out;
    bool xml;
    int depth;
    bool list[LEVELS], begun[LEVELS];
    const char *subject; /* "urn:uuid:..." of the patient */
} writer;

static void escaped(writer *w, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (!w->xml && (c == '"' || c == '\\'))
            fprintf(w->out, "\\%c", c);
        else if (!w->xml && c < ' ')
            fprintf(w->out, "\\u%04x", c);
        else if (w->xml && strchr("<>&\"", c))
            fprintf(w->out, "&#%d;", c);
        else
            fputc(c, w->out);
    }
}

/* The start of a member or item: comma, line, name. */
static void next_member(writer *w, const char *name)
{
    if (!w->xml && w->begun[w->depth]) fputc(',', w->out);
    w->begun[w->depth] = true;
    fprintf(w->out, "\n%*s", w->depth, "");
    if (!w->xml && !w->list[w->depth]) fprintf(w->out, "\"%s\":", name);
}

static void open_element(writer *w, const char *name)
{
    next_member(w, name);
    fprintf(w->out, w->xml ? "<%s>" : "{", name);
    w->depth++;
    w->list[w->depth] = w->begun[w->depth] = false;
}

static void close_element(writer *w, const char *name)
{
    w->depth--;
    fprintf(w->out, w->xml ? "</%s>" : "}", name);
}

/* Elements that may repeat stand in a JSON array; XML has nothing for it. */
static void open_list(writer *w, const char *name)
{
    if (w->xml) return;
    next_member(w, name);
    fputc('[', w->out);
    w->depth++;
    w->list[w->depth] = true;
    w->begun[w->depth] = false;
}

static void close_list(writer *w)
{
    if (w->xml) return;
    w->depth--;
    fputc(']', w->out);
}

static void put(writer *w, const char *name, const char *value, bool quoted)
{
    next_member(w, name);
    if (w->xml) fprintf(w->out, "<%s value=", name);
    if (w->xml || quoted) fputc('"', w->out);
    escaped(w, value);
    if (w->xml || quoted) fputc('"', w->out);
    if (w->xml) fputs("/>", w->out);
}

static void text(writer *w, const char *name, const char *value)
{
    put(w, name, value, true);
}

static void number(writer *w, const char *name, const char *value)
{
    put(w, name, value, false);
}

static void coding(writer *w, const char *name, const char *system, const char *code, const char *display)
{
    open_element(w, name);
    text(w, "system", system);
    text(w, "code", code);
    if (display) text(w, "display", display);
    close_element(w, name);
}

static void concept(writer *w, const char *name, const char *system, const char *code, const char *display)
{
    open_element(w, name);
    open_list(w, "coding");
    coding(w, "coding", system, code, display);
    close_list(w);
    close_element(w, name);
}

static void concepts(writer *w, const char *name, const char *system, const char *code, const char *display)
{
    open_list(w, name);
    concept(w, name, system, code, display);
    close_list(w);
}

static void quantity(writer *w, const char *name, const char *value, const char *unit)
{
    open_element(w, name);
    number(w, "value", value);
    text(w, "unit", unit);
    text(w, "system", UCUM);
    text(w, "code", unit);
    close_element(w, name);
}

static void subject(writer *w, const char *name)
{
    open_element(w, name);
    text(w, "reference", w->subject);
    close_element(w, name);
}

static void identifier(writer *w, const char *oid, const char *value)
{
    char system[64];
    snprintf(system, sizeof system, "urn:oid:%s", oid);
    open_list(w, "identifier");
    open_element(w, "identifier");
    text(w, "system", system);
    text(w, "value", value);
    close_element(w, "identifier");
    close_list(w);
}

static void moment(writer *w, const char *name, time_t time)
{
    char at[32];
    struct tm tm;
    gmtime_r(&time, &tm);
    strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", &tm);
    text(w, name, at);
}

/* Version 8 of RFC 9562: 122 bits of our own, from the seed and a running number. */
static void uuid(const rec_story *story, unsigned index, char out[48])
{
    uint64_t seed = story->subject->seed;
    snprintf(out, 48, "urn:uuid:%08x-%04x-8%03x-8%03x-%08x%04x", (unsigned)(seed >> 32),
             (unsigned)(seed >> 16) & 0xffff, (unsigned)(seed >> 4) & 0xfff, (unsigned)seed & 0xf, 0x5359u,
             index & 0xffff);
}

static void open_resource(writer *w, const rec_story *story, unsigned index, const char *type)
{
    char url[48];
    uuid(story, index, url);
    open_element(w, "entry");
    text(w, "fullUrl", url);
    open_element(w, "resource");
    if (w->xml)
        open_element(w, type);
    else
        text(w, "resourceType", type);
    text(w, "id", url + 9);
}

static void close_resource(writer *w, const char *type)
{
    if (w->xml) close_element(w, type);
    close_element(w, "resource");
    close_element(w, "entry");
}

static void put_patient(writer *w, const rec_story *story)
{
    const csl_synth_subject *s = story->subject;
    open_resource(w, story, 0, "Patient");
    identifier(w, REC_SYNTH_PATIENT_OID, s->patient_id);
    open_list(w, "name");
    open_element(w, "name");
    text(w, "use", "official");
    text(w, "family", s->family);
    open_list(w, "given");
    text(w, "given", s->given);
    close_list(w);
    close_element(w, "name");
    close_list(w);
    text(w, "gender", s->sex);
    text(w, "birthDate", s->birth_date);
    close_resource(w, "Patient");
}

static void put_specimen(writer *w, const rec_story *story)
{
    open_resource(w, story, 1, "Specimen");
    identifier(w, REC_SYNTH_SAMPLE_OID, story->subject->sample);
    concept(w, "type", REC_SNOMED, "119297000", "Blood specimen");
    subject(w, "subject");
    open_element(w, "collection");
    moment(w, "collectedDateTime", story->visits[REC_VISITS - 1]);
    close_element(w, "collection");
    close_resource(w, "Specimen");
}

static void put_range(writer *w, const rec_finding *f)
{
    char code[2] = {f->interpretation, 0};
    if (!f->interpretation) return;
    concepts(w, "interpretation", TERMINOLOGY "v3-ObservationInterpretation", code, NULL);
    open_list(w, "referenceRange");
    open_element(w, "referenceRange");
    quantity(w, "low", f->low, f->unit);
    quantity(w, "high", f->high, f->unit);
    close_element(w, "referenceRange");
    close_list(w);
}

/* A finding, or from the systolic pressure on both pressures as components of one observation. Returns how
 * many it wrote. */
static size_t put_finding(writer *w, const rec_story *story, size_t index)
{
    const rec_finding *f = &story->findings[index];
    bool pressure = !strcmp(f->code, "8480-6");
    bool vital = f->panel == REC_VITAL_SIGNS;
    open_resource(w, story, 100 + (unsigned)index, "Observation");
    text(w, "status", "final");
    concepts(w, "category", TERMINOLOGY "observation-category", vital ? "vital-signs" : "laboratory", NULL);
    if (pressure)
    concept(w, "code", REC_LOINC, "85354-9", "Blood pressure panel");
    else concept(w, "code", REC_LOINC, f->code, f->display);
    subject(w, "subject");
    moment(w, "effectiveDateTime", story->visits[f->visit]);
    if (pressure) {
        open_list(w, "component");
        for (int i = 0; i < 2; i++) {
            open_element(w, "component");
            concept(w, "code", REC_LOINC, f[i].code, f[i].display);
            quantity(w, "valueQuantity", f[i].value, f[i].unit);
            close_element(w, "component");
        }
        close_list(w);
    } else {
        quantity(w, "valueQuantity", f->value, f->unit);
        put_range(w, f);
    }
    close_resource(w, "Observation");
    return pressure ? 2 : 1;
}

static void put_entry(writer *w, const rec_story *story, size_t index)
{
    static const char *const types[REC_KINDS] = {
        [REC_CONDITION] = "Condition",          [REC_ALLERGY] = "AllergyIntolerance",
        [REC_MEDICATION] = "MedicationRequest", [REC_PROCEDURE] = "Procedure",
        [REC_IMMUNIZATION] = "Immunization",    [REC_ENCOUNTER] = "Encounter"};
    const rec_entry *e = &story->entries[index];
    const char *type = types[e->kind], *activity = e->active ? "active" : "inactive";
    open_resource(w, story, 1000 + (unsigned)index, type);
    switch (e->kind) {
    case REC_CONDITION:
        concept
        (w, "clinicalStatus", TERMINOLOGY "condition-clinical", activity, NULL);
        concept(w, "verificationStatus", TERMINOLOGY "condition-ver-status", "confirmed", NULL);
        concept(w, "code", e->system, e->code, e->display);
        subject(w, "subject");
        moment(w, "onsetDateTime", e->time);
        break;
    case REC_ALLERGY:
        concept
        (w, "clinicalStatus", TERMINOLOGY "allergyintolerance-clinical", activity, NULL);
        concept(w, "verificationStatus", TERMINOLOGY "allergyintolerance-verification", "confirmed", NULL);
        concept(w, "code", e->system, e->code, e->display);
        subject(w, "patient");
        moment(w, "onsetDateTime", e->time);
        break;
    case REC_MEDICATION:
        text(w, "status", e->active ? "active" : "completed");
        text(w, "intent", "order");
        concept(w, "medicationCodeableConcept", e->system, e->code, e->display);
        subject(w, "subject");
        moment(w, "authoredOn", e->time);
        break;
    case REC_IMMUNIZATION:
        text(w, "status", "completed");
        concept(w, "vaccineCode", e->system, e->code, e->display);
        subject(w, "patient");
        moment(w, "occurrenceDateTime", e->time);
        break;
    case REC_ENCOUNTER:
        text(w, "status", "finished");
        coding(w, "class", TERMINOLOGY "v3-ActCode", "AMB", NULL);
        concepts(w, "type", e->system, e->code, e->display);
        subject(w, "subject");
        open_element(w, "period");
        moment(w, "start", e->time);
        moment(w, "end", e->time + 1800);
        close_element(w, "period");
        break;
    default:
        text(w, "status", "completed");
        concept(w, "code", e->system, e->code, e->display);
        subject(w, "subject");
        moment(w, "performedDateTime", e->time);
        break;
    }
    close_resource(w, type);
}

void rec_story_fhir(const rec_story *story, bool xml, FILE *out)
{
    char patient[48];
    uuid(story, 0, patient);
    writer w = {.out = out, .xml = xml, .subject = patient, .depth = 1};
    fputs(xml ? "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Bundle xmlns=\"http://hl7.org/fhir\">" : "{",
          out);
    if (!xml) text(&w, "resourceType", "Bundle");
    text(&w, "type", "collection");
    open_list(&w, "entry");
    put_patient(&w, story);
    put_specimen(&w, story);
    for (size_t i = 0; i < story->entry_count; i++) put_entry(&w, story, i);
    for (size_t i = 0; i < story->finding_count;) i += put_finding(&w, story, i);
    close_list(&w);
    fputs(xml ? "\n</Bundle>\n" : "\n}\n", out);
}
