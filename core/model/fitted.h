/* What a csl_model is inside. Private to core/model; csl_model_load and csl_model_train fill it. */
#ifndef CSL_MODEL_FITTED_H
#define CSL_MODEL_FITTED_H

#include "model/calibration.h"
#include "model/conformal.h"
#include "model/features.h"
#include "model/network.h"
#include "model/novelty.h"

typedef struct csl_training_summary {
    uint64_t seed, cases, valid_cases;
    unsigned epochs, epoch; /* run, and the one whose weights were kept (1-based) */
    double loss, valid_auc; /* of that epoch; valid_auc NaN where the valid split had one class only */
    double contrastive; /* weight of the loss across modalities, of this training or, where that was 0, of the
                           model it went on from; NaN where the file does not say */
} csl_training_summary;

struct csl_model {
    csl_network network;
    csl_features features; /* same order of modalities as network.modality */
    float *weights;        /* [network.weight_count] */
    csl_label *labels;     /* [network.label_count], strings owned */
    csl_task *tasks;       /* [task_count], texts and edges owned */
    size_t task_count;
    csl_label_calibration
        *calibration;           /* [network.label_count]; .baseline is the logit of no modality at all */
    csl_conformity *conformity; /* [task_count] */
    csl_gauge *gauges;          /* [features.count], of each modality; NULL where none was fitted */
    csl_training_summary training;
    char *trained_on; /* or NULL */
    char *card;       /* JSON of metadata.h, or NULL */
};

/* csl_model_load from bytes in memory; `name` is for messages. */
csl_status csl_model_read(const uint8_t *bytes, size_t length, const char *name, csl_model **model,
                          csl_error *error);

/* Copies labels and tasks (made up where `from` has none) into a zeroed model. */
csl_status csl_model_take_labels(csl_model *model, const csl_cohort *from, csl_error *error);

/* Takes the network's modalities from `features` and lays the network out; weights are not allocated. */
csl_status csl_model_configure(csl_model *model, csl_error *error);

#endif
