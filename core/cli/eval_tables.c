#include "cli/eval_tables.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    csl_branch branch;
} fusions[] = {{"hybrid", CSL_BRANCH_HYBRID}, {"early", CSL_BRANCH_EARLY}, {"late", CSL_BRANCH_LATE}};
enum { FUSIONS = sizeof fusions / sizeof *fusions };

const char *csl_fusion_name(size_t index)
{
    return index < FUSIONS ? fusions[index].name : NULL;
}

csl_branch csl_fusion_branch(size_t index)
{
    return fusions[index].branch;
}

/* What stands behind the task's name and one character in an output's. */
static const char *part(const csl_model *m, const csl_task *task, size_t k)
{
    const char *name = csl_model_label(m, task->first + k).name;
    size_t skip = strlen(task->name) + (task->kind == CSL_TASK_EVENT ? 2 : 1);
    return strlen(name) > skip ? name + skip : name;
}

/* ---- JSON ---- */

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *pair(csl_interval i)
{
    return json_pack("[o, o]", number(i.low), number(i.high));
}

static json_t *set_names(const csl_model *m, csl_modality_set set)
{
    json_t *names = json_array();
    for (size_t k = 0; k < csl_model_modality_count(m); k++)
        if (set >> k & 1) json_array_append_new(names, json_string(csl_model_modality(m, k)));
    return names;
}

static void put(json_t *object, const char *name, json_t *value)
{
    json_object_set_new(object, name, value);
}

/* Of the classes or intervals of a task, by name. */
static json_t *parts_of(const csl_model *m, const csl_evaluation *e, const csl_task *task)
{
    json_t *parts = json_object();
    for (size_t k = 0; k < task->count; k++) {
        const csl_label_metrics *x = &e->label[task->first + k];
        put(parts, part(m, task, k),
            json_pack("{s:o, s:o, s:I, s:I}", "auc", number(x->auc.value), "auc_ci", pair(x->auc),
                      "positives", (json_int_t)x->positives, "negatives", (json_int_t)x->negatives));
    }
    return parts;
}

static json_t *task_json(const csl_model *m, const csl_evaluation *e, size_t t)
{
    static const char *const kinds[] = {"binary", "classes", "event"};
    const csl_task task = csl_model_task(m, t);
    const csl_task_metrics *x = &e->task[t];
    bool event = task.kind == CSL_TASK_EVENT;
    json_t *o = json_pack("{s:s}", "kind", kinds[task.kind]);
    put(o, event ? "concordance" : "auc", number(x->auc.value));
    put(o, event ? "concordance_ci" : "auc_ci", pair(x->auc));
    if (!event) put(o, "accuracy", number(x->accuracy));
    put(o, "brier", number(x->brier));
    put(o, "cases", json_integer((json_int_t)x->cases));
    if (task.kind == CSL_TASK_BINARY) {
        put(o, "positives", json_integer((json_int_t)e->label[task.first].positives));
        put(o, "negatives", json_integer((json_int_t)e->label[task.first].negatives));
    } else {
        put(o, event ? "by" : "classes", parts_of(m, e, &task));
    }
    put(o, "calibration_error",
        json_pack("{s:o, s:o}", "before", number(x->uncalibrated_error), "after",
                  number(x->calibration_error)));
    put(o, "sets",
        json_pack("{s:f, s:o, s:o, s:o, s:o, s:I, s:{s:o, s:o}}", "level", e->level, "coverage",
                  number(x->coverage), "size", number(x->set_size), "single", number(x->single), "empty",
                  number(x->empty), "cases", (json_int_t)x->answered, "halves", "coverage", number(x->halves),
                  "deviation", number(x->halves_deviation)));
    return o;
}

json_t *csl_evaluation_json(const csl_model *m, const csl_evaluation *e)
{
    json_t *labels = json_object(), *subsets = json_array(), *fusion = json_object();
    for (size_t t = 0; t < e->task_count; t++) put(labels, csl_model_task(m, t).name, task_json(m, e, t));
    for (size_t k = 0; k < e->subset_count; k++)
        json_array_append_new(
            subsets, json_pack("{s:o, s:o, s:o}", "modalities", set_names(m, e->subset[k].set), "auc",
                               number(e->subset[k].auc.value), "auc_ci", pair(e->subset[k].auc)));
    for (size_t f = 0; f < FUSIONS; f++)
        put(fusion, fusions[f].name, number(e->fusion[fusions[f].branch].auc.value));
    json_t *gains = json_pack("{s:{s:o, s:o}, s:{s:o, s:o}}", "early", "auc",
                              number(e->gain_over_early.value), "auc_ci", pair(e->gain_over_early), "late",
                              "auc", number(e->gain_over_late.value), "auc_ci", pair(e->gain_over_late));
    return json_pack("{s:o, s:o, s:o, s:o}", "labels", labels, "subsets", subsets, "fusion", fusion,
                     "gain_over", gains);
}

/* ---- tables ---- */

static const char heading[] = "      AUC  [95 % interval]   accuracy    Brier   positive/cases\n";

static void print_interval(csl_interval i)
{
    if (isnan(i.value))
        printf("   not known (nothing to tell apart)");
    else
        printf("   %6.3f  [%6.3f, %6.3f]", i.value, i.low, i.high);
}

static void print_share(int width, double value)
{
    if (isnan(value))
        printf("   %*s", width, "-");
    else
        printf("   %*.3f", width, value);
}

static void print_label(const char *name, const csl_label_metrics *x)
{
    printf("%-32s", name);
    print_interval(x->auc);
    printf("   %8.3f   %6.3f   %zu/%zu\n", x->accuracy, x->brier, x->positives, x->positives + x->negatives);
}

static void print_task(const char *name, const csl_task_metrics *x)
{
    printf("%-32s", name);
    print_interval(x->auc);
    print_share(8, x->accuracy);
    print_share(6, x->brier);
}

static void print_labels(const csl_model *m, const csl_evaluation *e)
{
    printf("%-32s%s", "label", heading);
    for (size_t t = 0; t < e->task_count; t++) {
        csl_task task = csl_model_task(m, t);
        char name[64];
        if (task.kind != CSL_TASK_BINARY) {
            snprintf(name, sizeof name, "%.40s, %s", task.name,
                     task.kind == CSL_TASK_EVENT ? "concordance" : "mean AUC");
            print_task(name, &e->task[t]);
            printf("   %zu cases\n", e->task[t].cases);
        }
        for (size_t k = 0; k < task.count; k++)
            print_label(csl_model_label(m, task.first + k).name, &e->label[task.first + k]);
    }
}

static void print_trust(const csl_model *m, const csl_evaluation *e)
{
    printf("\n%-32s   calibration error   sets at %-5.3g\n%-32s     before    after     coverage   (random "
           "halves)   "
           "answers   single   empty   cases\n",
           "trust", e->level, "");
    for (size_t t = 0; t < e->task_count; t++) {
        const csl_task_metrics *x = &e->task[t];
        printf("%-32s", csl_model_task(m, t).name);
        print_share(8, x->uncalibrated_error);
        print_share(6, x->calibration_error);
        print_share(10, x->coverage);
        if (isnan(x->halves))
            printf("   %15s", "-");
        else
            printf("   %7.3f +-%6.3f", x->halves, x->halves_deviation);
        print_share(7, x->set_size);
        print_share(6, x->single);
        print_share(5, x->empty);
        printf("   %5zu\n", x->answered);
    }
}

static void print_modalities(const csl_model *m, const csl_evaluation *e, const char *fusion)
{
    printf("\n%-32s      %s  [95 %% interval]   (%s)\n", "modalities",
           csl_model_task(m, 0).kind == CSL_TASK_EVENT ? "concordance" : "AUC", fusion);
    for (size_t k = 0; k < e->subset_count; k++) {
        char names[256] = "";
        for (size_t i = 0; i < csl_model_modality_count(m); i++)
            if (e->subset[k].set >> i & 1) {
                size_t used = strlen(names);
                snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                         csl_model_modality(m, i));
            }
        printf("%-32s", names);
        print_interval(e->subset[k].auc);
        puts("");
    }
}

void csl_print_evaluation(const csl_model *m, const csl_evaluation *e, const char *fusion)
{
    print_labels(m, e);
    print_trust(m, e);
    printf("\nOf %s:\n\n%-32s%s", csl_model_task(m, 0).name, "fusion", heading);
    for (size_t f = 0; f < FUSIONS; f++) {
        print_task(fusions[f].name, &e->fusion[fusions[f].branch]);
        printf("   %zu cases\n", e->fusion[fusions[f].branch].cases);
    }
    printf("%-32s", "hybrid minus early");
    print_interval(e->gain_over_early);
    printf("\n%-32s", "hybrid minus late");
    print_interval(e->gain_over_late);
    puts("");
    print_modalities(m, e, fusion);
}

/* ---- novelty ---- */

json_t *csl_strangeness_json(const csl_strangeness *s)
{
    if (!s) return json_null();
    return json_pack("{s:o, s:o, s:f, s:I, s:o, s:I, s:o}", "auc", number(s->auc.value), "auc_ci",
                     pair(s->auc), "level", s->level, "cases", (json_int_t)s->cases, "flagged",
                     number(s->flagged), "novel_cases", (json_int_t)s->others, "novel_flagged",
                     number(s->others_flagged));
}

void csl_print_strangeness(const csl_strangeness *s)
{
    printf("\n%-32s      AUC  [95 %% interval]   flagged at p < %.3g: of this cohort, of the other\n",
           "novelty", s->level);
    printf("%-32s", "");
    print_interval(s->auc);
    printf("   %.3f of %zu, %.3f of %zu\n", s->flagged, s->cases, s->others_flagged, s->others);
}
