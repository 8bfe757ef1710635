/* Real files of other projects, where there are any; counts were made with bcftools 1.16. */
#include <criterion/criterion.h>
#include <criterion/logging.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"

static seen s;

static bool embed_real(const char *name)
{
    const char *path = real_file(name);
    if (!path) {
        cr_log_info("skipped: no real files");
        return false;
    }
    const char *const paths[] = {path, NULL};
    cr_assert_eq(embed_paths(paths, &s), CSL_PLUGIN_OK, "%s: %s: %s", name, s.failure.place, s.failure.text);
    return true;
}

static double count_of(const char *name)
{
    return round(pow(10, s.tokens[0].features[feature(name)]) - 1);
}

/* bcftools stats -s HG00096: PSC 575 reference, 25 heterozygous, 12 transitions, 11 transversions, 2 indels;
 * bcftools query -s HG00096 -i 'GT="alt"': 25 records, the first 9411410 C>T, AF 0.466853, 0|1. */
Test(variant_real, thousand_genomes)
{
    if (!embed_real("plink_1kg/2.0/Tests/TEST_PHASED_VCF/1kg_phase3_chr21_start.vcf.gz")) return;
    cr_assert_str_eq(fact_value(&s, CSL_FACT_SAMPLE), "HG00096");
    cr_assert_str_eq(fact_value(&s, CSL_FACT_GENOME_BUILD), "GRCh37");
    cr_assert_eq(s.token_count, 1 + 25);
    cr_assert_eq(count_of("count_reference"), 575);
    cr_assert_float_eq(s.tokens[0].features[feature("transition_fraction")], 12.0 / 23, 1e-6);
    int indels = 0;
    for (size_t i = 1; i < s.token_count; i++) {
        indels += s.tokens[i].features[feature("is_indel")] == 1;
        cr_assert_eq(s.tokens[i].features[feature("heterozygous")], 1);
        cr_assert_eq(s.tokens[i].features[feature("phased")], 1);
    }
    cr_assert_eq(indels, 2);
    cr_assert_str_eq(s.tokens[1].label, "21:9411410 C>T, heterozygous");
    cr_assert_float_eq(s.tokens[1].features[feature("allele_frequency")], log10(0.466853), 1e-5);
    cr_assert_str_eq(s.warnings[0].text, "2504 samples; the first is taken, the others are ignored");
}

/* bcftools query -s A -i 'GT="alt"' -f '%POS %REF %ALT [%GT]\n': 13 records, three of them 1/2, one 1/1; 15
 * records in all. */
Test(variant_real, htslib_bcf_and_vcf_agree)
{
    static const char *const names[] = {"htslib/tabix/vcf_file.bcf", "htslib/tabix/vcf_file.vcf"};
    static seen first;
    for (int i = 0; i < 2; i++) {
        if (!embed_real(names[i])) return;
        cr_assert_eq(s.token_count, 1 + 16);
        cr_assert_eq(count_of("count_reference"), 2);
        cr_assert_not_null(token_labelled(&s, "1:3157410 GA>G, homozygous"));
        if (i == 0) first = s;
        for (size_t j = 0; j < s.token_count; j++) cr_assert_str_eq(s.tokens[j].label, first.tokens[j].label);
    }
}

/* The first three ANN of the germ line sample: OR4F5 at 69091 (1/0), 69849 (1/0), 69511 (1/1), as the file
 * has them. */
Test(variant_real, snpeff_cancer)
{
    if (!embed_real("snpeff/examples/cancer_pedigree.ann.vcf")) return;
    cr_assert_str_eq(fact_value(&s, CSL_FACT_SAMPLE), "Patient_01_Germline");
    for (size_t i = 1; i < s.token_count; i++)
        cr_assert_str_eq(s.tokens[i].code, "http://www.genenames.org|OR4F5");
    cr_assert_not_null(token_labelled(&s, "OR4F5 c.759G>A (p.Trp253*) stop_gained, heterozygous"));
}

/* bcftools query -f '%CLNSIG\n': 23 Benign, 12 Likely_benign, 2 Likely_pathogenic, 5 Pathogenic. Sites only.
 */
Test(variant_real, clinvar)
{
    if (!embed_real("vep/nextflow/examples/clinvar-testset/input.vcf.gz")) return;
    int pathogenic = 0, benign = 0;
    for (size_t i = 1; i < s.token_count; i++) {
        pathogenic += s.tokens[i].features[feature("is_pathogenic")] == 1;
        benign += s.tokens[i].features[feature("is_benign")] == 1;
        cr_assert(isnan(s.tokens[i].features[feature("dosage")]));
    }
    cr_assert_eq(s.token_count, 1 + 50);
    cr_assert_eq(pathogenic, 7);
    cr_assert_eq(benign, 35);
}

/* An index beside its file says nothing and disturbs nothing. */
Test(variant_real, index_beside_its_file)
{
    char vcf[4096];
    const char *path = real_file("htslib/modhdr.vcf.gz");
    if (!path) return;
    snprintf(vcf, sizeof vcf, "%s", path);
    const char *const paths[] = {vcf, real_file("htslib/modhdr.vcf.gz.csi"), NULL};
    cr_assert_not_null(paths[1]);
    cr_assert_eq(embed_paths(paths, &s), CSL_PLUGIN_OK, "%s", s.failure.text);
    cr_assert_eq(s.failure.text[0], 0);
    cr_assert_eq(s.tokens[0].input, 0);
}
