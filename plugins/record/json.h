/* What stands between JSON's brackets (RFC 8259). */
#ifndef RECORD_JSON_H
#define RECORD_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "arena.h"

/* The end of the number, true, false or null that begins at `from`; NULL if it is none. */
const uint8_t *rec_json_literal(const uint8_t *from, const uint8_t *end);
/* The character that the escape at `at` stands for, and its length in *length; -1 if there is none such. */
long rec_json_escape(const uint8_t *at, const uint8_t *end, size_t *length);
/* A text, whose escapes are known to be good, without them; *length is then its own. NULL without memory. */
const char *rec_json_text(rec_arena *arena, const uint8_t *text, size_t *length);

/* Where a text holds a control character or, without its end, begins; the length if all are good. */
size_t rec_json_text_flaw(const uint8_t *bytes, size_t length);

#endif
