#include "model/task.h"

#include <math.h>
#include <string.h>

const char *const csl_task_kind_name[CSL_TASK_KINDS] = {
    [CSL_TASK_BINARY] = "binary", [CSL_TASK_CLASSES] = "classes", [CSL_TASK_EVENT] = "event"};

size_t csl_cohort_tasks(const csl_cohort *cohort, csl_task tasks[CSL_MAX_LABELS])
{
    if (cohort->task_count) memcpy(tasks, cohort->task, cohort->task_count * sizeof *tasks);
    for (size_t i = 0; !cohort->task_count && i < cohort->label_count; i++)
        tasks[i] = (csl_task){.name = cohort->label[i].name, .kind = CSL_TASK_BINARY, .first = i, .count = 1};
    return cohort->task_count ? cohort->task_count : cohort->label_count;
}

bool csl_task_known(const csl_task *task, const float *target)
{
    (void)task;
    return !isnan(target[0]);
}

static double softplus(double z)
{
    return (z > 0 ? z : 0) + log1p(exp(-fabs(z)));
}

static double sigmoid(double z)
{
    return z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z));
}

/* ---- loss ---- */

/* log of the sum of exp(z) over all outputs but `skip`. */
static double log_sum(const double *z, size_t count, size_t skip)
{
    double peak = -INFINITY, sum = 0;
    for (size_t i = 0; i < count; i++)
        if (i != skip && z[i] > peak) peak = z[i];
    for (size_t i = 0; i < count; i++)
        if (i != skip) sum += exp(z[i] - peak);
    return peak + log(sum);
}

static double classes_loss(const csl_task *task, const csl_balance *balance, double smoothing,
                           const double *z, const float *target, float *dlogit)
{
    double all = log_sum(z, task->count, SIZE_MAX), loss = 0, weight = 1;
    for (size_t k = 0; balance && k < task->count; k++)
        if (target[k] > 0.5f) weight = balance[k].weight[1];
    for (size_t k = 0; k < task->count; k++) {
        double y = (1 - smoothing) * (double)target[k] + smoothing / (double)task->count;
        loss += weight * y * (all - z[k]);
        if (dlogit) dlogit[k] = (float)(weight * (exp(z[k] - all) - y));
    }
    return loss;
}

static double each_loss(const csl_task *task, const csl_balance *balance, double smoothing, const double *z,
                        const float *target, float *dlogit)
{
    double loss = 0;
    for (size_t k = 0; k < task->count; k++) {
        if (isnan(target[k])) continue;
        double y = (1 - smoothing) * (double)target[k] + smoothing / 2;
        double weight = balance ? balance[k].weight[target[k] > 0.5f] : 1;
        loss += weight * (softplus(z[k]) - z[k] * y);
        if (dlogit) dlogit[k] = (float)(weight * (sigmoid(z[k]) - y));
    }
    return loss;
}

double csl_task_loss(const csl_task *task, const csl_objective *objective, const float *logit,
                     const float *target, double temperature, float *dlogit)
{
    const csl_balance *balance = objective && objective->balance ? objective->balance + task->first : NULL;
    double smoothing = objective ? objective->smoothing : 0, z[CSL_MAX_LABELS];
    if (dlogit) memset(dlogit, 0, task->count * sizeof *dlogit);
    if (!csl_task_known(task, target)) return 0;
    for (size_t k = 0; k < task->count; k++)
        z[k] = (double)logit[k] / temperature - (balance ? balance[k].offset : 0);
    double loss = (task->kind == CSL_TASK_CLASSES ? classes_loss : each_loss)(task, balance, smoothing, z,
                                                                              target, dlogit);
    for (size_t k = 0; dlogit && temperature != 1 && k < task->count; k++) dlogit[k] /= (float)temperature;
    return loss;
}

/* ---- what training cases say before any of them is looked at ---- */

/* Known targets of an output by value; for a class task only its own ones count as 1. */
static void count_output(const csl_task *task, size_t k, const float *target, size_t stride,
                         const size_t *cases, size_t count, double seen[2])
{
    seen[0] = seen[1] = 0;
    for (size_t i = 0; i < count; i++) {
        float y = target[cases[i] * stride + task->first + k];
        if (!isnan(y)) seen[y > 0.5f]++;
    }
}

void csl_task_prior(const csl_task *task, const float *target, size_t stride, const size_t *cases,
                    size_t count, float *logit)
{
    for (size_t k = 0; k < task->count; k++) {
        double seen[2];
        count_output(task, k, target, stride, cases, count, seen);
        if (task->kind == CSL_TASK_CLASSES)
            logit[k] = (float)log((seen[1] + 1) / (seen[0] + seen[1] + (double)task->count));
        else
            logit[k] = (float)log((seen[1] + 1) / (seen[0] + 1));
    }
}

void csl_task_balance(const csl_task *task, const float *target, size_t stride, const size_t *cases,
                      size_t count, csl_balance *balance)
{
    for (size_t k = 0; k < task->count; k++) {
        double seen[2];
        balance[k] = (csl_balance){.weight = {1, 1}};
        if (task->kind == CSL_TASK_EVENT) continue;
        count_output(task, k, target, stride, cases, count, seen);
        double all = seen[0] + seen[1];
        if (task->kind == CSL_TASK_CLASSES) {
            balance[k].weight[1] = all / ((double)task->count * fmax(seen[1], 1));
            balance[k].offset = log(fmax(seen[1], 1) / all);
        } else {
            for (size_t y = 0; y < 2; y++) balance[k].weight[y] = all / (2 * fmax(seen[y], 1));
            balance[k].offset = log(fmax(seen[1], 1) / fmax(seen[0], 1));
        }
    }
}

/* ---- probabilities ---- */

/* Log odds of an event by the end of an interval that is survived with probability exp(-hazard), hazard > 0.
 */
static double event_odds(double hazard)
{
    return hazard > 30 ? hazard : log(fmax(expm1(hazard), 1e-300));
}

void csl_task_odds(const csl_task *task, const float *logit, double temperature, double *odds)
{
    double z[CSL_MAX_LABELS], hazard = 0;
    for (size_t k = 0; k < task->count; k++) z[k] = (double)logit[k] / temperature;
    for (size_t k = 0; k < task->count; k++) switch (task->kind) {
        case CSL_TASK_BINARY: odds[k] = z[k]; break;
        case CSL_TASK_CLASSES: odds[k] = z[k] - log_sum(z, task->count, k); break;
        case CSL_TASK_EVENT: odds[k] = event_odds(hazard += softplus(z[k])); break;
        }
}

void csl_task_outcome(const csl_task *task, const float *target, float *outcome)
{
    bool happened = false;
    for (size_t k = 0; k < task->count; k++) {
        outcome[k] = target[k];
        if (task->kind != CSL_TASK_EVENT) continue;
        happened |= target[k] > 0.5f;
        if (happened) outcome[k] = 1;
    }
}

size_t csl_task_answers(const csl_task *task)
{
    return task->kind == CSL_TASK_CLASSES ? task->count : task->count + 1;
}

void csl_task_answer_probabilities(const csl_task *task, const float *logit, double temperature,
                                   double *probability)
{
    double odds[CSL_MAX_LABELS], survived = 1;
    csl_task_odds(task, logit, temperature, odds);
    switch (task->kind) {
    case CSL_TASK_BINARY:
        probability[0] = sigmoid(-odds[0]);
        probability[1] = sigmoid(odds[0]);
        break;
    case CSL_TASK_CLASSES:
        for (size_t k = 0; k < task->count; k++) probability[k] = sigmoid(odds[k]);
        break;
    case CSL_TASK_EVENT:
        for (size_t k = 0; k < task->count; k++) {
            probability[k] = survived - sigmoid(-odds[k]);
            survived = sigmoid(-odds[k]);
        }
        probability[task->count] = survived;
        break;
    }
}

int csl_task_answer(const csl_task *task, const float *target)
{
    for (size_t k = 0; k < task->count; k++) {
        if (isnan(target[k])) return -1;
        if (target[k] > 0.5f) return task->kind == CSL_TASK_BINARY ? 1 : (int)k;
    }
    return task->kind == CSL_TASK_BINARY ? 0 : task->kind == CSL_TASK_EVENT ? (int)task->count : -1;
}
