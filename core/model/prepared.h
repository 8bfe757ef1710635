/* A network's weights once more, in the order in which oneDNN multiplies them fastest: those of the layers
 * that work on many rows. Made for weights that stay, as a loaded model's do, or do for a batch. */
#ifndef CSL_MODEL_PREPARED_H
#define CSL_MODEL_PREPARED_H

#include "model/layout.h"
#include "model/product.h"

/* Read-only; threads may share it. `weights` must outlive it, and where they change it must be made anew: a
 * forward with network->prepared set uses it if it was made from the weights that the forward is given. Free
 * with csl_prepared_free, which takes NULL. */
typedef struct csl_prepared csl_prepared;
csl_status csl_prepare(const csl_network *network, const float *weights, csl_precision precision,
                       csl_prepared **prepared, csl_error *error);
/* The same for weights that change from step to step, forward and backward. NULL, and no failure, where plain
 * products are as fast. After every change follows csl_prepared_renew for each layer, 0 ..
 * csl_prepared_count - 1 (NULL has none). */
csl_status csl_prepare_learning(const csl_network *network, const float *weights, csl_prepared **prepared,
                                csl_error *error);
size_t csl_prepared_count(const csl_prepared *prepared);
void csl_prepared_renew(csl_prepared *prepared, size_t layer);

/* Makes all kernels in advance; false: no memory. */
bool csl_prepared_warm(const csl_prepared *prepared, csl_products *products);
void csl_prepared_free(csl_prepared *prepared);

csl_precision csl_prepared_precision(const csl_prepared *prepared);
/* The layer's weights, NULL if they are not prepared or were prepared from others than `weights`. `prepared`
 * may be NULL. */
const csl_packed *csl_prepared_layer(const csl_prepared *prepared, const float *weights,
                                     const csl_linear *layer);

#endif
