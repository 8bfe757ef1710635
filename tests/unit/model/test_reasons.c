#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "cohort.h"
#include "model/network.h"

/* The truth is in one token of each modality (cohort.h, `hot`), among 12 to 40. */
static const made_plan PLAN = {
    .seed = 5, .train = 90, .test = 40, .image_tokens = 24, .lab_visits = 2, .alone = 3, .two_labels = true};

static csl_model *train(const csl_cohort *cohort)
{
    csl_training t = {.seed = 1,
                      .epochs = 20,
                      .jobs = 2,
                      .learning_rate = 6e-3,
                      .modality_dropout = -1,
                      .weight_decay = -1,
                      .width = 16,
                      .heads = 2,
                      .blocks = 1,
                      .bottlenecks = 2};
    csl_model *model = NULL;
    csl_error error = {0};
    cr_assert_eq(csl_model_train(cohort, &t, &model, &error), CSL_OK, "%s: %s", error.place, error.message);
    return model;
}

Test(reasons, those_of_a_trained_model_hold)
{
    csl_cohort cohort = make_cohort(&PLAN);
    csl_model *model = train(&cohort);
    csl_reasons r, again;
    csl_error error = {0};
    cr_assert_eq(csl_model_check_reasons(model, &cohort, CSL_SPLIT_TEST, 2, 7, &r, &error), CSL_OK, "%s",
                 error.message);
    cr_assert_eq(r.cases, 40);
    cr_assert_eq(r.attributions, 80);
    cr_assert_eq(r.complete, 80);
    cr_assert_lt(r.miss[0], 0.01);
    cr_assert(r.miss[0] <= r.miss[1] && r.miss[1] <= r.miss[2]);
    cr_assert(r.nodes[0] >= 8 && r.nodes[2] <= 612);
    cr_assert_lt(r.shapley, 1e-4);
    for (size_t k = 0; k < CSL_DELETIONS; k++) {
        const csl_deletion *d = &r.deletion[k];
        cr_assert(d->top.low <= d->top.value && d->top.value <= d->top.high);
        cr_assert_float_eq(d->over_random.value, d->top.value - d->random.value, 1e-9);
        cr_assert_float_eq(d->over_alike.value, d->top.value - d->alike.value, 1e-9);
        if (d->tokens <= 5) cr_assert_gt(d->over_random.low, 0, "%zu tokens", d->tokens);
    }
    cr_assert_eq(csl_model_check_reasons(model, &cohort, CSL_SPLIT_TEST, 1, 7, &again, NULL), CSL_OK);
    cr_assert_eq(memcmp(&r, &again, sizeof r), 0, "the number of threads does not matter");
    cr_assert_eq(csl_model_check_reasons(model, &cohort, CSL_SPLIT_VALID, 1, 7, &again, &error), CSL_EUSAGE);
    csl_model_free(model);
    free_cohort(&cohort);
}
