/* Is this a patient record? Answered from the first bytes alone, without a parser. */
#include <string.h>

#include "note/note.h"
#include "reader.h"
#include "view.h"

enum { SURE = 95, SOME_JSON = 10, WINDOW = 65536 };

/* "resourceType" as a key of the outermost object. */
static uint32_t probe_json(const rec_view *v, size_t i)
{
    size_t depth = 0;
    for (; rec_at(v, i) >= 0; i++) {
        int c = rec_at(v, i);
        if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth <= 1) return SOME_JSON;
            depth--;
        } else if (c == '"') {
            size_t start = i + 1;
            for (i = start; rec_at(v, i) >= 0 && rec_at(v, i) != '"'; i++)
                if (rec_at(v, i) == '\\') i++;
            if (depth == 1 && i - start == 12 && rec_starts(v, start, "resourceType") &&
                rec_at(v, rec_skip_blank(v, i + 1)) == ':')
                return SURE;
        }
    }
    return SOME_JSON;
}

/* Reads a name into out (cut if it does not fit); returns the place after it. */
static size_t name_at(const rec_view *v, size_t i, char *out, size_t size)
{
    size_t n = 0;
    for (int c; (c = rec_at(v, i)) >= 0 && !rec_is_blank(c) && !strchr("=/>\"'<", c); i++)
        if (n + 1 < size) out[n++] = (char)c;
    out[n] = 0;
    return i;
}

/* The root's start tag: does the namespace of its prefix make it FHIR or C-CDA? */
static uint32_t probe_root(const rec_view *v, size_t i)
{
    char name[128], attribute[128], value[128], wanted[140] = "xmlns";
    i = name_at(v, i + 1, name, sizeof name);
    char *colon = strchr(name, ':');
    if (colon) {
        strcpy(wanted, "xmlns:");
        strncat(wanted, name, (size_t)(colon - name));
    }
    const char *local = colon ? colon + 1 : name;
    while ((i = rec_skip_blank(v, i)), rec_at(v, i) >= 0 && rec_at(v, i) != '>' && rec_at(v, i) != '/') {
        size_t before = i;
        i = rec_skip_blank(v, name_at(v, i, attribute, sizeof attribute));
        if (rec_at(v, i) != '=') return 0;
        i = rec_skip_blank(v, i + 1);
        int quote = rec_at(v, i++);
        if (quote != '"' && quote != '\'') return 0;
        size_t n = 0;
        for (; rec_at(v, i) >= 0 && rec_at(v, i) != quote; i++)
            if (n + 1 < sizeof value) value[n++] = (char)rec_at(v, i);
        value[n] = 0;
        i++;
        if (i <= before) return 0;
        if (strcmp(attribute, wanted)) continue;
        if (!strcmp(value, "http://hl7.org/fhir")) return SURE;
        if (!strcmp(value, "http://www.w3.org/2001/XMLSchema") && !strcmp(local, "schema")) return SURE;
        return !strcmp(value, "urn:hl7-org:v3") && !strcmp(local, "ClinicalDocument") ? SURE : 0;
    }
    return 0;
}

static uint32_t probe_xml(const rec_view *v, size_t i)
{
    while (rec_at(v, i) == '<') {
        if (rec_starts(v, i, "<!--")) {
            i = rec_after(v, i + 4, "-->");
        } else if (rec_starts(v, i, "<?")) {
            i = rec_after(v, i + 2, "?>");
        } else if (rec_starts(
                       v, i,
                       "<!")) { /* a document type: claimed, so that reading can refuse it with a reason */
            size_t open = i;
            while (rec_at(v, open) >= 0 && rec_at(v, open) != '[' && rec_at(v, open) != '>') open++;
            i = rec_after(v, open, rec_at(v, open) == '[' ? "]>" : ">");
        } else {
            return probe_root(v, i);
        }
        i = rec_skip_blank(v, i);
    }
    return 0;
}

uint32_t rec_probe(const uint8_t *head, uint64_t length, const char *name)
{
    (void)name;
    rec_view v = rec_look(head, length < WINDOW ? (size_t)length : WINDOW);
    size_t i = rec_skip_blank(&v, 0);
    int c = rec_at(&v, i);
    if (c == '{' && v.step == 1 && rec_at(&v, i + 1) != '\\') return probe_json(&v, i);
    return c == '<' ? probe_xml(&v, i) : note_probe(head, length);
}
