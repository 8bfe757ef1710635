/* Inside batch: how far a score is to be trusted, and whether it is to be withheld. */
#ifndef CSL_BATCH_CAUTION_H
#define CSL_BATCH_CAUTION_H

#include <jansson.h>

#include "batch/batch.h"
#include "model/model.h"

/* [{"name", "answers": [text]}] for each task, in the model's order. */
json_t *caution_tasks(const csl_model *model);
/* [[bool an answer] a task]: which answers cannot be ruled out. */
json_t *caution_sets(const csl_model *model, const csl_opinion *opinion, double coverage);
/* {"p", "novel": bool, "rarity": [number a modality, null where the case lacks it]} */
json_t *caution_novelty(const csl_model *model, const csl_opinion *opinion, double level);

/* What a reader of the score of a novel case must know; false if the case is not novel. */
bool caution_warning(const csl_model *model, const csl_opinion *opinion, double level, char *text,
                     size_t size);
/* Whether to abstain, and then why: names of tasks and answers, no value of the patient's files. */
bool caution_reason(const csl_model *model, const csl_opinion *opinion, const csl_caution *caution,
                    char *reason, size_t size);

/* The rules that stand in the log for an abstention. */
extern const char CAUTION_NOVEL[], CAUTION_UNDECIDED[];

#endif
