/* What a sentence says of the words in it, by rules: is a thing there, denied, only possible, past, or a
 * relative's?
 *
 * NegEx (Chapman et al., "A simple algorithm for identifying negated findings and diseases in discharge
 * summaries", J Biomed Inform 2001) and ConText (Harkema et al., "ConText: an algorithm for determining
 * negation, experiencer, and temporal status from clinical reports", J Biomed Inform 2009): a trigger opens a
 * scope before or behind it, which reaches to the sentence's end, to a word that ends it, or to another
 * trigger of its class; a pseudo-trigger ("no increase") looks like a trigger and is none. The triggers are
 * English. */
#ifndef RECORD_NOTE_CONTEXT_H
#define RECORD_NOTE_CONTEXT_H

#include "phrases.h"

/* In the order in which they count where several hold. */
typedef enum note_class {
    NOTE_FAMILY,
    NOTE_NEGATED,
    NOTE_UNCERTAIN,
    NOTE_HISTORICAL,
    NOTE_AFFIRMED,
    NOTE_CLASSES
} note_class;

/* The phrases of all triggers. */
void note_triggers(note_phrases *phrases);

/* Sets the classes of every word. `section`: bits that hold all over the section (family history, past
 * history). */
void note_assert(const note_phrases *triggers, note_sentence *sentence, uint8_t section);

/* The one class that a word counts under; that of a phrase is its first word's. */
note_class note_class_of(const note_word *word);

#endif
