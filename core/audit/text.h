/* Text inside the log: strict base64 (RFC 4648 section 4), UTF-8, and text written into XML. */
#ifndef CSL_AUDIT_TEXT_H
#define CSL_AUDIT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* Characters of base64 for `length` bytes, without a terminating 0. */
#define AUDIT_BASE64(length) (((length) + 2) / 3 * 4)

/* Into out[AUDIT_BASE64(length) + 1]. */
void audit_base64(const uint8_t *bytes, size_t length, char *out);
bool audit_base64_append(csl_buffer *out, const void *bytes, size_t length);
/* Only the one right spelling is taken: padded, nothing else between, spare bits zero, so that no two texts
 * mean the same bytes. Returns the number of bytes, or -1 if the text is anything else or means more than
 * `maximum`. */
long audit_unbase64(const char *text, size_t length, uint8_t *bytes, size_t maximum);

/* Bytes of the character that starts here (1 to 4) and its code point; 0 if it is not well-formed UTF-8. */
size_t audit_utf8(const uint8_t *bytes, size_t length, uint32_t *code);

/* Appends text so that an XML 1.0 reader gets it back from an attribute in double quotes or from an element.
 * A byte that XML 1.0 or UTF-8 cannot carry is written as \xNN (four characters, lower-case hexadecimal). */
bool audit_xml_text(csl_buffer *out, const char *text);

#endif
