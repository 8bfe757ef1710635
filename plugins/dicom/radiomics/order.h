/* Order statistics of many floats: exact, without sorting, in memory that does not depend on their number. */
#ifndef CSL_PLUGIN_DICOM_RADIOMICS_ORDER_H
#define CSL_PLUGIN_DICOM_RADIOMICS_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#define CSL_ORDER_MAX 16

/* out[i] = the value of rank ranks[i] (0: the least) of `count` >= 1 values that are not NaN; at most
 * CSL_ORDER_MAX ranks. False: no memory. */
bool csl_order(const float *values, size_t count, const size_t *ranks, size_t rank_count, float *out);

/* Quantiles q of the values, between neighbours in proportion (Hyndman and Fan 1996, definition 7); at most
 * CSL_ORDER_MAX / 2. */
bool csl_quantiles(const float *values, size_t count, const double *q, size_t q_count, double *out);

#endif
