#include "cli/train_folds.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the cohort's own folds ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *fold_of(const csl_label_table *t, const char *id)
{
    for (size_t row = 0; row < t->csv.rows; row++)
        if (!strcmp(t->csv.cells[row * t->csv.columns + (size_t)t->case_column], id))
            return t->csv.cells[row * t->csv.columns + (size_t)t->fold_column];
    return "";
}

/* Numbers the names in the column by their order as texts. */
static csl_status own_folds(const csl_cohort_read *read, unsigned *fold, unsigned *folds, csl_error *error)
{
    const csl_label_table *t = &read->labels;
    const char *names[CSL_MAX_FOLDS + 1], **of = calloc(read->cohort.count + 1, sizeof *of);
    unsigned count = 0;
    csl_status status = CSL_OK;
    if (!of) return csl_fail(error, CSL_ENOMEM, NULL, "no memory for %zu cases", read->cohort.count);
    if (t->case_column < 0 || t->fold_column < 0) {
        status =
            csl_fail(error, CSL_EUSAGE, t->path, "has no column named fold, which --folds column asks for");
        goto done;
    }
    for (size_t i = 0; i < read->cohort.count; i++) {
        unsigned k = 0;
        of[i] = fold_of(t, read->cohort.cases[i]->id);
        while (k < count && strcmp(names[k], of[i]) != 0) k++;
        if (*of[i] && k == count && count <= CSL_MAX_FOLDS) names[count++] = of[i];
    }
    if (count < 2 || count > CSL_MAX_FOLDS) {
        status = csl_fail(error, CSL_EUSAGE, t->path,
                          "column fold holds %u%s names for the cases to learn from; 2 to %d would be right",
                          count > CSL_MAX_FOLDS ? (unsigned)CSL_MAX_FOLDS : count,
                          count > CSL_MAX_FOLDS ? " and more" : "", CSL_MAX_FOLDS);
        goto done;
    }
    qsort(names, count, sizeof *names, by_text);
    for (size_t i = 0; i < read->cohort.count; i++)
        for (unsigned k = 0; k < count; k++)
            if (!strcmp(names[k], of[i])) fold[i] = k + 1;
    *folds = count;
done:
    free(of);
    return status;
}

/* ---- printing ---- */

typedef struct spread {
    double mean, deviation;
} spread;

/* Over the folds in which the number is known. */
static spread over_folds(const csl_cross_validation *v, size_t task, size_t member)
{
    double sum = 0, squares = 0, count = 0;
    for (int pass = 0; pass < 2; pass++)
        for (unsigned k = 0; k < v->folds; k++) {
            double value = *(const double *)(const void *)((const char *)&v->fold[k].task[task] + member);
            if (isnan(value)) continue;
            if (pass)
                squares += (value - sum / count) * (value - sum / count);
            else {
                sum += value;
                count++;
            }
        }
    return (spread){count > 0 ? sum / count : NAN, count > 1 ? sqrt(squares / (count - 1)) : NAN};
}

static const struct {
    const char *name;
    size_t offset;
} measures[] = {{"auc", offsetof(csl_task_metrics, auc.value)},
                {"accuracy", offsetof(csl_task_metrics, accuracy)},
                {"brier", offsetof(csl_task_metrics, brier)}};
enum { MEASURES = sizeof measures / sizeof *measures };

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static bool print_json(const csl_cohort *cohort, const csl_cross_validation *v)
{
    json_t *folds = json_array(), *tasks = json_object(), *pooled = json_object();
    for (unsigned k = 0; k < v->folds; k++) {
        const csl_fold_metrics *f = &v->fold[k];
        json_array_append_new(folds, json_pack("{s:I, s:I, s:I}", "train", (json_int_t)f->train, "valid",
                                               (json_int_t)f->valid, "test", (json_int_t)f->test));
    }
    for (size_t t = 0; t < v->task_count; t++) {
        json_t *task = json_object();
        for (size_t i = 0; i < MEASURES; i++) {
            json_t *each = json_array();
            spread s = over_folds(v, t, measures[i].offset);
            for (unsigned k = 0; k < v->folds; k++)
                json_array_append_new(
                    each, number(*(const double *)(const void *)((const char *)&v->fold[k].task[t] +
                                                                 measures[i].offset)));
            json_object_set_new(task, measures[i].name,
                                json_pack("{s:o, s:o, s:o}", "mean", number(s.mean), "sd",
                                          number(s.deviation), "folds", each));
        }
        json_object_set_new(tasks, cohort->task[t].name, task);
    }
    for (size_t l = 0; l < v->label_count; l++) {
        const csl_label_metrics *x = &v->pooled[l];
        json_object_set_new(pooled, cohort->label[l].name,
                            json_pack("{s:o, s:[o, o], s:o, s:o, s:I, s:I}", "auc", number(x->auc.value),
                                      "auc_ci", number(x->auc.low), number(x->auc.high), "accuracy",
                                      number(x->accuracy), "brier", number(x->brier), "positives",
                                      (json_int_t)x->positives, "negatives", (json_int_t)x->negatives));
    }
    json_t *root = json_pack("{s:o, s:o, s:o}", "folds", folds, "tasks", tasks, "pooled", pooled);
    bool fine = root && json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) == 0 &&
                putchar('\n') != EOF;
    json_decref(root);
    return fine;
}

static void print_number(double value)
{
    if (isnan(value))
        printf("  %8s", "-");
    else
        printf("  %8.3f", value);
}

static bool print_tables(const csl_cohort *cohort, const csl_cross_validation *v)
{
    for (size_t t = 0; t < v->task_count; t++) {
        const csl_task *task = &cohort->task[t];
        printf("%-24s  train  valid   test  %8s  %8s  %8s\n", task->name,
               task->kind == CSL_TASK_EVENT ? "concord." : "AUC", "accuracy", "Brier");
        for (unsigned k = 0; k < v->folds; k++) {
            const csl_fold_metrics *f = &v->fold[k];
            printf("fold %-19u  %5zu  %5zu  %5zu", k + 1, f->train, f->valid, f->test);
            print_number(f->task[t].auc.value);
            print_number(f->task[t].accuracy);
            print_number(f->task[t].brier);
            putchar('\n');
        }
        for (int deviation = 0; deviation < 2; deviation++) {
            printf("%-45s", deviation ? "standard deviation" : "mean");
            for (size_t i = 0; i < MEASURES; i++) {
                spread s = over_folds(v, t, measures[i].offset);
                print_number(deviation ? s.deviation : s.mean);
            }
            putchar('\n');
        }
        putchar('\n');
    }
    printf("%-32s      AUC  [95 %% interval]   accuracy    Brier   positive/cases\n",
           "each case by the model without it");
    for (size_t l = 0; l < v->label_count; l++) {
        const csl_label_metrics *x = &v->pooled[l];
        printf("%-32s", cohort->label[l].name);
        if (isnan(x->auc.value))
            printf("   not known (one class only)");
        else
            printf("   %6.3f  [%6.3f, %6.3f]", x->auc.value, x->auc.low, x->auc.high);
        printf("   %8.3f   %6.3f   %zu/%zu\n", x->accuracy, x->brier, x->positives,
               x->positives + x->negatives);
    }
    return !ferror(stdout);
}

/* ---- progress ---- */

typedef struct stage {
    unsigned fold, folds;
} stage;

static void begin(void *context, unsigned fold)
{
    csl_progress_end();
    ((stage *)context)->fold = fold;
}

static int show(void *context, unsigned epoch, unsigned epochs, double loss, double valid_auc)
{
    const stage *s = context;
    char what[64], rest[80];
    snprintf(what, sizeof what, "train: fold %u of %u, epoch", s->fold, s->folds);
    snprintf(rest, sizeof rest, isnan(valid_auc) ? "loss %.4f" : "loss %.4f, validation AUC %.4f", loss,
             valid_auc);
    csl_progress(what, epoch, epochs, rest);
    return 0;
}

csl_status csl_train_folds(const csl_cohort_read *read, const csl_training *training, unsigned folds,
                           bool json, csl_error *error)
{
    csl_cross_validation result = {0};
    unsigned *fold = calloc(read->cohort.count + 1, sizeof *fold);
    if (!fold) return csl_fail(error, CSL_ENOMEM, NULL, "no memory for %zu cases", read->cohort.count);
    csl_status status = folds ? csl_deal_folds(&read->cohort, folds, training->seed, fold, error)
                              : own_folds(read, fold, &folds, error);
    if (status == CSL_OK) {
        stage now = {.folds = folds};
        csl_training each = *training;
        each.progress = show;
        each.context = &now;
        status = csl_cross_validate(&read->cohort, &each, fold, folds, begin, &result, error);
    }
    csl_progress_end();
    if (status == CSL_OK &&
        !(json ? print_json(&read->cohort, &result) : print_tables(&read->cohort, &result)))
        status = csl_fail(error, CSL_EIO, NULL, "cannot write the result");
    csl_cross_validation_free(&result);
    free(fold);
    return status;
}
