/* The text of a narrative while its elements pass: C-CDA's section.text, XHTML in FHIR's XML.
 * Zero-initialise. */
#ifndef RECORD_NOTE_CAPTURE_H
#define RECORD_NOTE_CAPTURE_H

#include "../arena.h"

typedef struct note_capture {
    char *text;
    size_t length, capacity;
    size_t depth; /* elements open, with the one whose text it is; 0: nothing is captured */
    bool failed;  /* without memory */
} note_capture;

/* An element inside begins or ends. */
void note_capture_mark(note_capture *capture, const char *element);
/* Text; a line's end in it is a blank. What is longer than REC_PROSE_MAX is cut. */
void note_capture_text(note_capture *capture, const char *text, size_t length);
/* The whole in the arena, with the capture empty for the next; NULL without memory. */
char *note_capture_take(note_capture *capture, rec_arena *arena);
void note_capture_free(note_capture *capture);

#endif
