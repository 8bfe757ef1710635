#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/file.h"
#include "batch/batch.h"
#include "batch/text.h"

static const size_t maximum_csv = (size_t)512 << 20;
enum { MAX_ID_BYTES = 128 };

/* An id goes into file names, CSV, XML and HTML: UTF-8 text of one line. */
static csl_status check_id(const char *id, const char *what, const char *place, csl_error *error)
{
    size_t length = strlen(id);
    bool good = length > 0 && length <= MAX_ID_BYTES && text_is_clean(id, length);
    if (!good)
        return csl_fail(error, CSL_EFORMAT, place,
                        "%s must be 1 to %d bytes of UTF-8 without control characters", what, MAX_ID_BYTES);
    return CSL_OK;
}

static csl_status no_memory(csl_error *error)
{
    return csl_fail(error, CSL_ENOMEM, NULL, "no memory for the list of cases");
}

/* Appends one file; takes path and name, frees them if it fails. A name that is no text is made one: it
 * stands in results. */
static bool add_file(csl_manifest_case *c, char *path, char *name)
{
    if (name) text_clean(name);
    if (path && name && (c->count & (c->count - 1)) == 0) { /* full at every power of two */
        size_t capacity = c->count ? c->count * 2 : 1;
        char **paths = reallocarray(c->paths, capacity, sizeof *paths);
        if (paths) c->paths = paths;
        char **names = reallocarray(c->names, capacity, sizeof *names);
        if (names) c->names = names;
        if (!paths || !names) {
            free(path);
            path = NULL;
        }
    }
    if (!path || !name) {
        free(path);
        free(name);
        return false;
    }
    c->paths[c->count] = path;
    c->names[c->count++] = name;
    return true;
}

/* Adds every file below folder; prefix (may be "") goes before the names. */
static csl_status add_folder(csl_manifest_case *c, const char *folder, const char *prefix, csl_error *error)
{
    csl_names files;
    csl_status status = csl_list_files(folder, &files, error);
    if (status != CSL_OK && status != CSL_ENOMEM) {
        /* A folder that cannot be listed costs its case: whoever reads the case will say so. */
        return add_file(c, strdup(folder), strdup(prefix[0] ? prefix : ".")) ? CSL_OK : no_memory(error);
    }
    for (size_t i = 0; status == CSL_OK && i < files.count; i++) {
        char *name = prefix[0] ? csl_path_join(prefix, files.items[i]) : strdup(files.items[i]);
        if (!add_file(c, csl_path_join(folder, files.items[i]), name)) status = no_memory(error);
    }
    csl_names_free(&files);
    return status;
}

static csl_status read_folder(const char *path, csl_manifest *manifest, csl_error *error)
{
    char *cases = csl_path_join(path, "cases");
    const char *root = cases && csl_is_folder(cases) ? cases : path;
    csl_names names = {0};
    csl_status status = cases ? csl_list_folder(root, &names, error) : no_memory(error);
    if (status == CSL_OK && !(manifest->cases = calloc(names.count + 1, sizeof *manifest->cases)))
        status = no_memory(error);
    for (size_t i = 0; status == CSL_OK && i < names.count; i++) {
        char *folder = csl_path_join(root, names.items[i]);
        if (names.items[i][0] == '.' || (folder && !csl_is_folder(folder))) {
            free(folder);
            continue;
        }
        csl_manifest_case *c = &manifest->cases[manifest->count++];
        c->folder = folder;
        c->id = strdup(names.items[i]);
        status = folder && c->id ? check_id(c->id, "a case's name", folder, error) : no_memory(error);
        if (status == CSL_OK) status = add_folder(c, folder, "", error);
    }
    if (status == CSL_OK && manifest->count == 0)
        status = csl_fail(error, CSL_EFORMAT, root,
                          "holds no case: each of its sub-folders is one, with the case's files in it");
    csl_names_free(&names);
    free(cases);
    return status;
}

/* ---- CSV ---- */

typedef struct row {
    const char *id;
    size_t index, first; /* of the file; first: of the first row with this id */
} row;

static int by_id(const void *a, const void *b)
{
    const row *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static int by_mention(const void *a, const void *b)
{
    const row *x = a, *y = b;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((char *const *)a)[0], ((char *const *)b)[0]);
}

/* Sorted by name, as adapters are promised; a file that is named twice would count twice. */
static csl_status sort_files(csl_manifest_case *c, const char *csv, csl_error *error)
{
    char *(*pairs)[2] = calloc(c->count + 1, sizeof *pairs);
    if (!pairs) return no_memory(error);
    for (size_t i = 0; i < c->count; i++) {
        pairs[i][0] = c->names[i];
        pairs[i][1] = c->paths[i];
    }
    qsort(pairs, c->count, sizeof *pairs, by_name);
    csl_status status = CSL_OK;
    for (size_t i = 0; i < c->count; i++) {
        c->names[i] = pairs[i][0];
        c->paths[i] = pairs[i][1];
        if (status == CSL_OK && i && !strcmp(c->names[i], c->names[i - 1]))
            status = csl_fail(error, CSL_EFORMAT, csv, "case %s names the file %s twice", c->id, c->names[i]);
    }
    free(pairs);
    return status;
}

static csl_status add_row(csl_manifest_case *c, const char *base, const char *path, csl_error *error)
{
    char *full = path[0] == '/' ? strdup(path) : csl_path_join(base, path);
    if (!full) return no_memory(error);
    if (csl_is_folder(full)) {
        csl_status status = add_folder(c, full, path, error);
        free(full);
        return status;
    }
    /* A file that is not there costs its case, not the batch: whoever reads the case will say so. */
    return add_file(c, full, strdup(path)) ? CSL_OK : no_memory(error);
}

/* A row may leave the patient out; rows of one case that name one name the same. */
static csl_status take_patient(csl_manifest_case *c, const char *patient, const char *csv, size_t line,
                               csl_error *error)
{
    char place[512];
    if (!patient[0]) return CSL_OK;
    snprintf(place, sizeof place, "%s: line %zu", csv, line);
    if (c->patient && strcmp(c->patient, patient))
        return csl_fail(error, CSL_EFORMAT, place, "case %s has another patient in a row before", c->id);
    csl_status status = check_id(patient, "a patient", place, error);
    if (status != CSL_OK || c->patient) return status;
    c->patient = strdup(patient);
    return c->patient ? CSL_OK : no_memory(error);
}

static csl_status read_csv(const char *path, csl_manifest *manifest, csl_error *error)
{
    csl_csv table;
    csl_status status = csl_csv_read(path, maximum_csv, &table, error);
    if (status != CSL_OK) return status;
    int id = csl_csv_column(&table, "case"), file = csl_csv_column(&table, "path"),
        patient = csl_csv_column(&table, "patient");
    row *rows = calloc(table.rows + 1, sizeof *rows);
    manifest->cases = calloc(table.rows + 1, sizeof *manifest->cases);
    char *base = strdup(path), *slash = base ? strrchr(base, '/') : NULL;
    if (!rows || !manifest->cases || !base) {
        status = no_memory(error);
        goto done;
    }
    if (slash) slash[slash == base] = 0; /* the root keeps its slash */
    if (id < 0 || file < 0 || table.rows == 0) {
        status = csl_fail(error, CSL_EFORMAT, path,
                          "%s: a list of cases needs the columns case and path and a row for each file",
                          id < 0     ? "has no column 'case'"
                          : file < 0 ? "has no column 'path'"
                                     : "has no rows");
        goto done;
    }
    for (size_t i = 0; i < table.rows; i++) {
        char place[512];
        rows[i] = (row){.id = table.cells[i * table.columns + (size_t)id], .index = i};
        snprintf(place, sizeof place, "%s: line %zu", path, table.lines[i]);
        status = check_id(rows[i].id, "a case's name", place, error);
        if (status == CSL_OK && !table.cells[i * table.columns + (size_t)file][0])
            status = csl_fail(error, CSL_EFORMAT, place, "the path is empty");
        if (status != CSL_OK) goto done;
    }
    qsort(rows, table.rows, sizeof *rows, by_id);
    for (size_t i = 0; i < table.rows; i++)
        rows[i].first = i && !strcmp(rows[i].id, rows[i - 1].id) ? rows[i - 1].first : rows[i].index;
    qsort(rows, table.rows, sizeof *rows, by_mention);
    for (size_t i = 0; status == CSL_OK && i < table.rows; i++) {
        if (i == 0 || rows[i].first != rows[i - 1].first) {
            csl_manifest_case *fresh = &manifest->cases[manifest->count++];
            fresh->id = strdup(rows[i].id);
            fresh->folder = strdup(slash ? base : ".");
            if (!fresh->id || !fresh->folder) status = no_memory(error);
        }
        if (status == CSL_OK)
            status = add_row(&manifest->cases[manifest->count - 1], slash ? base : ".",
                             table.cells[rows[i].index * table.columns + (size_t)file], error);
        if (status == CSL_OK && patient >= 0)
            status = take_patient(&manifest->cases[manifest->count - 1],
                                  table.cells[rows[i].index * table.columns + (size_t)patient], path,
                                  table.lines[rows[i].index], error);
    }
    for (size_t i = 0; status == CSL_OK && i < manifest->count; i++)
        status = sort_files(&manifest->cases[i], path, error);
done:
    free(base);
    free(rows);
    csl_csv_free(&table);
    return status;
}

csl_status csl_manifest_read(const char *path, csl_manifest *manifest, csl_error *error)
{
    *manifest = (csl_manifest){0};
    csl_status status =
        csl_is_folder(path) ? read_folder(path, manifest, error) : read_csv(path, manifest, error);
    if (status != CSL_OK) csl_manifest_free(manifest);
    return status;
}

void csl_manifest_free(csl_manifest *manifest)
{
    for (size_t i = 0; i < manifest->count; i++) {
        csl_manifest_case *c = &manifest->cases[i];
        for (size_t j = 0; j < c->count; j++) {
            free(c->paths[j]);
            free(c->names[j]);
        }
        free(c->paths);
        free(c->names);
        free(c->folder);
        free(c->patient);
        free(c->id);
    }
    free(manifest->cases);
    *manifest = (csl_manifest){0};
}
