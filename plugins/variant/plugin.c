/* org.consilium.variant: VCF and BCF of one sample, read with htslib. */
#include <consilium/plugin.h>
#include <consilium/synth.h>
#include <htslib/hts_log.h>
#include <stdlib.h>
#include <string.h>

#include "call/variant.h"
#include "case/options.h"
#include "case/reading.h"
#include "file/probe.h"
#include "synth/synth.h"

static const char *const feature_names[VARIANT_FEATURES] = {
    [VARIANT_SEVERITY] = "severity",
    [VARIANT_DOSAGE] = "dosage",
    [VARIANT_QUALITY] = "quality",
    [VARIANT_DEPTH] = "depth",
    [VARIANT_GENOTYPE_QUALITY] = "genotype_quality",
    [VARIANT_ALLELE_FREQUENCY] = "allele_frequency",
    [VARIANT_ALLELE_BALANCE] = "allele_balance",
    [VARIANT_IS_SNV] = "is_snv",
    [VARIANT_IS_INDEL] = "is_indel",
    [VARIANT_IS_STRUCTURAL] = "is_structural",
    [VARIANT_IS_PATHOGENIC] = "is_pathogenic",
    [VARIANT_IS_BENIGN] = "is_benign",
    [VARIANT_PASSED_FILTER] = "passed_filter",
    [VARIANT_PHASED] = "phased",
    [VARIANT_HETEROZYGOUS] = "heterozygous",
    [VARIANT_COUNT_HIGH] = "count_high",
    [VARIANT_COUNT_MODERATE] = "count_moderate",
    [VARIANT_COUNT_LOW] = "count_low",
    [VARIANT_COUNT_MODIFIER] = "count_modifier",
    [VARIANT_COUNT_UNANNOTATED] = "count_unannotated",
    [VARIANT_COUNT_RARE] = "count_rare",
    [VARIANT_COUNT_REFERENCE] = "count_reference",
    [VARIANT_HETEROZYGOUS_FRACTION] = "heterozygous_fraction",
    [VARIANT_TRANSITION_FRACTION] = "transition_fraction",
};

static const char *const feature_units[VARIANT_FEATURES] = {
    "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1",
    "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1",
};

static const char *const position_names[VARIANT_POSITIONS] = {"contig", "locus_bp"};

static const char *const pgs_names[VARIANT_PGS_FEATURES] = {
    [VARIANT_PGS_SCORE] = "score",
    [VARIANT_PGS_AVERAGE] = "average",
    [VARIANT_PGS_VARIANTS] = "variants",
    [VARIANT_PGS_COUNTED] = "counted",
    [VARIANT_PGS_COUNTED_SHARE] = "counted_share",
    [VARIANT_PGS_UNCALLED] = "uncalled",
    [VARIANT_PGS_IMPUTED] = "imputed",
    [VARIANT_PGS_FLIPPED] = "flipped",
    [VARIANT_PGS_AMBIGUOUS] = "ambiguous",
};
static const char *const pgs_units[VARIANT_PGS_FEATURES] = {"1", "1", "1", "1", "1", "1", "1", "1", "1"};

/* The scale of a score is its own. */
static const csl_stream pgs = {.struct_size = sizeof pgs,
                               .feature_count = VARIANT_PGS_FEATURES,
                               .coded_feature = VARIANT_PGS_SCORE,
                               .modality = "pgs",
                               .feature_names = pgs_names,
                               .feature_units = pgs_units};
static const csl_stream *const streams[] = {&pgs};

static uint32_t probe(const uint8_t *head, uint64_t length, const char *name)
{
    (void)name;
    uint32_t sure;
    variant_probe(head, length, &sure);
    return sure;
}

static int32_t init(const csl_host *host, void **instance)
{
    variant_options *options = calloc(1, sizeof *options);
    *instance = options;
    if (!options) return CSL_PLUGIN_NO_MEMORY;
    hts_set_log_level(HTS_LOG_OFF);
    const csl_options *from = host->get_extension ? host->get_extension(host, CSL_EXT_OPTIONS, 1) : NULL;
    int32_t status = variant_options_read(host, from, options);
    options->of = host->get_extension ? host->get_extension(host, CSL_EXT_CASE, 1) : NULL;
    if (status != CSL_PLUGIN_OK) free(options);
    return status;
}

static void deinit(void *instance)
{
    free(instance);
}

static int32_t embed(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink)
{
    return variant_reading_run(instance, inputs, count, sink);
}

static const csl_synth synth = {.struct_size = sizeof synth, .revision = 1, .write = variant_synth_write};

static const void *get_extension(const char *id, uint32_t revision)
{
    return !strcmp(id, CSL_EXT_SYNTH) && revision <= synth.revision ? &synth : NULL;
}

static const csl_plugin table = {
    .struct_size = sizeof table,
    .abi_major = CSL_ABI_MAJOR,
    .abi_minor = CSL_ABI_MINOR,
    .feature_count = VARIANT_FEATURES,
    .position_count = VARIANT_POSITIONS,
    .coded_feature = VARIANT_SEVERITY,
    .id = "org.consilium.variant",
    .name = "Genetic variants (VCF, BCF)",
    .version = "1.0.0",
    .modality = "variant",
    .feature_names = feature_names,
    .feature_units = feature_units,
    .position_names = position_names,
    .probe = probe,
    .init = init,
    .embed = embed,
    .deinit = deinit,
    .get_extension = get_extension,
    .streams = streams,
    .options = variant_option_table,
    .stream_count = 1,
    .option_count = VARIANT_OPTIONS,
};

const csl_plugin *consilium_plugin_entry(uint32_t host_abi_major, uint32_t host_abi_minor)
{
    (void)host_abi_major;
    (void)host_abi_minor;
    return &table;
}
