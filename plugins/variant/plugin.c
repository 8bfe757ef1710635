/* org.consilium.variant: VCF and BCF of one sample, read with htslib. */
#include <consilium/plugin.h>
#include <consilium/synth.h>
#include <htslib/hts_log.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "options.h"
#include "probe.h"
#include "selection.h"
#include "source.h"
#include "synth.h"
#include "tally.h"

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

/* One call of embed. */
typedef struct reading {
    const csl_sink *sink;
    const variant_options *options;
    variant_selection *selection;
    variant_tally tally;
    uint64_t sequence;
} reading;

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
    if (status != CSL_PLUGIN_OK) free(options);
    return status;
}

static void deinit(void *instance)
{
    free(instance);
}

static int32_t emit_fact(const reading *r, uint32_t input, uint32_t kind, const char *value,
                         const char *place)
{
    if (r->options->deidentify) return CSL_PLUGIN_OK;
    csl_fact fact = {
        .struct_size = sizeof fact, .kind = kind, .input = input, .value = value, .place = place};
    return r->sink->fact(r->sink, &fact);
}

static const char *recorded_sex(const char *text)
{
    if (!strcasecmp(text, "male") || !strcasecmp(text, "m")) return "male";
    if (!strcasecmp(text, "female") || !strcasecmp(text, "f")) return "female";
    return NULL;
}

static int32_t emit_build(const reading *r, uint32_t input, const variant_header *header)
{
    static const char *const names[] = {NULL, "GRCh37", "GRCh38", NULL};
    variant_build build = header->by_length ? header->by_length : header->by_text;
    if (build == VARIANT_BUILD_BOTH ||
        (header->by_length && header->by_text && header->by_length != header->by_text)) {
        int32_t status =
            r->sink->warn(r->sink, input, header->build_place,
                          "the header names two genome builds; contig lengths are believed before text");
        if (status != CSL_PLUGIN_OK || build == VARIANT_BUILD_BOTH) return status;
    }
    return build ? emit_fact(r, input, CSL_FACT_GENOME_BUILD, names[build], header->build_place)
                 : CSL_PLUGIN_OK;
}

static int32_t emit_header(const reading *r, uint32_t input, const variant_source *source)
{
    const csl_sink *sink = r->sink;
    static const char *const patient_keys[] = {"Patient", "PatientID", "Individual", NULL};
    static const char *const sex_keys[] = {"Sex", "Gender", NULL};
    const variant_header *header = &source->header;
    char value[VARIANT_NAME_BYTES], text[160];
    int32_t status = CSL_PLUGIN_OK;
    if (header->sample[0]) status = emit_fact(r, input, CSL_FACT_SAMPLE, header->sample, "#CHROM line");
    if (status == CSL_PLUGIN_OK && variant_header_sample_value(header, patient_keys, value, sizeof value))
        status = emit_fact(r, input, CSL_FACT_PATIENT_ID, value, "##SAMPLE line");
    if (status == CSL_PLUGIN_OK && variant_header_sample_value(header, sex_keys, value, sizeof value) &&
        recorded_sex(value))
        status = emit_fact(r, input, CSL_FACT_SEX, recorded_sex(value), "##SAMPLE line");
    if (status == CSL_PLUGIN_OK) status = emit_build(r, input, header);
    if (status == CSL_PLUGIN_OK && header->samples > 1 && !header->wanted) {
        snprintf(text, sizeof text, "%zu samples; the first is taken, the others are ignored",
                 header->samples);
        status = sink->warn(sink, input, "#CHROM line", text);
    }
    if (status == CSL_PLUGIN_OK && header->samples == 0)
        status = sink->warn(sink, input, "#CHROM line",
                            "no sample: every allele listed counts, with its dosage unknown");
    if (status == CSL_PLUGIN_OK && source->lines.no_eof_block)
        status = sink->warn(
            sink, input, "end of file",
            "BGZF end-of-file block missing: the file may have been cut short, variants may be absent");
    return status;
}

static int take_record(reading *r, uint32_t input, variant_source *source)
{
    variant_genotype genotype;
    if (variant_genotype_read(&source->record, &genotype, &source->fault) < 0) return -1;
    variant_tally_genotype(&r->tally, source->header.samples > 0, &genotype);
    bool read = false;
    for (int number = 1; number < source->record.alleles; number++) {
        if (source->header.samples && !variant_genotype_copies(&genotype, number)) continue;
        if (!read) variant_record_info(&source->record, source->header.layout.key);
        read = true;
        variant_allele allele;
        if (!variant_allele_read(source, number, &allele)) continue;
        allele.key.sequence = r->sequence++;
        variant_tally_allele(&r->tally, source, &genotype, &allele);
        variant_token *place = variant_selection_place(r->selection, &allele.key);
        if (!place) continue;
        variant_token_fill(source, &genotype, &allele, place);
        place->input = input;
        variant_selection_push(r->selection);
    }
    return 0;
}

static int32_t read_file(reading *r, const csl_input *input, uint32_t index)
{
    variant_source source;
    int32_t status = variant_source_open(&source, input, r->options->sample);
    if (status == CSL_PLUGIN_OK) {
        status = emit_header(r, index, &source);
        int got = 0;
        while (status == CSL_PLUGIN_OK && (got = variant_source_next(&source)) == 1) {
            if (take_record(r, index, &source) == 0) continue;
            variant_source_place(&source);
            got = -1;
            break;
        }
        if (got < 0) status = CSL_PLUGIN_BAD_INPUT;
    }
    if (status == CSL_PLUGIN_BAD_INPUT)
        r->sink->fail(r->sink, index, source.fault.place, source.fault.reason);
    variant_source_close(&source);
    return status;
}

static int32_t emit_token(const csl_sink *sink, const variant_token *from)
{
    csl_token token = {.struct_size = sizeof token,
                       .input = from->input,
                       .features = from->features,
                       .position = from->position,
                       .label = from->label,
                       .code = from->code[0] ? from->code : NULL};
    return sink->token(sink, &token);
}

static int32_t emit_findings(reading *r, uint32_t first)
{
    variant_token summary;
    variant_tally_token(&r->tally, &summary);
    summary.input = first;
    int32_t status = emit_token(r->sink, &summary);
    variant_selection_sort(r->selection);
    for (size_t i = 0; i < r->selection->count && status == CSL_PLUGIN_OK; i++)
        status = emit_token(r->sink, &r->selection->items[i]);
    if (status == CSL_PLUGIN_OK && r->tally.alleles > r->selection->count) {
        char text[160];
        snprintf(text, sizeof text,
                 "%" PRIu64 " variants; the %zu most severe are tokens, all are counted in the summary",
                 r->tally.alleles, r->selection->count);
        status = r->sink->warn(r->sink, first, "records", text);
    }
    const char *sex = variant_tally_sex(&r->tally);
    if (status == CSL_PLUGIN_OK && sex)
        status = emit_fact(r, first, CSL_FACT_SEX_INFERRED, sex, "genotypes on X and Y");
    return status;
}

static int32_t embed(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink)
{
    reading r = {.sink = sink, .options = instance, .selection = calloc(1, sizeof *r.selection)};
    if (!r.selection) return CSL_PLUGIN_NO_MEMORY;
    int32_t status = CSL_PLUGIN_OK;
    uint32_t first = UINT32_MAX;
    for (uint32_t i = 0; i < count && status == CSL_PLUGIN_OK; i++) {
        uint32_t sure;
        if (variant_probe(inputs[i].bytes, inputs[i].length, &sure) == VARIANT_KIND_INDEX) continue;
        if (first == UINT32_MAX) first = i;
        status = read_file(&r, &inputs[i], i);
    }
    if (status == CSL_PLUGIN_OK && first == UINT32_MAX)
        status = sink->warn(sink, 0, NULL, "an index without the VCF or BCF file it belongs to");
    else if (status == CSL_PLUGIN_OK)
        status = emit_findings(&r, first);
    free(r.selection);
    return status;
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
    .options = variant_option_table,
    .option_count = VARIANT_OPTIONS,
};

const csl_plugin *consilium_plugin_entry(uint32_t host_abi_major, uint32_t host_abi_minor)
{
    (void)host_abi_major;
    (void)host_abi_minor;
    return &table;
}
