/* One stored result, read leniently: every member may be missing, of another type or absurd. */
#ifndef CSL_REPORT_RESULT_H
#define CSL_REPORT_RESULT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "batch/batch.h"

typedef enum result_status {
    RESULT_SCORED = 0,
    RESULT_WITHHELD,
    RESULT_FAILED,
    RESULT_STATUSES
} result_status;

typedef struct result {
    const csl_stored_case *stored;
    json_t *root; /* NULL if the stored line is not a JSON object */
    result_status status;
    const char *reason;                                        /* "" if none was stored */
    const json_t *scores, *sets, *missing, *warnings, *inputs; /* arrays, or NULL */
    bool novel;                                                /* said to be unlike the training cases */
    double novelty;                                            /* p-value; NaN: not known */
} result;

/* Numbers that are missing or impossible are NaN, texts are "". */
typedef struct score {
    const char *label, *code, *system;
    double probability;     /* 0 .. 1 */
    double low, high;       /* both or neither */
    double logit, baseline; /* baseline: before any modality; from the sum of the contributions where it is
                               not stored */
    const json_t *contributions; /* an object, or NULL */
    const json_t *findings;      /* an array, or NULL */
} score;

void result_read(const csl_stored_case *stored, result *r);
void result_free(result *r);
bool result_score(const result *r, size_t index, score *s);

/* What the status and the reason mean, in a sentence for people; NULL for a scored case. */
const char *result_plain_words(result_status status, const char *reason);
enum { RESULT_EXPLANATIONS = 8 };
/* The same as a row of a table of causes: 0 .. RESULT_EXPLANATIONS - 1. */
size_t result_explanation(result_status status, const char *reason);
const char *result_explanation_short(size_t index);

const char *member_text(const json_t *object, const char *member); /* "" unless it is a string */
double member_number(const json_t *object, const char *member);
size_t length_of(const json_t *array); /* 0 for NULL */

#endif
