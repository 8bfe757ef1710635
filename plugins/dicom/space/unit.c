#include "space/unit.h"

static const struct {
    const char *name;
    double scale;
} units[] = {
    [CSL_UNIT_ARBITRARY] = {"a.u.", 1},
    [CSL_UNIT_HOUNSFIELD] = {"HU", 1000},
    [CSL_UNIT_SUV] = {"SUV", 10},
};

const char *csl_unit_name(csl_unit unit)
{
    return units[unit].name;
}

double csl_unit_scale(csl_unit unit)
{
    return units[unit].scale;
}

csl_unit csl_unit_of(const csl_dcm_header *header, const csl_dcm_frame *frame)
{
    if (frame->is_hounsfield) return CSL_UNIT_HOUNSFIELD;
    return header->suv_factor > 0 ? CSL_UNIT_SUV : CSL_UNIT_ARBITRARY;
}

void csl_unit_apply(const csl_dcm_header *header, csl_unit unit, csl_plane *plane)
{
    if (unit != CSL_UNIT_SUV) return;
    double factor = plane->inverted ? -header->suv_factor : header->suv_factor;
    for (uint64_t i = 0, count = (uint64_t)plane->rows * plane->columns; i < count; i++)
        plane->values[i] = (float)((double)plane->values[i] * factor);
    plane->inverted = false;
}
