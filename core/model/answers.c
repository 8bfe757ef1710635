/* The answers to a model's tasks, by name, and which of them cannot be ruled out. */
#include <stdio.h>
#include <string.h>

#include "model/fitted.h"

size_t csl_model_answer_count(const csl_model *model, size_t task)
{
    return csl_task_answers(&model->tasks[task]);
}

void csl_model_answer(const csl_model *model, size_t task, size_t answer, char name[CSL_ANSWER_NAME])
{
    const csl_task *t = &model->tasks[task];
    size_t last = t->kind == CSL_TASK_EVENT && answer == t->count;
    const char *output = t->kind == CSL_TASK_BINARY ? "" : model->labels[t->first + answer - last].name;
    size_t skip = strlen(t->name);
    if (strlen(output) <= skip) skip = 0;
    switch (t->kind) {
    case CSL_TASK_BINARY: snprintf(name, CSL_ANSWER_NAME, "%zu", answer); break;
    case CSL_TASK_CLASSES: snprintf(name, CSL_ANSWER_NAME, "%s", output + skip + 1); break;
    case CSL_TASK_EVENT: /* "<=365", ">365" behind the last edge */
        snprintf(name, CSL_ANSWER_NAME, "%s%s", last ? ">" : "<=", output + skip + 2);
        break;
    }
}

void csl_model_answers(const csl_model *model, const csl_opinion *opinion, size_t task, double coverage,
                       bool *holds)
{
    const csl_task *t = &model->tasks[task];
    double probability[CSL_MAX_ANSWERS], least = csl_conformal_least(&model->conformity[task], coverage);
    float logit[CSL_MAX_LABELS];
    for (size_t k = 0; k < t->count; k++) logit[k] = (float)opinion->logit[t->first + k];
    csl_task_answer_probabilities(t, logit, model->calibration[t->first].temperature, probability);
    for (size_t a = 0; a < csl_task_answers(t); a++) holds[a] = probability[a] >= least;
}
