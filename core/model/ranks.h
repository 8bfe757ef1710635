/* How well scores order cases: the share of pairs that must differ in which the score does, ties counting
 * half.
 *
 *   binary    pairs of a positive and a negative case: the area under the ROC curve (Mann and Whitney 1947)
 *   classes   the mean over classes of that area, one class against the rest; a class that no case or every
 *             case has is left out
 *   event     pairs in which the one is known to have had the event before the other did or was lost to
 *             follow-up: Harrell's concordance (Harrell, Lee, Mark 1996). A case last seen without the event
 *             at the very time of another's event outlived it; two events at one time are no pair. As
 *             `concordance` of R's survival has it
 *
 * Intervals are 2.5 % and 97.5 % percentiles (Efron 1979; linear interpolation between order statistics) over
 * resamples of cases. Pure but for memory; private to core/model. */
#ifndef CSL_MODEL_RANKS_H
#define CSL_MODEL_RANKS_H

#include "model/model.h"

enum { CSL_BOOTSTRAP_RESAMPLES = 2000 };

typedef struct csl_ranks csl_ranks; /* cases in the order of their scores; borrows nothing */

/* score[count]; truth[count] is 0 or 1. */
csl_status csl_ranks_binary(const double *score, const uint8_t *truth, size_t count, csl_ranks **ranks,
                            csl_error *error);
/* score[count, classes]; truth[count] is a class's index. */
csl_status csl_ranks_classes(const double *score, const uint8_t *truth, size_t count, size_t classes,
                             csl_ranks **ranks, csl_error *error);
/* A higher risk[count] is to have the event earlier. */
csl_status csl_ranks_event(const double *risk, const csl_follow_up *follow_up, size_t count,
                           csl_ranks **ranks, csl_error *error);
void csl_ranks_free(csl_ranks *ranks); /* NULL is allowed */

/* The share; NaN where there is no pair. */
csl_status csl_ranks_share(const csl_ranks *ranks, double *share, csl_error *error);
/* With its interval, or of the share of `ranks` minus that of `less` (unless NULL), both on the same
 * resamples of the same cases. A resample without a pair is drawn again; without any pair all three are NaN.
 */
csl_status csl_ranks_interval(const csl_ranks *ranks, const csl_ranks *less, uint64_t seed,
                              csl_interval *interval, csl_error *error);

#endif
