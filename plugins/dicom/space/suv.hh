/* Private to the C++ files: the attributes that SUV is computed from. */
#ifndef CSL_PLUGIN_DICOM_SUV_HH
#define CSL_PLUGIN_DICOM_SUV_HH

#include "file/file.hh"

extern "C" {
#include "space/suv.h"
}

namespace csl
{

void read_pet(DcmDataset &dataset, csl_pet *pet);

} // namespace csl

#endif
