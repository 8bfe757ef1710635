/* What libxml2 must not be handed: document types, because entities come with them, and very many attributes,
 * because it compares each of an element with each, so that a megabyte takes seconds and ten megabytes
 * minutes. Tags are looked through here first, which needs an encoding in which they can be seen. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tree.h"
#include "view.h"

enum { ATTRIBUTES_MAX = 256 };

/* UTF-8 and UTF-16, which all XML readers know, and encodings of one byte a character that contain ASCII. */
static bool known_encoding(const char *name)
{
    static const char *const starts[] = {"UTF-8",     "UTF-16",      "US-ASCII", "ASCII",
                                         "ISO-8859-", "windows-125", "latin1"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (!strncasecmp(name, starts[i], strlen(starts[i]))) return true;
    return false;
}

/* The encoding that the XML declaration names; "UTF-8" if it names none. */
static void declared_encoding(const rec_view *v, char *out, size_t size)
{
    snprintf(out, size, "UTF-8");
    if (!rec_starts(v, 0, "<?xml")) return;
    for (size_t i = 5; rec_at(v, i) >= 0 && !rec_starts(v, i, "?>"); i++) {
        if (!rec_starts(v, i, "encoding")) continue;
        size_t n = 0;
        i = rec_skip_blank(v, i + 8);
        if (rec_at(v, i) != '=') return;
        i = rec_skip_blank(v, i + 1) + 1;
        for (int c; (c = rec_at(v, i)) >= 0 && c != '"' && c != '\'' && n + 1 < size; i++) out[n++] = (char)c;
        out[n] = 0;
        return;
    }
}

/* Attributes of the tag at i, which ends at the next '>' outside of quotation marks. */
static size_t count_attributes(const rec_view *v, size_t i)
{
    size_t attributes = 0;
    for (int c; (c = rec_at(v, i)) >= 0 && c != '>'; i++) {
        if (c != '"' && c != '\'') continue;
        attributes++;
        for (i++; rec_at(v, i) >= 0 && rec_at(v, i) != c; i++) {
        }
    }
    return attributes;
}

/* The next '<' from i on, or the end. */
static size_t next_open(const rec_view *v, size_t i)
{
    if (v->step == 1) {
        const uint8_t *found = i < v->length ? memchr(v->bytes + i, '<', v->length - i) : NULL;
        return found ? (size_t)(found - v->bytes) : v->length;
    }
    while (rec_at(v, i) >= 0 && rec_at(v, i) != '<') i++;
    return i;
}

static bool refuse(const rec_view *v, size_t at, rec_fault *fault, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static bool refuse(const rec_view *v, size_t at, rec_fault *fault, const char *format, ...)
{
    size_t line = 1;
    va_list args;
    va_start(args, format);
    vsnprintf(fault->text, sizeof fault->text, format, args);
    va_end(args);
    for (size_t i = 0; i < at; i++) line += rec_at(v, i) == '\n';
    snprintf(fault->place, sizeof fault->place, "line %zu", line);
    return false;
}

bool rec_xml_guard(const uint8_t *bytes, size_t length, rec_fault *fault)
{
    rec_view v = rec_look(bytes, length);
    char encoding[32];
    if (v.step == 1 && memchr(bytes, 0, length < 4 ? length : 4))
        return refuse(&v, 0, fault, "not in an encoding that is read here; UTF-8 would be right");
    if (rec_at(&v, rec_skip_blank(&v, 0)) != '<')
        return refuse(&v, 0, fault, "neither JSON nor XML: the first character is neither { nor <");
    declared_encoding(&v, encoding, sizeof encoding);
    if (!known_encoding(encoding))
        return refuse(&v, 0, fault,
                      "the XML declaration names an encoding that is not read here; UTF-8 would be right");
    for (size_t next, i = next_open(&v, 0); i < v.length; i = next) {
        int kind = rec_at(&v, i + 1);
        if (kind == '!' && rec_starts(&v, i, "<!--")) {
            next = next_open(&v, rec_after(&v, i + 4, "-->"));
        } else if (kind == '!' && rec_starts(&v, i, "<![CDATA[")) {
            next = next_open(&v, rec_after(&v, i, "]]>"));
        } else if (kind == '?') {
            next = next_open(&v, rec_after(&v, i, "?>"));
        } else if (kind == '!') {
            return refuse(
                &v, i, fault,
                "a document type declaration (<!DOCTYPE) is refused, and with it any entity or outside "
                "file that it could name; FHIR and C-CDA need none: remove it");
        } else {
            /* Where the next tag begins sooner than so many attributes would end, there are fewer. */
            next = next_open(&v, i + 1);
            size_t attributes = next - i > ATTRIBUTES_MAX * sizeof "a=''" ? count_attributes(&v, i) : 0;
            if (attributes > ATTRIBUTES_MAX)
                return refuse(&v, i, fault, "an element with %zu attributes; at most %d are read", attributes,
                              (int)ATTRIBUTES_MAX);
        }
    }
    return true;
}
