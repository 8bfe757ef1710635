/* What the network's outputs mean together: the cost of a wrong answer, and logits made into probabilities.
 * One case at a time; logit[task->count] and target[task->count] begin at the task's first output.
 *
 *   binary    one output z; p = sigmoid(z)
 *   classes   k outputs; p = softmax(z). target is one-hot
 *   event     T outputs, the hazards of T intervals of time: h_j = sigmoid(z_j), the probability of the event
 *             in interval j for who had none before (Singer and Willett 1993; Gensheimer and Narasimhan
 * 2019). target is 0 where the interval was survived, 1 where it had the event, NaN from then on and from the
 * interval in which follow-up ended
 *
 * A target of NaN is not known. A binary or class task is known by its first target, an event task if its
 * first interval is. Private to core/model. */
#ifndef CSL_MODEL_TASK_H
#define CSL_MODEL_TASK_H

#include "model/model.h"

/* With class balance: the weights of target 0 and 1, and what is taken off the logit before the loss is made.
 * Weights N / (k N_class) move the best logit by the log odds of the classes; with these taken off, the logit
 * that is learned stays that of the cohort as it is (King and Zeng 2001, prior correction). */
typedef struct csl_balance {
    double weight[2], offset;
} csl_balance;

/* What a model is to learn. */
typedef struct csl_objective {
    const csl_task *task; /* [task_count], covering all outputs in order */
    size_t task_count;
    const csl_balance *balance; /* [outputs], or NULL: every case counts alike */
    double smoothing; /* targets of binary and event tasks become smoothing / 2 and 1 - smoothing / 2,
                         those of k classes smoothing / k and 1 - smoothing + smoothing / k */
} csl_objective;

enum { CSL_TASK_KINDS = 3 };
extern const char *const csl_task_kind_name[CSL_TASK_KINDS]; /* "binary", "classes", "event" */

/* The cohort's tasks, borrowing from it, or a binary one for each label where it has none; how many. */
size_t csl_cohort_tasks(const csl_cohort *cohort, csl_task tasks[CSL_MAX_LABELS]);

bool csl_task_known(const csl_task *task, const float *target);
/* The negative log-likelihood of the target: binary cross-entropy; softmax cross-entropy; the sum of binary
 * cross-entropies over the known intervals. dlogit[count], unless NULL, becomes its gradient. 0 where the
 * task is not known. Logits are divided by `temperature` first; smoothing and balance are the objective's,
 * none where it is NULL. */
double csl_task_loss(const csl_task *task, const csl_objective *objective, const float *logit,
                     const float *target, double temperature, float *dlogit);

/* The logits that fit the training cases best when nothing is known of a case: log odds, log shares of the
 * classes, log odds of each interval's hazard; a case of each kind is added, so that they are finite.
 * target[cases[0 .. count), stride]. */
void csl_task_prior(const csl_task *task, const float *target, size_t stride, const size_t *cases,
                    size_t count, float *logit);
/* Weights N / (k N_class) over the known cases of a binary or class task. An event task is left alone: its
 * classes, the intervals, are unequal by what happens, not by how cases were collected. */
void csl_task_balance(const csl_task *task, const float *target, size_t stride, const size_t *cases,
                      size_t count, csl_balance *balance);

/* Log odds of each output's probability at a temperature: of the label, of the class, of the event by the end
 * of the interval. odds[count], finite. */
void csl_task_odds(const csl_task *task, const float *logit, double temperature, double *odds);
/* What these are the odds of: outcome[count], 0, 1, or NaN where it is not known. */
void csl_task_outcome(const csl_task *task, const float *target, float *outcome);

/* The answers that exclude each other: no, yes; the classes; each interval, and after the last. */
size_t csl_task_answers(const csl_task *task);
/* probability[csl_task_answers], summing to 1. */
void csl_task_answer_probabilities(const csl_task *task, const float *logit, double temperature,
                                   double *probability);
/* The one that is true, -1 where it is not known. */
int csl_task_answer(const csl_task *task, const float *target);

#endif
