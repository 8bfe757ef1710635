/* What the user may set for this adapter: the plugin's table of options, and its values as init finds them.
 */
#ifndef CSL_PLUGIN_DICOM_OPTIONS_H
#define CSL_PLUGIN_DICOM_OPTIONS_H

#include "roi/regions.h"

#include <consilium/options.h>

enum { CSL_ADAPTER_OPTIONS = 2 + CSL_RADIOMICS_OPTIONS };

typedef struct csl_adapter_options {
    bool deidentify; /* say no facts */
    csl_regions_options regions;
} csl_adapter_options;

/* [CSL_ADAPTER_OPTIONS], made when first asked for, the same ever after. */
const csl_option *const *csl_adapter_option_table(void);

/* Reads and checks all values; returns what init must return where one is refused. */
int32_t csl_adapter_options_read(const csl_host *host, const csl_options *from, csl_adapter_options *options);

#endif
