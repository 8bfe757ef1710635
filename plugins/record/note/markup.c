#include "markup.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

char *note_base64(rec_arena *arena, const char *text, size_t length, size_t *bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *out = rec_alloc(arena, length / 4 + 1, 3), value[256];
    uint32_t bits = 0;
    size_t have = 0, pads = 0, n = 0;
    if (!out) return NULL;
    memset(value, -1, sizeof value);
    for (int i = 0; i < 64; i++) value[(unsigned char)digits[i]] = (char)i;
    for (size_t i = 0; i < length; i++) {
        int v = (signed char)value[(unsigned char)text[i]];
        if (text[i] == '=') pads++;
        if (text[i] == '=' || strchr(" \t\r\n", text[i])) continue;
        if (v < 0 || pads) return NULL;
        bits = (bits << 6) + (uint32_t)v;
        if (++have % 4) continue;
        out[n++] = (char)(bits >> 16), out[n++] = (char)(bits >> 8), out[n++] = (char)bits;
    }
    if (have % 4 == 1) return NULL;
    if (have % 4 == 3) out[n++] = (char)(bits >> 10), out[n++] = (char)(bits >> 2);
    if (have % 4 == 2) out[n++] = (char)(bits >> 4);
    *bytes = n;
    return out;
}

/* A code point as UTF-8; one that is none, and what is no character of a text, as a blank. */
static size_t put(char *out, uint32_t c)
{
    if (c < ' ' && c != '\t' && c != '\n') c = ' ';
    if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) c = ' ';
    if (c < 0x80) return *out = (char)c, 1;
    if (c < 0x800) return out[0] = (char)(0xc0 | c >> 6), out[1] = (char)(0x80 | (c & 63)), 2;
    if (c < 0x10000)
        return out[0] = (char)(0xe0 | c >> 12), out[1] = (char)(0x80 | (c >> 6 & 63)),
               out[2] = (char)(0x80 | (c & 63)), 3;
    return out[0] = (char)(0xf0 | c >> 18), out[1] = (char)(0x80 | (c >> 12 & 63)),
           out[2] = (char)(0x80 | (c >> 6 & 63)), out[3] = (char)(0x80 | (c & 63)), 4;
}

char *note_latin(rec_arena *arena, const char *text, size_t length, size_t *bytes)
{
    char *out = rec_alloc(arena, length + 1, 3);
    size_t n = 0;
    if (!out) return NULL;
    for (size_t i = 0; i < length; i++) {
        uint32_t c = (unsigned char)text[i];
        if (c == 0x92) c = 0x2019; /* the apostrophe of Windows-1252, the one of its signs that is in words */
        if (c >= 0x80 && c < 0xa0) c = ' ';
        n += put(out + n, c);
    }
    *bytes = n;
    return out;
}

int note_lines(const char *element, size_t length)
{
    static const char *const lines[] = {"br", "td", "th"}, *const blocks[] = {
                                                               "p",     "div",       "li",   "tr",
                                                               "table", "caption",   "ul",   "ol",
                                                               "h1",    "h2",        "h3",   "h4",
                                                               "h5",    "h6",        "dd",   "dt",
                                                               "hr",    "paragraph", "item", "list",
                                                               "pre",   "title"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (strlen(lines[i]) == length && !strncasecmp(lines[i], element, length)) return 1;
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (strlen(blocks[i]) == length && !strncasecmp(blocks[i], element, length)) return 2;
    return 0;
}

/* Past the next `end`, in any case, from `at`, or `stop`. */
static const char *past(const char *at, const char *stop, const char *end)
{
    size_t length = strlen(end);
    for (; (size_t)(stop - at) >= length; at++)
        if (!strncasecmp(at, end, length)) return at + length;
    return stop;
}

/* Past the tag that begins at `at`; *out gets a new line if one is due. */
static const char *past_tag(const char *at, const char *stop, char *out, size_t *n)
{
    if (stop - at >= 4 && !memcmp(at, "<!--", 4)) return past(at + 4, stop, "-->");
    const char *name = at + 1 + (stop - at > 1 && at[1] == '/'), *end = name;
    while (end < stop && ((*end | 0x20) >= 'a' ? (*end | 0x20) <= 'z' : *end >= '0' && *end <= '9')) end++;
    size_t length = (size_t)(end - name);
    for (int lines = note_lines(name, length); lines; lines--) out[(*n)++] = '\n';
    if (length == 6 && !strncasecmp(name, "script", 6) && name == at + 1) return past(end, stop, "</script>");
    if (length == 5 && !strncasecmp(name, "style", 5) && name == at + 1) return past(end, stop, "</style>");
    const char *close = memchr(at, '>', (size_t)(stop - at));
    return close ? close + 1 : stop;
}

/* Past the reference that begins at `at`, which is put into out; an unknown one is a blank. */
static const char *past_reference(const char *at, const char *stop, char *out, size_t *n)
{
    static const struct {
        const char *name;
        uint32_t c;
    } names[] = {{"amp", '&'},   {"lt", '<'},       {"gt", '>'},     {"quot", '"'},
                 {"apos", '\''}, {"rsquo", 0x2019}, {"eacute", 0xe9}};
    size_t room = (size_t)(stop - at) < 12 ? (size_t)(stop - at) : 12;
    const char *end = memchr(at, ';', room);
    if (!end || end == at + 1) return out[(*n)++] = '&', at + 1;
    uint32_t c = ' ';
    if (at[1] == '#') {
        bool hex = (at[2] | 0x20) == 'x';
        c = 0;
        for (const char *d = at + 2 + hex; d < end; d++) {
            uint32_t digit = *d >= '0' && *d <= '9' ? (uint32_t)(*d - '0')
                             : hex && (*d | 0x20) >= 'a' && (*d | 0x20) <= 'f'
                                 ? (uint32_t)((*d | 0x20) - 'a' + 10)
                                 : 0x110000;
            c = c > 0x10ffff || digit > 15 ? 0x110000 : c * (hex ? 16 : 10) + digit;
        }
    } else {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (strlen(names[i].name) == (size_t)(end - at - 1) &&
                !memcmp(names[i].name, at + 1, (size_t)(end - at - 1)))
                c = names[i].c;
    }
    *n += put(out + *n, c);
    return end + 1;
}

char *note_unmarked(rec_arena *arena, const char *html, size_t length, size_t *bytes)
{
    char *out = rec_alloc(arena, length + 1, 1); /* nothing becomes longer than it was */
    const char *at = html, *stop = html + length;
    size_t n = 0;
    bool lines = past(html, stop, "<pre") < stop; /* else a line's end is a blank */
    if (!out) return NULL;
    while (at < stop) {
        if (*at == '<')
            at = past_tag(at, stop, out, &n);
        else if (*at == '&')
            at = past_reference(at, stop, out, &n);
        else if (*at == '\n' && !lines)
            out[n++] = ' ', at++;
        else
            out[n++] = *at++;
    }
    *bytes = n;
    return out;
}
