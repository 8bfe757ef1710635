#include "take.h"

#include <string.h>
#include <strings.h>

#include "markup.h"

/* What a text must not be, by its first bytes, whatever it is said to be. */
static const char *foreign(const char *bytes, size_t length)
{
    static const struct {
        const char *first, *name;
    } kinds[] = {{"%PDF-", "PDF"},         {"{\\rtf", "RTF"},      {"PK\x03\x04", "a ZIP or Office file"},
                 {"\xff\xd8\xff", "JPEG"}, {"\x89PNG", "PNG"},     {"II*", "TIFF"},
                 {"MM", "TIFF"},           {"\xff\xfe", "UTF-16"}, {"\xfe\xff", "UTF-16"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t n = strlen(kinds[i].first);
        if (length < n || memcmp(bytes, kinds[i].first, n)) continue;
        if (kinds[i].first[0] == 'M' && (length < 4 || bytes[2])) continue;
        return kinds[i].name;
    }
    return memchr(bytes, 0, length < 4096 ? length : 4096) ? "binary" : NULL;
}

/* The media type's own words, which say nothing of the patient; others are not repeated. */
static const char *type_name(const char *type)
{
    static const char *const names[] = {"application/pdf",
                                        "application/rtf",
                                        "text/rtf",
                                        "application/msword",
                                        "image/jpeg",
                                        "image/png",
                                        "image/tiff",
                                        "application/dicom",
                                        "text/xml",
                                        "application/xml",
                                        "application/hl7-v3+xml",
                                        "application/hl7-sda+xml",
                                        "application/fhir+json",
                                        "application/fhir+xml",
                                        "application/json"};
    for (size_t i = 0; type && i < sizeof names / sizeof *names; i++)
        if (!strncasecmp(type, names[i], strlen(names[i]))) return names[i];
    return "another type";
}

static bool says(const char *type, const char *word)
{
    return type && strcasestr(type, word);
}

void note_take_bytes(rec_record *record, const note_source *source, const char *type, const char *bytes,
                     size_t length, const rec_node *at)
{
    rec_arena scratch;
    const char *other = foreign(bytes, length);
    bool plain = !type || !*type || !strncasecmp(type, "text/plain", 10), html = says(type, "html");
    if (!record->options.notes) return;
    if (other || (!plain && !html)) {
        rec_warn(record, at, "a text in %s is not read; plain text and HTML are",
                 other ? other : type_name(type));
        return;
    }
    bool latin = says(type, "8859-1") || says(type, "1252") || says(type, "latin1");
    if (says(type, "charset") && !latin && !says(type, "utf-8") && !says(type, "utf8") &&
        !says(type, "ascii")) {
        rec_warn(record, at,
                 "a text in an unknown character set is not read; UTF-8, ISO 8859-1 and Windows-1252 are");
        return;
    }
    if (length >= NOTE_TEXT_MAX) {
        rec_warn(record, at, "a text of more than 16 MiB; its beginning counts");
        length = NOTE_TEXT_MAX;
    }
    if (!record->notes && !(record->notes = note_book_new(&record->arena))) return;
    rec_arena_init(&scratch, (size_t)8 * NOTE_TEXT_MAX);
    const char *text = bytes;
    if (latin) text = note_latin(&scratch, text, length, &length);
    if (html && text) text = note_unmarked(&scratch, text, length, &length);
    if (text) note_read(record->notes, &record->arena, source, text, length);
    if (scratch.failed) record->arena.failed = true;
    rec_arena_free(&scratch);
}

void note_take(rec_record *record, const note_source *source, const char *type, bool base64, const char *text,
               const rec_node *at)
{
    if (!text || !text[strspn(text, " \t\r\n")] || !record->options.notes) return;
    size_t length = strlen(text);
    if (!base64) {
        note_take_bytes(record, source, type, text, length, at);
        return;
    }
    rec_arena scratch;
    rec_arena_init(&scratch, (size_t)4 * NOTE_TEXT_MAX);
    if (length >= NOTE_TEXT_MAX)
        rec_warn(record, at, "a text of more than 16 MiB in base64; its beginning counts");
    char *bytes = note_base64(&scratch, text, length, &length);
    if (bytes)
        note_take_bytes(record, source, type, bytes, length, at);
    else if (scratch.failed)
        record->arena.failed = true;
    else
        rec_warn(record, at, "not base64; the text is left out");
    rec_arena_free(&scratch);
}
