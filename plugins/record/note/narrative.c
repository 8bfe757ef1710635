/* Notes in C-CDA: narrative that says more than entries. */
#include <math.h>
#include <string.h>

#include "take.h"

#define NOTES_SECTION "2.16.840.1.113883.10.20.22.2.65"

static bool has_template(const rec_node *section, const char *root)
{
    for (const rec_node *t = rec_child(section, "templateId"); t; t = rec_again(t))
        if (rec_is(rec_child(t, "@root"), root)) return true;
    return false;
}

/* When the section was written: its author's time, else the document's. */
static note_source source_of(const rec_record *record, const rec_node *node)
{
    note_source source = {.time.days = NAN, .input = record->input};
    const rec_node *time = rec_find(node, "author/time");
    source.code = rec_get(rec_child(node, "code"), "@code");
    if (time && rec_date_hl7(rec_get(time, "@value"), &source.time)) return source;
    while (node->parent) node = node->parent;
    rec_date_hl7(rec_get(rec_child(node, "effectiveTime"), "@value"), &source.time);
    return source;
}

/* "No known allergies", "See the entries": too short to be a note. */
static bool is_remark(const char *text)
{
    enum { LEAST_WORDS = 5 };
    size_t words = 0;
    for (; *text && words < LEAST_WORDS; words++) {
        text += strspn(text, " \t\r\n");
        size_t length = strcspn(text, " \t\r\n");
        if (!length) break;
        text += length;
    }
    return words < LEAST_WORDS;
}

void note_section_text(rec_record *record, const rec_node *section, bool coded)
{
    const char *text = rec_get(section, "text");
    if (!text || !record->options.notes || rec_child(section, "@nullFlavor")) return;
    bool notes = has_template(section, NOTES_SECTION);
    if (!notes && (rec_child(section, "entry") || (coded && is_remark(text)))) return;
    note_source source = source_of(record, section);
    note_take(record, &source, NULL, false, text, section);
}

void note_body_text(rec_record *record, const rec_node *document)
{
    const rec_node *text = rec_find(document, "component/nonXMLBody/text");
    if (!text || !record->options.notes) return;
    note_source source = source_of(record, document);
    note_take(record, &source, rec_get(text, "@mediaType"), rec_is(rec_child(text, "@representation"), "B64"),
              text->value, text);
}
