#include "options.h"

#include <string.h>

static const csl_option own[] = {
    {.struct_size = sizeof(csl_option),
     .name = "deidentify",
     .value = "yes|no",
     .help = "leave out what the basic profile of PS3.15 Annex E removes; no"},
    {.struct_size = sizeof(csl_option),
     .name = "roi",
     .value = "FILE[#NAME]",
     .help = "measure these regions of interest (SEG, RTSTRUCT, NIfTI mask) and no others; all of the case's "
             "SEG and "
             "RTSTRUCT"},
};

const csl_option *const *csl_adapter_option_table(void)
{
    static csl_option all[CSL_ADAPTER_OPTIONS];
    static const csl_option *table[CSL_ADAPTER_OPTIONS];
    for (uint32_t i = 0; !table[CSL_ADAPTER_OPTIONS - 1] && i < CSL_ADAPTER_OPTIONS; i++) {
        if (i < sizeof own / sizeof own[0]) {
            all[i] = own[i];
        } else {
            const csl_radiomics_option *option = &csl_radiomics_options[i - sizeof own / sizeof own[0]];
            all[i] = (csl_option){.struct_size = sizeof all[i],
                                  .name = option->name,
                                  .value = option->hint,
                                  .help = option->help};
        }
        table[i] = &all[i];
    }
    return table;
}

/* Values that exclude each other are found only together. */
static int32_t read_settings(const csl_host *host, const csl_options *from, csl_regions_options *regions)
{
    csl_radiomics_settings settings = csl_radiomics_defaults(true);
    for (uint32_t i = 0; i < CSL_RADIOMICS_OPTIONS; i++) {
        const char *name = csl_radiomics_options[i].name;
        csl_dcm_error error = {0};
        regions->settings[i] = from->get(host, name);
        if (regions->settings[i] &&
            csl_radiomics_settings_set(&settings, name, regions->settings[i], &error) != CSL_PLUGIN_OK)
            return from->refuse(host, name, error.text);
    }
    return CSL_PLUGIN_OK;
}

int32_t csl_adapter_options_read(const csl_host *host, const csl_options *from, csl_adapter_options *options)
{
    *options = (csl_adapter_options){0};
    if (!from) return CSL_PLUGIN_OK;
    const char *deidentify = from->get(host, "deidentify");
    options->deidentify = deidentify && strcmp(deidentify, "yes") == 0;
    if (deidentify && !options->deidentify && strcmp(deidentify, "no") != 0)
        return from->refuse(host, "deidentify", "yes or no");
    options->regions.roi = from->get(host, "roi");
    if (options->regions.roi && !options->regions.roi[0])
        return from->refuse(host, "roi", "FILE or FILE#NAME");
    return read_settings(host, from, &options->regions);
}
