/* JSON documents one after another: NDJSON as FHIR's bulk export writes it, one resource or several a line.
 */
#ifndef RECORD_LINES_H
#define RECORD_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct rec_lines {
    const uint8_t *at, *end;
    size_t line; /* of `at`, from 1 */
} rec_lines;

/* Length of the JSON document at the beginning of the bytes, by its brackets alone; 0 if it does not end. */
size_t rec_json_end(const uint8_t *bytes, size_t length);

/* True if the bytes begin with one line that is a whole object, and another object begins after it. */
bool rec_is_lines(const uint8_t *bytes, size_t length);

rec_lines rec_lines_of(const uint8_t *bytes, size_t length);
/* Bytes of the next line without the blanks around it, from lines->at; 0 at the end. */
size_t rec_lines_next(rec_lines *lines);
/* Past so many bytes. */
void rec_lines_skip(rec_lines *lines, size_t length);

#endif
