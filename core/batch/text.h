/* Inside batch: text from outside on its way to JSON, CSV, XML and HTML. */
#ifndef CSL_BATCH_TEXT_H
#define CSL_BATCH_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* True for well-formed UTF-8 (RFC 3629) without control characters. */
bool text_is_clean(const char *text, size_t length);
/* Replaces, in place, every byte that keeps a text from being clean by '?'. */
void text_clean(char *text);
/* As text_clean, but lets tabs and ends of line stand. */
void text_clean_lines(char *text, size_t length);

#endif
