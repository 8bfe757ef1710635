/* Real World Value Mapping (PS3.3 C.7.6.16.2.11): from stored values to what they measure, whatever the
 * rescale for display makes of them. */
#include "pixel/pixels.hh"

#include <cmath>
#include <cstring>
#include <strings.h>

namespace
{

using csl::number_of;
using csl::text_of;

/* UCUM codes of the units that the adapter knows, without regard to mL or ml. */
const char *unit_of(csl_real_world kind)
{
    switch (kind) {
    case CSL_REAL_WORLD_HOUNSFIELD: return "[hnsf'U]";
    case CSL_REAL_WORLD_SUV: return "{SUVbw}g/ml";
    case CSL_REAL_WORLD_ACTIVITY: return "Bq/ml";
    default: return nullptr;
    }
}

bool is_in(DcmItem &mapping, csl_real_world kind)
{
    const char *wanted = unit_of(kind);
    DcmItem *unit = nullptr;
    if (mapping.findAndGetSequenceItem(DCM_MeasurementUnitsCodeSequence, unit, 0).bad() || !unit)
        return false;
    const char *code = text_of(*unit, DCM_CodeValue);
    if (!wanted) return code && std::strcmp(code, "1") != 0; /* a line in no unit says nothing new */
    return code && strcasecmp(code, wanted) == 0;
}

/* The first item of the unit that is a line; tables are passed over. */
bool find_line(DcmItem &holder, csl_real_world kind, double *slope, double *intercept)
{
    DcmItem *mapping = nullptr;
    for (long i = 0;
         holder.findAndGetSequenceItem(DCM_RealWorldValueMappingSequence, mapping, i).good() && mapping;
         i++) {
        if (is_in(*mapping, kind) && number_of(*mapping, DCM_RealWorldValueSlope, 0, slope) &&
            number_of(*mapping, DCM_RealWorldValueIntercept, 0, intercept) && std::isfinite(*slope) &&
            std::isfinite(*intercept) && std::fabs(*slope) > 0)
            return true;
        mapping = nullptr;
    }
    return false;
}

} // namespace

bool csl::read_real_world(DcmDataset &dataset, unsigned long frame, csl_real_world kind, double *slope,
                          double *intercept)
{
    DcmItem *own = nullptr, *shared = nullptr;
    return (dataset
                .findAndGetSequenceItem(DCM_PerFrameFunctionalGroupsSequence, own, static_cast<long>(frame))
                .good() &&
            own && find_line(*own, kind, slope, intercept)) ||
           (dataset.findAndGetSequenceItem(DCM_SharedFunctionalGroupsSequence, shared, 0).good() && shared &&
            find_line(*shared, kind, slope, intercept)) ||
           find_line(dataset, kind, slope, intercept);
}
