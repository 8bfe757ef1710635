#include <criterion/criterion.h>
#include <math.h>

#include "base/rng.h"
#include "model/task.h"

static const double EDGES[] = {1, 2, 4};
static const csl_task BINARY = {.name = "ill", .kind = CSL_TASK_BINARY, .count = 1},
                      CLASSES = {.name = "kind", .kind = CSL_TASK_CLASSES, .count = 3},
                      EVENT = {.name = "death", .kind = CSL_TASK_EVENT, .count = 3, .edge = EDGES};

Test(task, loss_worked_by_hand)
{
    /* -log sigmoid(2) = log(1 + e^-2); softmax of (0, log 2, log 3) is (1/6, 1/3, 1/2); hazards of log odds
     * 0, log 1/3, log 3 are 1/2, 1/4, 3/4: survived, survived, event has the likelihood 1/2 * 3/4 * 3/4,
     * survived and then lost 1/2. */
    const float two[] = {2}, third[] = {0, logf(2), logf(3)}, hazards[] = {0, logf(1.0f / 3), logf(3)};
    const struct {
        const csl_task *task;
        const float *logit;
        float target[3];
        double loss;
    } table[] = {{&BINARY, two, {1}, log1p(exp(-2))},
                 {&BINARY, two, {0}, log1p(exp(2))},
                 {&BINARY, two, {NAN}, 0},
                 {&CLASSES, third, {0, 1, 0}, log(3)},
                 {&CLASSES, third, {1, 0, 0}, log(6)},
                 {&CLASSES, third, {NAN, NAN, NAN}, 0},
                 {&EVENT, hazards, {0, 0, 1}, log(32.0 / 9)},
                 {&EVENT, hazards, {0, NAN, NAN}, log(2)},
                 {&EVENT, hazards, {1, NAN, NAN}, log(2)},
                 {&EVENT, hazards, {NAN, NAN, NAN}, 0}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        cr_expect_float_eq(csl_task_loss(table[i].task, NULL, table[i].logit, table[i].target, 1, NULL),
                           table[i].loss, 1e-6, "row %zu", i);
}

Test(task, gradient_is_the_slope_of_the_loss)
{
    const csl_balance balance[] = {{{0.7, 1.9}, 0.4}, {{1.1, 0.6}, -0.8}, {{1.5, 2.5}, 0.2}};
    const csl_objective objective = {.balance = balance, .smoothing = 0.1};
    const struct {
        const csl_task *task;
        float target[3];
    } rows[] = {
        {&BINARY, {1}}, {&BINARY, {0}}, {&CLASSES, {0, 0, 1}}, {&EVENT, {0, 1, NAN}}, {&EVENT, {0, 0, 0}}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t k = 0; k < rows[i].task->count; k++) {
            float logit[] = {0.3f, -1.2f, 0.9f}, slope[3], h = 1.0f / 64;
            csl_task_loss(rows[i].task, &objective, logit, rows[i].target, 1.7, slope);
            logit[k] += h;
            double up = csl_task_loss(rows[i].task, &objective, logit, rows[i].target, 1.7, NULL);
            logit[k] -= 2 * h;
            double down = csl_task_loss(rows[i].task, &objective, logit, rows[i].target, 1.7, NULL);
            cr_expect_float_eq((double)slope[k], (up - down) / (2 * (double)h), 1e-4, "row %zu, output %zu",
                               i, k);
        }
}

Test(task, a_sure_logit_costs_what_it_says_and_no_more)
{
    const float sure[] = {1e4f, -1e4f, 0}, wrong[] = {0, 1, 0}, event[] = {0, 1, NAN};
    cr_expect_float_eq(csl_task_loss(&CLASSES, NULL, sure, wrong, 1, NULL), 2e4, 1e-9);
    cr_expect_float_eq(csl_task_loss(&EVENT, NULL, sure, event, 1, NULL), 2e4, 1e-9);
}

Test(task, priors_and_balance_are_those_of_the_cases)
{
    /* Column 0: 1 of 4 known is ill. Columns 1 to 3: classes 2, 1 and 1 of 4 cases. Columns 4 to 6: an event
     * in the first interval, one in the third, one case lost in the second, two not known. Priors add a case
     * of each kind. */
    const float target[5][7] = {{1, 1, 0, 0, 1, NAN, NAN},
                                {0, 1, 0, 0, 0, 0, 1},
                                {0, 0, 1, 0, 0, NAN, NAN},
                                {0, 0, 0, 1, NAN, NAN, NAN},
                                {NAN, NAN, NAN, NAN, NAN, NAN, NAN}};
    const size_t all[] = {0, 1, 2, 3, 4};
    csl_task tasks[] = {BINARY, CLASSES, EVENT};
    tasks[1].first = 1;
    tasks[2].first = 4;
    float prior[3];
    csl_balance balance[3];
    csl_task_prior(&tasks[0], target[0], 7, all, 5, prior);
    cr_expect_float_eq(prior[0], log(2.0 / 4), 1e-6);
    csl_task_prior(&tasks[1], target[0], 7, all, 5, prior);
    cr_expect(fabs((double)prior[0] - log(3.0 / 7)) < 1e-6 && fabs((double)prior[2] - log(2.0 / 7)) < 1e-6);
    csl_task_prior(&tasks[2], target[0], 7, all, 5, prior);
    cr_expect(fabs((double)prior[0] - log(2.0 / 3)) < 1e-6 && fabs((double)prior[2] - log(2.0 / 1)) < 1e-6);

    csl_task_balance(&tasks[0], target[0], 7, all, 5, balance);
    cr_expect(balance[0].weight[0] == 4.0 / 6 && balance[0].weight[1] == 2);
    cr_expect_float_eq(balance[0].offset, log(1.0 / 3), 1e-12);
    csl_task_balance(&tasks[1], target[0], 7, all, 5, balance);
    cr_expect_float_eq(balance[0].weight[1], 4.0 / (3 * 2), 1e-12);
    cr_expect_float_eq(balance[1].weight[1], 4.0 / 3, 1e-12);
    csl_task_balance(&tasks[2], target[0], 7, all, 5, balance);
    cr_expect(balance[0].weight[0] == 1 && balance[0].weight[1] == 1 && balance[0].offset == 0);
}

Test(task, balance_does_not_move_the_logit_that_fits_best)
{
    /* 2 of 10 are ill. One logit for all: the weighted loss with the offset is least at the cohort's log
     * odds. */
    float target[10] = {1, 1};
    const size_t all[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    csl_balance balance;
    csl_task_balance(&BINARY, target, 1, all, 10, &balance);
    const csl_objective objective = {.balance = &balance};
    double slope = 0;
    for (size_t i = 0; i < 10; i++) {
        float logit = logf(2.0f / 8), d;
        csl_task_loss(&BINARY, &objective, &logit, &target[i], 1, &d);
        slope += (double)d;
    }
    cr_expect_float_eq(slope, 0, 1e-6);
}

Test(task, probabilities_of_answers_sum_to_one_and_agree_with_odds)
{
    csl_rng rng;
    csl_rng_seed(&rng, 5);
    const csl_task *tasks[] = {&BINARY, &CLASSES, &EVENT};
    for (int round = 0; round < 300; round++) {
        const csl_task *task = tasks[round % 3];
        float logit[3];
        double p[CSL_MAX_ANSWERS], odds[3], sum = 0;
        for (size_t k = 0; k < 3; k++) logit[k] = (float)(round < 30 ? 200 : 3) * (float)csl_rng_normal(&rng);
        csl_task_answer_probabilities(task, logit, 1.3, p);
        csl_task_odds(task, logit, 1.3, odds);
        for (size_t a = 0; a < csl_task_answers(task); a++) {
            cr_assert(p[a] >= 0 && p[a] <= 1);
            sum += p[a];
        }
        cr_assert_float_eq(sum, 1, 1e-9);
        for (size_t k = 0; k < task->count; k++) cr_assert(isfinite(odds[k]));
        if (task == &EVENT) cr_assert_float_eq(p[0] + p[1], 1 / (1 + exp(-odds[1])), 1e-9);
        if (task == &CLASSES) cr_assert_float_eq(p[2], 1 / (1 + exp(-odds[2])), 1e-9);
    }
}

Test(task, outcomes_and_answers)
{
    const struct {
        const csl_task *task;
        float target[3], outcome[3];
        int answer;
    } table[] = {{&BINARY, {1}, {1}, 1},
                 {&BINARY, {0}, {0}, 0},
                 {&BINARY, {NAN}, {NAN}, -1},
                 {&CLASSES, {0, 0, 1}, {0, 0, 1}, 2},
                 {&EVENT, {0, 1, NAN}, {0, 1, 1}, 1},
                 {&EVENT, {0, 0, 0}, {0, 0, 0}, 3},
                 {&EVENT, {0, NAN, NAN}, {0, NAN, NAN}, -1}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        float outcome[3];
        csl_task_outcome(table[i].task, table[i].target, outcome);
        for (size_t k = 0; k < table[i].task->count; k++)
            cr_expect(outcome[k] == table[i].outcome[k] || (isnan(outcome[k]) && isnan(table[i].outcome[k])),
                      "row %zu, output %zu", i, k);
        cr_expect_eq(csl_task_answer(table[i].task, table[i].target), table[i].answer, "row %zu", i);
    }
}
