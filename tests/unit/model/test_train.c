#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/rng.h"
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

/* Of the cohort with two labels: whether ill; which of none, the record's finding alone, or with illness; and
 * the time to an event that comes early with the finding, lost to follow-up for some. */
static const double EDGES[] = {5, 10, 20};
static const csl_label OUTPUTS[] = {{.name = "disease"},   {.name = "kind=none"}, {.name = "kind=finding"},
                                    {.name = "kind=both"}, {.name = "death<=5"},  {.name = "death<=10"},
                                    {.name = "death<=20"}};
static const csl_task TASKS[] = {{.name = "disease", .kind = CSL_TASK_BINARY, .first = 0, .count = 1},
                                 {.name = "kind", .kind = CSL_TASK_CLASSES, .first = 1, .count = 3},
                                 {.name = "death",
                                  .kind = CSL_TASK_EVENT,
                                  .first = 4,
                                  .count = 3,
                                  .edge = EDGES,
                                  .time = "days",
                                  .unit = "d"}};
enum { OUTPUT_COUNT = 7, TASK_COUNT = 3 };

static void set_targets(bool ill, float finding, csl_rng *rng, float *target, csl_follow_up *seen)
{
    target[0] = ill;
    for (size_t k = 0; k < 3; k++)
        target[1 + k] = isnan(finding) ? NAN : (float)(k == (finding > 0 ? 1u + ill : 0u));
    double time = -log(csl_rng_uniform(rng)) * (finding > 0 ? 4 : 25), lost = 30 * csl_rng_uniform(rng);
    seen[0] = seen[1] = (csl_follow_up){.time = NAN};
    seen[2] = (csl_follow_up){fmin(time, lost), time <= lost};
    for (size_t k = 0; k < 3; k++) {
        bool over = seen[2].time > EDGES[k], reached = seen[2].time > (k ? EDGES[k - 1] : 0);
        target[4 + k] = over ? 0 : reached && seen[2].event ? 1 : NAN;
    }
}

static csl_cohort cohort_of_tasks(const made_plan *plan)
{
    csl_cohort cohort = make_cohort(plan);
    float *targets = calloc(cohort.count * OUTPUT_COUNT, sizeof *targets);
    csl_rng rng;
    csl_rng_seed(&rng, 5);
    cohort.follow_up = calloc(cohort.count * TASK_COUNT, sizeof *cohort.follow_up);
    for (size_t i = 0; i < cohort.count; i++)
        set_targets(cohort.labels[2 * i] > 0, cohort.labels[2 * i + 1], &rng, targets + i * OUTPUT_COUNT,
                    cohort.follow_up + i * TASK_COUNT);
    free(cohort.labels);
    cohort.labels = targets;
    cohort.label = OUTPUTS;
    cohort.label_count = OUTPUT_COUNT;
    cohort.task = TASKS;
    cohort.task_count = TASK_COUNT;
    return cohort;
}

static void check_opinion(const csl_model *model, csl_case *c)
{
    csl_workspace *workspace = csl_workspace_new();
    csl_opinion o;
    csl_error error = {0};
    bool holds[CSL_MAX_ANSWERS];
    char name[CSL_ANSWER_NAME];
    cr_assert_eq(csl_model_opinion(model, workspace, c, true, &o, &error), CSL_OK, "%s", error.message);
    cr_expect_float_eq(o.probability[1] + o.probability[2] + o.probability[3], 1, 1e-9);
    cr_expect(o.probability[4] <= o.probability[5] && o.probability[5] <= o.probability[6]);
    cr_expect(o.novelty > 0 && o.novelty <= 1);
    cr_expect_eq(csl_model_answer_count(model, 2), 4);
    csl_model_answer(model, 0, 1, name);
    cr_expect_str_eq(name, "1");
    csl_model_answer(model, 1, 2, name);
    cr_expect_str_eq(name, "both");
    csl_model_answer(model, 2, 3, name);
    cr_expect_str_eq(name, ">20");
    csl_model_answers(model, &o, 1, 0.999,
                      holds); /* fewer than 1000 calibration cases: nothing is ruled out */
    cr_expect(holds[0] && holds[1] && holds[2]);
    csl_workspace_free(workspace);
}

Test(train, classes_and_times_to_an_event_are_learned_beside_labels)
{
    made_plan plan = PLAN;
    plan.train = plan.test = 150;
    csl_cohort cohort = cohort_of_tasks(&plan);
    csl_model *model = train(&cohort, 1, 30, 2, NULL), *again;
    csl_evaluation e;
    csl_error error = {0};
    cr_assert_eq(csl_model_evaluate(model, &cohort, CSL_SPLIT_TEST, CSL_BRANCH_HYBRID, 0.8, 2, 5, &e, &error),
                 CSL_OK, "%s", error.message);
    cr_assert_eq(e.task_count, 3);
    cr_expect(e.task[0].auc.value == e.label[0].auc.value && e.task[0].brier == e.label[0].brier &&
              e.task[0].accuracy == e.label[0].accuracy);
    cr_expect_eq(e.task[1].cases, 120); /* not known for every fifth */
    cr_expect_float_eq(e.task[1].auc.value,
                       (e.label[1].auc.value + e.label[2].auc.value + e.label[3].auc.value) / 3, 1e-12);
    cr_expect_gt(e.task[1].auc.value, 0.75, "mean of classes: %g", e.task[1].auc.value);
    cr_expect_gt(e.task[2].auc.value, 0.65, "concordance: %g", e.task[2].auc.value);
    cr_expect(e.task[2].auc.low < e.task[2].auc.value && e.task[2].auc.value < e.task[2].auc.high);
    cr_expect(isnan(e.task[2].accuracy) && e.task[2].brier > 0 && e.task[2].brier < 0.25);
    for (size_t t = 0; t < 3; t++) {
        cr_expect(e.task[t].coverage > 0.5 && e.task[t].coverage <= 1, "%zu: %g", t, e.task[t].coverage);
        cr_expect(e.task[t].calibration_error >= 0 && e.task[t].calibration_error < 0.5);
    }
    check_opinion(model, cohort.cases[200]);

    char path[] = "/tmp/csl-train-XXXXXX";
    close(mkstemp(path));
    cr_assert_eq(csl_model_save(model, path, NULL), CSL_OK);
    cr_assert_eq(csl_model_load(path, &again, &error), CSL_OK, "%s", error.message);
    cr_expect(same_file(model, again));
    check_opinion(again, cohort.cases[201]);
    csl_model_free(again);
    csl_model_free(model);
    unlink(path);
    free(cohort.follow_up);
    free_cohort(&cohort);
}

Test(train, balance_changes_weights_and_not_what_probabilities_mean)
{
    made_plan plan = PLAN;
    plan.two_labels = false;
    csl_cohort cohort = make_cohort(&plan);
    for (size_t i = 0; i < cohort.count; i++) /* a third of the positives stay: one in six */
        if (cohort.labels[i] > 0 && i % 3) cohort.labels[i] = 0;
    csl_training t = settings(1, 20, 2, NULL);
    csl_model *plain, *balanced;
    cr_assert_eq(csl_model_train(&cohort, &t, &plain, NULL), CSL_OK);
    t.balance = true;
    cr_assert_eq(csl_model_train(&cohort, &t, &balanced, NULL), CSL_OK);
    cr_expect_not(same_file(plain, balanced));
    csl_evaluation e;
    cr_assert_eq(
        csl_model_evaluate(balanced, &cohort, CSL_SPLIT_TEST, CSL_BRANCH_HYBRID, 0.9, 1, 5, &e, NULL),
        CSL_OK);
    /* One half for every case would have 0.25, the share of positives p (1 - p), about 0.14. */
    cr_expect_lt(e.task[0].brier, 0.2, "%g", e.task[0].brier);
    csl_model_free(plain);
    csl_model_free(balanced);
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
    cr_assert_eq(csl_model_evaluate(one, &cohort, CSL_SPLIT_TEST, CSL_BRANCH_HYBRID, 0.9, 1, 5, &a, NULL),
                 CSL_OK);
    cr_assert_eq(csl_model_evaluate(one, &cohort, CSL_SPLIT_TEST, CSL_BRANCH_HYBRID, 0.9, 3, 5, &b, NULL),
                 CSL_OK);
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
    cr_assert_eq(
        csl_model_evaluate(model, &cohort, CSL_SPLIT_VALID, CSL_BRANCH_HYBRID, 0.9, 1, 5, &e, &error),
        CSL_EUSAGE);
    csl_model_free(model);
    free_cohort(&cohort);
    free_cohort(&other);
}

/* Sixteen cases of one picture of 2 x 2 tiles of 2 x 2 pixels, brighter where the label is 1; or of four
 * tokens that are no tiles. */
static csl_cohort make_pictures(bool in_tiles)
{
    enum { CASES = 16, TILES = 4 };
    static const char *const names[] = {"p00", "p01", "p10", "p11"}, *const units[] = {"1", "1", "1", "1"};
    static const csl_modality_spec picture = {.modality = "picture",
                                              .plugin_id = "org.example.picture",
                                              .plugin_version = "1",
                                              .feature_count = 4,
                                              .coded_feature = -1,
                                              .patch_side = 2,
                                              .feature_names = names,
                                              .feature_units = units,
                                              .position_names = NULL};
    csl_modality_spec spec = picture;
    if (!in_tiles) spec.patch_side = 0;
    static const csl_label label = {.name = "bright"};
    csl_cohort c = {.cases = calloc(CASES, sizeof *c.cases),
                    .labels = calloc(CASES, sizeof *c.labels),
                    .split = calloc(CASES, sizeof *c.split),
                    .count = CASES,
                    .label_count = 1,
                    .label = &label};
    csl_rng rng;
    csl_rng_seed_stream(&rng, 5, 0);
    for (size_t i = 0; i < CASES; i++) {
        csl_digest none = {0};
        csl_case_modality *m;
        c.cases[i] = csl_case_new("picture", 1 << 20);
        c.labels[i] = i & 1 ? 1.0f : 0.0f;
        cr_assert_eq(csl_case_add_input(c.cases[i], "file", 0, &none, NULL), CSL_OK);
        cr_assert_eq(csl_case_modality_for(c.cases[i], &spec, &m, NULL), CSL_OK);
        for (uint16_t t = 0; t < TILES; t++) {
            float f[4];
            for (int p = 0; p < 4; p++) f[p] = (float)csl_rng_normal(&rng) + c.labels[i];
            csl_case_tile tile = {1, t / 2, t % 2, 2, 2};
            cr_assert_eq(csl_case_add_token(c.cases[i], m, 0, f, NULL, "tile", NULL, NULL), CSL_OK);
            if (in_tiles) cr_assert_eq(csl_case_place_tile(m, &tile, NULL), CSL_OK);
        }
    }
    return c;
}

Test(train, pictures_alone_are_learned_with_labels_only)
{
    csl_cohort cohort = make_pictures(true);
    csl_training t = settings(3, 2, 1, NULL);
    csl_model *chosen = train(&cohort, 3, 2, 1, NULL), *asked = NULL, *mixed;
    t.labels_only = true;
    cr_assert_eq(csl_model_train(&cohort, &t, &asked, NULL), CSL_OK);
    cr_assert(same_file(chosen, asked));

    static const char *const name = "value", *const unit = "1";
    static const csl_modality_spec other = {.modality = "other",
                                            .plugin_id = "org.example.other",
                                            .plugin_version = "1",
                                            .feature_count = 1,
                                            .coded_feature = -1,
                                            .feature_names = &name,
                                            .feature_units = &unit};
    csl_case_modality *m;
    float value = 1;
    cr_assert_eq(csl_case_modality_for(cohort.cases[0], &other, &m, NULL), CSL_OK);
    cr_assert_eq(csl_case_add_token(cohort.cases[0], m, 0, &value, NULL, "value", NULL, NULL), CSL_OK);
    mixed = train(&cohort, 3, 2, 1, NULL);
    cr_assert_eq(csl_model_trained(chosen).epochs, 2);
    cr_assert_eq(csl_model_trained(mixed).epochs, 5, "three before them, without labels");
    csl_model_free(chosen);
    csl_model_free(asked);
    csl_model_free(mixed);
    free_cohort(&cohort);
}

Test(train, one_modality_alone_has_a_decay_of_its_own)
{
    csl_cohort cohort = make_pictures(false);
    csl_training t = settings(3, 2, 1, NULL);
    csl_model *chosen = train(&cohort, 3, 2, 1, NULL), *asked = NULL, *other = NULL;
    t.weight_decay = 0.2;
    cr_assert_eq(csl_model_train(&cohort, &t, &asked, NULL), CSL_OK);
    cr_assert(same_file(chosen, asked));
    t.weight_decay = 0.05;
    cr_assert_eq(csl_model_train(&cohort, &t, &other, NULL), CSL_OK);
    cr_assert(!same_file(chosen, other), "what is asked for counts");
    csl_model_free(chosen);
    csl_model_free(asked);
    csl_model_free(other);
    free_cohort(&cohort);
}
