/* What is known by a code in notes: the headings of sections and the findings of the lexicon. */
#ifndef RECORD_NOTE_TERM_H
#define RECORD_NOTE_TERM_H

#include "phrases.h"

typedef struct note_term {
    const char *code, *name;
    const char *phrases; /* parted by '|', as phrases.h has them */
    uint8_t section;     /* of a heading: bits of note_class that hold all over its section */
} note_term;

/* LOINC codes of sections. */
extern const note_term note_headings[];
extern const size_t note_heading_count;
/* SNOMED CT codes of findings and disorders. */
extern const note_term note_findings[];
extern const size_t note_finding_count;

/* The term of a code; NULL: not in the table. */
const note_term *note_heading_of(const char *loinc);

/* All phrases of a table. */
void note_terms(note_phrases *phrases, const note_term *terms, size_t count, bool plural);

#endif
