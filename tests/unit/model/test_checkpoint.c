#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cohort.h"
#include "model/fitted.h"

static const made_plan PLAN = {
    .seed = 11, .train = 40, .test = 4, .image_tokens = 12, .lab_visits = 1, .level = 2, .missing = 0.1};

static int stop_after(void *context, unsigned epoch, unsigned epochs, double loss, double valid_auc)
{
    (void)epochs;
    (void)loss;
    (void)valid_auc;
    return epoch == *(const unsigned *)context;
}

static csl_training settings(const char *checkpoint, unsigned *last)
{
    return (csl_training){.seed = 1,
                          .epochs = 4,
                          .jobs = 2,
                          .modality_dropout = -1,
                          .weight_decay = -1,
                          .width = 8,
                          .heads = 2,
                          .blocks = 1,
                          .bottlenecks = 2,
                          .checkpoint = checkpoint,
                          .progress = last ? stop_after : NULL,
                          .context = last};
}

static csl_model *train(const csl_cohort *cohort, const char *checkpoint, unsigned last)
{
    csl_training t = settings(checkpoint, last ? &last : NULL);
    csl_model *model = NULL;
    csl_error error = {0};
    cr_assert_eq(csl_model_train(cohort, &t, &model, &error), CSL_OK, "%s: %s", error.place, error.message);
    return model;
}

static char *saved(const csl_model *model, size_t *length)
{
    char path[] = "/tmp/csl-checkpoint-XXXXXX", *bytes;
    close(mkstemp(path));
    cr_assert_eq(csl_model_save(model, path, NULL), CSL_OK);
    cr_assert_eq(csl_read_file(path, 1 << 28, &bytes, length, NULL), CSL_OK);
    unlink(path);
    return bytes;
}

static void make_name(char *path)
{
    strcpy(path, "/tmp/csl-checkpoint-XXXXXX");
    close(mkstemp(path));
    unlink(path);
}

/* 6 epochs without labels, 4 with: stops among the first, at their end, among the others, and after all. */
Test(checkpoint, training_that_was_cut_short_ends_with_the_same_bytes)
{
    static const unsigned STOPS[] = {1, 5, 6, 7, 9, 10};
    csl_cohort cohort = make_cohort(&PLAN);
    csl_model *whole = train(&cohort, NULL, 0);
    size_t wanted, got;
    char *expected = saved(whole, &wanted), path[40];
    csl_model_free(whole);
    for (size_t i = 0; i < sizeof STOPS / sizeof *STOPS; i++) {
        make_name(path);
        csl_model_free(train(&cohort, path, STOPS[i]));
        cr_assert(csl_is_file(path));
        csl_model *rest = train(&cohort, path, 0);
        char *bytes = saved(rest, &got);
        cr_assert(got == wanted && memcmp(bytes, expected, got) == 0, "cut after epoch %u", STOPS[i]);
        cr_assert_eq(rest->training.epochs, 10);
        free(bytes);
        csl_model_free(rest);
        unlink(path);
    }
    free(expected);
    free_cohort(&cohort);
}

static void refuse(const csl_cohort *cohort, const csl_training *t, csl_status code, const char *words)
{
    csl_model *model = NULL;
    csl_error error = {0};
    cr_assert_eq(csl_model_train(cohort, t, &model, &error), code, "%s: %s", error.place, error.message);
    cr_assert(strstr(error.message, words), "'%s' is not in: %s", words, error.message);
    cr_assert_str_eq(error.place, t->checkpoint);
    cr_assert_null(model);
}

Test(checkpoint, that_of_another_training_is_refused_by_name)
{
    csl_cohort cohort = make_cohort(&PLAN);
    char path[40];
    make_name(path);
    csl_model_free(train(&cohort, path, 2));
    csl_training t = settings(path, NULL);
    t.epochs = 5;
    refuse(&cohort, &t, CSL_EMISMATCH, "epochs 4, not 5");
    t = settings(path, NULL);
    t.seed = 2;
    refuse(&cohort, &t, CSL_EMISMATCH, "seed 1, not 2");
    t = settings(path, NULL);
    t.learning_rate = 0.01;
    refuse(&cohort, &t, CSL_EMISMATCH, "rate 0.003, not 0.01");
    t = settings(path, NULL);
    t.patience = 2;
    refuse(&cohort, &t, CSL_EMISMATCH, "patience 0, not 2");
    t = settings(path, NULL);
    t.width = 16;
    refuse(&cohort, &t, CSL_EMISMATCH, "width 8, not 16");
    t = settings(path, NULL);
    cohort.labels[0] = 1 - cohort.labels[0];
    refuse(&cohort, &t, CSL_EMISMATCH, "another cohort");
    cohort.labels[0] = 1 - cohort.labels[0];
    cohort.cases[0]->modalities[0].features[0] += 1;
    refuse(&cohort, &t, CSL_EMISMATCH, "another cohort");
    cohort.cases[0]->modalities[0].features[0] -= 1;
    csl_model_free(train(&cohort, path, 0)); /* and without a change it goes on */
    unlink(path);
    free_cohort(&cohort);
}

Test(checkpoint, what_is_damaged_or_none_is_refused)
{
    csl_cohort cohort = make_cohort(&PLAN);
    char path[40], *bytes;
    size_t length;
    make_name(path);
    csl_training t = settings(path, NULL);
    csl_model_free(train(&cohort, path, 2));
    cr_assert_eq(csl_read_file(path, 1 << 28, &bytes, &length, NULL), CSL_OK);
    cr_assert_eq(csl_write_file_atomic(path, bytes, length / 2, NULL), CSL_OK);
    refuse(&cohort, &t, CSL_EFORMAT, "");
    char *at = memmem(bytes, length, "consilium-checkpoint", 20);
    cr_assert_not_null(at);
    *at = 'X';
    cr_assert_eq(csl_write_file_atomic(path, bytes, length, NULL), CSL_OK);
    refuse(&cohort, &t, CSL_EFORMAT, "is not a checkpoint");
    *at = 'c';
    cr_assert_not_null(at = memmem(bytes, length, "1 of consilium", 14));
    *at = '0';
    cr_assert_eq(csl_write_file_atomic(path, bytes, length, NULL), CSL_OK);
    refuse(&cohort, &t, CSL_EMISMATCH, "goes on only from version 1");
    free(bytes);
    unlink(path);
    free_cohort(&cohort);
}

/* A folder that is not there: the first epoch's checkpoint cannot be written, and training says so. */
Test(checkpoint, one_that_cannot_be_written_ends_training)
{
    csl_cohort cohort = make_cohort(&PLAN);
    csl_training t = settings("/nonexistent/checkpoint", NULL);
    csl_model *model = NULL;
    csl_error error = {0};
    cr_assert_neq(csl_model_train(&cohort, &t, &model, &error), CSL_OK);
    cr_assert(strstr(error.place, "/nonexistent/"), "%s", error.place);
    free_cohort(&cohort);
}

typedef struct trace {
    unsigned count;
    double auc[64];
} trace;

static int note(void *context, unsigned epoch, unsigned epochs, double loss, double valid_auc)
{
    trace *t = context;
    (void)epochs;
    (void)loss;
    cr_assert_eq(epoch, ++t->count);
    t->auc[epoch] = valid_auc;
    return 0;
}

/* Labels that no case shows: the validation loss finds its least early, and patience ends learning exactly so
 * many epochs later, with the same weights as without. */
Test(checkpoint, patience_ends_learning_after_that_many_epochs_without_a_better_one)
{
    made_plan plan = PLAN;
    plan.level = 0;
    plan.train = 80; /* 12 of them, enough to choose, are valid */
    csl_cohort cohort = make_cohort(&plan);
    trace t = {0};
    csl_training s = settings(NULL, NULL);
    s.epochs = 30;
    s.learning_rate = 0.02;
    s.patience = 3;
    s.progress = note;
    s.context = &t;
    csl_model *early = NULL, *full = NULL;
    cr_assert_eq(csl_model_train(&cohort, &s, &early, NULL), CSL_OK);
    cr_assert_lt(t.count, 75); /* 45 without labels, 30 with */
    cr_assert_eq(t.count, early->training.epoch + 3);
    cr_assert_eq(early->training.epochs, t.count);
    s.progress = NULL;
    s.patience = 0;
    cr_assert_eq(csl_model_train(&cohort, &s, &full, NULL), CSL_OK);
    cr_assert_eq(full->training.epochs, 75);
    if (full->training.epoch == early->training.epoch)
        cr_assert_arr_eq(full->weights, early->weights, full->network.weight_count * sizeof(float));
    csl_model_free(early);
    csl_model_free(full);
    free_cohort(&cohort);
}
