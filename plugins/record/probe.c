/* Is this a patient record? Answered from the first bytes alone, without a parser. */
#include <string.h>

#include "reader.h"

enum { SURE = 95, SOME_JSON = 10, WINDOW = 65536 };

/* The head as text of one byte a character: UTF-16 loses what is beyond ASCII, which is nowhere where we
 * look. */
typedef struct view {
    const uint8_t *bytes;
    size_t length, step; /* step 2: UTF-16 */
} view;

static int at(const view *v, size_t i)
{
    return i < v->length ? v->bytes[i * v->step] : -1;
}

static view look(const uint8_t *head, uint64_t length)
{
    size_t n = length < WINDOW ? (size_t)length : WINDOW;
    if (n >= 3 && !memcmp(head, "\xef\xbb\xbf", 3)) return (view){head + 3, n - 3, 1};
    if (n >= 4 && !memcmp(head, "\xff\xfe", 2)) return (view){head + 2, (n - 2) / 2, 2};
    if (n >= 4 && !memcmp(head, "\xfe\xff", 2)) return (view){head + 3, (n - 2) / 2, 2};
    if (n >= 4 && head[0] && !head[1] && head[2] && !head[3]) return (view){head, n / 2, 2};
    if (n >= 4 && !head[0] && head[1] && !head[2] && head[3]) return (view){head + 1, n / 2, 2};
    return (view){head, n, 1};
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t skip_blank(const view *v, size_t i)
{
    while (is_blank(at(v, i))) i++;
    return i;
}

static bool starts(const view *v, size_t i, const char *text)
{
    for (; *text; text++, i++)
        if (at(v, i) != (unsigned char)*text) return false;
    return true;
}

static size_t after(const view *v, size_t i, const char *text)
{
    while (at(v, i) >= 0 && !starts(v, i, text)) i++;
    return i + strlen(text);
}

/* "resourceType" as a key of the outermost object. */
static uint32_t probe_json(const view *v, size_t i)
{
    size_t depth = 0;
    for (; at(v, i) >= 0; i++) {
        int c = at(v, i);
        if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth <= 1) return SOME_JSON;
            depth--;
        } else if (c == '"') {
            size_t start = i + 1;
            for (i = start; at(v, i) >= 0 && at(v, i) != '"'; i++)
                if (at(v, i) == '\\') i++;
            if (depth == 1 && i - start == 12 && starts(v, start, "resourceType") &&
                at(v, skip_blank(v, i + 1)) == ':')
                return SURE;
        }
    }
    return SOME_JSON;
}

/* Reads a name into out (cut if it does not fit); returns the place after it. */
static size_t name_at(const view *v, size_t i, char *out, size_t size)
{
    size_t n = 0;
    for (int c; (c = at(v, i)) >= 0 && !is_blank(c) && !strchr("=/>\"'<", c); i++)
        if (n + 1 < size) out[n++] = (char)c;
    out[n] = 0;
    return i;
}

/* The root's start tag: does the namespace of its prefix make it FHIR or C-CDA? */
static uint32_t probe_root(const view *v, size_t i)
{
    char name[128], attribute[128], value[128], wanted[140] = "xmlns";
    i = name_at(v, i + 1, name, sizeof name);
    char *colon = strchr(name, ':');
    if (colon) {
        strcpy(wanted, "xmlns:");
        strncat(wanted, name, (size_t)(colon - name));
    }
    const char *local = colon ? colon + 1 : name;
    while ((i = skip_blank(v, i)), at(v, i) >= 0 && at(v, i) != '>' && at(v, i) != '/') {
        size_t before = i;
        i = skip_blank(v, name_at(v, i, attribute, sizeof attribute));
        if (at(v, i) != '=') return 0;
        i = skip_blank(v, i + 1);
        int quote = at(v, i++);
        if (quote != '"' && quote != '\'') return 0;
        size_t n = 0;
        for (; at(v, i) >= 0 && at(v, i) != quote; i++)
            if (n + 1 < sizeof value) value[n++] = (char)at(v, i);
        value[n] = 0;
        i++;
        if (i <= before) return 0;
        if (strcmp(attribute, wanted)) continue;
        if (!strcmp(value, "http://hl7.org/fhir")) return SURE;
        return !strcmp(value, "urn:hl7-org:v3") && !strcmp(local, "ClinicalDocument") ? SURE : 0;
    }
    return 0;
}

static uint32_t probe_xml(const view *v, size_t i)
{
    while (at(v, i) == '<') {
        if (starts(v, i, "<!--")) {
            i = after(v, i + 4, "-->");
        } else if (starts(v, i, "<?")) {
            i = after(v, i + 2, "?>");
        } else if (starts(v, i,
                          "<!")) { /* a document type: claimed, so that reading can refuse it with a reason */
            size_t open = i;
            while (at(v, open) >= 0 && at(v, open) != '[' && at(v, open) != '>') open++;
            i = after(v, open, at(v, open) == '[' ? "]>" : ">");
        } else {
            return probe_root(v, i);
        }
        i = skip_blank(v, i);
    }
    return 0;
}

uint32_t rec_probe(const uint8_t *head, uint64_t length, const char *name)
{
    (void)name;
    view v = look(head, length);
    size_t i = skip_blank(&v, 0);
    int c = at(&v, i);
    return c == '{' && v.step == 1 ? probe_json(&v, i) : c == '<' ? probe_xml(&v, i) : 0;
}
