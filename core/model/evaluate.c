#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/fitted.h"
#include "model/metrics.h"
#include "model/ranks.h"
#include "model/score.h"

enum { MAX_SUBSETS = 255, DIVISIONS = 200 };

/* Cases of the split, and their logits for every set of modalities. */
typedef struct scored {
    const csl_model *model;
    const csl_cohort *cohort;
    size_t *which; /* [count] indices into the cohort */
    size_t count, set_count;
    csl_modality_set sets[MAX_SUBSETS]; /* the last one holds all modalities */
    float *logit;                       /* [count, set_count, CSL_BRANCH_COUNT, labels] */
    /* of the cases under work */
    double *score;       /* [count, labels] */
    uint8_t *truth;      /* [count] */
    csl_follow_up *seen; /* [count] */
} scored;

static const float *logits_of(const scored *s, size_t i, size_t set, csl_branch branch, const csl_task *task)
{
    size_t labels = s->model->network.label_count;
    return s->logit + ((i * s->set_count + set) * CSL_BRANCH_COUNT + (size_t)branch) * labels + task->first;
}

static const float *targets_of(const scored *s, size_t i, const csl_task *task)
{
    return s->cohort->labels + s->which[i] * s->cohort->label_count + task->first;
}

static csl_follow_up follow_up_of(const scored *s, size_t i, const csl_task *task)
{
    size_t t = (size_t)(task - s->model->tasks);
    if (!s->cohort->follow_up) return (csl_follow_up){.time = NAN};
    return s->cohort->follow_up[s->which[i] * s->cohort->task_count + t];
}

/* Minus the expected time to the event, up to the last edge: the area under the curve of survival. */
static double risk(const csl_task *task, const double *odds)
{
    double before = 1, start = 0, area = 0;
    for (size_t k = 0; k < task->count; k++) {
        double survived = 1 / (1 + exp(odds[k]));
        area += (task->edge[k] - start) * (before + survived) / 2;
        before = survived;
        start = task->edge[k];
    }
    return -area;
}

/* The order of the cases by one branch's opinion over a set of modalities. */
static csl_status rank(scored *s, size_t set, csl_branch branch, const csl_task *task, csl_ranks **ranks,
                       csl_error *error)
{
    const csl_label_calibration *calibration = &s->model->calibration[task->first];
    size_t count = 0, outputs = task->kind == CSL_TASK_EVENT ? 1 : task->count;
    for (size_t i = 0; i < s->count; i++) {
        double score[CSL_MAX_LABELS];
        int answer = csl_task_answer(task, targets_of(s, i, task));
        csl_follow_up seen = follow_up_of(s, i, task);
        if (task->kind == CSL_TASK_EVENT ? isnan(seen.time) : answer < 0) continue;
        csl_scores(task, calibration, logits_of(s, i, set, branch, task), score);
        if (task->kind == CSL_TASK_EVENT) {
            for (size_t k = 0; k < task->count; k++) score[k] /= calibration->temperature;
            score[0] = risk(task, score);
        }
        memcpy(s->score + count * outputs, score, outputs * sizeof *score);
        s->truth[count] = (uint8_t)answer;
        s->seen[count++] = seen;
    }
    switch (task->kind) {
    case CSL_TASK_BINARY: return csl_ranks_binary(s->score, s->truth, count, ranks, error);
    case CSL_TASK_CLASSES: return csl_ranks_classes(s->score, s->truth, count, outputs, ranks, error);
    case CSL_TASK_EVENT: break;
    }
    return csl_ranks_event(s->score, s->seen, count, ranks, error);
}

static csl_status order(scored *s, size_t set, csl_branch branch, const csl_task *task, uint64_t seed,
                        csl_interval *interval, csl_error *error)
{
    csl_ranks *ranks;
    csl_status status = rank(s, set, branch, task, &ranks, error);
    if (status == CSL_OK) status = csl_ranks_interval(ranks, NULL, seed, interval, error);
    csl_ranks_free(ranks);
    return status;
}

static csl_status gain(scored *s, csl_branch over, uint64_t seed, csl_interval *interval, csl_error *error)
{
    csl_ranks *hybrid = NULL, *other = NULL;
    const csl_task *task = s->model->tasks;
    csl_status status = rank(s, s->set_count - 1, CSL_BRANCH_HYBRID, task, &hybrid, error);
    if (status == CSL_OK) status = rank(s, s->set_count - 1, over, task, &other, error);
    if (status == CSL_OK) status = csl_ranks_interval(hybrid, other, seed, interval, error);
    csl_ranks_free(hybrid);
    csl_ranks_free(other);
    return status;
}

/* ---- one output ---- */

static csl_status measure_label(scored *s, csl_branch branch, const csl_task *task, size_t k, uint64_t seed,
                                csl_label_metrics *out, csl_error *error)
{
    const csl_label_calibration *calibration = &s->model->calibration[task->first];
    size_t count = 0;
    for (size_t i = 0; i < s->count; i++) {
        float outcome[CSL_MAX_LABELS];
        double score[CSL_MAX_LABELS];
        csl_task_outcome(task, targets_of(s, i, task), outcome);
        if (isnan(outcome[k])) continue;
        csl_scores(task, calibration, logits_of(s, i, s->set_count - 1, branch, task), score);
        s->score[count] = score[k];
        s->truth[count++] = outcome[k] > 0.5f;
    }
    csl_ranks *ranks;
    csl_status status = csl_ranks_binary(s->score, s->truth, count, &ranks, error);
    if (status == CSL_OK) status = csl_ranks_interval(ranks, NULL, seed, &out->auc, error);
    csl_ranks_free(ranks);
    for (size_t i = 0; i < count; i++) {
        s->score[i] = csl_calibrated(calibration, s->score[i]);
        out->positives += s->truth[i];
    }
    out->negatives = count - out->positives;
    out->accuracy = csl_accuracy(s->score, s->truth, count);
    out->brier = csl_brier(s->score, s->truth, count);
    return status;
}

/* ---- one task ---- */

static size_t likeliest(const double *probability, size_t answers)
{
    size_t best = 0;
    for (size_t a = 1; a < answers; a++)
        if (probability[a] > probability[best]) best = a;
    return best;
}

/* Confidence in the likeliest answer against how often it is right. */
static double calibration_error(scored *s, csl_branch branch, const csl_task *task, double temperature,
                                csl_task_metrics *out)
{
    size_t count = 0, right = 0;
    for (size_t i = 0; i < s->count; i++) {
        double p[CSL_MAX_ANSWERS];
        int answer = csl_task_answer(task, targets_of(s, i, task));
        if (answer < 0) continue;
        csl_task_answer_probabilities(task, logits_of(s, i, s->set_count - 1, branch, task), temperature, p);
        size_t best = likeliest(p, csl_task_answers(task));
        /* A label is so from a probability of one half on. */
        if (task->kind == CSL_TASK_BINARY && p[1] >= 0.5) best = 1;
        s->score[count] = p[best];
        right += s->truth[count++] = best == (size_t)answer;
    }
    out->answered = count;
    if (task->kind != CSL_TASK_EVENT) out->accuracy = count ? (double)right / (double)count : NAN;
    return csl_calibration_error(s->score, s->truth, count);
}

static csl_status measure_sets(const scored *s, const csl_task *task, double level, uint64_t seed,
                               csl_task_metrics *out, csl_error *error)
{
    double least = csl_conformal_least(&s->model->conformity[task - s->model->tasks], level);
    double temperature = s->model->calibration[task->first].temperature;
    size_t answers = csl_task_answers(task), held = 0, total = 0, single = 0, empty = 0, count = 0;
    float *truths = calloc(s->count + 1, sizeof *truths);
    if (!truths) return csl_fail(error, CSL_ENOMEM, NULL, "no memory to measure %zu cases", s->count);
    for (size_t i = 0; i < s->count; i++) {
        double p[CSL_MAX_ANSWERS];
        size_t size = 0;
        int answer = csl_task_answer(task, targets_of(s, i, task));
        if (answer < 0) continue;
        csl_task_answer_probabilities(task, logits_of(s, i, s->set_count - 1, CSL_BRANCH_HYBRID, task),
                                      temperature, p);
        for (size_t a = 0; a < answers; a++) size += p[a] >= least;
        held += p[answer] >= least;
        truths[count] = (float)p[answer];
        total += size;
        single += size == 1;
        empty += size == 0;
        count++;
    }
    double n = count ? (double)count : NAN;
    out->coverage = (double)held / n;
    out->set_size = (double)total / n;
    out->single = (double)single / n;
    out->empty = (double)empty / n;
    csl_status status = csl_conformal_halves(truths, count, level, DIVISIONS, seed, &out->halves,
                                             &out->halves_deviation, error);
    free(truths);
    return status;
}

static csl_status event_brier(scored *s, csl_branch branch, const csl_task *task, double *mean,
                              csl_error *error)
{
    csl_status status = CSL_OK;
    double sum = 0;
    for (size_t k = 0; k < task->count && status == CSL_OK; k++) {
        size_t count = 0;
        double brier, odds[CSL_MAX_LABELS];
        for (size_t i = 0; i < s->count; i++) {
            csl_follow_up seen = follow_up_of(s, i, task);
            if (isnan(seen.time)) continue;
            csl_task_odds(task, logits_of(s, i, s->set_count - 1, branch, task),
                          s->model->calibration[task->first].temperature, odds);
            s->seen[count] = seen;
            s->score[count++] = 1 / (1 + exp(-odds[k]));
        }
        status = csl_brier_by(s->score, s->seen, count, task->edge[k], &brier, error);
        if (status == CSL_OK) sum += brier;
    }
    *mean = sum / (double)task->count;
    return status;
}

static double classes_brier(const scored *s, csl_branch branch, const csl_task *task)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < s->count; i++) {
        double p[CSL_MAX_ANSWERS];
        const float *target = targets_of(s, i, task);
        if (!csl_task_known(task, target)) continue;
        csl_task_answer_probabilities(task, logits_of(s, i, s->set_count - 1, branch, task),
                                      s->model->calibration[task->first].temperature, p);
        for (size_t k = 0; k < task->count; k++) {
            double y = (double)target[k], q = task->kind == CSL_TASK_BINARY ? p[1] : p[k];
            sum += (q - y) * (q - y);
        }
        count++;
    }
    return count ? sum / (double)count : NAN;
}

static csl_status measure_task(scored *s, csl_branch branch, const csl_task *task, double level,
                               uint64_t seed, csl_task_metrics *out, csl_error *error)
{
    double temperature = s->model->calibration[task->first].temperature;
    *out = (csl_task_metrics){.accuracy = NAN};
    for (size_t i = 0; i < s->count; i++) out->cases += csl_task_known(task, targets_of(s, i, task));
    out->uncalibrated_error = calibration_error(s, branch, task, 1, out);
    out->calibration_error = calibration_error(s, branch, task, temperature, out);
    csl_status status = measure_sets(s, task, level, seed, out, error);
    if (status == CSL_OK) status = order(s, s->set_count - 1, branch, task, seed, &out->auc, error);
    if (task->kind != CSL_TASK_EVENT)
        out->brier = classes_brier(s, branch, task);
    else if (status == CSL_OK)
        status = event_brier(s, branch, task, &out->brier, error);
    return status;
}

/* ---- all of it ---- */

static csl_status score_split(scored *s, csl_split split, unsigned jobs, csl_error *error)
{
    const csl_model *m = s->model;
    const csl_cohort *cohort = s->cohort;
    size_t labels = m->network.label_count, row = CSL_BRANCH_COUNT * labels, floats;
    csl_pool *pool = NULL;
    csl_status status = CSL_OK;
    float baseline[CSL_MAX_LABELS];
    csl_encoded *encoded = calloc(cohort->count + 1, sizeof *encoded);
    s->which = calloc(cohort->count + 1, sizeof *s->which);
    for (size_t i = 0; i < cohort->count && s->which; i++)
        if (cohort->split[i] == split) s->which[s->count++] = i;
    s->score = calloc((s->count + 1) * labels, sizeof *s->score);
    s->truth = calloc(s->count + 1, sizeof *s->truth);
    s->seen = calloc(s->count + 1, sizeof *s->seen);
    if (__builtin_mul_overflow(s->count * s->set_count, row, &floats) ||
        !(s->logit = calloc(floats + 1, sizeof *s->logit)) || !encoded || !s->which || !s->score ||
        !s->truth || !s->seen) {
        status = csl_fail(error, CSL_ENOMEM, NULL, "no memory to evaluate %zu cases", s->count);
        goto done;
    }
    if (!s->count) {
        status = csl_fail(error, CSL_EUSAGE, NULL, "the cohort has no case in the split to be evaluated");
        goto done;
    }
    for (size_t i = 0; i < s->count && status == CSL_OK; i++)
        status = csl_preprocess(&m->network, &m->features, cohort->cases[s->which[i]], &encoded[s->which[i]],
                                error);
    for (size_t l = 0; l < labels; l++) baseline[l] = (float)m->calibration[l].baseline;
    if (status == CSL_OK) status = csl_pool_new(jobs, &pool, error);
    if (status == CSL_OK)
        status = csl_score_cases(&m->network, m->weights, encoded, s->which, s->count, s->sets, s->set_count,
                                 baseline, pool, s->logit, error);
done:
    csl_pool_free(pool);
    for (size_t i = 0; i < cohort->count && encoded; i++) csl_encoded_free(&encoded[i]);
    free(encoded);
    return status;
}

static csl_status check_labels(const csl_model *m, const csl_cohort *cohort, csl_error *error)
{
    csl_task tasks[CSL_MAX_LABELS];
    if (cohort->label_count != m->network.label_count)
        return csl_fail(error, CSL_EMISMATCH, NULL, "the model has %zu labels, the cohort %zu",
                        m->network.label_count, cohort->label_count);
    for (size_t l = 0; l < cohort->label_count; l++)
        if (strcmp(cohort->label[l].name, m->labels[l].name) != 0)
            return csl_fail(error, CSL_EMISMATCH, NULL,
                            "label %zu is \"%s\" in the model and \"%s\" in the cohort", l + 1,
                            m->labels[l].name, cohort->label[l].name);
    bool same = csl_cohort_tasks(cohort, tasks) == m->task_count;
    for (size_t t = 0; same && t < m->task_count; t++)
        same = tasks[t].kind == m->tasks[t].kind && tasks[t].count == m->tasks[t].count;
    return same ? CSL_OK
                : csl_fail(error, CSL_EMISMATCH, NULL,
                           "the cohort's labels are grouped to other tasks than the model's");
}

/* As csl_evaluation.subset says. */
static void list_subsets(size_t modalities, scored *s)
{
    csl_modality_set all = (csl_modality_set)((1ull << modalities) - 1);
    for (size_t size = 1; size < modalities; size++) {
        if (size > 1 && modalities > 8) break;
        for (csl_modality_set set = 1; set < all; set++)
            if ((size_t)__builtin_popcount(set) == size) s->sets[s->set_count++] = set;
    }
    s->sets[s->set_count++] = all;
}

static csl_status measure(scored *s, csl_branch branch, uint64_t seed, csl_evaluation *e, csl_error *error)
{
    const csl_task *tasks = s->model->tasks;
    csl_status status = CSL_OK;
    for (size_t t = 0; t < e->task_count && status == CSL_OK; t++) {
        status = measure_task(s, branch, &tasks[t], e->level, seed, &e->task[t], error);
        for (size_t k = 0; k < tasks[t].count && status == CSL_OK; k++)
            status = measure_label(s, branch, &tasks[t], k, seed, &e->label[tasks[t].first + k], error);
    }
    for (size_t b = 0; b < CSL_BRANCH_COUNT && status == CSL_OK; b++)
        status = measure_task(s, (csl_branch)b, &tasks[0], e->level, seed, &e->fusion[b], error);
    e->subset_count = s->set_count;
    for (size_t k = 0; k < s->set_count && status == CSL_OK; k++) {
        e->subset[k].set = s->sets[k];
        status = order(s, k, branch, &tasks[0], seed, &e->subset[k].auc, error);
    }
    if (status == CSL_OK) status = gain(s, CSL_BRANCH_EARLY, seed, &e->gain_over_early, error);
    if (status == CSL_OK) status = gain(s, CSL_BRANCH_LATE, seed, &e->gain_over_late, error);
    return status;
}

csl_status csl_model_evaluate(const csl_model *model, const csl_cohort *cohort, csl_split split,
                              csl_branch branch, double coverage, unsigned jobs, uint64_t seed,
                              csl_evaluation *evaluation, csl_error *error)
{
    *evaluation = (csl_evaluation){
        .level = coverage, .label_count = model->network.label_count, .task_count = model->task_count};
    csl_status status = check_labels(model, cohort, error);
    if (status != CSL_OK) return status;
    scored *s = calloc(1, sizeof *s);
    if (!s) return csl_fail(error, CSL_ENOMEM, NULL, "no memory to evaluate");
    s->model = model;
    s->cohort = cohort;
    list_subsets(model->features.count, s);
    status = score_split(s, split, jobs, error);
    if (status == CSL_OK) status = measure(s, branch, seed, evaluation, error);
    free(s->which);
    free(s->logit);
    free(s->score);
    free(s->truth);
    free(s->seen);
    free(s);
    return status;
}
