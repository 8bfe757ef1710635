/* What wraps a note's text: base64, character sets, HTML. Texts that come out live in the arena. */
#ifndef RECORD_NOTE_MARKUP_H
#define RECORD_NOTE_MARKUP_H

#include "../arena.h"
#include "../tree.h"

/* The longest text that is read, in bytes; War and Peace has 3.2 MB. Of a longer one the beginning counts,
 * with a warning. */
enum { NOTE_TEXT_MAX = REC_PROSE_MAX };

/* Base64 (RFC 4648), blanks in it left out. NULL if it is none, or without memory. */
char *note_base64(rec_arena *arena, const char *text, size_t length, size_t *bytes);
/* ISO 8859-1 or Windows-1252 to UTF-8. */
char *note_latin(rec_arena *arena, const char *text, size_t length, size_t *bytes);
/* The text of HTML or XHTML, blocks and lines parted by line ends, references resolved; scripts, styles
 * and comments are none. */
char *note_unmarked(rec_arena *arena, const char *html, size_t length, size_t *bytes);
/* How many line ends stand for the begin or end of this element of HTML or of C-CDA's narrative: 2 for a
 * block, which ends a sentence, 1 for a line or a table's cell, else 0. */
int note_lines(const char *element, size_t length);

#endif
