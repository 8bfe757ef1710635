#include "base/csv.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static const size_t maximum_row = (size_t)1 << 20;

static int get(csl_csv_reader *r)
{
    int c = getc_unlocked(r->file);
    r->next_line += c == '\n';
    return c;
}

static csl_status refuse(const csl_csv_reader *r, csl_error *error)
{
    return csl_fail(error, CSL_EFORMAT, r->path,
                    r->row.failed ? "line %zu: a row of more than 1 MiB"
                                  : "line %zu: holds a NUL byte: it is not text",
                    r->line);
}

/* False where a cell cannot hold that. */
static bool put(csl_csv_reader *r, int c)
{
    char byte = (char)c;
    return c && csl_buffer_append(&r->row, &byte, 1);
}

/* *end says what followed the cell: ',' or '\n' or EOF. */
static csl_status read_cell(csl_csv_reader *r, bool *quoted, int *end, csl_error *error)
{
    int c = get(r);
    if ((*quoted = c == '"')) {
        size_t opened = r->next_line;
        for (;;) {
            c = get(r);
            if (c == '"' && (c = get(r)) != '"') break;
            if (c == EOF)
                return csl_fail(error, CSL_EFORMAT, r->path, "line %zu: a quote is opened and never closed",
                                opened);
            if (!put(r, c)) return refuse(r, error);
        }
        if (c != ',' && c != '\n' && c != '\r' && c != EOF)
            return csl_fail(error, CSL_EFORMAT, r->path, "line %zu: text after a closing quote",
                            r->next_line);
    }
    while (c != ',' && c != '\n' && c != EOF) {
        int after = get(r);
        bool ends = c == '\r' && (after == '\n' || after == EOF);
        if (!ends && !put(r, c)) return refuse(r, error);
        c = after;
    }
    *end = c;
    return csl_buffer_append(&r->row, "", 1) ? CSL_OK : refuse(r, error);
}

/* Reads the next row that is no empty line; *count: its cells, 0 at the end of the file. */
static csl_status read_row(csl_csv_reader *r, size_t *count, csl_error *error)
{
    int end = '\n';
    bool quoted, empty = true;
    while (empty && end != EOF) {
        *count = 0;
        r->line = r->next_line;
        csl_buffer_clear(&r->row);
        do {
            csl_status status = read_cell(r, &quoted, &end, error);
            if (status != CSL_OK) return status;
            ++*count;
        } while (end == ',');
        empty = *count == 1 && r->row.length == 1 && !quoted;
    }
    if (empty) *count = 0;
    if (ferror(r->file)) return csl_fail_errno(error, r->path, "cannot read");
    return CSL_OK;
}

static void find_cells(const csl_buffer *row, char **cells, size_t count)
{
    char *at = (char *)row->bytes;
    for (size_t i = 0; i < count; i++, at += strlen(at) + 1) cells[i] = at;
}

static csl_status read_header(csl_csv_reader *r, csl_error *error)
{
    unsigned char mark[3];
    if (fread(mark, 1, sizeof mark, r->file) != sizeof mark || memcmp(mark, "\xef\xbb\xbf", sizeof mark))
        rewind(r->file);
    csl_status status = read_row(r, &r->columns, error);
    if (status != CSL_OK) return status;
    if (!r->columns) return csl_fail(error, CSL_EFORMAT, r->path, "is empty: a header line is needed");
    r->header_text = r->row;
    csl_buffer_init(&r->row, maximum_row);
    r->header = calloc(2 * r->columns, sizeof *r->header);
    if (!r->header) return csl_fail(error, CSL_ENOMEM, r->path, "no memory for a table");
    r->cells = r->header + r->columns;
    find_cells(&r->header_text, r->header, r->columns);
    return CSL_OK;
}

csl_status csl_csv_open(const char *path, csl_csv_reader *r, csl_error *error)
{
    *r = (csl_csv_reader){.path = path, .next_line = 1};
    csl_buffer_init(&r->row, maximum_row);
    int descriptor;
    csl_status status = csl_open_regular(path, &descriptor, &r->bytes, error);
    if (status != CSL_OK) return status;
    if ((r->file = fdopen(descriptor, "r"))) return read_header(r, error);
    close(descriptor);
    return csl_fail(error, CSL_ENOMEM, path, "no memory for a table");
}

bool csl_csv_next(csl_csv_reader *r, csl_status *status, csl_error *error)
{
    size_t count = 0;
    if (*status == CSL_OK) *status = read_row(r, &count, error);
    if (*status != CSL_OK || !count) return false;
    if (count != r->columns)
        *status = csl_fail(error, CSL_EFORMAT, r->path, "line %zu: %zu cells, but the header has %zu",
                           r->line, count, r->columns);
    else
        find_cells(&r->row, r->cells, count);
    return *status == CSL_OK;
}

void csl_csv_close(csl_csv_reader *r)
{
    if (r->file) fclose(r->file);
    csl_buffer_free(&r->row);
    csl_buffer_free(&r->header_text);
    free(r->header);
    *r = (csl_csv_reader){0};
}

static int find(char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(names[i], name)) return (int)i;
    return -1;
}

int csl_csv_find(const csl_csv_reader *r, const char *name)
{
    return find(r->header, r->columns, name);
}

/* ---- a whole table ---- */

/* Appends the row's cells to those before, and its line to theirs. */
static csl_status keep_row(const csl_csv_reader *r, csl_csv *table, csl_buffer *text, csl_error *error)
{
    if ((table->rows & (table->rows - 1)) == 0) { /* full at every power of two */
        size_t *lines = reallocarray(table->lines, table->rows ? table->rows * 2 : 1, sizeof *lines);
        if (!lines) return csl_fail(error, CSL_ENOMEM, r->path, "no memory for the table");
        table->lines = lines;
    }
    table->lines[table->rows++] = r->line;
    return csl_buffer_append(text, r->row.bytes, r->row.length)
               ? CSL_OK
               : csl_fail(error, CSL_ENOMEM, r->path, "no memory for the table");
}

csl_status csl_csv_read(const char *path, size_t maximum_bytes, csl_csv *table, csl_error *error)
{
    csl_csv_reader r;
    csl_buffer text;
    *table = (csl_csv){0};
    csl_status status = csl_csv_open(path, &r, error);
    csl_buffer_init(&text, SIZE_MAX / 2);
    if (status == CSL_OK && r.bytes > maximum_bytes)
        status = csl_fail(error, CSL_ELIMIT, path, "has %zu bytes, more than the %zu allowed", r.bytes,
                          maximum_bytes);
    if (status == CSL_OK && !csl_buffer_append(&text, r.header_text.bytes, r.header_text.length))
        status = csl_fail(error, CSL_ENOMEM, path, "no memory for the table");
    while (csl_csv_next(&r, &status, error)) status = keep_row(&r, table, &text, error);
    table->columns = r.columns;
    table->text = (char *)text.bytes;
    if (status == CSL_OK && !(table->header = calloc((table->rows + 1) * r.columns, sizeof *table->header)))
        status = csl_fail(error, CSL_ENOMEM, path, "no memory for the table");
    csl_csv_close(&r);
    if (status != CSL_OK) {
        csl_csv_free(table);
        return status;
    }
    find_cells(&text, table->header, (table->rows + 1) * table->columns);
    table->cells = table->header + table->columns;
    return CSL_OK;
}

void csl_csv_free(csl_csv *table)
{
    free(table->header);
    free(table->lines);
    free(table->text);
    *table = (csl_csv){0};
}

int csl_csv_column(const csl_csv *table, const char *name)
{
    return find(table->header, table->columns, name);
}

void csl_csv_cell(csl_buffer *out, bool first, const char *text)
{
    if (!first) csl_buffer_text(out, ",");
    if (!strpbrk(text, ",\"\r\n")) {
        csl_buffer_text(out, text);
        return;
    }
    csl_buffer_text(out, "\"");
    for (; *text; text++) {
        if (*text == '"') csl_buffer_text(out, "\"");
        csl_buffer_append(out, text, 1);
    }
    csl_buffer_text(out, "\"");
}
