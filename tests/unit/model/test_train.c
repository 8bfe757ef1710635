#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cohort.h"
#include "model/train.h"

/* Small enough for a sanitiser: 90 cases of about 80 tokens, a network of width 16. */
static const made_plan PLAN = {.seed = 11,
                               .train = 90,
                               .test = 60,
                               .image_tokens = 32,
                               .lab_visits = 2,
                               .level = 2,
                               .missing = 0.1,
                               .two_labels = true};

typedef struct curve {
    unsigned calls, epochs, stop_after;
    double loss[80], auc[80];
} curve;

static int note(void *context, unsigned epoch, unsigned epochs, double loss, double valid_auc)
{
    curve *c = context;
    cr_assert_eq(epoch, c->calls + 1);
    c->epochs = epochs;
    c->loss[c->calls] = loss;
    c->auc[c->calls++] = valid_auc;
    return c->stop_after && c->calls == c->stop_after;
}

static csl_training settings(uint64_t seed, unsigned epochs, unsigned jobs, curve *c)
{
    return (csl_training){.seed = seed,
                          .epochs = epochs,
                          .jobs = jobs,
                          .learning_rate = 6e-3,
                          .modality_dropout = -1,
                          .weight_decay = -1,
                          .width = 16,
                          .heads = 2,
                          .blocks = 1,
                          .bottlenecks = 2,
                          .trained_on = "a made-up cohort",
                          .progress = c ? note : NULL,
                          .context = c};
}

static csl_model *train(const csl_cohort *cohort, uint64_t seed, unsigned epochs, unsigned jobs, curve *c)
{
    csl_training t = settings(seed, epochs, jobs, c);
    csl_model *model = NULL;
    csl_error error = {0};
    cr_assert_eq(csl_model_train(cohort, &t, &model, &error), CSL_OK, "%s: %s", error.place, error.message);
    return model;
}

/* The model's file. */
static char *saved(const csl_model *model, size_t *length)
{
    char path[] = "/tmp/csl-train-XXXXXX", *bytes;
    close(mkstemp(path));
    cr_assert_eq(csl_model_save(model, path, NULL), CSL_OK);
    cr_assert_eq(csl_read_file(path, 1 << 28, &bytes, length, NULL), CSL_OK);
    unlink(path);
    return bytes;
}

static bool same_file(const csl_model *a, const csl_model *b)
{
    size_t first, second;
    char *x = saved(a, &first), *y = saved(b, &second);
    bool same = first == second && memcmp(x, y, first) == 0;
    free(x);
    free(y);
    return same;
}

Test(train, loss_falls_and_a_learnable_truth_is_learned)
{
    curve c = {0};
    made_plan plan = PLAN;
    plan.level = 5;
    csl_cohort cohort = make_cohort(&plan);
    csl_model *model = train(&cohort, 1, 30, 2, &c);
    cr_assert_eq(c.calls, 75); /* 45 epochs without labels, 30 with */
    cr_assert_eq(c.epochs, 75);
    cr_assert(isnan(c.auc[44]) && !isnan(c.auc[45]));
    cr_assert_lt(c.loss[44], c.loss[0]);
    cr_assert_lt(c.loss[74], 0.8 * c.loss[45]);

    csl_evaluation e;
    csl_error error = {0};
    cr_assert_eq(csl_model_evaluate(model, &cohort, CSL_SPLIT_TEST, CSL_BRANCH_HYBRID, 0.9, 2, 5, &e, &error),
                 CSL_OK, "%s", error.message);
    cr_assert_eq(e.label_count, 2);
    cr_assert_gt(e.label[1].auc.value, 0.9, "of the record's finding: %g", e.label[1].auc.value);
    /* Seeds 1 to 6 of training give 0.62 to 0.84; with 60 test cases the standard error is 0.07. */
    cr_assert_gt(e.label[0].auc.value, 0.6, "of the sum of levels: %g", e.label[0].auc.value);
    cr_assert_eq(e.label[0].positives + e.label[0].negatives, 60);
    cr_assert_eq(e.label[1].positives + e.label[1].negatives, 48); /* not known for every fifth case */
    cr_assert_eq(e.subset_count, 7);
    cr_assert_eq(e.subset[0].set, 1);
    cr_assert_eq(e.subset[6].set, 7);
    cr_assert_eq(e.subset[6].auc.value, e.label[0].auc.value);
    cr_assert_eq(e.fusion[CSL_BRANCH_HYBRID].auc.value, e.label[0].auc.value);
    cr_assert_float_eq(e.gain_over_late.value, e.label[0].auc.value - e.fusion[CSL_BRANCH_LATE].auc.value,
                       1e-12);
    for (size_t l = 0; l < 2; l++) {
        cr_assert(e.label[l].auc.low <= e.label[l].auc.value && e.label[l].auc.value <= e.label[l].auc.high);
        cr_assert(e.label[l].brier > 0 && e.label[l].brier < 0.25);
    }
    csl_model_free(model);
    free_cohort(&cohort);
}

Test(train, threads_do_not_change_a_byte_and_the_seed_does)
{
    made_plan plan = PLAN;
    plan.train = 40;
    csl_cohort cohort = make_cohort(&plan);
    csl_model *one = train(&cohort, 1, 2, 1, NULL), *three = train(&cohort, 1, 2, 3, NULL);
    csl_model *other = train(&cohort, 2, 2, 1, NULL);
    cr_assert(same_file(one, three));
    cr_assert_not(same_file(one, other));

    csl_evaluation a, b; /* zeroed by the callee up to the last byte compared */
    cr_assert_eq(csl_model_evaluate(one, &cohort, CSL_SPLIT_TEST, CSL_BRANCH_HYBRID, 0.9, 1, 5, &a, NULL), CSL_OK);
    cr_assert_eq(csl_model_evaluate(one, &cohort, CSL_SPLIT_TEST, CSL_BRANCH_HYBRID, 0.9, 3, 5, &b, NULL), CSL_OK);
    cr_assert(a.label[0].auc.low == b.label[0].auc.low && a.label[0].brier == b.label[0].brier);
    csl_model_free(one);
    csl_model_free(three);
    csl_model_free(other);
    free_cohort(&cohort);
}

Test(train, stops_when_told_to)
{
    made_plan plan = PLAN;
    plan.train = 40;
    csl_cohort cohort = make_cohort(&plan);
    for (unsigned stop = 1; stop <= 3; stop += 2) { /* without labels, and with */
        curve c = {.stop_after = stop};
        csl_model *model = train(&cohort, 1, 2, 2, &c);
        cr_assert_eq(c.calls, stop);
        csl_model_free(model);
    }
    free_cohort(&cohort);
}

Test(train, cases_without_label_or_tokens_do_not_matter)
{
    made_plan plan = PLAN;
    plan.train = 40;
    plan.two_labels = false;
    csl_cohort cohort = make_cohort(&plan);
    cohort.labels[3] = NAN;
    csl_case_free(cohort.cases[4]);
    cohort.cases[4] = csl_case_new("empty", 1 << 16);
    csl_case_free(cohort.cases[45]); /* of the test split */
    cohort.cases[45] = csl_case_new("empty", 1 << 16);
    csl_model *model = train(&cohort, 1, 1, 2, NULL);
    csl_evaluation e;
    cr_assert_eq(csl_model_evaluate(model, &cohort, CSL_SPLIT_TEST, CSL_BRANCH_HYBRID, 0.9, 1, 5, &e, NULL),
                 CSL_OK);
    cr_assert_eq(e.label[0].positives + e.label[0].negatives, 60);
    csl_model_free(model);
    free_cohort(&cohort);
}

/* As `train --pretrain` and then `train --from`. */
Test(train, what_was_learned_without_labels_is_where_learning_with_them_starts)
{
    made_plan plan = PLAN;
    plan.train = 40;
    csl_cohort cohort = make_cohort(&plan);
    char path[] = "/tmp/csl-train-XXXXXX";
    csl_error error = {0};
    csl_training t = settings(3, 4, 2, NULL);
    csl_model *prior = NULL, *alone = NULL, *model = NULL;
    t.pretrain = true;
    cr_assert_eq(csl_model_train(&cohort, &t, &prior, &error), CSL_OK, "%s", error.message);
    t.jobs = 1;
    for (size_t i = 0; i < cohort.count * cohort.label_count; i++) cohort.labels[i] = 1 - cohort.labels[i];
    cr_assert_eq(csl_model_train(&cohort, &t, &alone, &error), CSL_OK, "%s", error.message);
    cr_assert(same_file(prior, alone), "labels and threads do not count without labels");
    cr_assert_eq(csl_model_label_count(prior), 0);
    cr_assert_eq(csl_model_trained(prior).cases, 40);
    cr_assert_eq(csl_model_trained(prior).epochs, 4);
    cr_assert_eq(csl_model_needs_labels(prior, "model", &error), CSL_EMISMATCH);

    close(mkstemp(path));
    cr_assert_eq(csl_model_save(prior, path, &error), CSL_OK, "%s", error.message);
    csl_training with = settings(3, 2, 2, NULL);
    with.width = 0; /* of the file */
    with.from = path;
    cr_assert_eq(csl_model_train(&cohort, &with, &model, &error), CSL_OK, "%s", error.message);
    cr_assert_eq(csl_model_label_count(model), 2);
    cr_assert_eq(csl_model_trained(model).epochs, 2);
    csl_model_free(model);

    with.width = 32;
    cr_assert_eq(csl_model_train(&cohort, &with, &model, &error), CSL_EUSAGE);
    cr_assert(strstr(error.message, "--width 16"), "%s", error.message);
    unlink(path);
    csl_model_free(prior);
    csl_model_free(alone);
    free_cohort(&cohort);
}

Test(train, cases_without_labels_count_without_labels)
{
    made_plan plan = PLAN;
    plan.train = 40;
    plan.two_labels = false;
    csl_cohort few = make_cohort(&plan);
    for (size_t i = 10; i < 40; i++) few.labels[i] = NAN;
    for (size_t i = 0; i < 10; i++) few.labels[i] = (float)(i % 2);
    csl_training t = settings(3, 2, 2, NULL);
    csl_model *a = NULL, *b = NULL;
    csl_error error = {0};
    cr_assert_eq(csl_model_train(&few, &t, &a, &error), CSL_OK, "%s", error.message);
    /* 15 % of each class of 5 is 1: 38 of the 40 are learned from, 8 with a label. */
    cr_assert_eq(csl_model_trained(a).cases, 38);
    cr_assert_eq(csl_model_trained(a).valid_cases, 2);
    t.pretrain = true;
    cr_assert_eq(csl_model_train(&few, &t, &b, &error), CSL_OK, "%s", error.message);
    cr_assert_eq(csl_model_trained(b).cases, 40);
    csl_model_free(a);
    csl_model_free(b);
    free_cohort(&few);
}

Test(train, what_cannot_be_learned_from_is_named)
{
    made_plan plan = {.seed = 1, .train = 12, .test = 4, .image_tokens = 8, .lab_visits = 1};
    csl_cohort cohort = make_cohort(&plan);
    csl_training t = settings(1, 1, 1, NULL);
    csl_model *model = NULL;
    csl_error error = {0};
    for (size_t i = 0; i < 12; i++) cohort.labels[i] = 1;
    cr_assert_eq(csl_model_train(&cohort, &t, &model, &error), CSL_EUSAGE);
    cr_assert(strstr(error.message, "0 negative") && strcmp(error.place, "disease") == 0, "%s: %s",
              error.place, error.message);
    for (size_t i = 0; i < 12; i++) cohort.labels[i] = NAN;
    cr_assert_eq(csl_model_train(&cohort, &t, &model, &error), CSL_EUSAGE);
    cr_assert_null(model);
    free_cohort(&cohort);
}

Test(train, evaluation_refuses_other_labels_and_an_empty_split)
{
    made_plan plan = PLAN, one = PLAN;
    plan.train = one.train = 40;
    one.two_labels = false;
    csl_cohort cohort = make_cohort(&plan), other = make_cohort(&one);
    csl_model *model = train(&cohort, 1, 1, 2, NULL);
    csl_evaluation e;
    csl_error error = {0};
    cr_assert_eq(csl_model_evaluate(model, &other, CSL_SPLIT_TEST, CSL_BRANCH_HYBRID, 0.9, 1, 5, &e, &error),
                 CSL_EMISMATCH);
    cr_assert_eq(csl_model_evaluate(model, &cohort, CSL_SPLIT_VALID, CSL_BRANCH_HYBRID, 0.9, 1, 5, &e, &error),
                 CSL_EUSAGE);
    csl_model_free(model);
    free_cohort(&cohort);
    free_cohort(&other);
}
