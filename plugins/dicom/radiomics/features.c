#include "feature_list.h"

#include "radiomics.h"

#define NAME(tag, unit) tag,
#define UNIT(tag, unit) unit,

const char *const csl_radiomics_names[CSL_RADIOMICS_FEATURES] = {CSL_ALL_FEATURES(NAME)};
const char *const csl_radiomics_units[CSL_RADIOMICS_FEATURES] = {CSL_ALL_FEATURES(UNIT)};

_Static_assert(CSL_RADIOMICS_FEATURES == CSL_ALL_FEATURES(CSL_ONE_MORE), "every feature has a name");
