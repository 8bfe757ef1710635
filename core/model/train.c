#include "model/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/card.h"
#include "model/checkpoint.h"
#include "model/division.h"
#include "model/fitted.h"
#include "model/inherit.h"
#include "model/validate.h"

/* Streams of the seed, far from those of cases (epoch * cases + case). */
static const uint64_t STREAM_ORDER = UINT64_MAX - 1, STREAM_WEIGHTS = UINT64_MAX - 2;

/* Fewer valid cases do not choose the epoch: their loss is mostly noise, and where the least of forty such is
 * taken it often is an early one, before the heads have learned. */
enum { LEAST_TO_CHOOSE = 10 };

/* Of the epochs with labels: how long the memory of the smoothed validation loss is. */
static const double SMOOTHED_SHARE = 0.1;

csl_status csl_model_train(const csl_cohort *cohort, const csl_training *training, csl_model **model,
                           csl_error *error)
{
    csl_training t = csl_training_for(cohort, training);
    csl_recipe recipe = csl_recipe_for(&t);
    return csl_model_train_by(cohort, &t, &recipe, model, error);
}

/* ---- the model before learning ---- */

static csl_status prepare(csl_model *m, const csl_cohort *cohort, const csl_training *t, double contrast,
                          const csl_division *d, float *odds, csl_error *error)
{
    csl_model *parent = NULL;
    csl_status status = csl_model_take_labels(m, cohort, error);
    if (status == CSL_OK && t->trained_on && !(m->trained_on = strdup(t->trained_on)))
        status = csl_fail(error, CSL_ENOMEM, NULL, "no memory");
    if (status == CSL_OK && t->from) status = csl_model_load(t->from, &parent, error);
    if (status != CSL_OK) goto done;
    csl_network_defaults(&m->network);
    if (t->width) m->network.width = t->width;
    if (t->heads) m->network.heads = t->heads;
    if (t->blocks) m->network.blocks = t->blocks;
    if (t->bottlenecks) m->network.bottlenecks = t->bottlenecks;
    if (t->stem_channels) m->network.stem_channels = t->stem_channels;
    status = parent ? csl_inherit_shape(parent, t->from, cohort, t, m, error)
                    : csl_features_fit(cohort->cases, d->train, d->train_count, &m->features, error);
    if (status == CSL_OK) status = csl_model_configure(m, error);
    if (status != CSL_OK) goto done;
    if (!(m->weights = calloc(m->network.weight_count, sizeof *m->weights))) {
        status = csl_fail(error, CSL_ENOMEM, NULL, "no memory for %zu weights", m->network.weight_count);
        goto done;
    }
    for (size_t i = 0; i < m->task_count; i++)
        csl_task_prior(&m->tasks[i], cohort->labels, cohort->label_count, d->train, d->train_count,
                       odds + m->tasks[i].first);
    csl_rng rng;
    csl_rng_seed_stream(&rng, t->seed, STREAM_WEIGHTS);
    csl_network_init(&m->network, csl_rng_next(&rng), odds, m->weights);
    if (parent) csl_inherit_weights(parent, m);
    m->training.contrastive = contrast > 0 || !parent ? contrast : parent->training.contrastive;
done:
    csl_model_free(parent);
    return status;
}

/* ---- the loop ---- */

typedef struct run {
    const csl_cohort *cohort;
    const csl_training *training;
    const csl_recipe *recipe;
    csl_division division;
    csl_encoded *encoded; /* [cohort->count], those of the two splits filled */
    csl_pool *pool;
    csl_learner learner;
    csl_objective objective;
    csl_balance balance[CSL_MAX_LABELS];
    float odds[CSL_MAX_LABELS];
    float *valid_logit, *valid_truth; /* [valid_count, label_count] */
} run;

static csl_status encode(run *r, const csl_model *m, const size_t *which, size_t count, csl_error *error)
{
    csl_status status = CSL_OK;
    for (size_t i = 0; i < count && status == CSL_OK; i++)
        status = csl_preprocess(&m->network, &m->features, r->cohort->cases[which[i]], &r->encoded[which[i]],
                                error);
    return status;
}

/* Epochs count from 0 within their kind, with labels or without; each kind has its own schedule. The order of
 * cases depends on the seed and the epoch alone. */
static csl_status learn_epoch(run *r, bool labelled, unsigned epoch, size_t *order, double *loss,
                              csl_error *error)
{
    unsigned number = labelled ? r->recipe->prior_epochs + epoch : epoch;
    unsigned epochs = labelled ? r->recipe->epochs : r->recipe->prior_epochs;
    size_t count = labelled ? r->division.labelled_count : r->division.train_count;
    size_t batch = r->recipe->batch < count ? r->recipe->batch : count;
    size_t steps = (count + batch - 1) / batch;
    csl_rng rng;
    csl_rng_seed_stream(&rng, r->training->seed ^ STREAM_ORDER, number);
    memcpy(order, r->division.train, count * sizeof *order);
    csl_rng_shuffle(&rng, order, count);
    *loss = 0;
    for (size_t s = 0; s < steps; s++) {
        size_t from = s * count / steps, to = (s + 1) * count / steps;
        uint64_t all = (uint64_t)steps * epochs, now = (uint64_t)epoch * steps + s;
        uint64_t warm_up = (uint64_t)(r->recipe->warm_up * (double)all);
        double rate = csl_schedule(now, all, warm_up, labelled ? r->recipe->rate : r->recipe->prior_rate,
                                   r->recipe->rate_floor),
               part;
        csl_status status =
            csl_learner_step(&r->learner, order + from, to - from, labelled, number, rate, &part, error);
        if (status != CSL_OK) return status;
        *loss += part * (double)(to - from) / (double)count;
    }
    return CSL_OK;
}

/* The last epoch's verdict, and the averaged weights if they are the best so far: without labels the latest
 * are, with labels those of the least calibrated validation loss, with few or no valid cases again the
 * latest. Few cases make a lucky epoch look best: so the loss is smoothed, an exponential average over about
 * a tenth of the epochs. */
static void keep(const run *r, csl_model *m, bool labelled, double loss, const csl_verdict *v,
                 csl_choice *choice)
{
    double share = 2 / (SMOOTHED_SHARE * r->recipe->epochs + 1);
    m->training.epochs++;
    if (labelled && r->division.valid_count >= LEAST_TO_CHOOSE) {
        choice->trend = share < 1 && isfinite(choice->trend)
                            ? choice->trend + share * (v->loss - choice->trend)
                            : v->loss;
        if (choice->trend >= choice->best) return;
        choice->best = choice->trend;
    }
    m->training.epoch = m->training.epochs;
    m->training.loss = loss;
    m->training.valid_auc = v->auc;
    memcpy(m->weights, r->learner.average, m->network.weight_count * sizeof *m->weights);
}

/* Whether patience is at its end. */
static bool stalled(const run *r, const csl_training_summary *t)
{
    unsigned since = t->epoch > r->recipe->prior_epochs ? t->epoch : r->recipe->prior_epochs;
    return r->recipe->patience && t->epochs >= since + r->recipe->patience;
}

static csl_status learn(run *r, csl_model *m, const csl_checkpoint *checkpoint, csl_error *error)
{
    size_t *order = calloc(r->division.train_count, sizeof *order);
    csl_choice choice = {INFINITY, INFINITY};
    if (!order) return csl_fail(error, CSL_ENOMEM, NULL, "no memory for the order of cases");
    unsigned prior = r->recipe->prior_epochs, epochs = prior + r->recipe->epochs;
    csl_status status =
        checkpoint->path ? csl_checkpoint_read(checkpoint, &r->learner, m, &choice, error) : CSL_OK;
    for (unsigned epoch = m->training.epochs; epoch < epochs && status == CSL_OK; epoch++) {
        bool labelled = epoch >= prior;
        csl_verdict v = {.auc = NAN};
        double loss;
        if (stalled(r, &m->training)) break;
        if (epoch == prior) csl_adamw_reset(&r->learner.optimiser);
        status = learn_epoch(r, labelled, labelled ? epoch - prior : epoch, order, &loss, error);
        if (status == CSL_OK && labelled)
            status =
                csl_validate(&m->network, r->learner.average, &r->objective, r->encoded, &r->division,
                             r->odds, r->pool, r->valid_logit, r->valid_truth, m->calibration, &v, error);
        if (status != CSL_OK) break;
        keep(r, m, labelled, loss, &v, &choice);
        if (checkpoint->path) status = csl_checkpoint_write(checkpoint, &r->learner, m, &choice, error);
        if (r->training->progress &&
            r->training->progress(r->training->context, epoch + 1, epochs, loss, v.auc))
            break;
    }
    free(order);
    return status;
}

/* What a case is like, from all that were read: nothing that is learned goes in. */
static csl_status fit_gauges(const run *r, csl_model *m, csl_error *error)
{
    size_t train = r->division.train_count, count = train + r->division.valid_count;
    size_t *all = calloc(count + 1, sizeof *all);
    m->gauges = calloc(m->features.count, sizeof *m->gauges);
    if (!all || !m->gauges) {
        free(all);
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory for %zu cases", count);
    }
    if (train) memcpy(all, r->division.train, train * sizeof *all);
    if (count > train) memcpy(all + train, r->division.valid, (count - train) * sizeof *all);
    csl_status status = csl_novelty_fit(&m->network, &m->features, r->encoded, all, count, m->gauges, error);
    free(all);
    return status;
}

csl_status csl_model_train_by(const csl_cohort *given, const csl_training *training, const csl_recipe *recipe,
                              csl_model **model, csl_error *error)
{
    csl_cohort without = *given;
    without.label_count = without.task_count = 0;
    const csl_cohort *cohort = training->pretrain ? &without : given;
    run r = {.cohort = cohort, .training = training, .recipe = recipe};
    csl_checkpoint checkpoint = {0};
    csl_model *m = calloc(1, sizeof *m);
    *model = NULL;
    if (!m) return csl_fail(error, CSL_ENOMEM, NULL, "no memory for a model");
    csl_status status = CSL_OK;
    if ((!cohort->label_count && !training->pretrain) || cohort->label_count > CSL_MAX_LABELS) {
        status = csl_fail(error, CSL_EUSAGE, NULL, "a cohort has 1 to %d labels, this one has %zu",
                          CSL_MAX_LABELS, cohort->label_count);
        goto done;
    }
    if ((status = csl_divide(cohort, training->seed, &r.division, error)) != CSL_OK) goto done;
    if ((status = prepare(m, cohort, training, recipe->contrast, &r.division, r.odds, error)) != CSL_OK)
        goto done;
    r.encoded = calloc(cohort->count, sizeof *r.encoded);
    r.valid_logit = calloc(r.division.valid_count * cohort->label_count + 1, sizeof *r.valid_logit);
    r.valid_truth = calloc(r.division.valid_count * cohort->label_count + 1, sizeof *r.valid_truth);
    if (!r.encoded || !r.valid_logit || !r.valid_truth) {
        status = csl_fail(error, CSL_ENOMEM, NULL, "no memory for %zu cases", cohort->count);
        goto done;
    }
    for (size_t i = 0; i < r.division.valid_count; i++)
        memcpy(r.valid_truth + i * cohort->label_count,
               cohort->labels + r.division.valid[i] * cohort->label_count,
               cohort->label_count * sizeof(float));
    if ((status = encode(&r, m, r.division.train, r.division.train_count, error)) != CSL_OK) goto done;
    if ((status = encode(&r, m, r.division.valid, r.division.valid_count, error)) != CSL_OK) goto done;
    if ((status = csl_pool_new(training->jobs, &r.pool, error)) != CSL_OK) goto done;
    r.objective = (csl_objective){.task = m->tasks,
                                  .task_count = m->task_count,
                                  .balance = recipe->balance ? r.balance : NULL,
                                  .smoothing = recipe->smoothing};
    for (size_t i = 0; i < m->task_count; i++)
        csl_task_balance(&m->tasks[i], cohort->labels, cohort->label_count, r.division.train,
                         r.division.train_count, r.balance + m->tasks[i].first);
    status = csl_learner_new(&m->network, recipe, &r.objective, r.encoded, cohort->labels, cohort->count,
                             training->seed, r.pool, m->weights, &r.learner, error);
    if (status != CSL_OK) goto done;
    m->training.seed = training->seed;
    m->training.cases = r.division.train_count;
    m->training.valid_cases = r.division.valid_count;
    if (training->checkpoint)
        status = csl_checkpoint_of(training->checkpoint, cohort, &r.division, recipe, &m->network, m->weights,
                                   training->seed, &checkpoint, error);
    if (status == CSL_OK) status = learn(&r, m, &checkpoint, error);
    if (status == CSL_OK) status = csl_model_prepare(m, CSL_PRECISION_F32, error);
    if (status != CSL_OK) goto done;
    csl_verdict final;
    if (!training->pretrain)
        status = csl_validate(&m->network, m->weights, &r.objective, r.encoded, &r.division, r.odds, r.pool,
                              r.valid_logit, r.valid_truth, m->calibration, &final, error);
    for (size_t t = 0; !training->pretrain && t < m->task_count && status == CSL_OK; t++) {
        size_t first = m->tasks[t].first;
        status = csl_conformity_fit(&m->tasks[t], m->calibration[first].temperature, r.valid_logit + first,
                                    r.valid_truth + first, r.division.valid_count, cohort->label_count,
                                    &m->conformity[t], error);
    }
    if (status == CSL_OK) status = fit_gauges(&r, m, error);
    if (status == CSL_OK && training->card)
        status = csl_card_write(m, cohort, &r.division, recipe, training, error);
done:
    csl_checkpoint_free(&checkpoint);
    csl_learner_free(&r.learner);
    csl_pool_free(r.pool);
    for (size_t i = 0; i < cohort->count && r.encoded; i++) csl_encoded_free(&r.encoded[i]);
    free(r.encoded);
    free(r.valid_logit);
    free(r.valid_truth);
    csl_division_free(&r.division);
    if (status == CSL_OK)
        *model = m;
    else
        csl_model_free(m);
    return status;
}
