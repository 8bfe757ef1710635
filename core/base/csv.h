/* CSV as RFC 4180 has it, UTF-8, LF or CRLF, header line required; a leading byte order mark is skipped. */
#ifndef CSL_BASE_CSV_H
#define CSL_BASE_CSV_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

/* A whole table in memory. Every row has exactly `columns` cells; row r, column c is cells[r * columns + c].
 * lines[r] is the row's line in the file, for messages. Free with csl_csv_free. */
typedef struct csl_csv {
    char **header; /* [columns] */
    char **cells;  /* [rows * columns] */
    size_t *lines; /* [rows] */
    size_t columns, rows;
    char *text; /* what the pointers point into */
} csl_csv;

/* CSL_EFORMAT names the file and line: an open quote, or a row with another number of cells than the header.
 */
csl_status csl_csv_read(const char *path, size_t maximum_bytes, csl_csv *table, csl_error *error);
void csl_csv_free(csl_csv *table);
/* Index of a column by name, -1 if there is none. */
int csl_csv_column(const csl_csv *table, const char *name);

/* Appends a cell, quoted where it must be, and before it a comma unless it is the row's first. */
void csl_csv_cell(csl_buffer *out, bool first, const char *text);

#endif
