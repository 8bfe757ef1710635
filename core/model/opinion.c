#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/explain.h"
#include "model/fitted.h"

csl_status csl_model_logits(const csl_model *model, csl_workspace *workspace, const csl_case *c,
                            csl_modality_set use, csl_branch branch, float *logits, csl_error *error)
{
    csl_encoded encoded;
    csl_activations out;
    csl_status status = csl_preprocess(&model->network, &model->features, c, &encoded, error);
    if (!status)
        status = csl_network_infer(&model->network, model->weights, &encoded, use, workspace, &out, error);
    if (!status) memcpy(logits, out.logit[branch], model->network.label_count * sizeof *logits);
    csl_encoded_free(&encoded);
    return status;
}

static csl_status allocate(csl_arena *arena, const csl_network *n, csl_opinion *o, csl_error *error)
{
    size_t labels = n->label_count, modalities = n->modality_count;
    *o = (csl_opinion){.label_count = labels, .modality_count = modalities};
    o->logit = csl_arena_alloc(arena, labels, sizeof *o->logit);
    o->probability = csl_arena_alloc(arena, labels, sizeof *o->probability);
    o->low = csl_arena_alloc(arena, labels, sizeof *o->low);
    o->high = csl_arena_alloc(arena, labels, sizeof *o->high);
    o->branch_logit = csl_arena_alloc(arena, labels * CSL_BRANCH_COUNT, sizeof *o->branch_logit);
    o->gate = csl_arena_alloc(arena, 3, sizeof *o->gate);
    o->baseline = csl_arena_alloc(arena, labels, sizeof *o->baseline);
    o->contribution = csl_arena_alloc(arena, labels * modalities, sizeof *o->contribution);
    o->present = csl_arena_alloc(arena, modalities, sizeof *o->present);
    o->rarity = csl_arena_alloc(arena, modalities, sizeof *o->rarity);
    o->findings = csl_arena_alloc(arena, labels * CSL_MAX_FINDINGS, sizeof *o->findings);
    o->finding_count = csl_arena_alloc(arena, labels, sizeof *o->finding_count);
    o->unexplained = csl_arena_alloc(arena, labels, sizeof *o->unexplained);
    if (!o->logit || !o->probability || !o->low || !o->high || !o->branch_logit || !o->gate || !o->baseline ||
        !o->contribution || !o->present || !o->findings || !o->finding_count || !o->unexplained)
        return csl_fail(error, CSL_ENOMEM, NULL, "the case's memory limit leaves no room for its opinion");
    return CSL_OK;
}

/* Logits of all branches, and the gates. */
static csl_status take_logits(const csl_model *model, const csl_activations *out, csl_opinion *o,
                              csl_error *error)
{
    for (size_t l = 0; l < o->label_count; l++) {
        for (size_t b = 0; b < CSL_BRANCH_COUNT; b++) {
            double logit = (double)out->logit[b][l];
            if (!isfinite(logit))
                return csl_fail(error, CSL_EFORMAT, model->labels[l].name,
                                "the model's score is not a finite number: its weights are damaged or were "
                                "not trained to an end");
            o->branch_logit[l * CSL_BRANCH_COUNT + b] = logit;
        }
        o->logit[l] = o->branch_logit[l * CSL_BRANCH_COUNT + CSL_BRANCH_HYBRID];
        o->baseline[l] = model->calibration[l].baseline;
    }
    for (size_t g = 0; g < 3; g++) o->gate[g] = (double)out->gate[g];
    return CSL_OK;
}

/* Probabilities and intervals of a task's outputs. */
static csl_status calibrate(const csl_model *model, const csl_task *task, const float *logit, csl_opinion *o,
                            csl_error *error)
{
    double score[CSL_MAX_LABELS];
    csl_scores(task, &model->calibration[task->first], logit + task->first, score);
    for (size_t l = task->first; l < task->first + task->count; l++) {
        const csl_label_calibration *calibration = &model->calibration[l];
        o->probability[l] = csl_calibrated(calibration, score[l - task->first]);
        csl_status status =
            csl_venn_abers(calibration, score[l - task->first], &o->low[l], &o->high[l], error);
        if (status) return status;
        /* Two calibrations of one score, by temperature and by isotonic regression: the reader's interval is
         * the range they span, so that it holds the probability that is shown. */
        o->low[l] = fmin(o->low[l], o->probability[l]);
        o->high[l] = fmax(o->high[l], o->probability[l]);
    }
    return CSL_OK;
}

/* Keeps a label's strongest CSL_MAX_FINDINGS, strongest first; of equals the one that came first. */
static void keep_finding(csl_opinion *o, size_t label, const csl_finding *f)
{
    csl_finding *kept = o->findings + label * CSL_MAX_FINDINGS;
    size_t *count = &o->finding_count[label], at = *count;
    while (at > 0 && fabs(kept[at - 1].attribution) < fabs(f->attribution)) at--;
    if (at == CSL_MAX_FINDINGS) return;
    if (*count < CSL_MAX_FINDINGS) ++*count;
    memmove(&kept[at + 1], &kept[at], (*count - 1 - at) * sizeof *kept);
    kept[at] = *f;
}

static csl_status find(const csl_model *model, csl_workspace *workspace, const csl_case *c,
                       const csl_encoded *encoded, csl_modality_set set, csl_opinion *o, csl_error *error)
{
    const csl_network *n = &model->network;
    csl_attributions a;
    csl_status status = csl_integrated_gradients(n, model->weights, encoded, set, workspace, &a, error);
    for (size_t l = 0; l < n->label_count && !status; l++) {
        o->finding_count[l] = 0;
        for (size_t m = 0; m < n->modality_count; m++)
            for (size_t i = 0, count = encoded->modality[m].count; set >> m & 1 && i < count; i++) {
                csl_finding f = {csl_case_find(c, n->modality[m].name)->spec.modality,
                                 encoded->modality[m].row[i], a.part[m][l * count + i]};
                if (isfinite(f.attribution)) keep_finding(o, l, &f);
            }
        bool good = a.error_left[l] <= csl_attribution_tolerance(a.difference[l]);
        o->unexplained[l] = good || !isfinite(a.error_left[l]) ? 0.0 : a.error_left[l];
    }
    csl_attributions_free(&a);
    return status;
}

/* With the cases that the model knows. */
static csl_status compare(const csl_model *model, const csl_encoded *encoded, csl_opinion *o,
                          csl_error *error)
{
    static const csl_gauge none[CSL_MAX_MODALITIES];
    return csl_novelty(&model->network, &model->features, model->gauges ? model->gauges : none, encoded,
                       o->rarity, &o->novelty, error);
}

csl_status csl_model_opinion(const csl_model *model, csl_workspace *workspace, csl_case *c, bool findings,
                             csl_opinion *opinion, csl_error *error)
{
    const csl_network *n = &model->network;
    csl_encoded encoded = {0};
    csl_activations out;
    csl_status status = allocate(c->arena, n, opinion, error);
    if (status) return status;
    if ((status = csl_preprocess(n, &model->features, c, &encoded, error))) goto done;
    csl_modality_set set = csl_encoded_present(n, &encoded);
    for (size_t m = 0; m < n->modality_count; m++) opinion->present[m] = set >> m & 1;
    if ((status = compare(model, &encoded, opinion, error))) goto done;
    status = (findings ? csl_network_forward : csl_network_infer)(n, model->weights, &encoded, set, workspace,
                                                                  &out, error);
    if (status) goto done;
    if ((status = take_logits(model, &out, opinion, error))) goto done;
    for (size_t t = 0; t < model->task_count; t++)
        if ((status = calibrate(model, &model->tasks[t], out.logit[CSL_BRANCH_HYBRID], opinion, error)))
            goto done;
    if ((status =
             csl_shapley(n, model->weights, set, workspace, opinion->baseline, opinion->contribution, error)))
        goto done;
    if (findings) status = find(model, workspace, c, &encoded, set, opinion, error);
done:
    csl_encoded_free(&encoded);
    return status;
}
