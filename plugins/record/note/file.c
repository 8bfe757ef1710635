/* Notes in files of their own. Nothing in a text says that it is a clinical note, so it is one only if it is
 * prose and speaks of what notes speak of. */
#include <math.h>
#include <string.h>

#include "markup.h"
#include "take.h"

enum { SURE_ENOUGH = 60, WINDOW = 65536, LEAST_WORDS = 5 };

static bool begins(const uint8_t *head, size_t length, const char *text)
{
    size_t n = strlen(text);
    return length >= n && !memcmp(head, text, n);
}

/* UTF-8, but for a character that the window cuts. */
static bool is_utf8(const uint8_t *at, const uint8_t *end)
{
    while (at < end) {
        size_t more = *at < 0x80                  ? 0
                      : *at >= 0xc2 && *at < 0xe0 ? 1
                      : (*at & 0xf0) == 0xe0      ? 2
                      : *at >= 0xf0 && *at < 0xf5 ? 3
                                                  : 4;
        if (more == 4) return false;
        for (size_t i = 1; i <= more && at + i < end; i++)
            if ((at[i] & 0xc0) != 0x80) return false;
        at += more + 1;
    }
    return true;
}

/* Mostly words, and no table: lines of tabs or commas are data. */
static bool is_prose(const uint8_t *head, size_t length)
{
    size_t letters = 0, blanks = 0, controls = 0, separators = 0;
    for (size_t i = 0; i < length; i++) {
        int c = head[i];
        letters += (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        blanks += c == ' ' || c == '\n';
        controls += (c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f') || c == 127;
        separators += c == '\t' || c == '|' || c == '{' || c == '}' || c == '<' || c == '=';
    }
    return !controls && letters * 2 > length && blanks * 3 < letters * 2 && separators * 50 < length &&
           letters < blanks * 12;
}

typedef struct search {
    note_phrases headings, findings;
    note_sentence rooms[2];
    size_t words, found;
} search;

static int find_heading(void *context, const note_sentence *s, bool colon, bool loud)
{
    search *look = context;
    size_t words;
    int found = note_phrases_at(&look->headings, s, 0, &words);
    (void)loud;
    return found > 0 && words == s->count && words > 1 && (colon || words > 2) ? found : -1;
}

static void on_section(void *context, int heading)
{
    (void)heading;
    ((search *)context)->found++;
}

static void on_sentence(void *context, note_sentence *s)
{
    search *look = context;
    look->words += s->count;
    for (size_t i = 0, words; i < s->count; i++)
        look->found += note_phrases_at(&look->findings, s, i, &words) >= 0;
}

uint32_t note_probe(const uint8_t *head, uint64_t whole)
{
    size_t length = whole < WINDOW ? (size_t)whole : WINDOW;
    size_t first = 0;
    while (first < length && strchr(" \t\r\n", head[first])) first++;
    if (begins(head, length, "%PDF-") || begins(head, length, "{\\rtf")) return SURE_ENOUGH;
    if (first < length && strchr("{[<", head[first])) return 0; /* JSON or XML */
    if (!is_utf8(head, head + length) || !is_prose(head, length)) return 0;
    rec_arena scratch;
    rec_arena_init(&scratch, sizeof(search) + 64);
    search *look = rec_alloc(&scratch, 1, sizeof *look);
    uint32_t sure = 0;
    if (look) {
        const note_listener listener = {look, find_heading, on_section, on_sentence};
        note_terms(&look->headings, note_headings, note_heading_count, false);
        note_terms(&look->findings, note_findings, note_finding_count, true);
        note_walk((const char *)head, length, look->rooms, &listener);
        /* A heading, or a finding for every hundred words: two at least. */
        if (look->words >= LEAST_WORDS && look->found >= 2 && look->found * 100 >= look->words)
            sure = SURE_ENOUGH;
    }
    rec_arena_free(&scratch);
    return sure;
}

void note_file(rec_record *record, const csl_input *input)
{
    note_source source = {.time.days = NAN, .input = record->input};
    const uint8_t *bytes = input->bytes;
    size_t length = input->length < NOTE_TEXT_MAX ? (size_t)input->length : NOTE_TEXT_MAX;
    if (begins(bytes, length, "\xef\xbb\xbf")) bytes += 3, length -= 3;
    note_take_bytes(record, &source, NULL, (const char *)bytes, length, NULL);
}
