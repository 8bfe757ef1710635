/* A model and cases that are small, made from nothing, and leave out no path: three modalities, more tokens
 * than the budget, NaN, known and unknown codes. Nothing is learned; weights are random. */
#ifndef TESTS_MODEL_TINY_H
#define TESTS_MODEL_TINY_H

#include "model/fitted.h"

enum { TINY_CASES = 6, TINY_MODALITIES = 3, TINY_LABELS = 2, TINY_BUDGET = 40 };

/* cases[TINY_CASES], zeroed; the last one is not for fitting: it has a value far out and codes that the
 * others lack. The caller frees those that are not NULL, also after failure. */
csl_status tiny_cases(csl_case **cases, csl_error *error);
/* Fits all but the last case and draws the weights. `m` is zeroed; the caller frees it. */
csl_status tiny_model(csl_case **cases, csl_model *m, csl_error *error);

#endif
