/* consilium retrieve --describe: how well cases fit what is described. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/retrieve.h"
#include "cli/verb.h"

/* What of the descriptions counts: --from, or the one modality that all of them have. */
static csl_status describing(const csl_retrieve_request *q, size_t *modality, csl_error *error)
{
    if (q->from) return csl_retrieve_modality(q, q->from, modality, error);
    size_t found = 0;
    for (size_t m = 0; m < csl_model_modality_count(q->model); m++) {
        bool all = true;
        for (size_t i = 0; i < q->describe.count + q->against.count; i++) {
            const csl_case *c =
                i < q->describe.count ? q->describe.cases[i] : q->against.cases[i - q->describe.count];
            const csl_case_modality *has = csl_case_find(c, csl_model_modality(q->model, m));
            all = all && has && has->count;
        }
        if (!all) continue;
        *modality = m;
        found++;
    }
    return found == 1 ? CSL_OK
                      : csl_fail(error, CSL_EUSAGE, q->describe.path[0],
                                 "%s; --from chooses what of the descriptions counts",
                                 found ? "has several modalities that the model knows"
                                       : "has no modality that the model knows and all descriptions share");
}

/* The mean of the descriptions' vectors, of unit length. */
static csl_status mean_description(const csl_retrieve_request *q, const csl_descriptions *d, size_t modality,
                                   float *mean, csl_error *error)
{
    size_t size = csl_model_shared_size(q->model);
    float *shared = NULL;
    bool *has = NULL;
    double square = 0;
    csl_status status = csl_retrieve_embed(q, d->cases, d->count, modality, &shared, &has, error);
    for (size_t i = 0; i < d->count && status == CSL_OK; i++) {
        if (!has[i])
            status = csl_fail(error, CSL_EUSAGE, d->path[i], "has nothing of %s",
                              csl_model_modality(q->model, modality));
        for (size_t j = 0; j < size; j++) mean[j] += shared[i * size + j];
    }
    for (size_t j = 0; j < size; j++) square += (double)mean[j] * (double)mean[j];
    for (size_t j = 0; j < size && square > 0; j++) mean[j] /= (float)sqrt(square);
    free(shared);
    free(has);
    return status;
}

typedef struct scored {
    const char *id;
    double cosine, against, probability; /* the last two only with --against */
    float label;
} scored;

static int by_score(const void *a, const void *b)
{
    const scored *x = a, *y = b;
    double first = x->cosine - x->against, second = y->cosine - y->against;
    return first > second ? -1 : first < second ? 1 : strcmp(x->id, y->id);
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static void list_scores(csl_retrieve_request *q, const scored *list, size_t count)
{
    bool against = q->against.count > 0;
    json_t *cases = json_array();
    if (!q->json) printf("%-32s %8s%s\n", "case", "cosine", against ? "  against  probability" : "");
    for (size_t i = 0; i < count; i++) {
        if (q->json) {
            json_array_append_new(
                cases, json_pack("{s:s, s:f, s:o, s:o}", "case", list[i].id, "cosine", list[i].cosine,
                                 "against", against ? json_real(list[i].against) : json_null(), "probability",
                                 against ? json_real(list[i].probability) : json_null()));
            continue;
        }
        csl_print_text(stdout, list[i].id);
        printf("%*s %8.4f", (int)(strlen(list[i].id) < 32 ? 32 - strlen(list[i].id) : 0), "", list[i].cosine);
        if (against) printf(" %8.4f     %8.4f", list[i].against, list[i].probability);
        puts("");
    }
    if (q->json)
        json_object_set_new(q->result, "cases", cases);
    else
        json_decref(cases);
}

static csl_status measure(csl_retrieve_request *q, const scored *list, size_t count, csl_error *error)
{
    double *score = calloc(count + 1, sizeof *score);
    uint8_t *truth = calloc(count + 1, sizeof *truth);
    size_t known = 0, positives = 0;
    csl_interval auc;
    csl_status status =
        score && truth ? CSL_OK : csl_fail(error, CSL_ENOMEM, NULL, "no memory for %zu scores", count);
    for (size_t i = 0; i < count && status == CSL_OK; i++) {
        if (isnan(list[i].label)) continue;
        score[known] = list[i].cosine - list[i].against;
        positives += truth[known++] = list[i].label > 0.5f;
    }
    if (status == CSL_OK) status = csl_measure_auc(score, truth, known, q->seed, &auc, error);
    if (status == CSL_OK && q->json) {
        json_object_set_new(q->result, "label", json_string(q->label));
        json_object_set_new(q->result, "auc", number(auc.value));
        json_object_set_new(q->result, "auc_ci", json_pack("[o, o]", number(auc.low), number(auc.high)));
        json_object_set_new(q->result, "positives", json_integer((json_int_t)positives));
        json_object_set_new(q->result, "negatives", json_integer((json_int_t)(known - positives)));
    } else if (status == CSL_OK) {
        printf("\nAUC for %s: %.3f [%.3f, %.3f], %zu positive and %zu negative cases\n", q->label, auc.value,
               auc.low, auc.high, positives, known - positives);
    }
    free(score);
    free(truth);
    return status;
}

/* The output of labels.csv that --label names. */
static csl_status find_label(const csl_retrieve_request *q, size_t *label, csl_error *error)
{
    const csl_cohort *cohort = &q->read.cohort;
    for (*label = 0; *label < cohort->label_count; ++*label)
        if (!strcmp(cohort->label[*label].name, q->label)) return CSL_OK;
    return csl_fail(error, CSL_EUSAGE, q->source.folder, "labels.csv has no label %.60s", q->label);
}

csl_status csl_retrieve_score(csl_retrieve_request *q, csl_error *error)
{
    const csl_cohort *cohort = &q->read.cohort;
    size_t size = csl_model_shared_size(q->model), from = 0, to, label = 0, count = 0;
    float *shared = NULL, *finding = calloc(2 * size, sizeof *finding);
    bool *has = NULL;
    scored *list = calloc(cohort->count + 1, sizeof *list);
    csl_status status = finding && list
                            ? CSL_OK
                            : csl_fail(error, CSL_ENOMEM, NULL, "no memory for %zu scores", cohort->count);
    if (status == CSL_OK && q->label) status = find_label(q, &label, error);
    if (status == CSL_OK) status = csl_retrieve_modality(q, q->to, &to, error);
    if (status == CSL_OK) status = describing(q, &from, error);
    if (status == CSL_OK) status = mean_description(q, &q->describe, from, finding, error);
    if (status == CSL_OK && q->against.count)
        status = mean_description(q, &q->against, from, finding + size, error);
    if (status == CSL_OK)
        status = csl_retrieve_embed(q, cohort->cases, cohort->count, to, &shared, &has, error);
    for (size_t i = 0; i < cohort->count && status == CSL_OK; i++) {
        scored *s = &list[count];
        if (!has[i]) continue;
        *s = (scored){.id = cohort->cases[i]->id,
                      .label = q->label ? cohort->labels[i * cohort->label_count + label] : NAN};
        for (size_t j = 0; j < size; j++) {
            s->cosine += (double)shared[i * size + j] * (double)finding[j];
            s->against += (double)shared[i * size + j] * (double)finding[size + j];
        }
        /* The softmax of two, as CLIP chooses among its texts. */
        s->probability = 1 / (1 + exp(csl_model_shared_scale(q->model) * (s->against - s->cosine)));
        count++;
    }
    if (status == CSL_OK && !count)
        status = csl_fail(error, CSL_EUSAGE, q->source.folder, "no case that was read has %s", q->to);
    if (status == CSL_OK) {
        qsort(list, count, sizeof *list, by_score);
        list_scores(q, list, count);
        if (q->label) status = measure(q, list, count, error);
        json_object_set_new(q->result, "from", json_string(csl_model_modality(q->model, from)));
        json_object_set_new(q->result, "to", json_string(q->to));
    }
    free(shared);
    free(has);
    free(finding);
    free(list);
    return status;
}
