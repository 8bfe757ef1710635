#include "case/reading.h"

#include <stdlib.h>
#include <string.h>

#include "file/patients.h"

int32_t variant_reading_fail(const variant_reading *r, uint32_t input, const variant_fault *fault)
{
    r->sink->fail(r->sink, input, fault->place[0] ? fault->place : NULL, fault->reason);
    return CSL_PLUGIN_BAD_INPUT;
}

/* An input by the name that an option gave. */
static const csl_input *find_input(const variant_reading *r, const char *name)
{
    for (uint32_t i = 0; name && i < r->count; i++)
        if (!strcmp(r->inputs[i].name, name)) return &r->inputs[i];
    return NULL;
}

/* The file NAME.fai beside NAME. */
const csl_input *variant_reading_beside(const variant_reading *r, const csl_input *of, const char *ending)
{
    size_t length = strlen(of->name);
    for (uint32_t i = 0; i < r->count; i++)
        if (!strncmp(r->inputs[i].name, of->name, length) && !strcmp(r->inputs[i].name + length, ending))
            return &r->inputs[i];
    return NULL;
}

static int32_t open_reference(variant_reading *r)
{
    variant_fault fault = {.place = ""};
    const csl_input *fasta = find_input(r, r->options->reference);
    if (!r->options->reference) return CSL_PLUGIN_OK;
    if (!fasta || r->kinds[fasta - r->inputs] != VARIANT_KIND_REFERENCE) {
        variant_wrong(&fault, "variant.reference names \"%.100s\": no FASTA file of the case has this name",
                      r->options->reference);
        return variant_reading_fail(r, 0, &fault);
    }
    const csl_input *index = variant_reading_beside(r, fasta, ".fai"),
                    *starts = variant_reading_beside(r, fasta, ".gzi");
    int32_t status = variant_reference_open(&r->reference, fasta, index, starts, &fault);
    return status == CSL_PLUGIN_BAD_INPUT
               ? variant_reading_fail(r, (uint32_t)((index ? index : fasta) - r->inputs), &fault)
               : status;
}

static int32_t check_reference(const variant_reading *r)
{
    variant_fault fault = {.place = ""};
    if (!r->reference.damaged) return CSL_PLUGIN_OK;
    variant_wrong(
        &fault,
        "the compressed reference is damaged, or its .fai or .gzi is of another file: make them again "
        "with samtools faidx");
    return variant_reading_fail(r, (uint32_t)(find_input(r, r->options->reference) - r->inputs), &fault);
}

static int32_t open_annotations(variant_reading *r)
{
    variant_fault fault = {.place = ""};
    const csl_input *input = find_input(r, r->options->annotation);
    if (!r->options->annotation) return CSL_PLUGIN_OK;
    if (!input || r->kinds[input - r->inputs] > VARIANT_KIND_BCF) {
        variant_wrong(&fault,
                      "variant.annotation names \"%.100s\": no VCF or BCF file of the case has this name",
                      r->options->annotation);
        return variant_reading_fail(r, 0, &fault);
    }
    r->annotator.input = input;
    return CSL_PLUGIN_OK;
}

/* Where the genes of the panel lie. */
static int32_t open_places(variant_reading *r)
{
    variant_fault fault = {.place = ""};
    const csl_input *input = find_input(r, r->options->genes);
    if (!r->options->genes) return CSL_PLUGIN_OK;
    if (!input || (r->kinds[input - r->inputs] != VARIANT_KIND_PANEL &&
                   r->kinds[input - r->inputs] != VARIANT_KIND_GENE_PLACES)) {
        variant_wrong(&fault,
                      "variant.genes names \"%.100s\": no GFF3, GTF or BED file of the case has this name",
                      r->options->genes);
        return variant_reading_fail(r, 0, &fault);
    }
    if (!r->panel.genes.count) {
        variant_wrong(&fault,
                      "variant.genes says where the genes of a list lie; variant.panel gives regions");
        return variant_reading_fail(r, (uint32_t)(input - r->inputs), &fault);
    }
    int32_t status = variant_panel_locate(&r->panel, input, &fault);
    return status == CSL_PLUGIN_BAD_INPUT ? variant_reading_fail(r, (uint32_t)(input - r->inputs), &fault)
                                          : status;
}

static int32_t open_panel(variant_reading *r)
{
    variant_fault fault = {.place = ""};
    const csl_input *input = find_input(r, r->options->panel);
    if (!r->options->panel) return CSL_PLUGIN_OK;
    if (!input || r->kinds[input - r->inputs] != VARIANT_KIND_PANEL) {
        variant_wrong(
            &fault, "variant.panel names \"%.100s\": no BED file or list of genes of the case has this name",
            r->options->panel);
        return variant_reading_fail(r, 0, &fault);
    }
    int32_t status = variant_panel_open(&r->panel, input, &fault);
    if (r->panel.genes.count) r->annotator.only = &r->panel.genes;
    if (status == CSL_PLUGIN_OK) return open_places(r);
    return status == CSL_PLUGIN_BAD_INPUT ? variant_reading_fail(r, (uint32_t)(input - r->inputs), &fault)
                                          : status;
}

/* Places of another build would find other genes. */
static int32_t check_build(const variant_reading *r, const variant_header *header)
{
    static const char *const names[] = {"", "GRCh37", "GRCh38", ""};
    variant_build build = header->by_length ? header->by_length : header->by_text;
    if (!*names[build] || !*names[r->panel.build] || build == r->panel.build) return CSL_PLUGIN_OK;
    variant_fault fault = {.place = ""};
    variant_wrong(&fault, "the places of the genes are of %s, the genotypes of %s", names[r->panel.build],
                  names[build]);
    return variant_reading_fail(r, (uint32_t)(find_input(r, r->options->genes) - r->inputs), &fault);
}

/* Which place of a score's variants is taken depends on the build of the genotypes. */
static int32_t open_scores(variant_reading *r, const variant_header *header)
{
    variant_build build = header->by_length ? header->by_length : header->by_text;
    r->build = build == VARIANT_BUILD_BOTH ? VARIANT_BUILD_UNKNOWN : build;
    r->scoring_open = true;
    r->scoring.options = &r->options->scores;
    for (uint32_t i = 0; i < r->count; i++) {
        if (r->kinds[i] != VARIANT_KIND_SCORE) continue;
        variant_fault fault = {.place = ""};
        int32_t status = variant_score_table_add(&r->scoring.table, &r->inputs[i], i, r->build, &fault);
        if (status != CSL_PLUGIN_OK) return variant_reading_fail(r, i, &fault);
    }
    return variant_score_table_sort(&r->scoring.table);
}

static int32_t finish_scores(variant_reading *r)
{
    variant_fault fault = {.place = "score"};
    int32_t status = variant_scoring_finish(&r->scoring, &r->reference, &fault);
    if (status == CSL_PLUGIN_BAD_INPUT) return variant_reading_fail(r, r->first, &fault);
    return status == CSL_PLUGIN_OK ? variant_report_scores(r) : status;
}

static int32_t normalise(variant_reading *r, const variant_record *record, variant_allele *allele)
{
    switch (variant_change_normalise(&allele->change, record->contig, &r->reference, &r->room)) {
    case VARIANT_CHANGE_DONE: variant_allele_classify(allele); return CSL_PLUGIN_OK;
    case VARIANT_CHANGE_MISMATCH: r->mismatches++; return CSL_PLUGIN_OK;
    case VARIANT_CHANGE_NO_MEMORY: return CSL_PLUGIN_NO_MEMORY;
    default: return CSL_PLUGIN_OK;
    }
}

int32_t variant_reading_take(variant_reading *r, uint32_t input, variant_source *source)
{
    variant_record *record = &source->record;
    variant_genotype genotype;
    if (variant_genotype_read(record, &genotype, &source->fault) < 0) return CSL_PLUGIN_BAD_INPUT;
    if (r->concordance.held) variant_concordance_take(&r->concordance, record, &genotype);
    if (r->scoring.table.count && source->header.samples)
        variant_scoring_record(&r->scoring, record, &genotype, &r->reference);
    if (r->panel.regions.count) {
        variant_record_info(record);
        if (!variant_panel_covers(&r->panel, record)) return CSL_PLUGIN_OK;
    }
    variant_tally_genotype(&r->tally, source->header.samples > 0, &genotype);
    bool found = false;
    for (int number = 1; number < record->alleles; number++) {
        if (source->header.samples && !variant_genotype_copies(&genotype, number)) continue;
        if (!found) variant_record_info(record);
        found = true;
        variant_allele allele;
        if (!variant_allele_read(source, number, &allele)) continue;
        int32_t status = r->reference.count ? normalise(r, record, &allele) : CSL_PLUGIN_OK;
        if (status != CSL_PLUGIN_OK) return status;
        status = variant_annotator_fill(&r->annotator, record, &allele, &r->reference);
        if (status == CSL_PLUGIN_BAD_INPUT) {
            variant_source_place(&r->annotator.source);
            variant_reading_fail(r, (uint32_t)(r->annotator.input - r->inputs), &r->annotator.source.fault);
            return CSL_PLUGIN_STOP;
        }
        if (!variant_panel_names(&r->panel, &allele.annotation, record)) continue;
        allele.key.sequence = r->sequence++;
        variant_tally_allele(&r->tally, &genotype, &allele);
        variant_token *place = variant_selection_place(&r->selection, &allele.key);
        if (!place) continue;
        variant_token_fill(source, &genotype, &allele, place);
        place->input = input;
        variant_selection_push(&r->selection);
    }
    return CSL_PLUGIN_OK;
}

static int32_t read_records(variant_reading *r, uint32_t index, variant_source *source)
{
    for (;;) {
        int got = variant_source_next(source);
        if (got == 0) return CSL_PLUGIN_OK;
        int32_t status = got < 0 ? CSL_PLUGIN_BAD_INPUT : variant_reading_take(r, index, source);
        if (status == CSL_PLUGIN_OK) continue;
        if (got == 1) variant_source_place(source);
        return status == CSL_PLUGIN_BAD_INPUT ? variant_reading_fail(r, index, &source->fault) : status;
    }
}

/* Whose genotypes: what the user set; else the sample that a map of the case has for its patient, or for the
 * case itself; else the sample that the file's header gives the patient. */
static int32_t open_wish(variant_reading *r)
{
    const csl_case_extension *of = r->options->of;
    const char *patient = of ? of->patient(r->sink) : NULL, *id = of ? of->id(r->sink) : NULL;
    r->wish = (variant_wish){.sample = r->options->sample, .patient = r->options->patient};
    if (r->wish.sample || r->wish.patient) return CSL_PLUGIN_OK;
    r->wish = (variant_wish){.patient = patient, .of_several = true, .case_id = id};
    for (uint32_t i = 0; i < r->count; i++) {
        if (r->kinds[i] != VARIANT_KIND_PATIENTS) continue;
        variant_fault fault = {.place = ""};
        int32_t status = CSL_PLUGIN_OK;
        const char *const who[] = {patient, id};
        for (int j = 0; j < 2; j++)
            if (status == CSL_PLUGIN_OK && who[j] && !r->mapped[0])
                status = variant_patients_find(&r->inputs[i], who[j], r->mapped, &fault);
        if (status == CSL_PLUGIN_OK && !r->mapped[0]) {
            status = CSL_PLUGIN_BAD_INPUT;
            fault.place[0] = 0;
            variant_wrong(&fault, "no line of the patient \"%.64s\" nor of the case \"%.64s\"",
                          patient ? patient : "", id ? id : "");
        }
        if (status != CSL_PLUGIN_OK) return variant_reading_fail(r, i, &fault);
        r->wish.sample = r->mapped;
    }
    return CSL_PLUGIN_OK;
}

static int32_t read_file(variant_reading *r, uint32_t index)
{
    variant_source source;
    int32_t status = variant_source_open(&source, &r->inputs[index], &r->wish, r->options->strictness);
    if (status == CSL_PLUGIN_BAD_INPUT) variant_reading_fail(r, index, &source.fault);
    if (status == CSL_PLUGIN_OK) status = variant_report_header(r, index, &source);
    if (status == CSL_PLUGIN_OK && !r->scoring_open) status = open_scores(r, &source.header);
    bool done = false;
    if (status == CSL_PLUGIN_OK && r->files > 1 && source.header.samples &&
        !variant_concordance_next(&r->concordance))
        status = CSL_PLUGIN_NO_MEMORY;
    if (r->concordance.first) r->compared_with = index;
    if (status == CSL_PLUGIN_OK) status = check_build(r, &source.header);
    if (status == CSL_PLUGIN_OK && r->panel.genes.count) source.header.layout.only = &r->panel.genes;
    if (status == CSL_PLUGIN_OK && r->panel.regions.count)
        status = variant_regions_read(r, index, &source, &done);
    if (status == CSL_PLUGIN_OK && !done) status = read_records(r, index, &source);
    if (status == CSL_PLUGIN_OK) status = variant_report_conformance(r, index, &source.judge);
    if (status == CSL_PLUGIN_OK) status = variant_report_concordance(r, index);
    variant_source_close(&source);
    return status;
}

static int32_t read_files(variant_reading *r)
{
    int32_t status = open_reference(r);
    if (status == CSL_PLUGIN_OK) status = open_annotations(r);
    if (status == CSL_PLUGIN_OK) status = open_panel(r);
    if (status == CSL_PLUGIN_OK) status = open_wish(r);
    for (uint32_t i = 0; i < r->count; i++)
        r->files += r->kinds[i] <= VARIANT_KIND_BCF && &r->inputs[i] != r->annotator.input;
    for (uint32_t i = 0; i < r->count && status == CSL_PLUGIN_OK; i++) {
        if (r->kinds[i] > VARIANT_KIND_BCF || &r->inputs[i] == r->annotator.input) continue;
        if (r->first == r->count) r->first = i;
        status = read_file(r, i);
    }
    if (status != CSL_PLUGIN_OK) return status;
    if (r->first < r->count) {
        status = check_reference(r);
        if (status == CSL_PLUGIN_OK) status = variant_report_findings(r);
        if (status == CSL_PLUGIN_OK) status = finish_scores(r);
        return status == CSL_PLUGIN_OK ? check_reference(r) : status;
    }
    return r->sink->warn(r->sink, 0, NULL, "no VCF or BCF file that this file belongs to");
}

int32_t variant_reading_run(const variant_options *options, const csl_input *inputs, uint32_t count,
                            const csl_sink *sink)
{
    variant_reading *r = calloc(1, sizeof *r);
    variant_kind *kinds = calloc(count ? count : 1, sizeof *kinds);
    int32_t status = CSL_PLUGIN_NO_MEMORY;
    if (r && kinds) {
        *r = (variant_reading){.sink = sink,
                               .options = options,
                               .inputs = inputs,
                               .kinds = kinds,
                               .count = count,
                               .first = count};
        uint32_t sure;
        for (uint32_t i = 0; i < count; i++)
            kinds[i] = variant_probe(inputs[i].bytes, inputs[i].length, &sure);
        status = read_files(r);
        variant_reference_close(&r->reference);
        variant_annotator_close(&r->annotator);
        variant_panel_close(&r->panel);
        variant_concordance_free(&r->concordance);
        variant_score_table_free(&r->scoring.table);
        variant_change_room_free(&r->room);
    }
    free(kinds);
    free(r);
    return status;
}
