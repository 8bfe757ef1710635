#include "book.h"

#include <math.h>
#include <string.h>

note_book *note_book_new(rec_arena *arena)
{
    note_book *book = rec_alloc(arena, 1, sizeof *book);
    if (!book) return NULL;
    book->open = book->room;
    note_triggers(&book->triggers);
    note_terms(&book->findings, note_findings, note_finding_count, true);
    note_terms(&book->headings, note_headings, note_heading_count, false);
    return book;
}

/* Of two texts with one hash of 64 bits the second would not be read: once in 10^13 cases of 1000 texts. */
static uint64_t mixed(uint64_t h, const char *text, size_t length)
{
    for (uint64_t word; length; text += sizeof word) { /* eight bytes a step, mixed as splitmix64 does it */
        size_t take = length < sizeof word ? length : sizeof word;
        word = 0;
        memcpy(&word, text, take);
        h = (h ^ word ^ length) * 0xbf58476d1ce4e5b9u;
        h ^= h >> 29;
        length -= take;
    }
    return h;
}

static uint64_t hash_of(const char *code, const char *text, size_t length)
{
    uint64_t h = mixed(mixed(1, code ? code : "", code ? strlen(code) : 0), text, length);
    return h ? h : 1;
}

static uint64_t *slot_of(uint64_t *slots, size_t capacity, uint64_t hash)
{
    size_t i = hash & (capacity - 1);
    while (slots[i] && slots[i] != hash) i = (i + 1) & (capacity - 1);
    return &slots[i];
}

/* True the first time. */
static bool is_new(note_book *book, rec_arena *arena, uint64_t hash)
{
    if (book->text_count * 2 >= book->text_capacity) {
        size_t capacity = book->text_capacity ? book->text_capacity * 2 : 256;
        uint64_t *slots = rec_alloc(arena, capacity, sizeof *slots);
        if (!slots) return false;
        for (size_t i = 0; i < book->text_capacity; i++)
            if (book->texts[i]) *slot_of(slots, capacity, book->texts[i]) = book->texts[i];
        book->texts = slots;
        book->text_capacity = capacity;
    }
    uint64_t *slot = slot_of(book->texts, book->text_capacity, hash);
    if (*slot) return false;
    *slot = hash;
    book->text_count++;
    return true;
}

/* Later before earlier, undated last, else as they came. */
static bool is_before(const note_section *a, const note_section *b)
{
    bool dated = !isnan(a->time.days);
    if (dated != !isnan(b->time.days)) return dated;
    if (dated && a->time.days != b->time.days) return a->time.days > b->time.days;
    return a->order < b->order;
}

/* Puts the open section into its place among those held; the room of the last one, or the next, is free then.
 */
static void close_section(note_book *book)
{
    note_section *s = book->open, **held = book->sections;
    if (!s->words) return;
    s->order = book->section_total++;
    size_t at = book->section_count;
    while (at && is_before(s, held[at - 1])) at--;
    if (at == NOTE_SECTIONS_MAX) return;
    if (book->section_count < NOTE_SECTIONS_MAX)
        book->open = &book->room[++book->section_count];
    else
        book->open = held[NOTE_SECTIONS_MAX - 1];
    memmove(&held[at + 1], &held[at], (book->section_count - 1 - at) * sizeof *held);
    held[at] = s;
}

static void open_section(note_book *book, const note_term *heading, const note_source *source)
{
    *book->open = (note_section){.heading = heading, .time = source->time, .input = source->input};
}

typedef struct reading {
    note_book *book;
    const note_source *source;
    const note_term *whole; /* the heading of what stands under none of its own */
} reading;

static int find_heading(void *context, const note_sentence *s, bool colon, bool loud)
{
    enum { UNKNOWN_WORDS = 6 };
    reading *r = context;
    size_t words;
    int found = note_phrases_at(&r->book->headings, s, 0, &words);
    if (found >= 0 && words == s->count) {
        /* "S:" and "O:" need their colon. */
        return s->used > 2 || colon ? found : -1;
    }
    return colon && loud && s->used > 2 && s->count <= UNKNOWN_WORDS ? 0 : -1;
}

static void on_section(void *context, int heading)
{
    reading *r = context;
    /* One that is not known is a part of the section ("HEENT:"), but for those that give a class to all in
     * them. */
    if (!heading && !r->book->open->heading->section) return;
    close_section(r->book);
    open_section(r->book, heading ? &note_headings[heading] : r->whole, r->source);
}

/* Adds the words and pairs of neighbours, each under the class of its last word. */
static void count_words(note_section *section, const note_sentence *s)
{
    static const struct {
        const char *text;
        size_t length;
    } marks[NOTE_CLASSES] = {{"family:", 7}, {"no:", 3}, {"maybe:", 6}, {"past:", 5}, {"", 0}};
    char gram[2 * NOTE_WORD_MAX + 16];
    for (size_t i = 0; i < s->count; i++) {
        const note_word *w = &s->words[i], *before = w - 1;
        note_class class = note_class_of(w);
        size_t mark = marks[class].length, n = mark;
        memcpy(gram, marks[class].text, mark);
        if (i) {
            memcpy(gram + n, s->text + before->start, before->length);
            n += before->length;
            gram[n++] = ' ';
            memcpy(gram + n, s->text + w->start, w->length);
            note_count(section->counts, note_hash(gram, n + w->length));
        }
        memcpy(gram + mark, s->text + w->start, w->length);
        note_count(section->counts, mark ? note_hash(gram, mark + w->length) : w->hash);
    }
}

static void add_mention(note_book *book, int finding, note_class class)
{
    note_section *s = book->open;
    note_mention *m = &book->mentions[finding][class];
    s->found[class]++;
    if (!m->times++ || s->time.days > m->time.days || isnan(m->time.days)) {
        m->time = s->time;
        m->input = s->input;
    }
    for (size_t i = 0; i < s->named_count; i++)
        if (s->named[i].finding == finding && s->named[i].class == class) return;
    if (s->named_count == NOTE_NAMED_MAX) return;
    s->named[s->named_count].finding = (uint8_t)finding;
    s->named[s->named_count++].class = (uint8_t) class;
}

static void on_sentence(void *context, note_sentence *s)
{
    reading *r = context;
    note_section *section = r->book->open;
    note_assert(&r->book->triggers, s, section->heading->section);
    section->sentences++;
    section->words += (uint32_t)s->count;
    count_words(section, s);
    for (size_t i = 0, words; i < s->count; i += words) {
        int finding = note_phrases_at(&r->book->findings, s, i, &words);
        if (finding >= 0)
            add_mention(r->book, finding, note_class_of(&s->words[i]));
        else
            words = 1;
    }
}

void note_read(note_book *book, rec_arena *arena, const note_source *source, const char *text, size_t length)
{
    const note_term *known = note_heading_of(source->code);
    reading r = {book, source, known ? known : &note_headings[0]};
    const note_listener listener = {&r, find_heading, on_section, on_sentence};
    if (!is_new(book, arena, hash_of(source->code, text, length))) return;
    if (source->time.year && (!book->last.year || source->time.days > book->last.days))
        book->last = source->time;
    open_section(book, r.whole, source);
    note_walk(text, length, book->rooms, &listener);
    close_section(book);
}
