/* Clinical notes, the text alone: words, sentences, sections, hashed n-grams. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/note/book.h"
#include "record/note/markup.h"

Test(record_note_text, murmur3)
{
    /* "test" to "...lazy dog": the vectors of Wikipedia's article MurmurHash for seed 0; the others
     * sklearn.utils.murmurhash3_32(text.encode(), 0, positive=True) of scikit-learn 1.2.1. */
    static const struct {
        const char *text;
        uint32_t hash;
    } vectors[] = {{"", 0},
                   {"test", 0xba6bd213},
                   {"Hello, world!", 0xc0363e43},
                   {"The quick brown fox jumps over the lazy dog", 0x2e4ff723},
                   {"a", 0x3c2569b2},
                   {"ab", 0x9bbfd75f},
                   {"abc", 0xb3dd93fa},
                   {"\xc3\xa9t\xc3\xa9", 0x3393660f}};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        cr_assert_eq(note_hash(vectors[i].text, strlen(vectors[i].text)), vectors[i].hash, "%s",
                     vectors[i].text);
}

/* What a walk met: "[HEADING] word word. word." in a static buffer. */
static char met[65536];
static note_phrases headings;

static int on_heading(void *context, const note_sentence *s, bool colon, bool loud)
{
    size_t words;
    int found = note_phrases_at(&headings, s, 0, &words);
    (void)context, (void)colon, (void)loud;
    return found >= 0 && words == s->count ? found : -1;
}

static void on_section(void *context, int heading)
{
    (void)context;
    snprintf(met + strlen(met), sizeof met - strlen(met), "[%s] ", note_headings[heading].name);
}

static void on_sentence(void *context, note_sentence *s)
{
    (void)context;
    for (size_t i = 0; i < s->count; i++)
        snprintf(met + strlen(met), sizeof met - strlen(met), "%.*s%s", s->words[i].length, note_text(s, i),
                 i + 1 < s->count ? " " : ". ");
}

static const char *walk(const char *text, size_t length)
{
    static note_sentence rooms[2];
    const note_listener listener = {NULL, on_heading, on_section, on_sentence};
    note_terms(&headings, note_headings, note_heading_count, false);
    *met = 0;
    note_walk(text, length, rooms, &listener);
    return met;
}

/* Expected by hand, from the rules of words.h. */
static const struct {
    const char *text, *met;
} walks[] = {
    {"He has COPD. She's well!", "he has copd. she's well. "},
    {"BP 120/80, T 38.5 on 2024-03-02; B12 1,250", "bp 0 0 t 0 on 0 0 0 b0 0. "},
    {"Seen by Dr. Smith vs. J. Doe.", "seen by dr smith vs j doe. "},
    {"Is it PE? No.Patient well", "is it pe. no. patient well. "},
    {"a line that goes on over\nits end because it is long",
     "a line that goes on over its end because it is long. "},
    {"Short line\nAnother", "short line. another. "},
    {"one\n\ntwo", "one. two. "},
    {"- one\n- two\n2. three\n3) four", "one. two. three. four. "},
    {"HISTORY OF PRESENT ILLNESS:\nCough.", "[History of present illness] cough. "},
    {"## Assessment and Plan\nCough.\n* Plan: rest",
     "[Assessment and plan] cough. [Plan of treatment] rest. "},
    {"Impression: no change\nCOMMENT:", "[Impression] no change. [Annotation comment] "},
    {"The impression: none", "the impression none. "},
    {"a sentence that is cut by a heading after more than fifty bytes\nPLAN: rest",
     "a sentence that is cut by a heading after more than fifty bytes. [Plan of treatment] rest. "},
    {"\xc3\x89T\xc3\x89 \xe2\x80\x9cna\xc3\xafve\xe2\x80\x9d patient\xe2\x80\x99s 5\xc2\xb5g",
     "\xc3\xa9t\xc3\xa9 na\xc3\xafve patient's 0 g. "},
    {"\xd0\xba\xd0\xb0\xd1\x88 \xe5\x92\xb3", "\xd0\xba\xd0\xb0\xd1\x88 \xe5\x92\xb3. "},
    {"caf\xe9 is no UTF-8 \xc3", "caf is no utf 0. "},
    {"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddX kept", "kept. "}, /* 41 bytes are no word, 40 are: */
    {"aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd", "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd. "},
    {"", ""},
    {" \r\n.:;()?!\n", ""},
};

Test(record_note_text, sections_sentences_words)
{
    for (size_t i = 0; i < sizeof walks / sizeof *walks; i++) {
        size_t length = strlen(walks[i].text);
        char *exact = malloc(length + 1); /* AddressSanitizer sees a read past the end */
        memcpy(exact, walks[i].text, length);
        exact = realloc(exact, length ? length : 1);
        cr_expect_str_eq(walk(exact, length), walks[i].met, "%s\ngave %s", walks[i].text, met);
        free(exact);
    }
}

static const note_section *only_section(note_book *book)
{
    cr_assert_eq(book->section_count, 1);
    return book->sections[0];
}

/* The same in Python, with scikit-learn 1.2.1, of the n-grams that docs/note.md tells, written by hand:
 *   grams = ["worse", "cough", "worse cough", "and", "cough and", "no", "and no", "no:fever", "no:no fever",
 *            "possible", "fever possible", "maybe:pneumonia", "maybe:possible pneumonia"]
 *   normalize(FeatureHasher(256, input_type="string").transform([grams])) */
static const struct {
    int place;
    double value;
} hashed[] = {{26, -0.2581989}, {45, -0.2581989},  {91, -0.2581989},  {110, 0.2581989},
              {133, 0.2581989}, {148, -0.2581989}, {150, -0.5163978}, {209, 0.2581989},
              {223, 0.2581989}, {227, -0.2581989}, {230, -0.2581989}, {233, -0.2581989}};

Test(record_note_text, ngrams_are_those_of_feature_hasher)
{
    rec_arena arena;
    rec_arena_init(&arena, 1 << 24);
    note_book *book = note_book_new(&arena);
    static const char text[] = "Worse cough and no fever, possible pneumonia.";
    note_source source = {.time.days = NAN};
    note_read(book, &arena, &source, text, strlen(text));
    const note_section *s = only_section(book);
    double square = 0, wanted[NOTE_DIMENSIONS] = {0};
    for (int i = 0; i < NOTE_DIMENSIONS; i++) square += (double)s->counts[i] * s->counts[i];
    for (size_t i = 0; i < sizeof hashed / sizeof *hashed; i++) wanted[hashed[i].place] = hashed[i].value;
    for (int i = 0; i < NOTE_DIMENSIONS; i++)
        cr_assert_float_eq(s->counts[i] / sqrt(square), wanted[i], 1e-6, "place %d: %g", i,
                           s->counts[i] / sqrt(square));
    rec_arena_free(&arena);
}

/* SNOMED CT Release File Specifications, section 6.2.3: the last digit is Verhoeff's. LOINC Users' Guide,
 * appendix: modulus 10. A code that was mistyped fails. */
static bool verhoeff(const char *code)
{
    static const char times[10][11] = {"0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
                                       "5987604321", "6598710432", "7659821043", "8765932104", "9876543210"},
                      turn[8][11] = {"0123456789", "1576283094", "5803796142", "8916043527",
                                     "9453126870", "4286573901", "2793806415", "7046913258"};
    int sum = 0;
    size_t length = strlen(code);
    for (size_t i = 0; i < length; i++) sum = times[sum][turn[i % 8][code[length - 1 - i] - '0'] - '0'] - '0';
    return sum == 0;
}

static bool modulus_10(const char *code)
{
    const char *dash = strchr(code, '-');
    int sum = 0;
    for (const char *c = dash - 1; c >= code; c--) {
        int digit = (*c - '0') * ((dash - c) % 2 ? 2 : 1);
        sum += digit / 10 + digit % 10;
    }
    return (10 - sum % 10) % 10 == dash[1] - '0';
}

/* Every phrase of a table must find its own term: none is shadowed by another. */
static void check_phrases(const note_term *terms, size_t count, bool plural)
{
    static note_phrases phrases;
    static note_sentence s;
    note_terms(&phrases, terms, count, plural);
    cr_assert_lt(phrases.count, NOTE_PHRASES_MAX, "the table is full");
    for (size_t i = 0; i < phrases.count; i++) {
        const note_phrase *p = &phrases.items[i];
        size_t words;
        note_words(p->text, p->length, &s);
        cr_expect_eq(note_phrases_at(&phrases, &s, 0, &words), p->value, "%.*s", p->length, p->text);
        cr_expect_eq(words, s.count, "%.*s", p->length, p->text);
    }
}

Test(record_note_text, tables)
{
    cr_assert_leq(note_finding_count, NOTE_TABLE_MAX);
    for (size_t i = 0; i < note_finding_count; i++)
        cr_expect(verhoeff(note_findings[i].code), "%s", note_findings[i].name);
    for (size_t i = 0; i < note_heading_count; i++)
        cr_expect(modulus_10(note_headings[i].code), "%s", note_headings[i].name);
    check_phrases(note_findings, note_finding_count, true);
    check_phrases(note_headings, note_heading_count, false);
    static note_phrases triggers;
    note_triggers(&triggers);
    cr_assert_lt(triggers.count, NOTE_PHRASES_MAX, "the table is full");
}

Test(record_note_text, plurals)
{
    static note_phrases phrases;
    static note_sentence s;
    static const struct {
        const char *text;
        int words;
    } cases[] = {{"pleural effusions", 2}, {"masses", 1}, {"nodules are", 1},
                 {"fracturing", 0},        {"gas", 0},    {"s", 0}};
    note_terms(&phrases, note_findings, note_finding_count, true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t words;
        note_words(cases[i].text, strlen(cases[i].text), &s);
        note_phrases_at(&phrases, &s, 0, &words);
        cr_expect_eq((int)words, cases[i].words, "%s", cases[i].text);
    }
}

static const char *shown(char *text, size_t length)
{
    static char out[256];
    if (!text) return "none";
    snprintf(out, sizeof out, "%.*s", (int)length, text);
    for (char *c = out; *c; c++)
        if (*c == '\n') *c = '/';
    return out;
}

Test(record_note_text, markup)
{
    /* RFC 4648, section 10. */
    static const char *const base64[][2] = {{"", ""},
                                            {"Zg==", "f"},
                                            {"Zm8=", "fo"},
                                            {"Zm9v", "foo"},
                                            {"Zm9vYg==", "foob"},
                                            {"Zm9vYmE=", "fooba"},
                                            {"Zm9v\r\nYmFy", "foobar"},
                                            {"Zm9vYg", "foob"},
                                            {"Zm9*", "none"},
                                            {"Z", "none"},
                                            {"Zg==Zg==", "none"}};
    static const char *const html[][2] = {
        {"<p>No <b>fever</b>.</p>\n<p>Cough&nbsp;&amp; rash</p>", "//No fever.// //Cough & rash//"},
        {"a<br/>b<script>x < y</script>c<style>p{}</style>d<!-- <p> -->e", "a/bcde"},
        {"&#233;&#xe9;&eacute;&#x110000;&#0;&unknown;&&amp", "\xc3\xa9\xc3\xa9\xc3\xa9   &&amp"},
        {"<ul><li>one</li><li>two</li></ul>", "////one////two////"},
        {"<pre>one\ntwo</pre>", "//one/two//"},
        {"one\ntwo", "one two"},
        {"a <", "a "},
        {"a <!--", "a "},
        {"<script>", ""},
    };
    rec_arena arena;
    size_t length = 0;
    rec_arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < sizeof base64 / sizeof *base64; i++) {
        char *text = note_base64(&arena, base64[i][0], strlen(base64[i][0]), &length);
        cr_expect_str_eq(shown(text, length), base64[i][1], "%s", base64[i][0]);
    }
    for (size_t i = 0; i < sizeof html / sizeof *html; i++) {
        char *text = note_unmarked(&arena, html[i][0], strlen(html[i][0]), &length);
        cr_expect_str_eq(shown(text, length), html[i][1], "%s", html[i][0]);
    }
    char *text = note_latin(&arena, "na\xefve patient\x92s", 15, &length);
    cr_expect_str_eq(shown(text, length), "na\xc3\xafve patient\xe2\x80\x99s");
    rec_arena_free(&arena);
}
