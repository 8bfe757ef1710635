/* The table of triggers. */
#ifndef RECORD_NOTE_TRIGGER_H
#define RECORD_NOTE_TRIGGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct note_trigger {
    uint8_t class; /* bit of note_class that it gives, or 0 */
    uint8_t ends;  /* bits of the scopes that it ends */
    bool forward,
        backward; /* where its scope lies; neither: a pseudo-trigger, or one that only ends scopes */
    const char *phrases;
} note_trigger;

extern const note_trigger note_trigger_table[];
extern const size_t note_trigger_count;

#endif
