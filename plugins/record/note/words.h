/* A note's text as sections, sentences and words.
 *
 * A word is a run of letters and digits, with an apostrophe between letters, in lower case; a run of digits,
 * with the points and commas inside it, is "0", so that no number and no date is a word of its own. A word of
 * more than NOTE_WORD_MAX bytes is none. What is no UTF-8 parts words.
 *
 * A sentence ends at . ! ? before a blank, unless an abbreviation stands before the point; at an empty line,
 * at a heading, at a list's item, at a line that begins large after a short one, and after NOTE_WORDS_MAX
 * words. */
#ifndef RECORD_NOTE_WORDS_H
#define RECORD_NOTE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NOTE_WORD_MAX = 40, NOTE_WORDS_MAX = 512 };

typedef struct note_word {
    uint32_t hash;  /* note_hash of the word */
    uint16_t start; /* in note_sentence.text */
    uint8_t length;
    char before;     /* the mark of ,;:() that stands between it and the word before, or 0 */
    uint8_t classes; /* bits of note_class, as context.h finds them */
} note_word;

typedef struct note_sentence {
    size_t count;
    note_word words[NOTE_WORDS_MAX];
    size_t used;
    char text[NOTE_WORDS_MAX * NOTE_WORD_MAX];
} note_sentence;

static inline const char *note_text(const note_sentence *s, size_t word)
{
    return s->text + s->words[word].start;
}

/* Reads the words that stand in `length` bytes of text, of one sentence's room at most, whatever ends there.
 */
void note_words(const char *text, size_t length, note_sentence *sentence);

/* What the walk over a text meets. `heading` gets the words that a line begins with, up to a colon or the
 * line's end (`loud`: in capitals only), and answers which heading they are, -1: none. `section` is told it
 * then, and what follows on the line is the section's. */
typedef struct note_listener {
    void *context;
    int (*heading)(void *context, const note_sentence *words, bool colon, bool loud);
    void (*section)(void *context, int heading);
    void (*sentence)(void *context, note_sentence *sentence);
} note_listener;

/* rooms: for a sentence and for a heading. Time is linear in length. */
void note_walk(const char *text, size_t length, note_sentence rooms[2], const note_listener *listener);

#endif
