#include "model/division.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "model/task.h"

static const double VALID_SHARE = 0.15;
static const uint64_t STREAM_SPLIT = UINT64_MAX; /* of the seed */

static bool has_tokens(const csl_cohort *cohort, size_t index)
{
    bool seen = false;
    for (size_t k = 0; k < cohort->cases[index]->modality_count; k++)
        seen |= cohort->cases[index]->modalities[k].count > 0;
    return seen;
}

static bool has_label(const csl_cohort *cohort, size_t index)
{
    bool labelled = false;
    for (size_t l = 0; l < cohort->label_count; l++)
        labelled |= !isnan(cohort->labels[index * cohort->label_count + l]);
    return labelled;
}

bool csl_can_be_scored(const csl_cohort *cohort, size_t index)
{
    return has_tokens(cohort, index) && has_label(cohort, index);
}

size_t csl_stratum(const csl_cohort *cohort, const csl_task *first, size_t index)
{
    const float *target = cohort->labels + index * cohort->label_count + first->first;
    int answer = csl_task_answer(first, target);
    if (first->kind == CSL_TASK_EVENT) return answer >= 0 && answer < (int)first->count;
    return (size_t)(answer + 1);
}

/* Moves VALID_SHARE of the training cases of each stratum to the valid split. */
static void hold_out(const csl_cohort *cohort, const csl_task *first, uint64_t seed, csl_division *d)
{
    csl_rng rng;
    csl_rng_seed_stream(&rng, seed, STREAM_SPLIT);
    csl_rng_shuffle(&rng, d->train, d->train_count);
    size_t total[CSL_MAX_ANSWERS + 1] = {0}, wanted[CSL_MAX_ANSWERS + 1], kept = 0;
    for (size_t i = 0; i < d->train_count; i++) total[csl_stratum(cohort, first, d->train[i])]++;
    for (size_t s = 0; s <= CSL_MAX_ANSWERS; s++) wanted[s] = (size_t)(VALID_SHARE * (double)total[s] + 0.5);
    for (size_t i = 0; i < d->train_count; i++) {
        size_t *more = &wanted[csl_stratum(cohort, first, d->train[i])];
        if (*more) {
            --*more;
            d->valid[d->valid_count++] = d->train[i];
        } else
            d->train[kept++] = d->train[i];
    }
    d->train_count = kept;
}

/* Each output must be seen so and not so, but the intervals of an event: there one event is enough. */
static csl_status check_task(const csl_cohort *cohort, const csl_task *task, const csl_division *d,
                             csl_error *error)
{
    size_t events = 0;
    for (size_t l = task->first; l < task->first + task->count; l++) {
        size_t count[2] = {0};
        for (size_t i = 0; i < d->train_count; i++) {
            float label = cohort->labels[d->train[i] * cohort->label_count + l];
            if (!isnan(label)) count[label > 0.5f]++;
        }
        events += count[1];
        if (task->kind != CSL_TASK_EVENT && (!count[0] || !count[1]))
            return csl_fail(
                error, CSL_EUSAGE, cohort->label[l].name,
                "the train split has %zu positive and %zu negative cases of this label; both are needed",
                count[1], count[0]);
    }
    if (task->kind == CSL_TASK_EVENT && !events)
        return csl_fail(error, CSL_EUSAGE, task->name, "the train split has no event within the intervals");
    return CSL_OK;
}

csl_status csl_divide(const csl_cohort *cohort, uint64_t seed, csl_division *d, csl_error *error)
{
    *d = (csl_division){.train = calloc(cohort->count + 1, sizeof *d->train),
                        .valid = calloc(cohort->count + 1, sizeof *d->valid)};
    if (!d->train || !d->valid)
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory for %zu cases", cohort->count);
    for (size_t i = 0; i < cohort->count; i++) {
        if (!csl_can_be_scored(cohort, i)) continue;
        if (cohort->split[i] == CSL_SPLIT_TRAIN) d->train[d->train_count++] = i;
        if (cohort->split[i] == CSL_SPLIT_VALID) d->valid[d->valid_count++] = i;
    }
    csl_task tasks[CSL_MAX_LABELS];
    size_t task_count = csl_cohort_tasks(cohort, tasks);
    if (task_count && !d->valid_count) hold_out(cohort, &tasks[0], seed, d);
    d->labelled_count = d->train_count;
    for (size_t i = 0; i < cohort->count; i++)
        if (cohort->split[i] == CSL_SPLIT_TRAIN && has_tokens(cohort, i) && !has_label(cohort, i))
            d->train[d->train_count++] = i;
    size_t useful = cohort->label_count ? d->labelled_count : d->train_count;
    if (useful < 2)
        return csl_fail(error, CSL_EUSAGE, NULL,
                        "the train split has %zu cases with %stokens; at least 2 are needed", useful,
                        cohort->label_count ? "a label and " : "");
    csl_status status = CSL_OK;
    for (size_t t = 0; t < task_count && status == CSL_OK; t++)
        status = check_task(cohort, &tasks[t], d, error);
    return status;
}

void csl_division_free(csl_division *d)
{
    free(d->train);
    free(d->valid);
    *d = (csl_division){0};
}
