/* What learning is done with where nothing else is asked for. */
#include <string.h>

#include "model/train.h"

/* Of the loss across modalities while learning without labels only. Together with labels it is off unless
 * asked for: where modalities have nothing in common it teaches the encoders to tell patients apart by chance
 * marks. */
static const double PRETRAIN_CONTRAST = 0.3;

csl_recipe csl_recipe_for(const csl_training *t)
{
    csl_recipe r = {.epochs = 40,
                    .batch = 16,
                    .rate = 3e-3,
                    .rate_floor = 0.02,
                    .encoder_rate = 0.1,
                    .warm_up = 0.1,
                    .decay = 0.05,
                    .clip = 1.0,
                    .average = 0.98,
                    .modality_dropout = 0.15,
                    .token_dropout = 0.1,
                    .noise = 0.1,
                    .turn = 15,
                    .stretch = 0.15,
                    .shift = 0.1,
                    .mirror = 0,
                    .gain = 0.2,
                    .offset = 0.2,
                    .smoothing = 0.0,
                    .branch = {1, 0.5, 0.5, 0.5},
                    .even_gates = 0.5,
                    .prior_rate = 3e-3,
                    .prior_token_dropout = 0.5,
                    .blur = 0.3,
                    .thrift = 3e-4,
                    .telling = 0.5,
                    .contrast = t->pretrain ? PRETRAIN_CONTRAST : 0};
    if (t->epochs) r.epochs = t->epochs;
    r.prior_epochs = r.epochs + r.epochs / 2;
    if (t->pretrain) {
        r.prior_epochs = t->epochs ? t->epochs : r.prior_epochs;
        r.epochs = 0;
    }
    if (t->from || t->labels_only) { /* a model's decoders are not in its file */
        r.prior_epochs = 0;
        r.telling = 0;
    }
    if (t->labels_only) {
        r.encoder_rate = 1;
        r.average = 0.99;
    }
    double movement = t->movement >= 0 ? t->movement : t->labels_only;
    if (t->contrastive >= 0) r.contrast = t->contrastive;
    r.patience = t->patience;
    r.balance = t->balance;
    if (t->batch) r.batch = t->batch;
    if (t->learning_rate > 0) r.rate = t->learning_rate;
    if (t->modality_dropout >= 0) r.modality_dropout = t->modality_dropout;
    if (t->weight_decay >= 0) r.decay = t->weight_decay;
    double *const bounds[] = {&r.turn, &r.stretch, &r.shift, &r.gain, &r.offset};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) *bounds[i] *= movement;
    if (t->mirror >= 0) r.mirror = t->mirror;
    return r;
}

/* The modality that all cases show that are learned from, if there is only one; NULL if there are more. */
static const csl_case_modality *only_modality(const csl_cohort *cohort)
{
    const csl_case_modality *only = NULL;
    for (size_t i = 0; i < cohort->count; i++) {
        const csl_case *c = cohort->cases[i];
        if (cohort->split[i] == CSL_SPLIT_TEST) continue;
        for (size_t k = 0; k < c->modality_count; k++) {
            const csl_case_modality *m = &c->modalities[k];
            if (!m->count) continue;
            if (only && strcmp(only->spec.modality, m->spec.modality)) return NULL;
            only = m;
        }
    }
    return only;
}

/* A hidden tile of a picture tells little: on 28 x 28 pixel images with a label each, labels from the first
 * epoch, moved pictures and about 9000 steps did better (docs/model.md, breast). */
static void for_pictures(const csl_cohort *cohort, csl_training *t)
{
    enum { STEPS = 9000, LEAST_EPOCHS = 30, MOST_EPOCHS = 250 };
    size_t cases = 0;
    for (size_t i = 0; i < cohort->count; i++) cases += cohort->split[i] == CSL_SPLIT_TRAIN;
    t->labels_only = true;
    if (!t->epochs) {
        size_t epochs = (size_t)STEPS * (t->batch ? t->batch : 16) / (cases ? cases : 1);
        t->epochs = (unsigned)(epochs < LEAST_EPOCHS  ? LEAST_EPOCHS
                               : epochs > MOST_EPOCHS ? MOST_EPOCHS
                                                      : epochs);
    }
}

csl_training csl_training_for(const csl_cohort *cohort, const csl_training *given)
{
    /* With one modality there are no products to find between modalities, and weights may be held shorter: on
     * a table of 300 cases this did better (docs/model.md, heart). */
    static const double ALONE_DECAY = 0.2;
    csl_training t = *given;
    const csl_case_modality *only = t.pretrain || t.from ? NULL : only_modality(cohort);
    if (!only) return t;
    if (only->tiles && !t.labels_only)
        for_pictures(cohort, &t);
    else if (!only->tiles && t.weight_decay < 0)
        t.weight_decay = ALONE_DECAY;
    return t;
}
