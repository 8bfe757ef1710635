#include "cli/cohort.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "batch/batch.h"

static const size_t maximum_csv = (size_t)256 << 20, maximum_json = (size_t)1 << 20;

static const char *const split_names[] = {"train", "valid", "test"};

/* ---- labels.csv ---- */

typedef struct table {
    csl_csv csv;
    char *path;
    int case_column, split_column;
    int column[CSL_MAX_LABELS]; /* of each label */
} table;

static csl_status at_line(const table *t, size_t row, csl_error *error, const char *what, const char *text,
                          const char *right)
{
    char place[256];
    snprintf(place, sizeof place, "%.200s:%zu", t->path, t->csv.lines[row]);
    return csl_fail(error, CSL_EFORMAT, place, "%s is '%.60s'; %s would be right", what, text, right);
}

static csl_status take_label(csl_cohort_read *r, table *t, int column, const char *name, csl_error *error)
{
    csl_label *label = &r->labels[r->cohort.label_count];
    if (r->cohort.label_count == CSL_MAX_LABELS)
        return csl_fail(error, CSL_ELIMIT, t->path, "has more than %d labels", CSL_MAX_LABELS);
    if (!*name) return csl_fail(error, CSL_EFORMAT, t->path, "column %d has no name", column + 1);
    t->column[r->cohort.label_count] = column;
    label->name = strdup(name);
    if (!label->name) return csl_fail(error, CSL_ENOMEM, NULL, "no memory for labels");
    r->cohort.label_count++;
    return CSL_OK;
}

static csl_status find_labels(const csl_model *model, csl_cohort_read *r, table *t, csl_error *error)
{
    csl_status status = CSL_OK;
    for (size_t i = 0; model && i < csl_model_label_count(model) && status == CSL_OK; i++) {
        const char *name = csl_model_label(model, i).name;
        int column = csl_csv_column(&t->csv, name);
        if (column < 0)
            return csl_fail(error, CSL_EMISMATCH, t->path, "has no column for the model's label %.60s", name);
        status = take_label(r, t, column, name, error);
    }
    for (size_t i = 0; !model && i < t->csv.columns && status == CSL_OK; i++)
        if ((int)i != t->case_column && (int)i != t->split_column)
            status = take_label(r, t, (int)i, t->csv.header[i], error);
    if (status == CSL_OK && !r->cohort.label_count)
        status = csl_fail(error, CSL_EFORMAT, t->path, "has no label; columns case,LABEL,... would be right");
    return status;
}

static csl_status open_table(const csl_cohort_options *o, csl_cohort_read *r, table *t, csl_error *error)
{
    csl_digest digest;
    char *bytes = NULL;
    size_t length = 0;
    t->split_column = -1;
    if (!(t->path = csl_path_join(o->folder, "labels.csv")))
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory");
    if (o->no_labels && !csl_is_file(t->path)) return CSL_OK;
    csl_status status = csl_read_file(t->path, maximum_csv, &bytes, &length, error);
    if (status == CSL_OK) status = csl_sha256(bytes, length, &digest, error);
    if (status == CSL_OK) csl_digest_hex(&digest, r->labels_sha256);
    free(bytes);
    if (status == CSL_OK) status = csl_csv_read(t->path, maximum_csv, &t->csv, error);
    if (status != CSL_OK) return status;
    t->case_column = csl_csv_column(&t->csv, "case");
    t->split_column = csl_csv_column(&t->csv, "split");
    if (t->case_column < 0)
        return csl_fail(error, CSL_EFORMAT, t->path,
                        "has no column named case; case,LABEL,...[,split] would be right");
    return o->no_labels ? CSL_OK : find_labels(o->model, r, t, error);
}

static const char *cell(const table *t, size_t row, int column)
{
    return t->csv.cells[row * t->csv.columns + (size_t)column];
}

static csl_status read_split(const table *t, size_t row, csl_split *split, csl_error *error)
{
    const char *text = t->split_column < 0 ? "" : cell(t, row, t->split_column);
    *split = CSL_SPLIT_TRAIN;
    if (!*text) return CSL_OK;
    for (int i = 0; i < 3; i++)
        if (strcmp(text, split_names[i]) == 0) {
            *split = (csl_split)i;
            return CSL_OK;
        }
    return at_line(t, row, error, "split", text, "train, valid, test or nothing");
}

static csl_status read_labels(const table *t, size_t row, size_t count, float *labels, csl_error *error)
{
    for (size_t l = 0; l < count; l++) {
        const char *text = cell(t, row, t->column[l]);
        if (*text && strcmp(text, "0") != 0 && strcmp(text, "1") != 0)
            return at_line(t, row, error, t->csv.header[t->column[l]], text, "0, 1 or nothing");
        labels[l] = *text ? (float)(*text - '0') : NAN;
    }
    return CSL_OK;
}

/* ---- labels.json ---- */

static csl_status read_codes(const char *folder, csl_cohort_read *r, csl_error *error)
{
    char *path = csl_path_join(folder, "labels.json"), *text = NULL;
    size_t length;
    csl_status status = CSL_OK;
    if (!path) return csl_fail(error, CSL_ENOMEM, NULL, "no memory");
    json_t *root = NULL;
    json_error_t trouble;
    if (!csl_is_file(path)) goto done;
    if ((status = csl_read_file(path, maximum_json, &text, &length, error)) != CSL_OK) goto done;
    if (!(root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &trouble))) {
        status = csl_fail(error, CSL_EFORMAT, path, "is not JSON: line %d, %s", trouble.line, trouble.text);
        goto done;
    }
    for (size_t l = 0; l < r->cohort.label_count && status == CSL_OK; l++) {
        const json_t *entry = json_object_get(root, r->labels[l].name);
        const char *code = json_string_value(json_object_get(entry, "code"));
        const char *system = json_string_value(json_object_get(entry, "system"));
        if (!entry) continue;
        if (!code || !system)
            status = csl_fail(error, CSL_EFORMAT, path, "label %.60s needs the texts \"code\" and \"system\"",
                              r->labels[l].name);
        else if (!(r->labels[l].code = strdup(code)) || !(r->labels[l].system = strdup(system)))
            status = csl_fail(error, CSL_ENOMEM, NULL, "no memory for labels");
    }
done:
    json_decref(root);
    free(text);
    free(path);
    return status;
}

/* ---- cases ---- */

static int by_id(const void *a, const void *b)
{
    return strcmp(((const csl_manifest_case *)a)->id, ((const csl_manifest_case *)b)->id);
}

typedef struct taking {
    csl_cohort_read *read;
    const csl_cohort_options *options;
    const float *labels; /* of the wanted cases, in their order */
    const csl_split *split;
    size_t total, done;
} taking;

static int take(void *context, size_t index, const csl_manifest_case *which, csl_case *c, const char *reason)
{
    taking *t = context;
    csl_cohort *cohort = &t->read->cohort;
    csl_progress(t->options->verb, ++t->done, t->total, "reading cases");
    if (!c) {
        csl_progress_end();
        fprintf(stderr, "consilium: %s: left out: %s\n", which->id, reason);
        t->read->failed++;
        return 0;
    }
    memcpy(cohort->labels + cohort->count * cohort->label_count, t->labels + index * cohort->label_count,
           cohort->label_count * sizeof *cohort->labels);
    cohort->split[cohort->count] = t->options->as_test ? CSL_SPLIT_TEST : t->split[index];
    cohort->cases[cohort->count++] = c;
    return 0;
}

/* Without labels.csv: all cases, to learn from. */
static void choose_all(const csl_cohort_options *o, const csl_manifest *all, csl_manifest *wanted,
                       csl_split *split)
{
    for (size_t i = 0; i < all->count && (!o->limit || i < o->limit); i++) {
        split[i] = CSL_SPLIT_TRAIN;
        wanted->cases[wanted->count++] = all->cases[i];
    }
}

/* The rows of labels.csv that are wanted, as a manifest of borrowed cases, with their labels and splits. */
static csl_status choose(const csl_cohort_options *o, const table *t, const csl_manifest *all,
                         csl_cohort_read *r, csl_manifest *wanted, float *labels, csl_split *split,
                         csl_error *error)
{
    for (size_t row = 0; row < t->csv.rows; row++) {
        csl_manifest_case key = {.id = t->csv.cells[row * t->csv.columns + (size_t)t->case_column]};
        size_t at = wanted->count;
        csl_status status = read_split(t, row, &split[at], error);
        if (status == CSL_OK)
            status = read_labels(t, row, r->cohort.label_count, labels + at * r->cohort.label_count, error);
        if (status != CSL_OK) return status;
        bool meant = o->splits >> split[at] & 1 || (o->split_optional && t->split_column < 0);
        if (!meant || (o->limit && at == o->limit)) continue;
        const csl_manifest_case *found = bsearch(&key, all->cases, all->count, sizeof key, by_id);
        if (!found) {
            fprintf(stderr, "consilium: %s: left out: it has labels but no files in %s\n", key.id, o->folder);
            r->failed++;
            continue;
        }
        wanted->cases[wanted->count++] = *found;
    }
    return CSL_OK;
}

csl_status csl_cohort_open(const csl_cohort_options *options, csl_cohort_read *read, csl_error *error)
{
    table t = {.case_column = -1};
    csl_manifest all = {0}, wanted = {0};
    float *labels = NULL;
    csl_split *split = NULL;
    *read = (csl_cohort_read){0};
    csl_status status = open_table(options, read, &t, error);
    if (status == CSL_OK) status = read_codes(options->folder, read, error);
    if (status == CSL_OK) status = csl_manifest_read(options->folder, &all, error);
    if (status != CSL_OK) goto done;
    if (all.count) qsort(all.cases, all.count, sizeof *all.cases, by_id);
    bool listed = t.case_column >= 0;
    size_t rows = listed ? t.csv.rows : all.count, label_count = read->cohort.label_count;
    wanted.cases = calloc(rows + 1, sizeof *wanted.cases);
    labels = calloc((rows + 1) * label_count + 1, sizeof *labels);
    split = calloc(rows + 1, sizeof *split);
    read->cohort.cases = calloc(rows + 1, sizeof(csl_case *));
    read->cohort.labels = calloc((rows + 1) * label_count + 1, sizeof(float));
    read->cohort.split = calloc(rows + 1, sizeof(csl_split));
    read->cohort.label = read->labels;
    if (!wanted.cases || !labels || !split || !read->cohort.cases || !read->cohort.labels ||
        !read->cohort.split) {
        status = csl_fail(error, CSL_ENOMEM, NULL, "no memory for %zu cases", rows);
        goto done;
    }
    if (!listed) choose_all(options, &all, &wanted, split);
    if (listed) status = choose(options, &t, &all, read, &wanted, labels, split, error);
    if (status != CSL_OK) goto done;
    taking taker = {
        .read = read, .options = options, .labels = labels, .split = split, .total = wanted.count};
    status =
        csl_embed_cases(&wanted, &options->plugins, NULL, options->jobs, options->cache, take, &taker, error);
    csl_progress_end();
done:
    free(wanted.cases);
    free(labels);
    free(split);
    csl_manifest_free(&all);
    csl_csv_free(&t.csv);
    free(t.path);
    return status;
}

void csl_cohort_read_free(csl_cohort_read *read)
{
    for (size_t i = 0; i < read->cohort.count; i++) csl_case_free(read->cohort.cases[i]);
    for (size_t l = 0; l < CSL_MAX_LABELS; l++) {
        free((char *)(uintptr_t)read->labels[l].name);
        free((char *)(uintptr_t)read->labels[l].code);
        free((char *)(uintptr_t)read->labels[l].system);
    }
    free(read->cohort.cases);
    free(read->cohort.labels);
    free(read->cohort.split);
    *read = (csl_cohort_read){0};
}
