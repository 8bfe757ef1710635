#include "cli/label_tasks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch/text.h"

enum { MAX_NAME = 200, MAX_INTERVALS = 8, EVENTS_AN_INTERVAL = 10 };

static csl_status no_memory(csl_error *error)
{
    return csl_fail(error, CSL_ENOMEM, NULL, "no memory for labels");
}

/* ---- outputs ---- */

static csl_status check_name(const csl_label_table *t, const char *name, csl_error *error)
{
    if (*name && strlen(name) <= MAX_NAME && text_is_clean(name, strlen(name))) return CSL_OK;
    return csl_fail(error, CSL_EFORMAT, t->path,
                    "'%.60s' cannot name a label or class; 1 to %d bytes of UTF-8 would be right", name,
                    MAX_NAME);
}

/* Adds an output named in the table's texts; object may give its code. */
static csl_status add_output(csl_label_table *t, char *name, const json_t *object, csl_error *error)
{
    if (t->label_count == CSL_MAX_LABELS)
        return csl_fail(error, CSL_ELIMIT, t->path,
                        "asks for more than %d outputs (labels, classes, intervals)", CSL_MAX_LABELS);
    if (!name) return no_memory(error);
    csl_label *label = &t->label[t->label_count];
    const json_t *code = json_object_get(object, "code"), *system = json_object_get(object, "system");
    if ((code || system) && (!json_is_string(code) || !json_is_string(system)))
        return csl_fail(error, CSL_EFORMAT, "labels.json",
                        "label %.60s: \"code\" and \"system\" are two texts", name);
    *label = (csl_label){.name = name,
                         .code = csl_arena_strdup(t->texts, json_string_value(code)),
                         .system = csl_arena_strdup(t->texts, json_string_value(system))};
    if (code && (!label->code || !label->system)) return no_memory(error);
    t->label_count++;
    return CSL_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The values that stand in a column, sorted, each once; at most CSL_MAX_LABELS + 1 are looked for. */
static size_t distinct(const csl_label_table *t, int column, const char *values[CSL_MAX_LABELS + 1])
{
    size_t count = 0;
    for (size_t row = 0; row < t->csv.rows && count <= CSL_MAX_LABELS; row++) {
        const char *text = csl_label_cell(t, row, column);
        size_t i = 0;
        while (i < count && strcmp(values[i], text) != 0) i++;
        if (*text && i == count) values[count++] = text;
    }
    qsort(values, count, sizeof *values, by_text);
    return count;
}

static csl_status add_classes(csl_label_table *t, csl_task *task, const json_t *about, csl_error *error)
{
    const json_t *list = json_object_get(about, "classes"), *codes = json_object_get(about, "codes");
    const char *names[CSL_MAX_LABELS + 1];
    size_t count = json_array_size(list);
    task->kind = CSL_TASK_CLASSES;
    if (list && (!json_is_array(list) || count < 2 || count > CSL_MAX_LABELS))
        return csl_fail(error, CSL_EFORMAT, "labels.json",
                        "label %.60s: \"classes\" is a list of 2 to %d names", task->name, CSL_MAX_LABELS);
    for (size_t i = 0; i < count; i++) {
        names[i] = json_string_value(json_array_get(list, i));
        for (size_t k = 0; names[i] && k < i; k++)
            if (strcmp(names[i], names[k]) == 0) names[i] = NULL;
        if (!names[i])
            return csl_fail(error, CSL_EFORMAT, "labels.json",
                            "label %.60s: class %zu is not a text, or not the first of its name", task->name,
                            i + 1);
    }
    if (!list) count = distinct(t, t->column[t->task_count], names);
    if (count < 2)
        return csl_fail(error, CSL_EFORMAT, t->path, "column %.60s holds %zu classes; at least 2 are needed",
                        task->name, count);
    csl_status status = CSL_OK;
    for (size_t i = 0; i < count && status == CSL_OK; i++) {
        if ((status = check_name(t, names[i], error)) == CSL_OK)
            status = add_output(t, csl_arena_printf(t->texts, "%s=%s", task->name, names[i]),
                                json_object_get(codes, names[i]), error);
    }
    return status;
}

/* ---- time to event ---- */

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Quantiles of the training cases' event times, to six digits. */
static csl_status choose_edges(csl_label_table *t, csl_task *task, double *edge, csl_error *error)
{
    double *times = calloc(t->csv.rows + 1, sizeof *times);
    size_t events = 0;
    csl_status status = times ? CSL_OK : no_memory(error);
    for (size_t row = 0; row < t->csv.rows && status == CSL_OK; row++) {
        csl_split split;
        csl_follow_up f;
        if ((status = csl_label_split(t, row, &split, error)) != CSL_OK) break;
        status =
            csl_label_follow_up(t, row, t->column[t->task_count], t->time_column[t->task_count], &f, error);
        if (split == CSL_SPLIT_TRAIN && f.event && f.time > 0) times[events++] = f.time;
    }
    qsort(times, events, sizeof *times, by_number);
    size_t wanted = events / EVENTS_AN_INTERVAL;
    if (wanted > MAX_INTERVALS) wanted = MAX_INTERVALS;
    if (wanted < 1) wanted = events > 0;
    for (size_t i = 1; i <= wanted; i++) {
        char text[32];
        snprintf(text, sizeof text, "%.6g", times[(events * i + wanted - 1) / wanted - 1]);
        double next = strtod(text, NULL);
        if (!task->count || next > edge[task->count - 1]) edge[task->count++] = next;
    }
    free(times);
    if (status == CSL_OK && !task->count)
        status = csl_fail(error, CSL_EFORMAT, t->path, "column %.60s has no event among the training cases",
                          task->name);
    return status;
}

/* The shortest decimal that reads back as the same number. */
static void print_edge(double value, char text[32])
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, 32, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
}

static csl_status find_time(csl_label_table *t, const csl_task *task, csl_error *error)
{
    int column = task->time ? csl_csv_column(&t->csv, task->time) : -1;
    t->time_column[t->task_count] = column;
    if (column >= 0) return CSL_OK;
    return csl_fail(error, CSL_EFORMAT, t->path,
                    "has no column '%.60s' for the times of label %.60s; labels.json names it in \"time\"",
                    task->time ? task->time : "", task->name);
}

static csl_status add_event(csl_label_table *t, csl_task *task, const json_t *about, csl_error *error)
{
    const json_t *list = json_object_get(about, "edges"), *unit = json_object_get(about, "unit");
    double *edge = csl_arena_alloc(t->texts, CSL_MAX_LABELS, sizeof *edge);
    task->kind = CSL_TASK_EVENT;
    task->time = csl_arena_strdup(t->texts, json_string_value(json_object_get(about, "time")));
    task->unit = csl_arena_strdup(t->texts, json_string_value(unit));
    task->edge = edge;
    if (!edge) return no_memory(error);
    csl_status status = find_time(t, task, error);
    if (status != CSL_OK) return status;
    if (list && (!json_array_size(list) || json_array_size(list) > CSL_MAX_LABELS))
        return csl_fail(error, CSL_EFORMAT, "labels.json",
                        "label %.60s: \"edges\" is a list of 1 to %d times", task->name, CSL_MAX_LABELS);
    for (size_t i = 0; i < json_array_size(list); i++) {
        edge[i] = json_number_value(json_array_get(list, i));
        if (!(edge[i] > (i ? edge[i - 1] : 0)) || !isfinite(edge[i]))
            return csl_fail(error, CSL_EFORMAT, "labels.json",
                            "label %.60s: \"edges\" are numbers above 0, ascending", task->name);
        task->count++;
    }
    if (!list) status = choose_edges(t, task, edge, error);
    for (size_t i = 0; i < task->count && status == CSL_OK; i++) {
        char text[32];
        print_edge(edge[i], text);
        status = add_output(t, csl_arena_printf(t->texts, "%s<=%s", task->name, text), about, error);
    }
    return status;
}

/* ---- tasks ---- */

static csl_status add_task(csl_label_table *t, int column, const json_t *about, csl_error *error)
{
    if (t->task_count == CSL_MAX_LABELS)
        return csl_fail(error, CSL_ELIMIT, t->path, "has more than %d labels", CSL_MAX_LABELS);
    csl_task *task = &t->task[t->task_count];
    const char *kind = json_string_value(json_object_get(about, "task"));
    csl_status status = check_name(t, t->csv.header[column], error);
    if (status != CSL_OK) return status;
    *task = (csl_task){.name = csl_arena_strdup(t->texts, t->csv.header[column]), .first = t->label_count};
    t->column[t->task_count] = column;
    t->time_column[t->task_count] = -1;
    if (!task->name) return no_memory(error);
    if (about && !json_is_object(about))
        status = csl_fail(error, CSL_EFORMAT, "labels.json", "label %.60s is not described by an object",
                          task->name);
    else if (!json_object_get(about, "task") || (kind && !strcmp(kind, "binary")))
        status = add_output(t, csl_arena_strdup(t->texts, task->name), about, error);
    else if (kind && !strcmp(kind, "classes"))
        status = add_classes(t, task, about, error);
    else if (kind && !strcmp(kind, "event"))
        status = add_event(t, task, about, error);
    else
        status = csl_fail(error, CSL_EFORMAT, "labels.json",
                          "label %.60s: \"task\" is \"binary\", \"classes\" or \"event\"", task->name);
    task->count = t->label_count - task->first;
    t->task_count++;
    return status;
}

/* Columns that hold an event's times are no labels. */
static bool is_time(const json_t *root, const char *column)
{
    const char *name;
    json_t *about;
    json_object_foreach((json_t *)(uintptr_t)root, name, about)
    {
        const char *time = json_string_value(json_object_get(about, "time"));
        if (time && !strcmp(time, column)) return true;
    }
    return false;
}

csl_status csl_label_tasks_find(csl_label_table *t, const json_t *root, csl_error *error)
{
    const char *name;
    json_t *about;
    json_object_foreach(
        (json_t *)(uintptr_t)root, name,
        about) if (json_object_get(about, "task") &&
                   csl_csv_column(&t->csv, name) <
                       0) return csl_fail(error, CSL_EFORMAT, "labels.json",
                                          "describes label %.60s, which labels.csv has no column for", name);
    csl_status status = CSL_OK;
    for (size_t i = 0; i < t->csv.columns && status == CSL_OK; i++)
        if ((int)i != t->case_column && (int)i != t->split_column && (int)i != t->fold_column &&
            !is_time(root, t->csv.header[i]))
            status = add_task(t, (int)i, json_object_get(root, t->csv.header[i]), error);
    if (status == CSL_OK && !t->label_count)
        status = csl_fail(error, CSL_EFORMAT, t->path, "has no label; columns case,LABEL,... would be right");
    return status;
}

/* Borrows what the model has; it must outlive the table. */
csl_status csl_label_tasks_take(csl_label_table *t, const csl_model *model, csl_error *error)
{
    t->label_count = csl_model_label_count(model);
    for (size_t i = 0; i < t->label_count; i++) t->label[i] = csl_model_label(model, i);
    for (size_t i = 0; i < csl_model_task_count(model); i++) {
        csl_task *task = &t->task[i];
        *task = csl_model_task(model, i);
        t->column[i] = csl_csv_column(&t->csv, task->name);
        t->time_column[i] = -1;
        t->task_count = i;
        if (t->column[i] < 0)
            return csl_fail(error, CSL_EMISMATCH, t->path, "has no column for the model's label %.60s",
                            task->name);
        csl_status status = task->kind == CSL_TASK_EVENT ? find_time(t, task, error) : CSL_OK;
        if (status != CSL_OK) return status;
    }
    t->task_count = csl_model_task_count(model);
    return CSL_OK;
}
