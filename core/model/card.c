#include "model/card.h"

#include <stdlib.h>

#include "model/settings.h"
#include "model/survey.h"

/* The cohort as it was divided: cases that took no part are in neither split. */
csl_status csl_card_write(csl_model *m, const csl_cohort *cohort, const csl_division *d,
                          const csl_recipe *recipe, const csl_training *training, csl_error *error)
{
    csl_cohort view = *cohort;
    csl_status status = CSL_ENOMEM;
    view.split = calloc(view.count + 1, sizeof *view.split);
    for (size_t i = 0; i < view.count && view.split; i++) view.split[i] = CSL_SPLIT_TEST;
    for (size_t i = 0; i < d->train_count && view.split; i++) view.split[d->train[i]] = CSL_SPLIT_TRAIN;
    for (size_t i = 0; i < d->valid_count && view.split; i++) view.split[d->valid[i]] = CSL_SPLIT_VALID;
    json_t *train = NULL, *valid = NULL, *card = NULL;
    if (!view.split) {
        csl_fail(error, CSL_ENOMEM, NULL, "no memory for the card of %zu cases", view.count);
        goto done;
    }
    uint64_t seed = training->seed;
    unsigned jobs = training->jobs;
    if (!(train = csl_survey(m, &view, CSL_SPLIT_TRAIN, false, jobs, seed, error))) goto done;
    if (!(valid = csl_survey(m, &view, CSL_SPLIT_VALID, !training->pretrain, jobs, seed, error))) goto done;
    card = json_pack("{s:o, s:O, s:O}", "settings", csl_settings(recipe, &m->network, seed), "train", train,
                     "valid", valid);
    if (card && (m->card = json_dumps(card, JSON_COMPACT)))
        status = CSL_OK;
    else
        csl_fail(error, CSL_ENOMEM, NULL, "no memory for the model's card");
done:
    json_decref(train);
    json_decref(valid);
    json_decref(card);
    free(view.split);
    return status;
}
