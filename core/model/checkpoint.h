/* What learning needs to go on after a kill as if nothing had happened: one safetensors file, replaced whole
 * after each epoch. All chance comes from streams of the seed by epoch and case, so no generator's state is
 * in it. Private to core/model.
 *
 *   tensors   weights, first, second [count]; average, kept [weight_count]
 *   metadata  format "consilium-checkpoint", version, settings, cohort (SHA-256 of the cases as read, their
 *             labels and which learn), state {"epochs", "step", "trend", "best", "epoch", "loss",
 * "valid_auc"}
 */
#ifndef CSL_MODEL_CHECKPOINT_H
#define CSL_MODEL_CHECKPOINT_H

#include "model/division.h"
#include "model/fitted.h"
#include "model/learner.h"

/* By what the epoch is chosen: the validation loss, smoothed over epochs, and its least so far; INFINITY:
 * none yet. */
typedef struct csl_choice {
    double trend, best;
} csl_choice;

typedef struct csl_checkpoint {
    const char *path;
    char *settings; /* JSON */
    char cohort[CSL_SHA256_HEX];
} csl_checkpoint;

/* Of which training the file at `path` is or will be; start[weight_count] are its first weights. Free with
 * csl_checkpoint_free, also after failure. */
csl_status csl_checkpoint_of(const char *path, const csl_cohort *cohort, const csl_division *division,
                             const csl_recipe *recipe, const csl_network *network, const float *start,
                             uint64_t seed, csl_checkpoint *checkpoint, csl_error *error);
void csl_checkpoint_free(csl_checkpoint *checkpoint);

/* After an epoch: the learner, the weights kept so far and the summary in `model`, and the choice. */
csl_status csl_checkpoint_write(const csl_checkpoint *checkpoint, const csl_learner *learner,
                                const csl_model *model, const csl_choice *choice, csl_error *error);
/* Puts all that back; model->training.epochs says how many epochs are done. Without a file nothing changes.
 * CSL_EMISMATCH where the file is of another cohort, other settings or another version; CSL_EFORMAT where it
 * is damaged or no checkpoint. */
csl_status csl_checkpoint_read(const csl_checkpoint *checkpoint, csl_learner *learner, csl_model *model,
                               csl_choice *choice, csl_error *error);

#endif
