/* A modality's gauge as tensors of the model file: MODALITY.novelty.mean [size], MODALITY.novelty.whiten
 * [size, size], MODALITY.novelty.distance [cases]; none where too few cases had the modality. Private to
 * core/model. */
#ifndef CSL_MODEL_GAUGE_H
#define CSL_MODEL_GAUGE_H

#include "model/novelty.h"
#include "model/safetensors.h"

enum { CSL_GAUGE_TENSORS = 3 };

/* Fills the first of tensors and names and returns how many; values are the gauge's. */
size_t csl_gauge_tensors(const csl_gauge *gauge, const char *modality,
                         char names[CSL_GAUGE_TENSORS][CSL_NETWORK_NAME],
                         csl_tensor tensors[CSL_GAUGE_TENSORS]);

/* Fills a zeroed gauge of portraits of `size` numbers and adds to *found how many tensors were the gauge's.
 * The file is hostile: CSL_EFORMAT names the tensor. Without them nothing changes. */
csl_status csl_gauge_load(const csl_safetensors *file, const char *path, const char *modality, size_t size,
                          csl_gauge *gauge, size_t *found, csl_error *error);

#endif
