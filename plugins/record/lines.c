#include "lines.h"

#include <string.h>

#include "view.h"

static const uint8_t *past_mark(const uint8_t *bytes, size_t length)
{
    return length >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3) ? bytes + 3 : bytes;
}

size_t rec_json_end(const uint8_t *bytes, size_t length)
{
    size_t depth = 0;
    for (size_t i = 0; i < length; i++) {
        uint8_t c = bytes[i];
        if (c == '"') {
            for (i++; i < length && bytes[i] != '"'; i++)
                if (bytes[i] == '\\') i++;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth <= 1) return i + 1;
            depth--;
        }
    }
    return 0;
}

bool rec_is_lines(const uint8_t *bytes, size_t length)
{
    rec_lines lines = rec_lines_of(bytes, length);
    size_t first = rec_lines_next(&lines);
    if (!first || lines.at[0] != '{' || lines.at[first - 1] != '}') return false;
    rec_lines_skip(&lines, first);
    return rec_lines_next(&lines) && lines.at[0] == '{';
}

rec_lines rec_lines_of(const uint8_t *bytes, size_t length)
{
    return (rec_lines){past_mark(bytes, length), bytes + length, 1};
}

size_t rec_lines_next(rec_lines *lines)
{
    for (; lines->at < lines->end && rec_is_blank(*lines->at); lines->at++) lines->line += *lines->at == '\n';
    size_t left = (size_t)(lines->end - lines->at);
    if (!left) return 0;
    const uint8_t *stop = memchr(lines->at, '\n', left);
    size_t length = stop ? (size_t)(stop - lines->at) : left;
    while (rec_is_blank(lines->at[length - 1])) length--;
    return length;
}

void rec_lines_skip(rec_lines *lines, size_t length)
{
    const uint8_t *to = lines->at + length;
    for (const uint8_t *c = lines->at; (c = memchr(c, '\n', (size_t)(to - c))); c++) lines->line++;
    lines->at = to;
}
