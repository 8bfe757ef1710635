/* All of a model but its weights, as texts for the metadata of its file, and back. Each text is one JSON
 * document:
 *
 *   format         "consilium-model"
 *   version        "2"
 *   configuration  {"width", "heads", "blocks", "bottlenecks", "cross_blocks", "mlp_ratio", "projection",
 *                  "token_budget"}
 *   labels         [{"name", "code", "system"}], the outputs
 *   tasks          [{"name", "kind": "binary", "classes" or "event", "outputs": how many,
 *                    "edges": [...], "time", "unit" (these three null but for events),
 *                    "conformity": [...]}], the latter as csl_conformity has it
 *   modalities     [{"name", "plugin_id", "plugin_version", "coded_feature",
 *                    "features": [{"name", "unit", "mean", "deviation"}],
 *                    "positions": [{"name", "mean", "deviation"}],
 *                    "codes": [{"code", "cases", "mean", "deviation"}]}]
 *   calibration    [{"temperature", "baseline", "logit": [...], "truth": [0 or 1, ...]}]
 *   training       {"seed", "cases", "valid_cases", "epochs", "epoch", "loss", "valid_auc" (or null),
 *                   "contrastive" (may be absent: not known), "trained_on" (or null)}
 *
 *   card           {}, or {"settings": {...}, "train": survey, "valid": survey}; settings.h has the former,
 *                  survey.h the latter, "train" without measures
 *
 * Tasks and calibration are in the order of labels.
 *
 * Numbers carry 17 digits, so that what is read is what was written. Private to core/model.
 */
#ifndef CSL_MODEL_METADATA_H
#define CSL_MODEL_METADATA_H

#include "model/fitted.h"
#include "model/safetensors.h"

enum { CSL_METADATA_ITEMS = 9 };

/* Fills items; the values are malloc'ed, keys are not. */
csl_status csl_metadata_write(const csl_model *model, csl_metadata items[CSL_METADATA_ITEMS],
                              csl_error *error);

/* Fills labels, tasks, features, calibration, training and the network's configuration (not its layout) of a
 * zeroed model. The texts are hostile: CSL_EFORMAT names the item and member that is not right.
 * csl_model_free frees what was filled. */
csl_status csl_metadata_read(const csl_safetensors *file, const char *name, csl_model *model,
                             csl_error *error);

#endif
