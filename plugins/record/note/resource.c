/* Notes in FHIR R4. */
#include <math.h>
#include <string.h>

#include "../code.h"
#include "take.h"

#define ANNOTATION "48767-8"

bool note_is_resource(const char *type)
{
    return rec_among(type, "DocumentReference DiagnosticReport Composition ClinicalImpression Binary");
}

/* The first LOINC code of a concept, or NULL. */
static const char *loinc_of(const rec_node *concept)
{
    for (const rec_node *c = rec_child(concept, "coding"); c; c = rec_again(c))
        if (rec_is(rec_child(c, "system"), REC_LOINC)) return rec_get(c, "code");
    return NULL;
}

static note_source source_of(const rec_record *record, const rec_node *resource, const char *times,
                             const char *code)
{
    note_source source = {.code = code, .time.days = NAN, .input = record->input};
    const rec_node *time = rec_find_any(resource, times);
    if (time && time->value) rec_date_fhir(time->value, &source.time);
    return source;
}

static void take_attachment(rec_record *record, const note_source *source, const rec_node *attachment)
{
    note_take(record, source, rec_get(attachment, "contentType"), true, rec_get(attachment, "data"),
              attachment);
}

/* A narrative that was generated from entries says nothing that they do not. */
static void take_sections(rec_record *record, const note_source *whole, const rec_node *of)
{
    for (const rec_node *s = rec_child(of, "section"); s; s = rec_again(s)) {
        const rec_node *text = rec_child(s, "text"), *status = rec_child(text, "status");
        bool repeats = rec_is(status, "empty") || (rec_is(status, "generated") && rec_child(s, "entry"));
        note_source source = *whole;
        const char *code = loinc_of(rec_child(s, "code"));
        if (code) source.code = code;
        const char *div = rec_get(text, "div"); /* in JSON with its tags, of XML the text alone */
        bool tags = div && !strncmp(div, "<div", 4);
        if (!repeats) note_take(record, &source, tags ? "text/html" : NULL, false, div, s);
        take_sections(record, whole, s);
    }
}

void note_resource(rec_record *record, const rec_node *resource, const char *type)
{
    const char *loinc = loinc_of(rec_child(resource, !strcmp(type, "DiagnosticReport") ? "code" : "type"));
    if (rec_among(rec_get(resource, "status"), "entered-in-error superseded cancelled registered") ||
        rec_is(rec_child(resource, "docStatus"), "entered-in-error"))
        return;
    if (!strcmp(type, "DocumentReference")) {
        note_source source = source_of(record, resource, "context/period/start date", loinc);
        for (const rec_node *c = rec_child(resource, "content"); c; c = rec_again(c))
            take_attachment(record, &source, rec_child(c, "attachment"));
    } else if (!strcmp(type, "DiagnosticReport")) {
        note_source source =
            source_of(record, resource, "effectiveDateTime effectivePeriod/start issued", "19005-8");
        note_take(record, &source, NULL, false, rec_get(resource, "conclusion"), resource);
        source.code = loinc;
        for (const rec_node *a = rec_child(resource, "presentedForm"); a; a = rec_again(a))
            take_attachment(record, &source, a);
    } else if (!strcmp(type, "Composition")) {
        note_source source = source_of(record, resource, "date", loinc);
        take_sections(record, &source, resource);
    } else if (!strcmp(type, "ClinicalImpression")) {
        note_source source =
            source_of(record, resource, "effectiveDateTime effectivePeriod/start date", "51848-0");
        note_take(record, &source, NULL, false, rec_get(resource, "description"), resource);
        note_take(record, &source, NULL, false, rec_get(resource, "summary"), resource);
    } else if (rec_child(resource, "data")) { /* Binary */
        note_source source = source_of(record, resource, "", NULL);
        take_attachment(record, &source, resource);
    }
}

void note_annotations(rec_record *record, const rec_node *resource, const rec_date *time)
{
    if (!record->options.notes) return;
    for (const rec_node *n = rec_child(resource, "note"); n; n = rec_again(n)) {
        note_source source = source_of(record, n, "time", ANNOTATION);
        if (!source.time.year) source.time = *time;
        note_take(record, &source, NULL, false, rec_get(n, "text"), n);
    }
}
