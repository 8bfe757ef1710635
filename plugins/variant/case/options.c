#include "case/options.h"

#include <string.h>

#define OPTION(n, v, h)                                                                                      \
    &(const csl_option)                                                                                      \
    {                                                                                                        \
        .struct_size = sizeof(csl_option), .name = n, .value = v, .help = h                                  \
    }

const csl_option *const variant_option_table[VARIANT_OPTIONS] = {
    OPTION("deidentify", "yes|no", "emit no facts and no sample names; no"),
    OPTION("variant.sample", "NAME",
           "read this sample of files that have several; the patient's, else the first"),
    OPTION(
        "variant.patient", "ID",
        "read the sample whose ##SAMPLE line names this patient, or that has this name; the case's patient"),
    OPTION("variant.conformance", "refuse|warn",
           "what becomes of a file that breaks a rule of the VCF standard and can be read; refuse"),
    OPTION("variant.reference", "FILE", "left-align alleles against this FASTA file of the case; as written"),
    OPTION(
        "variant.annotation", "FILE",
        "take consequence, significance and frequency from this VCF of the case where a file has none; no"),
    OPTION("variant.panel", "FILE", "read only the regions of this BED file, or the genes of this list; all"),
    OPTION("variant.genes", "FILE",
           "where the genes of the panel's list lie: GFF3, GTF, or BED with their names; not known"),
    OPTION(
        "pgs.missing", "mean|reference|skip|fail",
        "what a score counts for a variant whose genotype is not called; mean, where a frequency is known"),
    OPTION("pgs.absent", "mean|reference|skip|fail", "the same for a variant that no record has; skip"),
    OPTION("pgs.max_missing", "0..1", "largest share of a score's variants without a genotype; 1"),
    OPTION("pgs.ambiguous", "keep|drop", "variants A/T and C/G, which look alike on both strands; keep"),
    OPTION("pgs.strand", "flip|as_written", "try the other strand where no allele fits; flip"),
    OPTION("pgs.dosage", "GT|DS", "count called genotypes, or the imputed dosages of FORMAT DS; GT"),
};

/* The number of the word that was set, `otherwise` if none was, -1 if it is none of them. */
static int choice(const csl_host *host, const csl_options *from, const char *name, const char *const *words,
                  int otherwise)
{
    const char *value = from->get(host, name);
    if (!value) return otherwise;
    for (int i = 0; words[i]; i++)
        if (!strcmp(value, words[i])) return i;
    return -1;
}

static int32_t read_scores(const csl_host *host, const csl_options *from, variant_score_options *scores)
{
    static const char *const missing[] = {"mean", "reference", "skip", "fail", NULL};
    static const char *const ambiguous[] = {"keep", "drop", NULL},
                             *const strand[] = {"flip", "as_written", NULL},
                             *const dosage[] = {"GT", "DS", NULL};
    int chosen = choice(host, from, "pgs.missing", missing, VARIANT_MISSING_MEAN);
    if (chosen < 0) return from->refuse(host, "pgs.missing", "mean, reference, skip or fail");
    scores->uncalled = (variant_missing)chosen;
    chosen = choice(host, from, "pgs.absent", missing, VARIANT_MISSING_SKIP);
    if (chosen < 0) return from->refuse(host, "pgs.absent", "mean, reference, skip or fail");
    scores->absent = (variant_missing)chosen;
    chosen = choice(host, from, "pgs.ambiguous", ambiguous, 0);
    if (chosen < 0) return from->refuse(host, "pgs.ambiguous", "keep or drop");
    scores->drop_ambiguous = chosen;
    chosen = choice(host, from, "pgs.strand", strand, 0);
    if (chosen < 0) return from->refuse(host, "pgs.strand", "flip or as_written");
    scores->as_written = chosen;
    chosen = choice(host, from, "pgs.dosage", dosage, 0);
    if (chosen < 0) return from->refuse(host, "pgs.dosage", "GT or DS");
    scores->dosages = chosen;
    const char *most = from->get(host, "pgs.max_missing");
    if (!most) return CSL_PLUGIN_OK;
    scores->max_missing = variant_number((variant_span){most, strlen(most)});
    return scores->max_missing >= 0 && scores->max_missing <= 1
               ? CSL_PLUGIN_OK
               : from->refuse(host, "pgs.max_missing", "a number from 0 to 1");
}

int32_t variant_options_read(const csl_host *host, const csl_options *from, variant_options *options)
{
    *options = (variant_options){.scores = {.absent = VARIANT_MISSING_SKIP, .max_missing = 1}};
    if (!from) return CSL_PLUGIN_OK;
    const char *deidentify = from->get(host, "deidentify");
    options->deidentify = deidentify && strcmp(deidentify, "yes") == 0;
    if (deidentify && !options->deidentify && strcmp(deidentify, "no") != 0)
        return from->refuse(host, "deidentify", "yes or no");
    options->sample = from->get(host, "variant.sample");
    if (options->sample && !options->sample[0])
        return from->refuse(host, "variant.sample", "the name of a sample");
    options->patient = from->get(host, "variant.patient");
    if (options->patient && !options->patient[0])
        return from->refuse(host, "variant.patient", "the identifier of a patient");
    static const char *const strictness[] = {"refuse", "warn", NULL};
    int chosen = choice(host, from, "variant.conformance", strictness, VARIANT_STRICT);
    if (chosen < 0) return from->refuse(host, "variant.conformance", "refuse or warn");
    options->strictness = (variant_strictness)chosen;
    options->reference = from->get(host, "variant.reference");
    options->annotation = from->get(host, "variant.annotation");
    options->panel = from->get(host, "variant.panel");
    options->genes = from->get(host, "variant.genes");
    if (options->genes && !options->panel)
        return from->refuse(host, "variant.genes", "set together with variant.panel, a list of genes");
    return read_scores(host, from, &options->scores);
}
