/* From a node or bytes to the book, for the readers of the dialects. */
#ifndef RECORD_NOTE_TAKE_H
#define RECORD_NOTE_TAKE_H

#include "note.h"

/* type: MIME type with its parameters, or NULL. base64: the text is encoded. `at` names the place in
 * warnings. Blanks alone, and NULL, are no text. */
void note_take(rec_record *record, const note_source *source, const char *type, bool base64, const char *text,
               const rec_node *at);
/* The same, of bytes. */
void note_take_bytes(rec_record *record, const note_source *source, const char *type, const char *bytes,
                     size_t length, const rec_node *at);

#endif
