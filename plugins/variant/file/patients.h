/* A map of patients to samples: a file of the case whose first line is "patient,sample", or the two names
 * with a tab between them. Nothing of it is held: it is read through for each patient that is asked for. */
#ifndef VARIANT_PATIENTS_H
#define VARIANT_PATIENTS_H

#include <consilium/plugin.h>
#include <stdbool.h>

#include "file/header.h"

bool variant_is_patients(variant_span text);

/* Fills `sample` with that of the patient, "" if the map has none. CSL_PLUGIN_OK, or an error with the fault
 * filled: a line that is none, or two samples of one patient. */
int32_t variant_patients_find(const csl_input *input, const char *patient, char sample[VARIANT_NAME_BYTES],
                              variant_fault *fault);

#endif
