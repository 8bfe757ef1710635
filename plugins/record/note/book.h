/* The notes of a case, as far as they become tokens: texts are read and forgotten, what counts of them is
 * held.
 *
 * Each section of each text is a token: its n-grams hashed, and how many findings it affirms, denies, holds
 * possible, puts into the past or ascribes to relatives. Each finding is a token for each of these five over
 * all texts. Nothing of a text gets into a label but what the tables of this room say. */
#ifndef RECORD_NOTE_BOOK_H
#define RECORD_NOTE_BOOK_H

#include "../arena.h"
#include "../date.h"
#include "context.h"
#include "hash.h"
#include "term.h"

#include <consilium/plugin.h>

enum { NOTE_SECTIONS_MAX = 128, NOTE_FINDINGS_MAX = 128, NOTE_NAMED_MAX = 24, NOTE_TABLE_MAX = 160 };

/* The features of a token, in order. */
enum {
    NOTE_F_WORDS,
    NOTE_F_SENTENCES,
    NOTE_F_CLASS, /* one a class, as note_class orders them */
    NOTE_F_IS_FINDING = NOTE_F_CLASS + NOTE_CLASSES,
    NOTE_F_DAYS_BEFORE,
    NOTE_F_NGRAM,
    NOTE_FEATURES = NOTE_F_NGRAM + NOTE_DIMENSIONS
};
extern const csl_stream note_stream;
enum { NOTE_STREAM = 2 }; /* its number in the plugin's table */

typedef struct note_section {
    const note_term *heading;
    rec_date time;
    uint32_t input;
    size_t order; /* among all sections of the case */
    uint32_t words, sentences, found[NOTE_CLASSES];
    struct {
        uint8_t finding, class;
    } named[NOTE_NAMED_MAX]; /* the first findings, each once a class, for the label */
    size_t named_count;
    float counts[NOTE_DIMENSIONS];
} note_section;

typedef struct note_mention {
    uint32_t times, input;
    rec_date time; /* of the latest text that says so */
} note_mention;

typedef struct note_book {
    note_sentence rooms[2];
    note_phrases triggers, findings, headings;
    note_section room[NOTE_SECTIONS_MAX + 1];
    note_section *open;                        /* the one being read, in the room that is free */
    note_section *sections[NOTE_SECTIONS_MAX]; /* the latest that there are, in their order */
    size_t section_count, section_total;
    note_mention mentions[NOTE_TABLE_MAX][NOTE_CLASSES];
    uint64_t *texts; /* of texts seen, by hash; a table of a power of 2 */
    size_t text_count, text_capacity;
    rec_date last; /* of the latest text; year 0: none is dated */
} note_book;

/* Where a text comes from. */
typedef struct note_source {
    const char
        *code; /* LOINC code of the section or document, or NULL; one that heading.c has not is a Note's */
    rec_date time;
    uint32_t input;
} note_source;

/* A book, in the arena; NULL without memory. */
note_book *note_book_new(rec_arena *arena);
/* Reads a text of at most NOTE_TEXT_MAX bytes. One that was read before, under the same code, is not read
 * again. Without memory arena->failed is set. */
void note_read(note_book *book, rec_arena *arena, const note_source *source, const char *text, size_t length);

/* The tokens. last: days of the record's last event, or NaN. Returns CSL_PLUGIN_... */
int32_t note_emit(const note_book *book, double last, bool deidentify, const csl_sink *sink);

#endif
