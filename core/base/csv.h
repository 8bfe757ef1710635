/* CSV as RFC 4180 has it, UTF-8, LF or CRLF, header line required; a leading byte order mark is skipped. */
#ifndef CSL_BASE_CSV_H
#define CSL_BASE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/error.h"

/* A table read row by row, with the memory of one row. */
typedef struct csl_csv_reader {
    const char *path; /* for messages, borrowed */
    FILE *file;
    size_t bytes;           /* of the file, when it was opened */
    char **header, **cells; /* [columns]; cells: of the row that was read last */
    size_t columns;
    size_t line, next_line; /* of that row, for messages, and behind it */
    csl_buffer header_text, row;
} csl_csv_reader;

/* Reads the header; path must outlive the reader. CSL_EFORMAT names the file and line, here and in
 * csl_csv_next: an open quote, a NUL byte, a row with another number of cells than the header, or of more
 * than 1 MiB. Close it in any case. */
csl_status csl_csv_open(const char *path, csl_csv_reader *reader, csl_error *error);
/* False at the end, and after a failure, which *status then says. */
bool csl_csv_next(csl_csv_reader *reader, csl_status *status, csl_error *error);
/* Index of a column by name, -1 if there is none. */
int csl_csv_find(const csl_csv_reader *reader, const char *name);
void csl_csv_close(csl_csv_reader *reader);

/* A whole table in memory. Row r, column c is cells[r * columns + c]. lines[r] is the row's line in the file,
 * for messages. Free with csl_csv_free. */
typedef struct csl_csv {
    char **header; /* [columns] */
    char **cells;  /* [rows * columns] */
    size_t *lines; /* [rows] */
    size_t columns, rows;
    char *text; /* what the pointers point into */
} csl_csv;

/* As csl_csv_open and csl_csv_next; CSL_ELIMIT if the file is larger than maximum_bytes. */
csl_status csl_csv_read(const char *path, size_t maximum_bytes, csl_csv *table, csl_error *error);
void csl_csv_free(csl_csv *table);
/* Index of a column by name, -1 if there is none. */
int csl_csv_column(const csl_csv *table, const char *name);

/* Appends a cell, quoted where it must be, and before it a comma unless it is the row's first. */
void csl_csv_cell(csl_buffer *out, bool first, const char *text);

#endif
