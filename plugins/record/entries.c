#include "entries.h"

#include "view.h"

static const uint8_t *past_blanks(const uint8_t *c, const uint8_t *end)
{
    while (c < end && rec_is_blank(*c)) c++;
    return c;
}

/* What stops a search: most of a document is neither. */
enum { IN_TEXT = 1, OUTSIDE = 2 };
static const uint8_t stops[256] = {['"'] = IN_TEXT | OUTSIDE, ['\\'] = IN_TEXT, ['{'] = OUTSIDE,
                                   ['}'] = OUTSIDE,           ['['] = OUTSIDE,  [']'] = OUTSIDE};

static const uint8_t *next_stop(const uint8_t *c, const uint8_t *end, uint8_t kind)
{
    for (; end - c >= 4; c += 4) {
        if (stops[c[0]] & kind) return c;
        if (stops[c[1]] & kind) return c + 1;
        if (stops[c[2]] & kind) return c + 2;
        if (stops[c[3]] & kind) return c + 3;
    }
    while (c < end && !(stops[*c] & kind)) c++;
    return c;
}

/* Past the text whose quotation mark is at c; the end if it is not closed. */
static const uint8_t *past_text(const uint8_t *c, const uint8_t *end)
{
    for (c = next_stop(c + 1, end, IN_TEXT); c < end && *c == '\\'; c = next_stop(c + 2, end, IN_TEXT))
        if (end - c < 2) return end;
    return c < end ? c + 1 : end;
}

/* Past the value that begins at c; the end if it does not. */
static const uint8_t *past_value(const uint8_t *c, const uint8_t *end)
{
    size_t depth = 0;
    if (*c == '"') return past_text(c, end);
    if (*c != '{' && *c != '[') {
        while (c < end && !rec_is_blank(*c) && *c != ',' && *c != ']' && *c != '}') c++;
        return c;
    }
    while ((c = next_stop(c, end, OUTSIDE)) < end) {
        if (*c == '"') {
            c = past_text(c, end);
            continue;
        }
        if (*c == '{' || *c == '[') depth++;
        if ((*c == '}' || *c == ']') && !--depth) return c + 1;
        c++;
    }
    return end;
}

static bool is_text(const uint8_t *c, const uint8_t *after, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(after - c) == length + 2 && !memcmp(c + 1, text, length);
}

bool rec_entries_of(const uint8_t *bytes, size_t length, rec_entries *entries)
{
    const uint8_t *end = bytes + length, *file = bytes;
    if (length >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3)) file += 3;
    const uint8_t *c = past_blanks(file, end);
    bool bundle = false;
    if (c == end || *c != '{') return false;
    do {
        const uint8_t *name = c = past_blanks(c + 1, end);
        if (c == end || *c != '"') return false;
        const uint8_t *named = c = past_text(c, end);
        c = past_blanks(c, end);
        if (c == end || *c != ':') return false;
        const uint8_t *value = c = past_blanks(c + 1, end);
        if (c == end) return false;
        if (is_text(name, named, "entry")) {
            *entries = (rec_entries){.file = file, .end = end, .at = value + 1, .first = value + 1};
            entries->line = 1 + rec_count_lines(file, value + 1);
            return bundle && *value == '[';
        }
        c = past_value(c, end);
        if (is_text(name, named, "resourceType")) bundle = *value == '"' && is_text(value, c, "Bundle");
        c = past_blanks(c, end);
    } while (c < end && *c == ',');
    return false;
}

size_t rec_entries_next(rec_entries *entries)
{
    const uint8_t *end = entries->end, *c = past_blanks(entries->at, end), *after = c;
    if (entries->number && c < end && *c == ',') c = past_blanks(c + 1, end);
    bool next = c < end && !strchr(",]}:", *c) && (!entries->number || c > after);
    if (!next) {
        entries->after = after;
        return 0;
    }
    entries->line += rec_count_lines(entries->at, c);
    entries->at = c;
    return (size_t)(past_value(c, end) - c);
}

const uint8_t *rec_entries_end(const rec_entries *entries)
{
    const uint8_t *end = entries->end, *c = entries->after;
    if (c == end || *c == ']') return end;
    if (*c == ',') c = past_blanks(c + 1, end);
    return c < end ? c + 1 : end;
}

void rec_entries_skip(rec_entries *entries, size_t length)
{
    entries->line += rec_count_lines(entries->at, entries->at + length);
    entries->at += length;
    entries->number++;
}
