#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cohort.h"

enum { FOLDS = 3, TRAIN = 45, TEST = 6 };
static const made_plan PLAN = {.seed = 11,
                               .train = TRAIN,
                               .test = TEST,
                               .image_tokens = 12,
                               .lab_visits = 1,
                               .level = 3,
                               .missing = 0.1};

static const csl_training SETTINGS = {.seed = 4,
                                      .epochs = 3,
                                      .jobs = 2,
                                      .modality_dropout = -1,
                                      .weight_decay = -1,
                                      .contrastive = -1,
                                      .width = 8,
                                      .heads = 2,
                                      .blocks = 1,
                                      .bottlenecks = 2};

static void run(const csl_cohort *cohort, const unsigned *fold, csl_cross_validation *v)
{
    csl_error error = {0};
    cr_assert_eq(csl_cross_validate(cohort, &SETTINGS, fold, FOLDS, NULL, v, &error), CSL_OK, "%s: %s",
                 error.place, error.message);
}

Test(folds, every_case_but_the_test_split_is_in_one_fold_and_answers_are_dealt_evenly)
{
    csl_cohort cohort = make_cohort(&PLAN);
    unsigned fold[TRAIN + TEST], again[TRAIN + TEST], other[TRAIN + TEST], size[FOLDS + 1][2] = {0};
    cr_assert_eq(csl_deal_folds(&cohort, FOLDS, 4, fold, NULL), CSL_OK);
    for (size_t i = 0; i < cohort.count; i++) {
        cr_assert_eq(fold[i] == 0, cohort.split[i] == CSL_SPLIT_TEST);
        cr_assert_leq(fold[i], FOLDS);
        size[fold[i]][cohort.labels[i] > 0.5f]++;
    }
    for (unsigned k = 1; k <= FOLDS; k++) {
        cr_assert_eq(size[k][0] + size[k][1], TRAIN / FOLDS);
        cr_assert(abs((int)size[k][1] - (int)size[1][1]) <= 1, "fold %u has %u positives, fold 1 %u", k,
                  size[k][1], size[1][1]);
    }
    cr_assert_eq(csl_deal_folds(&cohort, FOLDS, 4, again, NULL), CSL_OK);
    cr_assert_arr_eq(fold, again, sizeof fold);
    cr_assert_eq(csl_deal_folds(&cohort, FOLDS, 5, other, NULL), CSL_OK);
    cr_assert_neq(memcmp(fold, other, sizeof fold), 0);
    cr_assert_eq(csl_deal_folds(&cohort, TRAIN + 1, 4, fold, NULL), CSL_EUSAGE);
    free_cohort(&cohort);
}

/* Turning round the labels of one fold's cases leaves the model that scores them as it was, so that its AUC
 * there becomes what it lacked of 1; any leak of these labels into the model would show. */
Test(folds, a_fold_is_scored_by_a_model_that_saw_none_of_it)
{
    csl_cohort cohort = make_cohort(&PLAN);
    csl_cross_validation v, turned;
    unsigned fold[TRAIN + TEST];
    cr_assert_eq(csl_deal_folds(&cohort, FOLDS, 4, fold, NULL), CSL_OK);
    run(&cohort, fold, &v);
    for (size_t i = 0; i < cohort.count; i++)
        if (fold[i] == 2) cohort.labels[i] = 1 - cohort.labels[i];
    run(&cohort, fold, &turned);
    cr_assert_float_eq(turned.fold[1].task[0].auc.value, 1 - v.fold[1].task[0].auc.value, 1e-12);
    cr_assert_float_neq(turned.fold[0].task[0].brier, v.fold[0].task[0].brier, 1e-12,
                        "the other folds did learn from them");
    cr_assert_eq(v.pooled[0].positives + v.pooled[0].negatives, TRAIN);
    for (unsigned k = 0; k < FOLDS; k++) {
        cr_assert_eq(v.fold[k].test, TRAIN / FOLDS);
        cr_assert_eq(v.fold[k].train + v.fold[k].valid, TRAIN - TRAIN / FOLDS);
    }
    csl_cross_validation_free(&v);
    csl_cross_validation_free(&turned);
    free_cohort(&cohort);
}

Test(folds, the_test_split_does_not_matter)
{
    csl_cohort cohort = make_cohort(&PLAN);
    csl_cross_validation v, changed;
    unsigned fold[TRAIN + TEST];
    cr_assert_eq(csl_deal_folds(&cohort, FOLDS, 4, fold, NULL), CSL_OK);
    run(&cohort, fold, &v);
    for (size_t i = 0; i < cohort.count; i++) {
        if (cohort.split[i] != CSL_SPLIT_TEST) continue;
        cohort.labels[i] = 1 - cohort.labels[i];
        for (size_t m = 0; m < cohort.cases[i]->modality_count; m++)
            if (cohort.cases[i]->modalities[m].count) cohort.cases[i]->modalities[m].features[0] += 100;
    }
    run(&cohort, fold, &changed);
    cr_assert_arr_eq(v.fold, changed.fold, FOLDS * sizeof *v.fold);
    cr_assert_arr_eq(v.pooled, changed.pooled, sizeof v.pooled);
    csl_cross_validation_free(&v);
    csl_cross_validation_free(&changed);
    free_cohort(&cohort);
}

/* A case without a fold learns in all of them and is scored in none. */
Test(folds, cases_without_a_fold_always_learn)
{
    csl_cohort cohort = make_cohort(&PLAN);
    csl_cross_validation v;
    unsigned fold[TRAIN + TEST];
    cr_assert_eq(csl_deal_folds(&cohort, FOLDS, 4, fold, NULL), CSL_OK);
    size_t taken = 0;
    for (size_t i = 0; i < cohort.count && taken < 5; i++)
        if (fold[i] == 1) {
            fold[i] = 0;
            taken++;
        }
    run(&cohort, fold, &v);
    cr_assert_eq(v.fold[0].test, TRAIN / FOLDS - 5);
    cr_assert_eq(v.fold[1].train + v.fold[1].valid, TRAIN - TRAIN / FOLDS);
    cr_assert_eq(v.pooled[0].positives + v.pooled[0].negatives, TRAIN - 5);
    csl_cross_validation_free(&v);
    free_cohort(&cohort);
}
