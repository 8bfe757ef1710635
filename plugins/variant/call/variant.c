#include "call/variant.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "text/text.h"

enum {
    STRUCTURAL_BASES =
        50, /* a change at least this long is structural: the convention of dbVar and gnomAD-SV */
    LEAST_CHROMOSOMES = 20,   /* AF over fewer chromosomes than this is a call, not a frequency */
    LONGEST_ALLELE_SHOWN = 20 /* bases in a label */
};
static const double frequency_floor = 1e-6;

/* As BCF holds a number with a fraction: text and binary form of a file give the same tokens. */
static double decimal(const variant_field *list, int index)
{
    return (double)(float)variant_field_number(list, index);
}

/* A frequency of the allele in a population: the annotator's, then gnomAD's in INFO, then AF unless AN shows
 * that it was counted over this sample or a few. */
static double population_frequency(const variant_source *source, const variant_allele *allele)
{
    const variant_field *info = source->record.found;
    double frequency = allele->annotation.frequency;
    for (int i = VARIANT_INFO_GNOMAD; isnan(frequency) && i <= VARIANT_INFO_GNOMAD_LAST; i++)
        frequency = decimal(&info[i], allele->number - 1);
    if (isnan(frequency) && !(variant_field_number(&info[VARIANT_INFO_CHROMOSOMES], 0) < LEAST_CHROMOSOMES))
        frequency = decimal(&info[VARIANT_INFO_FREQUENCY], allele->number - 1);
    return frequency >= 0 && frequency <= 1 ? frequency : NAN;
}

void variant_allele_classify(variant_allele *allele)
{
    const char *reference = allele->change.reference, *alternative = allele->change.alternative;
    size_t from = strlen(reference), to = strlen(alternative);
    bool plain = variant_is_bases(reference) && variant_is_bases(alternative);
    allele->is_snv = plain && from == 1 && to == 1;
    allele->is_indel = plain && from != to;
    allele->is_structural = plain ? (from > to ? from - to : to - from) >= STRUCTURAL_BASES
                                  : strpbrk(alternative, "<>[].") != NULL;
    allele->key.locus = allele->change.locus;
}

bool variant_allele_read(const variant_source *source, int number, variant_allele *allele)
{
    const variant_record *record = &source->record;
    const char *alternative = record->allele[number];
    if (variant_is_placeholder(alternative)) return false;
    *allele = (variant_allele){.number = number};
    char numbers[64];
    variant_span text = variant_field_text(&record->found[VARIANT_INFO_ANNOTATION], numbers, sizeof numbers);
    variant_annotation_read(&source->header.layout, text.at ? text.at : "", text.length, record->allele,
                            record->alleles, number, &allele->annotation);
    text = variant_field_text(&record->found[VARIANT_INFO_SIGNIFICANCE], numbers, sizeof numbers);
    allele->significance =
        text.at ? variant_significance_parse(text.at, text.length) : allele->annotation.significance;
    allele->frequency = population_frequency(source, allele);
    allele->key = (variant_key){.pathogenic = allele->significance.pathogenic,
                                .rank = allele->annotation.rank,
                                .contig = record->chromosome ? record->chromosome : VARIANT_OTHER_CONTIG};
    allele->change = (variant_change){record->locus, record->allele[0], alternative};
    variant_allele_classify(allele);
    return true;
}

static float logarithm(double value)
{
    return value >= 0 ? (float)log10(1 + value) : NAN;
}

static double allele_balance(const variant_record *record, int number)
{
    const variant_field *reads = &record->values[VARIANT_FORMAT_READS];
    double total = 0, own = NAN;
    variant_span rest = {reads->packed ? NULL : reads->at, reads->length};
    for (int i = 0; i < record->alleles && reads->at; i++) {
        if (!reads->packed && !rest.at) break;
        double value =
            reads->packed ? variant_field_number(reads, i) : variant_number(variant_split(&rest, ','));
        if (i == number) own = value;
        if (value >= 0) total += value;
    }
    return own >= 0 && total > 0 ? own / total : NAN;
}

/* "heterozygous", "homozygous", "hemizygous", "1 of 2 alleles called", "3 of 4 copies"; "" for sites only. */
static void describe_zygosity(const variant_genotype *genotype, int number, char *out, size_t size)
{
    out[0] = 0;
    if (!genotype->ploidy) return;
    int copies = variant_genotype_copies(genotype, number);
    if (genotype->called < genotype->ploidy)
        snprintf(out, size, "%d of %d alleles called", genotype->called, genotype->ploidy);
    else if (genotype->ploidy == 1)
        snprintf(out, size, "hemizygous");
    else if (genotype->ploidy == 2)
        snprintf(out, size, copies == 2 ? "homozygous" : "heterozygous");
    else
        snprintf(out, size, "%d of %d copies", copies, genotype->ploidy);
}

static void show_allele(const char *bases, char *out, size_t size)
{
    size_t length = strlen(bases);
    if (length <= LONGEST_ALLELE_SHOWN) {
        variant_copy(out, size, bases, length);
        return;
    }
    char start[LONGEST_ALLELE_SHOWN + 1];
    variant_copy(start, sizeof start, bases, LONGEST_ALLELE_SHOWN);
    snprintf(out, size, "%.8s... (%zu bases)", start, length);
}

/* "TP53 c.637C>T (p.Arg213*) stop_gained, heterozygous"; where no annotator named the change, "17:7674894
 * G>A, heterozygous". */
static void describe(const variant_source *source, const variant_genotype *genotype,
                     const variant_allele *allele, char *label, size_t size)
{
    const variant_annotation *a = &allele->annotation;
    const variant_record *record = &source->record;
    char change[160], zygosity[48], from[48], to[48], contig[40];
    if (a->symbol[0] && a->hgvs_c[0]) {
        bool protein = a->hgvs_p[0] != 0;
        snprintf(change, sizeof change, "%s%s%s%s", a->hgvs_c, protein ? " (" : "", a->hgvs_p,
                 protein ? ")" : "");
    } else {
        variant_copy(contig, sizeof contig, record->contig, strlen(record->contig));
        show_allele(allele->change.reference, from, sizeof from);
        show_allele(allele->change.alternative, to, sizeof to);
        snprintf(change, sizeof change, "%s:%lld %s>%s", contig, (long long)allele->change.locus, from, to);
    }
    describe_zygosity(genotype, allele->number, zygosity, sizeof zygosity);
    const char *verdict = allele->significance.pathogenic ? ", ClinVar pathogenic"
                          : allele->significance.benign   ? ", ClinVar benign"
                                                          : "";
    snprintf(label, size, "%s%s%s%s%s%s%s%s", a->symbol, a->symbol[0] ? " " : "", change, a->found ? " " : "",
             a->term, zygosity[0] ? ", " : "", zygosity, verdict);
}

void variant_token_fill(const variant_source *source, const variant_genotype *genotype,
                        const variant_allele *allele, variant_token *token)
{
    const variant_record *record = &source->record;
    float *f = token->features;
    for (int i = 0; i < VARIANT_FEATURES; i++) f[i] = NAN;
    f[VARIANT_SEVERITY] = variant_severity(allele->key.rank);
    if (genotype->ploidy) {
        f[VARIANT_DOSAGE] = (float)variant_genotype_copies(genotype, allele->number);
        f[VARIANT_HETEROZYGOUS] = variant_genotype_heterozygous(genotype);
        if (genotype->ploidy > 1) f[VARIANT_PHASED] = genotype->phased ? 1.0f : 0.0f;
    }
    f[VARIANT_QUALITY] = isfinite(record->quality) ? logarithm(record->quality) : NAN;
    double depth = variant_field_number(&record->values[VARIANT_FORMAT_DEPTH], 0);
    if (isnan(depth)) depth = variant_field_number(&record->found[VARIANT_INFO_DEPTH], 0);
    f[VARIANT_DEPTH] = logarithm(depth);
    f[VARIANT_GENOTYPE_QUALITY] = logarithm(variant_field_number(&record->values[VARIANT_FORMAT_QUALITY], 0));
    f[VARIANT_ALLELE_FREQUENCY] = (float)log10(fmax(allele->frequency, frequency_floor));
    if (isnan(allele->frequency)) f[VARIANT_ALLELE_FREQUENCY] = NAN;
    f[VARIANT_ALLELE_BALANCE] = (float)allele_balance(record, allele->number);
    f[VARIANT_IS_SNV] = allele->is_snv;
    f[VARIANT_IS_INDEL] = allele->is_indel;
    f[VARIANT_IS_STRUCTURAL] = allele->is_structural;
    if (allele->significance.stated) {
        f[VARIANT_IS_PATHOGENIC] = allele->significance.pathogenic;
        f[VARIANT_IS_BENIGN] = allele->significance.benign;
    }
    f[VARIANT_PASSED_FILTER] = record->passed;
    token->key = allele->key;
    token->position[VARIANT_POSITION_CONTIG] =
        allele->key.contig < VARIANT_OTHER_CONTIG ? (double)allele->key.contig : NAN;
    token->position[VARIANT_POSITION_LOCUS] = (double)allele->key.locus;
    describe(source, genotype, allele, token->label, sizeof token->label);
    token->code[0] = 0;
    if (allele->annotation.symbol[0])
        snprintf(token->code, sizeof token->code, "http://www.genenames.org|%s", allele->annotation.symbol);
}
