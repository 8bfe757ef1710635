/* Genotypes, consequences, labels and features, from small VCF texts. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"

static seen s;

static void embed_records(const char *records)
{
    cr_assert_eq(embed_text(one_sample(records), &s), CSL_PLUGIN_OK, "%s: %s", s.failure.place,
                 s.failure.text);
}

static void check_number(double got, double want, const char *what)
{
    if (isnan(want))
        cr_assert(isnan(got), "%s: %g instead of NaN", what, got);
    else
        cr_assert_float_eq(got, want, 1e-5, "%s: %g instead of %g", what, got, want);
}
Test(variant_records, genotypes)
{
    /* NAN: not known. copies of the first ALT, heterozygous, phased, and how the label ends; tokens without
     * the summary. */
    static const struct {
        const char *alternative, *genotype;
        int tokens;
        double dosage, heterozygous, phased;
        const char *ending;
    } table[] = {
        {"T", "0/1", 1, 1, 1, 0, ", heterozygous"},
        {"T", "0|1", 1, 1, 1, 1, ", heterozygous"},
        {"T", "1|1", 1, 2, 0, 1, ", homozygous"},
        {"T", "1", 1, 1, NAN, NAN, ", hemizygous"},
        {"T", "0/0", 0, 0, 0, 0, ""},
        {"T", "0", 0, 0, 0, 0, ""},
        {"T", "./.", 0, 0, 0, 0, ""},
        {"T", ".", 0, 0, 0, 0, ""},
        {"T", "./1", 1, 1, NAN, 0, ", 1 of 2 alleles called"},
        {"T", "1/.", 1, 1, NAN, 0, ", 1 of 2 alleles called"},
        {"T", "./0", 0, 0, 0, 0, ""},
        {"T,G", "1/2", 2, 1, 1, 0, ", heterozygous"},
        {"G,T", "2/2", 1, 2, 0, 0, ", homozygous"},
        {"T", "0/1/1/1", 1, 3, 1, 0, ", 3 of 4 copies"},
        {"T", "/0|1", 1, 1, 1, 1, ", heterozygous"},
        {"T,*", "1/2", 1, 1, 1, 0, ", heterozygous"},
        {"T,<NON_REF>", "0/1", 1, 1, 1, 0, ", heterozygous"},
        {"<DEL>", "0/1", 1, 1, 1, 0, "1:100 A><DEL>, heterozygous"},
        {"]17:20]A", "0/1", 1, 1, 1, 0, "1:100 A>]17:20]A, heterozygous"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char record[200];
        snprintf(record, sizeof record, "1\t100\t.\tA\t%s\t50\tPASS\t.\tGT\t%s\n", table[i].alternative,
                 table[i].genotype);
        embed_records(record);
        cr_assert_eq((int)s.token_count - 1, table[i].tokens, "%s %s: %zu tokens", table[i].alternative,
                     table[i].genotype, s.token_count);
        if (!table[i].tokens) continue;
        const seen_token *t = &s.tokens[1];
        check_number(t->features[feature("dosage")], table[i].dosage, table[i].genotype);
        check_number(t->features[feature("heterozygous")], table[i].heterozygous, table[i].genotype);
        check_number(t->features[feature("phased")], table[i].phased, table[i].genotype);
        size_t length = strlen(t->label), ending = strlen(table[i].ending);
        cr_assert(length >= ending && !strcmp(t->label + length - ending, table[i].ending), "%s", t->label);
    }
}

Test(variant_records, reference_and_missing_are_counted)
{
    embed_records(
        "1\t1\t.\tA\tC\t.\t.\t.\tGT\t0/0\n1\t2\t.\tA\t.\t.\t.\t.\tGT\t0\n1\t3\t.\tA\tC\t.\t.\t.\tGT\t./.\n"
        "1\t4\t.\tA\tC\t.\t.\t.\tDP\t3\n1\t5\t.\tA\tC\t.\t.\t.\tGT\t1/1\n1\t6\t.\tA\tT\t.\t.\t.\tGT\t0/1\n");
    cr_assert_eq(s.token_count, 3);
    cr_assert_str_eq(s.tokens[0].label,
                     "2 variants: impact 0 high, 0 moderate, 0 low, 0 modifier, 2 not annotated; "
                     "1 heterozygous, 1 homozygous; 2 sites as the reference, 2 not called");
    check_number(s.tokens[0].features[feature("count_reference")], log10(3), "reference sites");
    check_number(s.tokens[0].features[feature("count_unannotated")], log10(3), "not annotated");
    check_number(s.tokens[0].features[feature("heterozygous_fraction")], 0.5, "heterozygous fraction");
    check_number(s.tokens[0].features[feature("transition_fraction")], 0, "A>C and A>T are transversions");
    check_number(s.tokens[0].features[feature("severity")], NAN, "severity of the summary");
}

Test(variant_records, features)
{
    embed_records(
        "17\t7674894\trs1\tG\tA\t99\tPASS\tAF=0.001;CLNSIG=Likely_pathogenic\tGT:AD:DP:GQ\t0|1:12,8:20:99\n"
        "X\t5\t.\tG\tGTT\t.\tq10\tAF=0;CLNSIG=Benign\tGT:AD:DP:GQ\t1:.:.:.\n"
        "MT\t7\t.\tGA\tTC\t0\t.\tAF=0.5;AN=2\tGT\t1/1\n");
    static const struct {
        const char *name;
        double value[3];
    } table[] = {
        {"severity", {NAN, NAN, NAN}},
        {"quality", {2, NAN, 0}},            /* log10(1 + QUAL) */
        {"depth", {1.3222193, NAN, NAN}},    /* log10(21) */
        {"genotype_quality", {2, NAN, NAN}}, /* log10(100) */
        {"allele_frequency", {-3, -6, NAN}}, /* floor 1e-6; AF over two chromosomes is no frequency */
        {"allele_balance", {0.4, NAN, NAN}}, /* 8 of 20 */
        {"is_snv", {1, 0, 0}},
        {"is_indel", {0, 1, 0}},
        {"is_structural", {0, 0, 0}},
        {"is_pathogenic", {1, 0, NAN}},
        {"is_benign", {0, 1, NAN}},
        {"passed_filter", {1, 0, NAN}},
        {"count_high", {NAN, NAN, NAN}},
    };
    cr_assert_eq(s.token_count, 4);
    static const double contig[] = {17, 23, 25}, locus[] = {7674894, 5, 7};
    for (int i = 0; i < 3; i++) {
        for (size_t j = 0; j < sizeof table / sizeof *table; j++)
            check_number(s.tokens[i + 1].features[feature(table[j].name)], table[j].value[i], table[j].name);
        check_number(s.tokens[i + 1].contig, contig[i], "contig");
        check_number(s.tokens[i + 1].locus, locus[i], "locus");
    }
    cr_assert_str_eq(s.tokens[1].label, "17:7674894 G>A, heterozygous, ClinVar pathogenic");
    cr_assert_str_eq(s.tokens[1].code, "");
}

Test(variant_records, kinds_of_change)
{
    static const struct {
        const char *reference, *alternative;
        double snv, indel, structural;
    } table[] = {
        {"A", "c", 1, 0, 0},
        {"AC", "A", 0, 1, 0},
        {"AC", "GT", 0, 0, 0},
        {"A", "<INS:ME:ALU>", 0, 0, 1},
        {"A", "A[17:5[", 0, 0, 1},
        {"A", ".A", 0, 0, 1},
        {"A", "AACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGT", 0, 1,
         1}, /* 52 bases longer; 50 is structural */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char record[200];
        snprintf(record, sizeof record, "1\t9\t.\t%s\t%s\t.\t.\t.\tGT\t0/1\n", table[i].reference,
                 table[i].alternative);
        embed_records(record);
        check_number(s.tokens[1].features[feature("is_snv")], table[i].snv, table[i].alternative);
        check_number(s.tokens[1].features[feature("is_indel")], table[i].indel, table[i].alternative);
        check_number(s.tokens[1].features[feature("is_structural")], table[i].structural,
                     table[i].alternative);
    }
    cr_assert_str_eq(s.tokens[1].label, "1:9 A>AACGTACG... (53 bases), heterozygous");
}

Test(variant_records, consequences_by_severity)
{
    /* Ranks of Ensembl's table of calculated variant consequences (release 115); severity (41 - rank) / 40.
     */
    static const struct {
        const char *terms, *impact, *shown;
        double severity;
        const char *counted;
    } table[] = {
        {"transcript_ablation", "HIGH", "transcript_ablation", 1.0, "count_high"},                    /* 1 */
        {"stop_gained", "HIGH", "stop_gained", 0.925, "count_high"},                                  /* 4 */
        {"frameshift_variant", "HIGH", "frameshift_variant", 0.9, "count_high"},                      /* 5 */
        {"missense_variant", "MODERATE", "missense_variant", 0.7, "count_moderate"},                  /* 13 */
        {"splice_region_variant&intron_variant", "LOW", "splice_region_variant", 0.625, "count_low"}, /* 16 */
        {"intron_variant&splice_region_variant", "LOW", "splice_region_variant", 0.625, "count_low"},
        {"synonymous_variant", "LOW", "synonymous_variant", 0.475, "count_low"},         /* 22 */
        {"intron_variant", "MODIFIER", "intron_variant", 0.325, "count_modifier"},       /* 28 */
        {"intergenic_region", "MODIFIER", "intergenic_region", 0.025, "count_modifier"}, /* 40 */
        {"sequence_variant", "MODIFIER", "sequence_variant", 0.0, "count_modifier"},     /* 41 */
        {"a_term_of_tomorrow", "HIGH", "a_term_of_tomorrow", 0.775, "count_high"},       /* as 10 */
        {"a_term_of_tomorrow", "", "a_term_of_tomorrow", 0.0, "count_modifier"},
        {"conservative_inframe_deletion", "MODERATE", "conservative_inframe_deletion", 0.725,
         "count_moderate"}, /* 12 */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char record[400], label[200];
        snprintf(record, sizeof record,
                 "17\t9\t.\tG\tA\t.\t.\tANN=A|%s|%s|TP53|TP53|transcript|NM_1||1/1|c.1G>A||||||\tGT\t0/1\n",
                 table[i].terms, table[i].impact);
        embed_records(record);
        check_number(s.tokens[1].features[feature("severity")], table[i].severity, table[i].terms);
        check_number(s.tokens[0].features[feature(table[i].counted)], log10(2), table[i].counted);
        bool genic = table[i].severity > 0.025;
        snprintf(label, sizeof label, "%s %s, heterozygous", genic ? "TP53 c.1G>A" : "17:9 G>A",
                 table[i].shown);
        cr_assert_str_eq(s.tokens[1].label, label);
        cr_assert_str_eq(s.tokens[1].code, genic ? "http://www.genenames.org|TP53" : "");
    }
}

Test(variant_records, the_most_severe_annotation_of_the_allele_is_told)
{
    embed_records(
        "17\t7674894\t.\tG\tA,C\t.\t.\tANN=A|intron_variant|MODIFIER|WRAP53|w|transcript|t||||||||||,"
        "C|missense_variant|MODERATE|TP53|g|transcript|t|||c.637C>G|p.Arg213Gly|||||,"
        "A|stop_gained|HIGH|TP53|g|transcript|t|||c.637C>T|p.Arg213*|||||\tGT\t0/1\n");
    cr_assert_eq(s.token_count, 2);
    cr_assert_str_eq(s.tokens[1].label, "TP53 c.637C>T (p.Arg213*) stop_gained, heterozygous");
    cr_assert_str_eq(s.tokens[1].code, "http://www.genenames.org|TP53");
}

Test(variant_records, vep_fields_are_found_by_name)
{
    static const char text[] =
        "##fileformat=VCFv4.2\n##contig=<ID=chr17>\n"
        "##INFO=<ID=CSQ,Number=.,Type=String,Description=\"Consequence annotations from Ensembl VEP. Format: "
        "Consequence|Allele|HGVSp|HGVSc|SYMBOL|gnomADg_AF|CANONICAL|CLIN_SIG\">\n"
        "##INFO=<ID=ANN,Number=.,Type=String,Description=\"Functional annotations: 'Allele | Annotation'\">\n"
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        "chr17\t10\t.\tGA\tG,GAT\t.\t.\tANN=x|stop_lost;CSQ="
        "missense_variant|-|ENSP1:p.Ala5%3D|ENST1:c.13del|OTHER|0.5||,"
        "missense_variant|-|ENSP2:p.Ala6%3D|ENST2:c.16del|GENE1|0.01|YES|benign&likely_benign,"
        "frameshift_variant|AT||ENST2:c.17dup|GENE1|||pathogenic\n";
    cr_assert_eq(embed_text(text, &s), CSL_PLUGIN_OK);
    cr_assert_eq(s.token_count, 3);
    cr_assert_str_eq(s.tokens[1].label, "GENE1 c.17dup frameshift_variant, ClinVar pathogenic");
    cr_assert_str_eq(s.tokens[2].label, "GENE1 c.16del (p.Ala6=) missense_variant, ClinVar benign");
    check_number(s.tokens[2].features[feature("allele_frequency")], -2, "gnomADg_AF");
    check_number(s.tokens[2].features[feature("dosage")], NAN, "dosage without samples");
    cr_assert_eq(s.warning_count, 1);
    cr_assert(strstr(s.warnings[0].text, "no sample"));
}

Test(variant_records, clinical_significance)
{
    static const struct {
        const char *text;
        double pathogenic, benign;
    } table[] = {
        {"Pathogenic", 1, 0},
        {"Pathogenic/Likely_pathogenic", 1, 0},
        {"Pathogenic,_low_penetrance", 1, 0},
        {"Likely_benign", 0, 1},
        {"Uncertain_significance", 0, 0},
        {"Conflicting_classifications_of_pathogenicity", 0, 0},
        {"Benign|Pathogenic", 0, 0},
        {"5", 1, 0}, /* dbSNP's numbers */
        {"0|2", 0, 1},
        {".", NAN, NAN},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char record[200];
        snprintf(record, sizeof record, "1\t9\t.\tA\tC\t.\t.\tCLNSIG=%s\tGT\t0/1\n", table[i].text);
        embed_records(record);
        check_number(s.tokens[1].features[feature("is_pathogenic")], table[i].pathogenic, table[i].text);
        check_number(s.tokens[1].features[feature("is_benign")], table[i].benign, table[i].text);
    }
}

Test(variant_records, budget_keeps_the_most_severe_then_by_locus)
{
    static char records[60000];
    size_t used = 0;
    /* 400 introns on 17, then on 1 200 missense, one pathogenic synonymous last. */
    for (int i = 0; i < 400; i++)
        used += (size_t)snprintf(records + used, sizeof records - used,
                                 "17\t%d\t.\tA\tC\t.\t.\tANN=C|intron_variant||G\tGT\t0/1\n", 1000 + i);
    for (int i = 0; i < 200; i++)
        used += (size_t)snprintf(records + used, sizeof records - used,
                                 "1\t%d\t.\tA\tC\t.\t.\tANN=C|missense_variant||G\tGT\t0/1\n", 8801 + i);
    snprintf(records + used, sizeof records - used,
             "MT\t5\t.\tA\tC\t.\t.\tCLNSIG=Pathogenic;ANN=C|synonymous_variant||G\tGT\t0/1\n");
    embed_records(records);
    cr_assert_eq(s.token_count, 256);
    cr_assert_eq((int)s.tokens[1].contig, 25);
    for (int i = 0; i < 200; i++) cr_assert_eq((int)s.tokens[2 + i].locus, 8801 + i);
    for (int i = 0; i < 54; i++) cr_assert_eq((int)s.tokens[202 + i].locus, 1000 + i); /* 255 - 1 - 200 */
    cr_assert_eq(s.warning_count, 1);
    cr_assert_str_eq(s.warnings[0].text,
                     "601 variants; the 255 most severe are tokens, all are counted in the summary");
}
