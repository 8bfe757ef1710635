#include "cli/cohort.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch/batch.h"

typedef struct taking {
    csl_cohort_read *read;
    const csl_cohort_options *options;
    const float *labels; /* of the wanted cases, in their order */
    const csl_follow_up *follow_up;
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
    memcpy(cohort->follow_up + cohort->count * cohort->task_count, t->follow_up + index * cohort->task_count,
           cohort->task_count * sizeof *cohort->follow_up);
    cohort->split[cohort->count] = t->options->as_test ? CSL_SPLIT_TEST : t->split[index];
    cohort->cases[cohort->count++] = c;
    return 0;
}

/* What labels.csv says of the wanted cases. */
typedef struct wanted {
    csl_manifest *all;
    size_t *places, count; /* in it, of the wanted cases */
    float *labels;
    csl_follow_up *follow_up;
    csl_split *split;
} wanted;

/* Without labels.csv: all cases, to learn from. */
static void choose_all(const csl_cohort_options *o, wanted *w)
{
    size_t all = csl_manifest_count(w->all);
    for (; w->count < all && (!o->limit || w->count < o->limit); w->count++) {
        w->split[w->count] = CSL_SPLIT_TRAIN;
        w->places[w->count] = w->count;
    }
}

static csl_status choose(const csl_cohort_options *o, csl_cohort_read *r, wanted *w, csl_error *error)
{
    const csl_label_table *t = &r->labels;
    for (size_t row = 0; row < t->csv.rows; row++) {
        const char *id = t->csv.cells[row * t->csv.columns + (size_t)t->case_column];
        size_t at = w->count;
        csl_status status = csl_labels_row(t, row, &w->split[at], w->labels + at * t->label_count,
                                           w->follow_up + at * t->task_count, error);
        if (status != CSL_OK) return status;
        bool meant = o->splits >> w->split[at] & 1 || (o->split_optional && t->split_column < 0);
        if (!meant || (o->limit && at == o->limit)) continue;
        if (csl_manifest_find(w->all, id, &w->places[at])) {
            w->count++;
            continue;
        }
        fprintf(stderr, "consilium: %s: left out: it has labels but no files in %s\n", id, o->folder);
        r->failed++;
    }
    return CSL_OK;
}

static csl_status open_wanted(void *context, size_t index, csl_manifest_case *which, csl_error *error)
{
    wanted *w = context;
    return csl_manifest_get(w->all, w->places[index], which, error);
}

static csl_status make_room(csl_cohort_read *r, size_t cases, wanted *w, csl_error *error)
{
    const csl_label_table *t = &r->labels;
    /* A row that is not wanted is read behind the last that is. */
    size_t rows = (t->case_column < 0 ? cases : t->csv.rows) + 1;
    csl_cohort *c = &r->cohort;
    *c = (csl_cohort){.label = t->label,
                      .label_count = t->label_count,
                      .task = t->task,
                      .task_count = t->task_count,
                      .cases = calloc(rows, sizeof *c->cases),
                      .labels = calloc(rows * t->label_count + 1, sizeof *c->labels),
                      .follow_up = calloc(rows * t->task_count + 1, sizeof *c->follow_up),
                      .split = calloc(rows, sizeof *c->split)};
    w->places = calloc(rows, sizeof *w->places);
    w->labels = calloc(rows * t->label_count + 1, sizeof *w->labels);
    w->follow_up = calloc(rows * t->task_count + 1, sizeof *w->follow_up);
    w->split = calloc(rows, sizeof *w->split);
    if (c->cases && c->labels && c->follow_up && c->split && w->places && w->labels && w->follow_up &&
        w->split)
        return CSL_OK;
    return csl_fail(error, CSL_ENOMEM, NULL, "no memory for %zu cases", rows);
}

csl_status csl_cohort_open(const csl_cohort_options *options, csl_cohort_read *read, csl_error *error)
{
    wanted w = {0};
    *read = (csl_cohort_read){0};
    csl_status status =
        csl_labels_open(options->folder, options->model, options->no_labels, &read->labels, error);
    if (status == CSL_OK) status = csl_manifest_open(options->folder, &w.all, error);
    if (status == CSL_OK) status = make_room(read, csl_manifest_count(w.all), &w, error);
    if (status != CSL_OK) goto done;
    if (read->labels.case_column < 0)
        choose_all(options, &w);
    else
        status = choose(options, read, &w, error);
    if (status != CSL_OK) goto done;
    taking taker = {.read = read,
                    .options = options,
                    .labels = w.labels,
                    .follow_up = w.follow_up,
                    .split = w.split,
                    .total = w.count};
    csl_case_list list = {.open = open_wanted, .context = &w, .count = w.count};
    status =
        csl_embed_cases(&list, &options->plugins, NULL, options->jobs, options->cache, take, &taker, error);
    csl_progress_end();
done:
    free(w.places);
    free(w.labels);
    free(w.follow_up);
    free(w.split);
    csl_manifest_close(w.all);
    return status;
}

void csl_cohort_read_free(csl_cohort_read *read)
{
    for (size_t i = 0; i < read->cohort.count; i++) csl_case_free(read->cohort.cases[i]);
    free(read->cohort.cases);
    free(read->cohort.labels);
    free(read->cohort.follow_up);
    free(read->cohort.split);
    csl_labels_close(&read->labels);
    *read = (csl_cohort_read){0};
}
