/* Tables of phrases, found in a sentence word by word: the longest that begins at a word. */
#ifndef RECORD_NOTE_PHRASES_H
#define RECORD_NOTE_PHRASES_H

#include "words.h"

enum { NOTE_PHRASES_MAX = 768, NOTE_PHRASE_SLOTS = 1024 };

typedef struct note_phrase {
    const char *text; /* words in lower case, a blank between any two */
    uint32_t hash;   /* of the first word */
    uint32_t second; /* of the word after it; 0: there is none, or it may be a plural */
    uint16_t length, value, next;
} note_phrase;

typedef struct note_phrases {
    note_phrase items[NOTE_PHRASES_MAX];
    uint16_t slots[NOTE_PHRASE_SLOTS]; /* 1 + the first item whose first word has this hash */
    size_t count;
    bool plural; /* the last word may have a further "s" or "es" */
} note_phrases;

/* Adds the phrases of a list, parted by '|', which must last as long as the table. */
void note_phrases_add(note_phrases *phrases, const char *list, uint16_t value);

/* The value of the longest phrase that begins at a word, with its number of words; -1: none. */
int note_phrases_at(const note_phrases *phrases, const note_sentence *sentence, size_t word, size_t *words);

#endif
