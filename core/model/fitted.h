/* What a csl_model is inside. Private to core/model; csl_model_load and csl_model_train fill it. */
#ifndef CSL_MODEL_FITTED_H
#define CSL_MODEL_FITTED_H

#include "model/calibration.h"
#include "model/features.h"
#include "model/network.h"

struct csl_model {
    csl_network network;
    csl_features features; /* same order of modalities as network.modality */
    float *weights;        /* [network.weight_count] */
    csl_label *labels;     /* [network.label_count], strings owned */
    csl_label_calibration
        *calibration; /* [network.label_count]; .baseline is the logit of no modality at all */
    char *trained_on; /* or NULL */
};

#endif
