#include "roi.h"

#include <math.h>

static int32_t too_many(double levels, const csl_radiomics_settings *settings, csl_dcm_error *error)
{
    return csl_dcm_fail(
        error, CSL_PLUGIN_BAD_INPUT, settings->bins ? "radiomics.bins" : "radiomics.bin_width",
        "%.0f grey levels in the region, at most %u are counted: take %s", levels, CSL_RADIOMICS_MAX_LEVELS,
        settings->bins ? "fewer bins" : "wider bins, or a radiomics.range");
}

int32_t csl_roi_discretise(csl_roi *roi, const csl_radiomics_settings *settings, csl_dcm_error *error)
{
    if (roi->count == 0) return CSL_PLUGIN_OK;
    const double least = roi->least, most = roi->most;
    double start = least, top = INFINITY;
    if (settings->bins) {
        if (settings->bins > CSL_RADIOMICS_MAX_LEVELS) return too_many(settings->bins, settings, error);
        top = settings->bins;
    } else {
        if (isfinite(settings->range[0]))
            start = settings->range[0];
        else if (!isnan(settings->bin_start))
            start = settings->bin_start;
        const double levels = floor((most - start) / settings->bin_width) + 1;
        if (!(levels <= CSL_RADIOMICS_MAX_LEVELS)) return too_many(levels, settings, error);
    }

    uint32_t highest = 1;
    for (uint32_t z = 0; z < roi->size[2]; z++)
        for (uint32_t y = 0; y < roi->size[1]; y++) {
            const csl_span span = csl_roi_span(roi, y, z);
            for (uint32_t x = span.first; x < span.end; x++) {
                const size_t at = csl_roi_at(roi, x, y, z);
                if (!(roi->mask[at] & CSL_INTENSITY)) continue;
                const double value = csl_roi_value(roi, x, y, z);
                double level = 0; /* one value makes one level */
                if (!settings->bins)
                    level = floor((value - start) / settings->bin_width);
                else if (most > least)
                    level = floor(top * (value - least) / (most - least));
                level = level < 0 ? 1 : level >= top ? top : level + 1;
                roi->levels[at] = (uint16_t)level;
                if (roi->levels[at] > highest) highest = roi->levels[at];
            }
        }
    roi->level_count = settings->bins ? settings->bins : highest;
    return CSL_PLUGIN_OK;
}
