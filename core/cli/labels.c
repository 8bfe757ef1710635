#include "cli/labels.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "cli/label_tasks.h"

enum { MAX_TEXTS = 1 << 20 };
static const size_t maximum_csv = (size_t)256 << 20, maximum_json = (size_t)1 << 20;

static const char *const split_names[] = {"train", "valid", "test"};

static csl_status no_memory(csl_error *error)
{
    return csl_fail(error, CSL_ENOMEM, NULL, "no memory for labels");
}

static csl_status at_line(const csl_label_table *t, size_t row, csl_error *error, const char *what,
                          const char *text, const char *right)
{
    char place[256];
    snprintf(place, sizeof place, "%.200s:%zu", t->path, t->csv.lines[row]);
    return csl_fail(error, CSL_EFORMAT, place, "%.60s is '%.60s'; %s would be right", what, text, right);
}

const char *csl_label_cell(const csl_label_table *t, size_t row, int column)
{
    return t->csv.cells[row * t->csv.columns + (size_t)column];
}

csl_status csl_label_split(const csl_label_table *t, size_t row, csl_split *split, csl_error *error)
{
    const char *text = t->split_column < 0 ? "" : csl_label_cell(t, row, t->split_column);
    *split = CSL_SPLIT_TRAIN;
    if (!*text) return CSL_OK;
    for (int i = 0; i < 3; i++)
        if (strcmp(text, split_names[i]) == 0) {
            *split = (csl_split)i;
            return CSL_OK;
        }
    return at_line(t, row, error, "split", text, "train, valid, test or nothing");
}

static bool read_time(const char *text, double *time)
{
    char *end;
    *time = strtod(text, &end);
    return *text && !*end && isfinite(*time) && *time >= 0;
}

csl_status csl_label_follow_up(const csl_label_table *t, size_t row, int column, int time_column,
                               csl_follow_up *f, csl_error *error)
{
    const char *label = csl_label_cell(t, row, column), *time = csl_label_cell(t, row, time_column);
    *f = (csl_follow_up){.time = NAN};
    if (!*label) return CSL_OK;
    if (strcmp(label, "0") != 0 && strcmp(label, "1") != 0)
        return at_line(t, row, error, t->csv.header[column], label,
                       "1 (event), 0 (last seen without it) or nothing");
    if (!read_time(time, &f->time))
        return at_line(t, row, error, t->csv.header[time_column], time,
                       "a time of 0 or more, as the label is known,");
    f->event = *label == '1';
    return CSL_OK;
}

/* ---- the files ---- */

static csl_status read_csv(csl_label_table *t, const char *folder, bool optional, csl_error *error)
{
    csl_digest digest;
    char *bytes = NULL, *path = csl_path_join(folder, "labels.csv");
    size_t length = 0;
    t->path = csl_arena_strdup(t->texts, path);
    free(path);
    if (!t->path) return no_memory(error);
    if (optional && !csl_is_file(t->path)) return CSL_OK;
    csl_status status = csl_read_file(t->path, maximum_csv, &bytes, &length, error);
    if (status == CSL_OK) status = csl_sha256(bytes, length, &digest, error);
    if (status == CSL_OK) csl_digest_hex(&digest, t->sha256);
    free(bytes);
    if (status == CSL_OK) status = csl_csv_read(t->path, maximum_csv, &t->csv, error);
    if (status != CSL_OK) return status;
    t->case_column = csl_csv_column(&t->csv, "case");
    t->split_column = csl_csv_column(&t->csv, "split");
    t->fold_column = csl_csv_column(&t->csv, "fold");
    if (t->case_column < 0)
        return csl_fail(error, CSL_EFORMAT, t->path,
                        "has no column named case; case,LABEL,...[,split][,fold] would be right");
    return CSL_OK;
}

/* *root stays NULL where there is no labels.json. */
static csl_status read_json(const char *folder, json_t **root, csl_error *error)
{
    char *path = csl_path_join(folder, "labels.json"), *text = NULL;
    size_t length;
    json_error_t trouble;
    csl_status status = path ? CSL_OK : no_memory(error);
    if (status == CSL_OK && csl_is_file(path)) {
        status = csl_read_file(path, maximum_json, &text, &length, error);
        if (status == CSL_OK && !(*root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &trouble)))
            status =
                csl_fail(error, CSL_EFORMAT, path, "is not JSON: line %d, %s", trouble.line, trouble.text);
        if (status == CSL_OK && !json_is_object(*root))
            status =
                csl_fail(error, CSL_EFORMAT, path, "is not an object; {\"LABEL\": {...}} would be right");
    }
    free(text);
    free(path);
    return status;
}

csl_status csl_labels_open(const char *folder, const csl_model *model, bool none, csl_label_table *t,
                           csl_error *error)
{
    json_t *root = NULL;
    *t = (csl_label_table){
        .case_column = -1, .split_column = -1, .fold_column = -1, .texts = csl_arena_new(MAX_TEXTS)};
    csl_status status = t->texts ? read_csv(t, folder, none, error) : no_memory(error);
    if (status == CSL_OK && model && !none) {
        status = csl_label_tasks_take(t, model, error);
    } else if (status == CSL_OK && !none) {
        status = read_json(folder, &root, error);
        if (status == CSL_OK) status = csl_label_tasks_find(t, root, error);
    }
    json_decref(root);
    return status;
}

void csl_labels_close(csl_label_table *t)
{
    csl_csv_free(&t->csv);
    csl_arena_free(t->texts);
    *t = (csl_label_table){0};
}

/* ---- a row ---- */

static csl_status read_class(const csl_label_table *t, size_t row, size_t k, float *target, csl_error *error)
{
    const csl_task *task = &t->task[k];
    const char *text = csl_label_cell(t, row, t->column[k]);
    size_t prefix = strlen(task->name) + 1, found = task->count;
    for (size_t i = 0; i < task->count; i++) {
        target[i] = *text ? 0 : NAN;
        if (*text && !strcmp(t->label[task->first + i].name + prefix, text)) target[found = i] = 1;
    }
    if (!*text || found < task->count) return CSL_OK;
    char right[400] = "one of ";
    for (size_t i = 0; i < task->count && strlen(right) < 200; i++)
        snprintf(right + strlen(right), sizeof right - strlen(right), "%s%.60s", i ? ", " : "",
                 t->label[task->first + i].name + prefix);
    if (strlen(right) >= 200) strcat(right, ", ...");
    return at_line(t, row, error, task->name, text, right);
}

static csl_status read_event(const csl_label_table *t, size_t row, size_t k, float *target, csl_follow_up *f,
                             csl_error *error)
{
    const csl_task *task = &t->task[k];
    csl_status status = csl_label_follow_up(t, row, t->column[k], t->time_column[k], f, error);
    for (size_t i = 0; i < task->count; i++) {
        bool reached = f->time > (i ? task->edge[i - 1] : -1), over = f->time >= task->edge[i];
        target[i] = over && !(f->event && f->time == task->edge[i]) ? 0 : reached && f->event ? 1 : NAN;
    }
    return status;
}

static csl_status read_binary(const csl_label_table *t, size_t row, size_t k, float *target, csl_error *error)
{
    const char *text = csl_label_cell(t, row, t->column[k]);
    *target = *text ? (float)(*text - '0') : NAN;
    if (!*text || !strcmp(text, "0") || !strcmp(text, "1")) return CSL_OK;
    char right[256];
    snprintf(right, sizeof right,
             "0, 1 or nothing (where these are classes: {\"%.60s\": {\"task\": \"classes\"}} in labels.json)",
             t->task[k].name);
    return at_line(t, row, error, t->task[k].name, text, right);
}

csl_status csl_labels_row(const csl_label_table *t, size_t row, csl_split *split, float *targets,
                          csl_follow_up *follow_up, csl_error *error)
{
    csl_status status = csl_label_split(t, row, split, error);
    for (size_t k = 0; k < t->task_count && status == CSL_OK; k++) {
        float *target = targets + t->task[k].first;
        follow_up[k] = (csl_follow_up){.time = NAN};
        switch (t->task[k].kind) {
        case CSL_TASK_BINARY: status = read_binary(t, row, k, target, error); break;
        case CSL_TASK_CLASSES: status = read_class(t, row, k, target, error); break;
        case CSL_TASK_EVENT: status = read_event(t, row, k, target, &follow_up[k], error); break;
        }
    }
    return status;
}
