#include "model/division.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"

static const double VALID_SHARE = 0.15;
static const uint64_t STREAM_SPLIT = UINT64_MAX; /* of the seed */

static bool usable(const csl_cohort *cohort, size_t index)
{
    bool labelled = false, seen = false;
    for (size_t l = 0; l < cohort->label_count; l++)
        labelled |= !isnan(cohort->labels[index * cohort->label_count + l]);
    for (size_t k = 0; k < cohort->cases[index]->modality_count; k++)
        seen |= cohort->cases[index]->modalities[k].count > 0;
    return labelled && seen;
}

/* Moves VALID_SHARE of the training cases of each value of the first label to the valid split. */
static void hold_out(const csl_cohort *cohort, uint64_t seed, csl_division *d)
{
    csl_rng rng;
    csl_rng_seed_stream(&rng, seed, STREAM_SPLIT);
    csl_rng_shuffle(&rng, d->train, d->train_count);
    size_t total[3] = {0}, wanted[3], kept = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < d->train_count; i++) {
            float label = cohort->labels[d->train[i] * cohort->label_count];
            size_t stratum = isnan(label) ? 2 : label > 0.5f;
            if (!pass)
                total[stratum]++;
            else if (wanted[stratum]) {
                wanted[stratum]--;
                d->valid[d->valid_count++] = d->train[i];
            } else
                d->train[kept++] = d->train[i];
        }
        for (int s = 0; s < 3; s++) wanted[s] = (size_t)(VALID_SHARE * (double)total[s] + 0.5);
    }
    d->train_count = kept;
}

csl_status csl_divide(const csl_cohort *cohort, uint64_t seed, csl_division *d, csl_error *error)
{
    *d = (csl_division){.train = calloc(cohort->count + 1, sizeof *d->train),
                        .valid = calloc(cohort->count + 1, sizeof *d->valid)};
    if (!d->train || !d->valid)
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory for %zu cases", cohort->count);
    for (size_t i = 0; i < cohort->count; i++) {
        if (!usable(cohort, i)) continue;
        if (cohort->split[i] == CSL_SPLIT_TRAIN) d->train[d->train_count++] = i;
        if (cohort->split[i] == CSL_SPLIT_VALID) d->valid[d->valid_count++] = i;
    }
    if (!d->valid_count) hold_out(cohort, seed, d);
    if (d->train_count < 2)
        return csl_fail(error, CSL_EUSAGE, NULL,
                        "the train split has %zu cases with a label and tokens; at least 2 are needed",
                        d->train_count);
    for (size_t l = 0; l < cohort->label_count; l++) {
        size_t count[2] = {0};
        for (size_t i = 0; i < d->train_count; i++) {
            float label = cohort->labels[d->train[i] * cohort->label_count + l];
            if (!isnan(label)) count[label > 0.5f]++;
        }
        if (!count[0] || !count[1])
            return csl_fail(
                error, CSL_EUSAGE, cohort->label[l].name,
                "the train split has %zu positive and %zu negative cases of this label; both are needed",
                count[1], count[0]);
    }
    return CSL_OK;
}

void csl_division_free(csl_division *d)
{
    free(d->train);
    free(d->valid);
    *d = (csl_division){0};
}
