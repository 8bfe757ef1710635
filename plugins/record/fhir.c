/* FHIR R4, from the tree that JSON and XML share. Element names and status codes are those of the R4 resource
 * definitions. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fhir.h"
#include "note/note.h"
#include "rate.h"
#include "reader.h"

/* How a type of resource becomes events. Words are separated by spaces; the first element that is there
 * counts. */
typedef struct rule {
    const char *type;
    rec_kind kind;
    const char *codes, *times;
    const char *excluded;          /* status or verificationStatus: the entry does not stand */
    const char *active, *inactive; /* status or clinicalStatus */
} rule;

static const rule rules[] = {
    {"Condition", REC_CONDITION, "code", "onsetDateTime onsetPeriod/start recordedDate",
     "refuted entered-in-error", "active recurrence relapse", "inactive remission resolved"},
    {"AllergyIntolerance", REC_ALLERGY, "code reaction/substance",
     "onsetDateTime onsetPeriod/start recordedDate lastOccurrence", "refuted entered-in-error", "active",
     "inactive resolved"},
    {"MedicationRequest", REC_MEDICATION, "medicationCodeableConcept", "authoredOn",
     "cancelled entered-in-error draft", "active", "on-hold completed stopped"},
    {"MedicationStatement", REC_MEDICATION, "medicationCodeableConcept",
     "effectiveDateTime effectivePeriod/start dateAsserted", "entered-in-error not-taken intended", "active",
     "on-hold completed stopped"},
    {"MedicationAdministration", REC_MEDICATION, "medicationCodeableConcept",
     "effectiveDateTime effectivePeriod/start", "entered-in-error not-done", "in-progress",
     "on-hold completed stopped"},
    {"MedicationDispense", REC_MEDICATION, "medicationCodeableConcept", "whenHandedOver whenPrepared",
     "entered-in-error cancelled declined preparation", "in-progress", "on-hold completed stopped"},
    {"Observation", REC_OBSERVATION, "code",
     "effectiveDateTime effectivePeriod/start effectiveInstant effectiveTiming/event issued",
     "entered-in-error cancelled registered", "", ""},
    {"Procedure", REC_PROCEDURE, "code", "performedDateTime performedPeriod/start",
     "entered-in-error not-done preparation", "in-progress on-hold", "completed stopped"},
    {"Immunization", REC_IMMUNIZATION, "vaccineCode", "occurrenceDateTime recorded",
     "entered-in-error not-done", "", ""},
    {"Encounter", REC_ENCOUNTER, "type class", "period/start", "entered-in-error cancelled planned",
     "arrived triaged in-progress onleave", "finished"},
};

/* What a reference may mean: "Medication/12" or a fullUrl, and the medication's code. */
typedef struct target {
    const char *key;
    const rec_node *code;
} target;

typedef struct rec_fhir {
    rec_record *record;
    rec_arena scratch;                     /* until the document at hand has been read */
    rec_arena kept;                        /* as long as the set */
    rec_arena *arena;                      /* scratch */
    const rec_node *patient, *patient_url; /* the first Patient and its entry's fullUrl node */
    const char *patient_at;                /* its place */
    const char *subject;                   /* without a Patient: the reference that all resources share */
    const char *subject_at;
    target *medications;
    size_t medication_count, medication_capacity, seen;
    bool sorted;
} reader;

static const rule *rule_for(const char *type)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rec_same(rules[i].type, type)) return &rules[i];
    return NULL;
}

/* Calls visit for a resource, what it contains, and the entries of a Bundle. */
typedef void visitor(reader *r, const rec_node *resource, const char *type, const rec_node *url);
static void walk(reader *r, const rec_node *resource, const rec_node *url, visitor *visit)
{
    const char *type = rec_get(resource, "resourceType");
    if (!type || r->record->failed) return;
    if (rec_same(type, "Bundle")) {
        for (const rec_node *e = rec_child(resource, "entry"); e; e = rec_again(e)) {
            const rec_node *inside = rec_child(e, "resource");
            if (inside) walk(r, inside, rec_child(e, "fullUrl"), visit);
        }
        return;
    }
    visit(r, resource, type, url);
    if (rec_is(rec_child(resource, "status"), "entered-in-error")) return; /* and so is what it contains */
    for (const rec_node *c = rec_child(resource, "contained"); c; c = rec_again(c)) walk(r, c, NULL, visit);
}

/* "Patient/12", "https://.../Patient/12/_history/3" and "#12" all end in, or name, the id "12" of type
 * "Patient". */
static bool refers_to(const char *reference, const char *type, const char *id, const char *url)
{
    if (url && !strcmp(reference, url)) return true;
    if (!id) return false;
    if (*reference == '#') return !strcmp(reference + 1, id);
    size_t type_length = strlen(type), id_length = strlen(id);
    for (const char *at = reference; (at = strstr(at, type)); at += type_length) {
        bool start = at == reference || at[-1] == '/';
        const char *rest = at + type_length;
        if (!start || *rest != '/' || strncmp(rest + 1, id, id_length)) continue;
        rest += 1 + id_length;
        if (!*rest || !strncmp(rest, "/_history/", 10)) return true;
    }
    return !strncmp(reference, "urn:uuid:", 9) && !strcmp(reference + 9, id);
}

static bool share_identifier(const rec_node *a, const rec_node *b)
{
    int compared = 0;
    for (const rec_node *i = rec_child(a, "identifier"); i && compared < 4096; i = rec_again(i)) {
        const char *system = rec_get(i, "system"), *value = rec_get(i, "value");
        if (!value) continue;
        for (const rec_node *j = rec_child(b, "identifier"); j && compared < 4096;
             j = rec_again(j), compared++) {
            const char *other = rec_get(j, "system");
            if (rec_is(rec_child(j, "value"), value) && !strcmp(system ? system : "", other ? other : ""))
                return true;
        }
    }
    return false;
}

static void add_medication(reader *r, const char *key, const rec_node *code)
{
    if (!key) return;
    if (r->medication_count == r->medication_capacity) {
        size_t capacity = r->medication_capacity ? r->medication_capacity * 2 : 64;
        target *grown = rec_alloc(&r->kept, capacity, sizeof *grown);
        if (!grown) return;
        if (r->medication_count) memcpy(grown, r->medications, r->medication_count * sizeof *grown);
        r->medications = grown;
        r->medication_capacity = capacity;
    }
    r->medications[r->medication_count++] = (target){key, code};
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const target *)a)->key, ((const target *)b)->key);
}

static const char *place_kept(reader *r, const rec_node *node)
{
    char place[REC_TEXT_MAX];
    rec_place(node, place);
    return rec_text(&r->kept, place);
}

/* False, with the record failed, if this Patient is not the one that the set is about. */
static bool is_same_patient(reader *r, const rec_node *resource)
{
    const char *first = rec_get(r->patient, "id"), *second = rec_get(resource, "id");
    if (first && second && !strcmp(first, second)) return true;
    if (share_identifier(r->patient, resource)) return true;
    rec_fail(r->record, resource,
             "a second patient (Patient/%.64s) beside the one at %.128s (Patient/%.64s); a case must hold "
             "one patient: split it",
             second ? second : "without id", r->patient_at, first ? first : "without id");
    return false;
}

/* First pass: who is it about, and which medications can be referred to? */
static void survey(reader *r, const rec_node *resource, const char *type, const rec_node *url)
{
    if (rec_same(type, "Medication")) {
        const char *id = rec_get(resource, "id");
        if (!id && !(url && url->value)) return;
        const rec_node *code = rec_child(resource, "code"), *copy = code ? rec_graft(&r->kept, code) : NULL;
        if (url && url->value) add_medication(r, rec_text(&r->kept, url->value), copy);
        if (id) add_medication(r, rec_format(&r->kept, "Medication/%s", id), copy);
        return;
    }
    if (!rec_same(type, "Patient")) return;
    if (r->patient) {
        is_same_patient(r, resource);
        return;
    }
    r->patient = rec_graft(&r->kept, resource);
    r->patient_url = url ? rec_graft(&r->kept, url) : NULL;
    r->patient_at = place_kept(r, resource);
}

/* Entries that say of themselves that they do not stand. */
static bool is_excluded(const rule *how, const rec_node *resource)
{
    if (rec_among(rec_get(resource, "status"), how->excluded)) return true;
    if (rec_fhir_coded(rec_child(resource, "verificationStatus"), how->excluded)) return true;
    return rec_is(rec_child(resource, "doNotPerform"), "true");
}

/* The subject is this record's patient, or not said. */
static bool is_about_patient(reader *r, const rec_node *resource)
{
    const rec_node *subject = rec_child(resource, "subject");
    if (!subject) subject = rec_child(resource, "patient");
    const rec_node *reference = rec_child(subject, "reference");
    if (rec_child(resource, "focus")) {
        rec_warn(r->record, resource,
                 "an observation with a focus (about a fetus, a donor, ...) is left out");
        return false;
    }
    if (!reference || !reference->value) return true;
    const char *text = reference->value;
    if (r->patient) {
        const char *url = r->patient_url ? r->patient_url->value : NULL;
        if (refers_to(text, "Patient", rec_get(r->patient, "id"), url)) return true;
        if (!rec_get(r->patient, "id") && !url) return true;
        rec_warn(r->record, resource,
                 "an entry about somebody or something else than the file's patient is left out");
        return false;
    }
    if (!strstr(text, "Patient/") && strncmp(text, "urn:", 4) && *text != '#') {
        rec_warn(r->record, resource, "an entry about somebody or something else than a patient is left out");
        return false;
    }
    const char *local = strstr(text, "Patient/");
    if (local) text = local; /* absolute and relative references to one patient are one */
    if (!r->subject) {
        r->subject = rec_text(&r->kept, text);
        r->subject_at = place_kept(r, reference);
    } else if (strcmp(r->subject, text)) {
        rec_fail(r->record, reference,
                 "a second patient (%.96s) beside the one at %.128s (%.96s); a case must hold one patient: "
                 "split it",
                 text, r->subject_at, r->subject);
        return false;
    }
    return true;
}

static void read_time(const rule *how, const rec_node *resource, rec_event *e)
{
    const rec_node *time = rec_find_any(resource, how->times);
    if (time && time->value) rec_date_fhir(time->value, &e->time);
}

/* medicationReference: contained, or another entry. */
static const rec_node *medication_code(reader *r, const rec_node *resource)
{
    const char *reference = rec_get(rec_child(resource, "medicationReference"), "reference");
    if (!reference) return NULL;
    if (*reference == '#') {
        for (const rec_node *c = rec_child(resource, "contained"); c; c = rec_again(c))
            if (rec_is(rec_child(c, "id"), reference + 1)) return rec_child(c, "code");
        return NULL;
    }
    const char *local = strstr(reference, "Medication/");
    target keys[2] = {{reference, NULL}, {local ? local : reference, NULL}};
    for (int i = 0; i < 2 && r->medication_count; i++) {
        const target *found = bsearch(&keys[i], r->medications, r->medication_count, sizeof *found, by_key);
        if (found) return found->code;
    }
    return NULL;
}

/* What relatives have: recorded under codes of its own, never as the patient's. */
static void read_family(reader *r, const rec_node *history)
{
    rec_event e = rec_event_new(r->record, REC_OBSERVATION);
    const rec_node *date = rec_child(history, "date");
    if (history->marks & REC_DOUBTED ||
        rec_among(rec_get(history, "status"), "entered-in-error health-unknown"))
        return;
    if (rec_child(history, "modifierExtension") || !is_about_patient(r, history)) return;
    if (date && date->value) rec_date_fhir(date->value, &e.time);
    rec_coding relative = rec_fhir_concept(r->arena, REC_CONDITION, rec_child(history, "relationship"));
    for (const rec_node *c = rec_child(history, "condition"); c; c = rec_again(c)) {
        rec_coding code = rec_fhir_concept(r->arena, REC_CONDITION, rec_child(c, "code"));
        rec_family_add(r->record, &e, &relative, &code, c);
    }
}

/* Second pass. */
static void read_resource(reader *r, const rec_node *resource, const char *type, const rec_node *url)
{
    (void)url;
    if (!rec_fhir_is_r4(r->record, resource, type)) return;
    if (rec_same(type, "FamilyMemberHistory")) {
        r->seen++;
        read_family(r, resource);
        return;
    }
    if (rec_same(type, "Patient")) {
        rec_fhir_patient(r->record, r->arena, resource);
        r->seen++;
        return;
    }
    if (rec_same(type, "Specimen")) {
        r->seen++;
        if (resource->marks & REC_DOUBTED || !is_about_patient(r, resource) ||
            rec_among(rec_get(resource, "status"), "entered-in-error"))
            return;
        rec_fhir_identifiers(r->record, r->arena, rec_child(resource, "identifier"), CSL_FACT_SAMPLE,
                             "Specimen.identifier");
        rec_fhir_identifiers(r->record, r->arena, rec_child(resource, "accessionIdentifier"), CSL_FACT_SAMPLE,
                             "Specimen.accessionIdentifier");
        return;
    }
    const rule *how = rule_for(type);
    bool note = !how && note_is_resource(type);
    if (!how && !note) return;
    r->seen++;
    if (resource->marks & REC_DOUBTED || (how && is_excluded(how, resource))) return;
    if (rec_child(resource, "modifierExtension")) {
        rec_warn(r->record, resource,
                 "an entry with a modifier extension, which could turn its meaning round, is left out");
        return;
    }
    if (!is_about_patient(r, resource)) return;
    if (note) {
        note_resource(r->record, resource, type);
        return;
    }

    rec_event e = rec_event_new(r->record, how->kind);
    read_time(how, resource, &e);
    note_annotations(r->record, resource, &e.time);
    const rec_node *status = rec_child(resource, "clinicalStatus");
    e.status = status ? rec_get(rec_child(status, "coding"), "code") : rec_get(resource, "status");
    if (rec_fhir_coded(status, how->active) || rec_among(rec_get(resource, "status"), how->active))
        e.active = 1;
    else if (rec_fhir_coded(status, how->inactive) || rec_among(rec_get(resource, "status"), how->inactive))
        e.active = 0;
    if (how->kind == REC_OBSERVATION) {
        rec_fhir_observation(r->record, r->arena, &e, resource);
        return;
    }
    const rec_node *concept = rec_find_any(resource, how->codes);
    if (!concept && how->kind == REC_MEDICATION) concept = medication_code(r, resource);
    rec_coding code = rec_fhir_concept(r->arena, how->kind, concept);
    if (rec_coding_negative(&code)) return;
    e.system = code.system;
    e.code = code.code;
    e.display = code.display;
    if (how->kind == REC_MEDICATION) rec_fhir_rate(resource, &e);
    rec_event_add(r->record, &e, NULL, resource);
}

rec_fhir *rec_fhir_new(rec_record *record)
{
    enum { BYTES_MAX = 1 << 28 };
    rec_fhir *set = malloc(sizeof *set);
    if (!set) return NULL;
    *set = (rec_fhir){.record = record, .arena = &set->scratch};
    rec_arena_init(&set->scratch, BYTES_MAX);
    rec_arena_init(&set->kept, BYTES_MAX);
    return set;
}

void rec_fhir_free(rec_fhir *set)
{
    if (!set) return;
    rec_arena_free(&set->scratch);
    rec_arena_free(&set->kept);
    free(set);
}

void rec_fhir_survey(rec_fhir *set, const rec_node *root)
{
    walk(set, root, NULL, survey);
    if (set->kept.failed) set->record->arena.failed = true;
}

void rec_fhir_read(rec_fhir *set, const rec_node *root)
{
    if (set->medication_count && !set->sorted)
        qsort(set->medications, set->medication_count, sizeof *set->medications, by_key);
    set->sorted = true;
    walk(set, root, NULL, read_resource);
    if (set->scratch.failed || set->kept.failed) set->record->arena.failed = true;
    rec_arena_reset(&set->scratch);
}

void rec_fhir_end_file(rec_fhir *set, const rec_node *at)
{
    if (!set->seen && !set->record->failed)
        rec_warn(
            set->record, at,
            "nothing in this file is read by this adapter (a Patient, Condition, Observation, ... would be)");
    set->seen = 0;
}
