#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "case/reading.h"

static int32_t emit_fact(const variant_reading *r, uint32_t input, uint32_t kind, const char *value,
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

static int32_t emit_build(const variant_reading *r, uint32_t input, const variant_header *header)
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

int32_t variant_report_header(const variant_reading *r, uint32_t input, const variant_source *source)
{
    const csl_sink *sink = r->sink;
    static const char *const sex_keys[] = {"Sex", "Gender", NULL};
    const variant_header *header = &source->header;
    char value[VARIANT_NAME_BYTES], text[160];
    int32_t status = CSL_PLUGIN_OK;
    if (header->sample[0]) status = emit_fact(r, input, CSL_FACT_SAMPLE, header->sample, "#CHROM line");
    if (status == CSL_PLUGIN_OK &&
        variant_header_sample_value(header, variant_patient_keys, value, sizeof value))
        status = emit_fact(r, input, CSL_FACT_PATIENT_ID, value, "##SAMPLE line");
    if (status == CSL_PLUGIN_OK && variant_header_sample_value(header, sex_keys, value, sizeof value) &&
        recorded_sex(value))
        status = emit_fact(r, input, CSL_FACT_SEX, recorded_sex(value), "##SAMPLE line");
    if (status == CSL_PLUGIN_OK) status = emit_build(r, input, header);
    if (status == CSL_PLUGIN_OK && header->samples > 1 && !header->chosen_by_name) {
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

int32_t variant_report_conformance(const variant_reading *r, uint32_t input, const variant_judge *judge)
{
    char text[320], place[64];
    int32_t status = CSL_PLUGIN_OK;
    for (int rule = 0; rule < VARIANT_RULES && status == CSL_PLUGIN_OK; rule++)
        if (variant_judge_warning(judge, (variant_rule)rule, text, sizeof text, place, sizeof place))
            status = r->sink->warn(r->sink, input, place, text);
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

int32_t variant_report_findings(variant_reading *r)
{
    variant_token summary;
    variant_tally_token(&r->tally, &summary);
    summary.input = r->first;
    int32_t status = emit_token(r->sink, &summary);
    variant_selection_sort(&r->selection);
    for (size_t i = 0; i < r->selection.count && status == CSL_PLUGIN_OK; i++)
        status = emit_token(r->sink, &r->selection.items[i]);
    if (status == CSL_PLUGIN_OK && r->tally.alleles > r->selection.count) {
        char text[160];
        snprintf(text, sizeof text,
                 "%" PRIu64 " variants; the %zu most severe are tokens, all are counted in the summary",
                 r->tally.alleles, r->selection.count);
        status = r->sink->warn(r->sink, r->first, "records", text);
    }
    if (status == CSL_PLUGIN_OK && r->mismatches) {
        char text[160];
        snprintf(text, sizeof text,
                 "REF of %" PRIu64
                 " alleles is not what the reference has: they are left as written; is it of "
                 "the same build?",
                 r->mismatches);
        status = r->sink->warn(r->sink, r->first, "records", text);
    }
    if (status == CSL_PLUGIN_OK) status = variant_report_quality(r);
    const char *sex = variant_tally_sex(&r->tally);
    if (status == CSL_PLUGIN_OK && sex)
        status = emit_fact(r, r->first, CSL_FACT_SEX_INFERRED, sex, "genotypes on X and Y");
    return status;
}
