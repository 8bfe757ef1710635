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

/* The next such character from i on, or the end. */
static size_t next_of(const rec_view *v, size_t i, int character)
{
    if (v->step == 1) {
        const uint8_t *found = i < v->length ? memchr(v->bytes + i, character, v->length - i) : NULL;
        return found ? (size_t)(found - v->bytes) : v->length;
    }
    while (i < v->length && rec_at(v, i) != character) i++;
    return i < v->length ? i : v->length;
}

/* The next '<' from i on that this character follows, or the end. */
static size_t next_pair(const rec_view *v, size_t i, int character)
{
    while ((i = next_of(v, i + 1, character)) < v->length)
        if (rec_at(v, i - 1) == '<') return i - 1;
    return v->length;
}

/* The last '<' from i, which is one, to `to`. */
static size_t last_open(const rec_view *v, size_t i, size_t to)
{
    if (v->step == 1) return (size_t)((const uint8_t *)memrchr(v->bytes + i, '<', to - i + 1) - v->bytes);
    while (rec_at(v, to) != '<') to--;
    return to;
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

/* The tags from the '<' at i on, up to the one at `to` or the end. Where another begins sooner than so many
 * attributes would end, there are fewer. */
static bool check_tags(const rec_view *v, size_t i, size_t to, rec_fault *fault)
{
    enum { LONG = ATTRIBUTES_MAX * sizeof "a=''" };
    while (to - i > LONG) {
        size_t next = last_open(v, i, i + LONG);
        if (next == i) {
            size_t attributes = count_attributes(v, i);
            if (attributes > ATTRIBUTES_MAX)
                return refuse(v, i, fault, "an element with %zu attributes; at most %d are read", attributes,
                              (int)ATTRIBUTES_MAX);
            next = next_of(v, i + 1, '<');
        }
        i = next;
    }
    return true;
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
    size_t mark = 0, question = 0; /* the next "<!" and "<?", of which there are few */
    for (size_t i = next_of(&v, 0, '<'); i < v.length; i = next_of(&v, i, '<')) {
        if (mark <= i) mark = next_pair(&v, i, '!');
        if (question <= i) question = next_pair(&v, i, '?');
        size_t special = mark < question ? mark : question;
        if (!check_tags(&v, i, special, fault)) return false;
        i = special;
        if (question < mark) {
            i = rec_after(&v, i, "?>");
        } else if (rec_starts(&v, i, "<!--")) {
            i = rec_after(&v, i + 4, "-->");
        } else if (rec_starts(&v, i, "<![CDATA[")) {
            i = rec_after(&v, i, "]]>");
        } else if (i < v.length) {
            return refuse(
                &v, i, fault,
                "a document type declaration (<!DOCTYPE) is refused, and with it any entity or outside "
                "file that it could name; FHIR and C-CDA need none: remove it");
        }
    }
    return true;
}
