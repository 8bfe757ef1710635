#include "options.h"

#include <string.h>

#define OPTION(n, v, h)                                                                                      \
    &(const csl_option)                                                                                      \
    {                                                                                                        \
        .struct_size = sizeof(csl_option), .name = n, .value = v, .help = h                                  \
    }

const csl_option *const variant_option_table[VARIANT_OPTIONS] = {
    OPTION("deidentify", "yes|no", "emit no facts and no sample names; no"),
    OPTION("variant.sample", "NAME", "read this sample of files that have several; the first"),
    OPTION("variant.reference", "FILE", "left-align alleles against this FASTA file of the case; as written"),
};

int32_t variant_options_read(const csl_host *host, const csl_options *from, variant_options *options)
{
    *options = (variant_options){0};
    if (!from) return CSL_PLUGIN_OK;
    const char *deidentify = from->get(host, "deidentify");
    options->deidentify = deidentify && strcmp(deidentify, "yes") == 0;
    if (deidentify && !options->deidentify && strcmp(deidentify, "no") != 0)
        return from->refuse(host, "deidentify", "yes or no");
    options->sample = from->get(host, "variant.sample");
    if (options->sample && !options->sample[0])
        return from->refuse(host, "variant.sample", "the name of a sample");
    options->reference = from->get(host, "variant.reference");
    return CSL_PLUGIN_OK;
}
