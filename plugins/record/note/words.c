#include "words.h"

#include <string.h>

#include "hash.h"

enum { HEADING_BYTES = 80, SHORT_LINE = 50 };

typedef struct cursor {
    const unsigned char *at, *end;
} cursor;

static bool is_upper(int c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(int c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Bytes of the letter beyond ASCII that stands here; 0: no letter, or no UTF-8. Letters are what is neither
 * below U+00C0 nor general punctuation, symbols or private (U+2000 to U+2FFF, U+3000 to U+303F, U+E000 on).
 */
static size_t letter(const unsigned char *at, const unsigned char *end)
{
    size_t more = *at >= 0xc3 && *at < 0xe0   ? 1
                  : (*at & 0xf0) == 0xe0      ? 2
                  : *at >= 0xf0 && *at < 0xf5 ? 3
                                              : 0;
    if (!more || more >= (size_t)(end - at)) return 0;
    for (size_t i = 1; i <= more; i++)
        if ((at[i] & 0xc0) != 0x80) return 0;
    if (more == 1) return *at == 0xc3 && (at[1] == 0x97 || at[1] == 0xb7) ? 0 : 2; /* the signs x and : */
    if (more == 2) return *at == 0xe2 || (*at == 0xe3 && at[1] == 0x80) || *at >= 0xee ? 0 : 3;
    return 0;
}

static bool is_apostrophe(const cursor *c)
{
    return *c->at == '\'' || (c->end - c->at >= 3 && !memcmp(c->at, "\xe2\x80\x99", 3));
}

/* Reads the word at the cursor into out[NOTE_WORD_MAX]; the length, 0: there is none or it is too long. */
static size_t read_word(cursor *c, char *out)
{
    size_t n = 0, bytes;
    bool digits = false;
    for (; c->at < c->end; c->at += bytes) {
        int b = *c->at;
        char kept = 0;
        bytes = 1;
        if (is_digit(b)) {
            kept = digits ? 0 : '0';
            digits = true;
            if (!kept) continue;
        } else if (is_lower(b) || is_upper(b)) {
            kept = (char)(b | 0x20);
            digits = false;
        } else if (digits && (b == '.' || b == ',') && c->at + 1 < c->end && is_digit(c->at[1])) {
            continue;
        } else if (n && is_apostrophe(c)) {
            bytes = b == '\'' ? 1 : 3;
            if (c->at + bytes >= c->end || !(is_lower(c->at[bytes] | 0x20)) || digits) break;
            kept = '\'';
        } else if (b < 0x80 || !(bytes = letter(c->at, c->end))) {
            break;
        } else {
            digits = false;
            for (size_t i = 0; i < bytes; i++, n++) {
                char from = (char)c->at[i];
                /* U+00C0 to U+00DE are the capitals of those 32 further on. */
                if (i && b == 0xc3 && c->at[1] < 0x9f) from = (char)(c->at[1] + 0x20);
                if (n < NOTE_WORD_MAX) out[n] = from;
            }
            continue;
        }
        if (n < NOTE_WORD_MAX) out[n] = kept;
        n++;
    }
    return n <= NOTE_WORD_MAX ? n : 0;
}

static bool starts_word(const cursor *c)
{
    int b = *c->at;
    return is_digit(b) || is_lower(b | 0x20) || (b >= 0xc3 && letter(c->at, c->end));
}

static bool is_mark(int c)
{
    return c == ',' || c == ';' || c == ':' || c == '(' || c == ')';
}

/* Takes the word at the cursor into the sentence, which must have room. */
static void take_word(cursor *c, note_sentence *s, char *mark)
{
    size_t length = read_word(c, s->text + s->used);
    if (!length) return;
    note_word *w = &s->words[s->count++];
    *w = (note_word){.hash = note_hash(s->text + s->used, length),
                     .start = (uint16_t)s->used,
                     .length = (uint8_t)length,
                     .before = *mark};
    s->used += length;
    *mark = 0;
}

static void clear(note_sentence *s)
{
    s->count = s->used = 0;
}

void note_words(const char *text, size_t length, note_sentence *sentence)
{
    cursor c = {(const unsigned char *)text, (const unsigned char *)text + length};
    char mark = 0;
    clear(sentence);
    while (c.at < c.end && sentence->count < NOTE_WORDS_MAX) {
        if (starts_word(&c)) {
            take_word(&c, sentence, &mark);
            continue;
        }
        if (is_mark(*c.at)) mark = (char)*c.at;
        c.at++;
    }
}

/* True if a point after the sentence's last word is no end. */
static bool is_abbreviation(const note_sentence *s)
{
    static const char *const words[] = {"dr", "mr", "mrs", "ms", "prof", "vs", "approx", "pt", "e", "g", "i"};
    if (!s->count) return true;
    const note_word *w = &s->words[s->count - 1];
    const char *text = s->text + w->start;
    if (w->length == 1 && is_lower(*text)) return true; /* an initial, "b.i.d." */
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == w->length && !memcmp(words[i], text, w->length)) return true;
    return false;
}

/* True if the mark at the cursor ends the sentence. */
static bool is_end(const cursor *c, const note_sentence *s)
{
    int mark = *c->at, next = c->at + 1 < c->end ? c->at[1] : ' ',
        after = c->at + 2 < c->end ? c->at[2] : ' ';
    if (mark != '.' && mark != '!' && mark != '?') return false;
    if (mark == '.' && is_abbreviation(s)) return false;
    return is_blank(next) || next == '"' || next == ')' || (mark == '.' && is_upper(next) && is_lower(after));
}

static void end_sentence(note_sentence *s, const note_listener *l)
{
    if (s->count) l->sentence(l->context, s);
    clear(s);
}

static void read_line(cursor line, note_sentence *s, const note_listener *l)
{
    char mark = 0;
    while (line.at < line.end) {
        if (starts_word(&line)) {
            if (s->count == NOTE_WORDS_MAX) end_sentence(s, l);
            take_word(&line, s, &mark);
            continue;
        }
        if (is_end(&line, s)) end_sentence(s, l), mark = 0;
        if (is_mark(*line.at)) mark = (char)*line.at;
        line.at++;
    }
}

/* Past what stands before a list's item or a heading: "- ", "* ", "# ", "3. ", "04) ". */
static const unsigned char *after_bullet(cursor line)
{
    const unsigned char *at = line.at;
    while (at < line.end && (*at == '#' || *at == '*' || *at == '-' || *at == '=')) at++;
    if (at == line.at) {
        while (at < line.end && is_digit(*at)) at++;
        if (at == line.at || at == line.end || (*at != '.' && *at != ')')) return line.at;
        at++;
    }
    const unsigned char *blank = at;
    while (at < line.end && is_blank(*at)) at++;
    if (at < line.end && at - blank == 0 && *line.at != '#' && *line.at != '*') return line.at;
    return at;
}

/* The heading that the line begins with, past which the line then begins; -1: none. */
static int take_heading(cursor *line, note_sentence *words, const note_listener *l)
{
    const unsigned char *from = line->at, *at = from;
    bool loud = false, quiet = false;
    while (at < line->end && *at != ':' && at - from < HEADING_BYTES) {
        if (*at == '.' || *at == ';') return -1;
        loud |= is_upper(*at);
        quiet |= is_lower(*at);
        at++;
    }
    bool colon = at < line->end && *at == ':';
    if ((at < line->end && !colon) || at == from) return -1;
    note_words((const char *)from, (size_t)(at - from), words);
    int heading = words->count ? l->heading(l->context, words, colon, loud && !quiet) : -1;
    if (heading >= 0) line->at = at + colon;
    return heading;
}

void note_walk(const char *text, size_t length, note_sentence rooms[2], const note_listener *l)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + length;
    note_sentence *s = &rooms[0];
    bool was_short = true;
    clear(s);
    while (at < end) {
        const unsigned char *stop = memchr(at, '\n', (size_t)(end - at));
        cursor line = {at, stop ? stop : end};
        at = stop ? stop + 1 : end;
        while (line.at < line.end && is_blank(*line.at)) line.at++;
        while (line.at < line.end && is_blank(line.end[-1])) line.end--;
        const unsigned char *start = after_bullet(line);
        bool item = start > line.at;
        line.at = start;
        if (line.at == line.end || item || (was_short && is_upper(*line.at))) end_sentence(s, l);
        was_short = line.end - line.at < SHORT_LINE;
        int heading = take_heading(&line, &rooms[1], l);
        if (heading >= 0) {
            end_sentence(s, l);
            l->section(l->context, heading);
        }
        read_line(line, s, l);
    }
    end_sentence(s, l);
}
