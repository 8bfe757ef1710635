/* What libxml2 must not be handed: document types, because entities come with them, and very many attributes,
 * because it compares each of an element with each, so that a megabyte takes seconds and ten megabytes
 * minutes. Tags are looked through here first, which needs an encoding in which they can be seen. */
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

/* The place after a start or end tag at i, counting its attributes. */
static size_t pass_tag(const rec_view *v, size_t i, size_t *attributes)
{
    *attributes = 0;
    for (int c; (c = rec_at(v, i)) >= 0 && c != '>'; i++) {
        if (c != '"' && c != '\'') continue;
        ++*attributes;
        for (i++; rec_at(v, i) >= 0 && rec_at(v, i) != c; i++) {
        }
    }
    return i;
}

bool rec_xml_guard(const uint8_t *bytes, size_t length, rec_fault *fault)
{
    rec_view v = rec_look(bytes, length);
    char encoding[32];
    size_t line = 1, attributes;
    if (v.step == 1 && memchr(bytes, 0, length < 4 ? length : 4)) {
        snprintf(fault->place, sizeof fault->place, "line 1");
        snprintf(fault->text, sizeof fault->text,
                 "not in an encoding that is read here; UTF-8 would be right");
        return false;
    }
    if (rec_at(&v, rec_skip_blank(&v, 0)) != '<') {
        snprintf(fault->place, sizeof fault->place, "line 1");
        snprintf(fault->text, sizeof fault->text,
                 "neither JSON nor XML: the first character is neither { nor <");
        return false;
    }
    declared_encoding(&v, encoding, sizeof encoding);
    if (!known_encoding(encoding)) {
        snprintf(fault->place, sizeof fault->place, "line 1");
        snprintf(fault->text, sizeof fault->text,
                 "the XML declaration names an encoding that is not read here; UTF-8 would be right");
        return false;
    }
    for (size_t i = 0; rec_at(&v, i) >= 0; i++) {
        if (rec_at(&v, i) == '\n') line++;
        if (rec_at(&v, i) != '<') continue;
        size_t from = i;
        if (rec_starts(&v, i, "<!--")) {
            i = rec_after(&v, i + 4, "-->") - 1;
        } else if (rec_starts(&v, i, "<![CDATA[")) {
            i = rec_after(&v, i, "]]>") - 1;
        } else if (rec_starts(&v, i, "<?")) {
            i = rec_after(&v, i, "?>") - 1;
        } else if (rec_starts(&v, i, "<!")) {
            snprintf(fault->place, sizeof fault->place, "line %zu", line);
            snprintf(fault->text, sizeof fault->text,
                     "a document type declaration (<!DOCTYPE) is refused, and with it any entity or outside "
                     "file that it could "
                     "name; FHIR and C-CDA need none: remove it");
            return false;
        } else {
            i = pass_tag(&v, i, &attributes);
            if (attributes > ATTRIBUTES_MAX) {
                snprintf(fault->place, sizeof fault->place, "line %zu", line);
                snprintf(fault->text, sizeof fault->text,
                         "an element with %zu attributes; at most %d are read", attributes,
                         (int)ATTRIBUTES_MAX);
                return false;
            }
        }
        for (size_t k = from; k < i; k++) line += rec_at(&v, k) == '\n';
    }
    return true;
}
