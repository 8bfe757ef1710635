/* One step of learning: the gradient of the loss over a batch of cases, and what AdamW makes of it.
 * docs/model.md, "Learning".
 *
 * The result does not depend on the number of threads: a batch is cut into CSL_LEARNER_SLICES slices whose
 * gradients are added in order, and all chance of a case comes from its own stream of the seed. Private to
 * core/model.
 */
#ifndef CSL_MODEL_LEARNER_H
#define CSL_MODEL_LEARNER_H

#include "model/adamw.h"
#include "model/decoder.h"
#include "model/network.h"
#include "model/pool.h"
#include "model/task.h"

enum { CSL_LEARNER_SLICES = 8 };

typedef struct csl_recipe {
    unsigned epochs, batch;
    double rate, rate_floor; /* peak of the learning rate; where the cosine ends, as a share of the peak */
    double encoder_rate;     /* what encoders get of the rate, once they have learned without labels */
    double warm_up;          /* share of all steps */
    double decay, clip;      /* weight decay of matrices; greatest norm of a batch's gradient */
    double average;          /* decay of the moving average of weights, for each step */
    double modality_dropout; /* probability that a present modality is hidden; one always stays */
    double token_dropout;    /* that a token is left out */
    double feature_dropout;  /* that a feature of a token, other than a pixel, is left out */
    double noise;            /* deviation of what is added to known normalised features */
    /* of pictures: greatest rotation (degrees), logarithm of magnification, shift (share of a side);
     * probability of left and right changed; logarithm of gain and offset of grey values (deviations) */
    double turn, stretch, shift, mirror, gain, offset;
    double smoothing;                /* of targets: csl_objective */
    double branch[CSL_BRANCH_COUNT]; /* weight of each branch's loss of the tasks */
    double even_gates;               /* weight of the gates' divergence from equal ones */
    unsigned balance;                /* not 0: csl_training.balance */
    unsigned patience; /* epochs with labels without a better validation loss that end learning; 0: none */
    /* learning without labels, decoder.h */
    unsigned prior_epochs;      /* before the others */
    double prior_rate;          /* peak of their learning rate */
    double prior_token_dropout; /* tokens that are hidden then, and to be told */
    double blur;                /* deviation of what is added to an embedding before it is decoded */
    double thrift;              /* weight of half the squared length of an embedding */
    double telling;             /* weight of this loss while learning with labels */
    /* across modalities, contrast.h */
    double contrast; /* weight of the contrastive loss; 0: off */
} csl_recipe;

typedef struct csl_learner {
    const csl_network *network;
    const csl_recipe *recipe;
    const csl_objective *objective;
    const csl_encoded *encoded; /* [cases] */
    const float *labels;        /* [cases, label_count]; NaN = not known */
    size_t cases;
    uint64_t seed;
    csl_pool *pool;
    csl_decoders decoders;
    size_t count;             /* of all weights: the network's, then the decoders' */
    float *weights, *average; /* [count]; the average's first weight_count are what to use afterwards */
    csl_adamw optimiser;
    struct csl_learner_memory *memory;
} csl_learner;

/* `initial` [weight_count] is copied. Whatever the struct points to must outlive it. */
csl_status csl_learner_new(const csl_network *network, const csl_recipe *recipe,
                           const csl_objective *objective, const csl_encoded *encoded, const float *labels,
                           size_t cases, uint64_t seed, csl_pool *pool, const float *initial,
                           csl_learner *learner, csl_error *error);
void csl_learner_free(csl_learner *learner); /* a zeroed one is allowed */

/* One step at a learning rate over batch[0 .. count), with labels or without; *loss is the mean over the
 * batch. Every case must have a token. `epoch` counts both kinds of epochs: chance differs from one to the
 * next. */
csl_status csl_learner_step(csl_learner *learner, const size_t *batch, size_t count, bool labelled,
                            unsigned epoch, double rate, double *loss, csl_error *error);

#endif
