#include "base/csv.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"

typedef struct reader {
    const char *path;
    char *at;    /* next character to read */
    char *write; /* cells are unquoted in place; never overtakes `at` */
    size_t line;
} reader;

/* Reads one cell in place. *end says what followed it: ',' or '\n' or 0. */
static csl_status read_cell(reader *r, char **cell, char *end, csl_error *error)
{
    *cell = r->write;
    if (*r->at == '"') {
        size_t opened = r->line;
        for (r->at++;; r->at++) {
            if (!*r->at)
                return csl_fail(error, CSL_EFORMAT, r->path, "line %zu: a quote is opened and never closed",
                                opened);
            if (*r->at == '"' && *++r->at != '"') break;
            if (*r->at == '\n') r->line++;
            *r->write++ = *r->at;
        }
        if (*r->at && *r->at != ',' && *r->at != '\n' && *r->at != '\r')
            return csl_fail(error, CSL_EFORMAT, r->path, "line %zu: text after a closing quote", r->line);
    }
    while (*r->at && *r->at != ',' && *r->at != '\n' && !(*r->at == '\r' && (r->at[1] == '\n' || !r->at[1])))
        *r->write++ = *r->at++;
    if (*r->at == '\r') r->at++;
    *end = *r->at;
    if (*r->at) r->at++;
    if (*end == '\n') r->line++;
    *r->write++ = 0;
    return CSL_OK;
}

typedef struct cells {
    char **items;
    size_t count, capacity;
} cells;

static bool add(cells *c, char *cell)
{
    if (c->count == c->capacity) {
        size_t capacity = c->capacity ? c->capacity * 2 : 64;
        char **items = reallocarray(c->items, capacity, sizeof *items);
        if (!items) return false;
        c->items = items;
        c->capacity = capacity;
    }
    c->items[c->count++] = cell;
    return true;
}

csl_status csl_csv_read(const char *path, size_t maximum_bytes, csl_csv *table, csl_error *error)
{
    *table = (csl_csv){0};
    size_t length = 0;
    csl_status status = csl_read_file(path, maximum_bytes, &table->text, &length, error);
    if (status != CSL_OK) return status;
    cells all = {0};
    reader r = {.path = path, .at = table->text, .line = 1};
    if (strlen(table->text) != length) {
        status = csl_fail(error, CSL_EFORMAT, path, "holds a NUL byte: it is not text");
        goto done;
    }
    if (!strncmp(r.at, "\xef\xbb\xbf", 3)) r.at += 3;
    r.write = r.at;
    size_t row_capacity = 0;
    while (*r.at) {
        if (*r.at == '\n' || (*r.at == '\r' && r.at[1] == '\n')) { /* an empty line */
            r.at += *r.at == '\r' ? 2 : 1;
            r.line++;
            continue;
        }
        size_t start = r.line, begun = all.count;
        char end = ',';
        while (end == ',') {
            char *cell;
            if ((status = read_cell(&r, &cell, &end, error)) != CSL_OK) goto done;
            if (!add(&all, cell)) goto no_memory;
        }
        size_t found = all.count - begun;
        if (!table->columns) {
            table->columns = found;
            continue;
        }
        if (found != table->columns) {
            status = csl_fail(error, CSL_EFORMAT, path, "line %zu: %zu cells, but the header has %zu", start,
                              found, table->columns);
            goto done;
        }
        if (table->rows == row_capacity) {
            row_capacity = row_capacity ? row_capacity * 2 : 64;
            size_t *lines = reallocarray(table->lines, row_capacity, sizeof *lines);
            if (!lines) goto no_memory;
            table->lines = lines;
        }
        table->lines[table->rows++] = start;
    }
    if (!table->columns) status = csl_fail(error, CSL_EFORMAT, path, "is empty: a header line is needed");
    goto done;
no_memory:
    status = csl_fail(error, CSL_ENOMEM, path, "no memory for the table");
done:
    if (status != CSL_OK) {
        free(all.items);
        csl_csv_free(table);
        return status;
    }
    table->header = all.items;
    table->cells = all.items + table->columns;
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
    for (size_t i = 0; i < table->columns; i++)
        if (!strcmp(table->header[i], name)) return (int)i;
    return -1;
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
