#include "batch/export.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/csv.h"
#include "base/file.h"

enum { MAX_ROW = 64 << 20, NUMBER = 32 };

/* A file in the making: PATH.tmp until it is whole. */
typedef struct draft {
    char *path, *temporary;
    FILE *file;
} draft;

static csl_status draft_open(draft *f, const char *folder, const char *name, csl_error *error)
{
    size_t size = strlen(folder) + strlen(name) + 8;
    f->path = csl_path_join(folder, name);
    f->temporary = malloc(size);
    if (!f->path || !f->temporary) return csl_fail(error, CSL_ENOMEM, folder, "no memory");
    snprintf(f->temporary, size, "%s.tmp", f->path);
    f->file = fopen(f->temporary, "we");
    return f->file ? CSL_OK : csl_fail_errno(error, f->temporary, "cannot create");
}

static csl_status draft_put(draft *f, const void *bytes, size_t length, csl_error *error)
{
    if (fwrite(bytes, 1, length, f->file) == length) return CSL_OK;
    return csl_fail_errno(error, f->temporary, "cannot write");
}

/* Makes the file durable under its name if status is CSL_OK, else drops it. */
static csl_status draft_close(draft *f, csl_status status, csl_error *error)
{
    if (f->file) {
        if (status == CSL_OK && (fflush(f->file) != 0 || fsync(fileno(f->file)) < 0))
            status = csl_fail_errno(error, f->temporary, "cannot write");
        fclose(f->file);
        if (status == CSL_OK && rename(f->temporary, f->path) < 0)
            status = csl_fail_errno(error, f->path, "cannot rename into place");
        if (status != CSL_OK) unlink(f->temporary);
    }
    free(f->path);
    free(f->temporary);
    return status;
}

void export_file_name(const char *id, char *out)
{
    for (size_t i = 0; id[i]; i++) {
        unsigned char c = (unsigned char)id[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '_' || (c == '.' && i > 0);
        out += plain ? sprintf(out, "%c", c) : sprintf(out, "%%%02X", c);
    }
    *out = 0;
}

/* The shortest decimal that reads back as the same double. */
static const char *shortest(double value, char text[NUMBER])
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, NUMBER, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    return text;
}

static void put_number(csl_buffer *row, const json_t *number)
{
    char text[NUMBER];
    csl_csv_cell(row, false, json_is_number(number) ? shortest(json_number_value(number), text) : "");
}

static const char *string_or_empty(const json_t *string)
{
    return json_is_string(string) ? json_string_value(string) : "";
}

/* Texts in one cell. */
static void put_list(csl_buffer *row, const json_t *texts, const char *between)
{
    csl_buffer cell;
    json_t *text;
    size_t i;
    csl_buffer_init(&cell, 1 << 20);
    csl_buffer_text(&cell, "");
    json_array_foreach((json_t *)(uintptr_t)texts, i, text)
        csl_buffer_printf(&cell, "%s%s", i ? between : "", string_or_empty(text));
    csl_csv_cell(row, false, cell.bytes ? (const char *)cell.bytes : "");
    csl_buffer_free(&cell);
}

/* ---- results.csv ---- */

typedef struct table {
    draft csv, ndjson;
    char *failed; /* folder */
    json_t *labels, *tasks, *modalities;
    csl_buffer row;
} table;

static void put_header(table *t)
{
    static const char *const of_label[] = {"probability", "low", "high", "logit"};
    static const char *const first[] = {"case", "status", "reason"};
    json_t *name;
    size_t i;
    char text[1024];
    for (i = 0; i < 3; i++) csl_csv_cell(&t->row, i == 0, first[i]);
    json_array_foreach(t->labels, i, name)
    {
        for (size_t k = 0; k < 4; k++) {
            snprintf(text, sizeof text, "%s.%s", string_or_empty(name), of_label[k]);
            csl_csv_cell(&t->row, false, text);
        }
    }
    json_array_foreach(t->modalities, i, name)
    {
        snprintf(text, sizeof text, "contribution.%s", string_or_empty(name));
        csl_csv_cell(&t->row, false, text);
    }
    csl_csv_cell(&t->row, false, "missing");
    json_array_foreach(t->tasks, i, name)
    {
        snprintf(text, sizeof text, "%s.set", string_or_empty(name));
        csl_csv_cell(&t->row, false, text);
    }
    csl_csv_cell(&t->row, false, "novelty");
    csl_buffer_text(&t->row, "\n");
}

/* A reason may begin with a file's name, and a spreadsheet takes what begins like this for a formula (OWASP,
 * CSV Injection). */
static void reason_cell(csl_buffer *row, const char *reason)
{
    char *text = reason[0] && strchr("=+-@", reason[0]) ? malloc(strlen(reason) + 2) : NULL;
    if (text) strcat(strcpy(text, "'"), reason);
    csl_csv_cell(row, false, text ? text : reason);
    free(text);
}

static void put_row(table *t, const json_t *line)
{
    json_t *name;
    size_t i;
    csl_csv_cell(&t->row, true, string_or_empty(json_object_get(line, "case")));
    csl_csv_cell(&t->row, false, string_or_empty(json_object_get(line, "status")));
    reason_cell(&t->row, string_or_empty(json_object_get(line, "reason")));
    for (i = 0; i < json_array_size(t->labels); i++) {
        const json_t *score = json_array_get(json_object_get(line, "scores"), i);
        const json_t *interval = json_object_get(score, "interval");
        put_number(&t->row, json_object_get(score, "probability"));
        put_number(&t->row, json_array_get(interval, 0));
        put_number(&t->row, json_array_get(interval, 1));
        put_number(&t->row, json_object_get(score, "logit"));
    }
    json_array_foreach(t->modalities, i, name)
        put_number(&t->row, json_object_get(json_object_get(line, "contributions"), string_or_empty(name)));
    put_list(&t->row, json_object_get(line, "missing"), " ");
    for (i = 0; i < json_array_size(t->tasks); i++)
        put_list(&t->row, json_object_get(json_array_get(json_object_get(line, "sets"), i), "answers"), ";");
    put_number(&t->row, json_object_get(json_object_get(line, "novelty"), "p"));
    csl_buffer_text(&t->row, "\n");
}

static csl_status flush_row(table *t, csl_error *error)
{
    if (t->row.failed)
        return csl_fail(error, CSL_ELIMIT, t->csv.path, "a row has more than %d bytes", MAX_ROW);
    csl_status status = draft_put(&t->csv, t->row.bytes, t->row.length, error);
    csl_buffer_clear(&t->row);
    return status;
}

/* ---- failed/CASE.txt ---- */

/* malloc'ed; NULL: no memory. */
static char *failed_path(const table *t, const char *id)
{
    char *name = malloc(3 * strlen(id) + sizeof ".txt"), *path = NULL;
    if (name) {
        export_file_name(id, name);
        strcat(name, ".txt");
        path = csl_path_join(t->failed, name);
    }
    free(name);
    return path;
}

/* Most were written before, as they are. */
static bool stands(const char *path, const csl_buffer *text)
{
    char *there = NULL;
    size_t length = 0;
    bool same = csl_read_file(path, text->length, &there, &length, NULL) == CSL_OK &&
                length == text->length && !memcmp(there, text->bytes, length);
    free(there);
    return same;
}

static csl_status put_failed(const char *path, const csl_stored_case *stored, const json_t *line,
                             const char *errors, csl_error *error)
{
    csl_buffer text;
    csl_buffer_init(&text, 1 << 20);
    csl_buffer_printf(&text, "case: %s\nreason: %s\n", stored->id,
                      string_or_empty(json_object_get(line, "reason")));
    json_t *input;
    size_t i;
    json_array_foreach(json_object_get(line, "inputs"), i, input)
        csl_buffer_printf(&text, "input: %s  %s\n", string_or_empty(json_object_get(input, "sha256")),
                          string_or_empty(json_object_get(input, "path")));
    if (errors[0]) csl_buffer_printf(&text, "\nWhat it printed:\n%s\n", errors);
    csl_status status =
        stands(path, &text) ? CSL_OK : csl_write_file_atomic(path, text.bytes, text.length, error);
    csl_buffer_free(&text);
    return status;
}

/* ---- all of it ---- */

static csl_status put_case(void *context, const csl_stored_case *stored, const char *errors, csl_error *error)
{
    table *t = context;
    json_error_t where;
    csl_status status = draft_put(&t->ndjson, stored->json, strlen(stored->json), error);
    if (status == CSL_OK) status = draft_put(&t->ndjson, "\n", 1, error);
    if (status != CSL_OK) return status;
    json_t *line = json_loads(stored->json, 0, &where);
    if (!line)
        return csl_fail(error, CSL_EFORMAT, stored->id, "its stored result is not JSON: %s", where.text);
    put_row(t, line);
    status = flush_row(t, error);
    char *failed = failed_path(t, stored->id);
    if (!failed && status == CSL_OK) status = csl_fail(error, CSL_ENOMEM, t->failed, "no memory");
    if (status == CSL_OK && !strcmp(stored->status, "failed"))
        status = put_failed(failed, stored, line, errors, error);
    else if (status == CSL_OK)
        unlink(failed); /* of a try before */
    free(failed);
    json_decref(line);
    return status;
}

static json_t *names_of(csl_store *store, const char *fact)
{
    const char *text = csl_store_fact(store, fact);
    json_error_t where;
    json_t *names = text ? json_loads(text, 0, &where) : NULL;
    return json_is_array(names) ? names : (json_decref(names), NULL);
}

csl_status export_results(csl_store *store, const char *out_folder, csl_error *error)
{
    table t = {.failed = csl_path_join(out_folder, "failed"),
               .labels = names_of(store, "labels"),
               .tasks = names_of(store, "tasks"),
               .modalities = names_of(store, "modalities")};
    csl_buffer_init(&t.row, MAX_ROW);
    csl_status status =
        t.failed ? csl_make_folders(t.failed, error) : csl_fail(error, CSL_ENOMEM, out_folder, "no memory");
    if (status == CSL_OK) status = draft_open(&t.ndjson, out_folder, "results.ndjson", error);
    if (status == CSL_OK) status = draft_open(&t.csv, out_folder, "results.csv", error);
    if (status == CSL_OK) {
        put_header(&t);
        status = flush_row(&t, error);
    }
    if (status == CSL_OK) status = store_each_error(store, put_case, &t, error);
    status = draft_close(&t.ndjson, status, error);
    status = draft_close(&t.csv, status, error);
    csl_buffer_free(&t.row);
    json_decref(t.labels);
    json_decref(t.tasks);
    json_decref(t.modalities);
    free(t.failed);
    return status;
}
