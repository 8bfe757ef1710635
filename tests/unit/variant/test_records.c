/* Genotypes, consequences, labels, features and facts, from small VCF texts. */
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
    /* 400 introns on 17, then from the end of 1 downwards 200 missense, one pathogenic synonymous last. */
    for (int i = 0; i < 400; i++)
        used += (size_t)snprintf(records + used, sizeof records - used,
                                 "17\t%d\t.\tA\tC\t.\t.\tANN=C|intron_variant||G\tGT\t0/1\n", 1000 + i);
    for (int i = 0; i < 200; i++)
        used += (size_t)snprintf(records + used, sizeof records - used,
                                 "1\t%d\t.\tA\tC\t.\t.\tANN=C|missense_variant||G\tGT\t0/1\n", 9000 - i);
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

Test(variant_records, facts_of_the_header)
{
    static const struct {
        const char *lines;
        uint32_t kind;
        const char *value; /* NULL: not said */
    } table[] = {
        {"##fileDate=20240305\n", CSL_FACT_DATE, NULL}, /* of the file, not of the sample */
        {"##contig=<ID=1,length=249250621>\n", CSL_FACT_GENOME_BUILD, "GRCh37"},
        {"##contig=<ID=chr1,length=248956422>\n", CSL_FACT_GENOME_BUILD, "GRCh38"},
        {"##contig=<ID=21,length=46709983>\n", CSL_FACT_GENOME_BUILD, "GRCh38"},
        {"##contig=<ID=1,length=1000>\n", CSL_FACT_GENOME_BUILD, NULL},
        {"##contig=<ID=1,length=249250621>\n##contig=<ID=2,length=242193529>\n", CSL_FACT_GENOME_BUILD, NULL},
        {"##contig=<ID=1,length=248956422>\n##reference=hg19.fa\n", CSL_FACT_GENOME_BUILD, "GRCh38"},
        {"##reference=file:///ref/hs37d5.fa\n", CSL_FACT_GENOME_BUILD, "GRCh37"},
        {"##contig=<ID=1,assembly=\"GRCh38.p14\">\n", CSL_FACT_GENOME_BUILD, "GRCh38"},
        {"##contig=<ID=GL000191.1,length=106433>\n", CSL_FACT_GENOME_BUILD, "GRCh37"},
        {"##contig=<ID=chrUn_gl000211>\n", CSL_FACT_GENOME_BUILD, "GRCh37"},
        {"##contig=<ID=chrUn_KI270302v1>\n", CSL_FACT_GENOME_BUILD, "GRCh38"},
        {"##contig=<ID=chrUn_GL000195v1>\n", CSL_FACT_GENOME_BUILD, NULL}, /* in both */
        {"##SAMPLE=<ID=other,Patient=WRONG>\n##SAMPLE=<ID=S 1,Description=\"a, "
         "Patient=x\",Patient=\"P-7\">\n",
         CSL_FACT_PATIENT_ID, "P-7"},
        {"##SAMPLE=<ID=other,Patient=WRONG>\n", CSL_FACT_PATIENT_ID, NULL},
        {"##SAMPLE=<ID=S 1,Sex=F>\n", CSL_FACT_SEX, "female"},
        {"##SAMPLE=<ID=S 1,Sex=unknown>\n", CSL_FACT_SEX, NULL},
        {"", CSL_FACT_SAMPLE, "S 1"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char text[600];
        snprintf(text, sizeof text,
                 "##fileformat=VCFv4.3\n%s#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS 1\n",
                 table[i].lines);
        cr_assert_eq(embed_text(text, &s), CSL_PLUGIN_OK, "%s", s.failure.text);
        const char *value = fact_value(&s, table[i].kind);
        if (table[i].value)
            cr_assert(value && !strcmp(value, table[i].value), "%s gave %s", table[i].lines,
                      value ? value : "nothing");
        else
            cr_assert_null(value, "%s gave %s", table[i].lines, value);
    }
}

/* Names may hold any UTF-8 (VCF 4.3, section 1.2); what is none, or a control character, is shown as '?'. */
Test(variant_records, text_is_utf8)
{
    cr_assert_eq(embed_text("##fileformat=VCFv4.3\n##SAMPLE=<ID=\xc5\xbdofie,Patient=\xe2\x82\xac\xff\x01>\n"
                            "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t\xc5\xbdofie\n",
                            &s),
                 CSL_PLUGIN_OK);
    cr_assert_str_eq(fact_value(&s, CSL_FACT_SAMPLE), "\xc5\xbdofie");
    cr_assert_str_eq(fact_value(&s, CSL_FACT_PATIENT_ID), "\xe2\x82\xac??");
}

/* Sex by X: at least 100 carried SNVs outside the pseudoautosomal regions; at most 10 % heterozygous is male,
 * 30 % and fewer than 10 SNVs on Y female. */
Test(variant_records, sex_from_x_and_y)
{
    static const struct {
        int x, heterozygous, y;
        long from; /* first locus on X */
        const char *sex;
    } table[] = {
        {120, 70, 0, 5000000, "female"}, {120, 2, 15, 5000000, "male"}, {120, 2, 0, 5000000, "male"},
        {120, 25, 0, 5000000, NULL},     {120, 70, 15, 5000000, NULL},  {99, 70, 0, 5000000, NULL},
        {120, 70, 0, 100000, NULL}, /* pseudoautosomal */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        static char records[20000];
        size_t used = 0;
        for (int j = 0; j < table[i].x; j++)
            used +=
                (size_t)snprintf(records + used, sizeof records - used, "X\t%ld\t.\tA\tC\t.\t.\t.\tGT\t%s\n",
                                 table[i].from + 10 * j, j < table[i].heterozygous ? "0/1" : "1/1");
        for (int j = 0; j < table[i].y; j++)
            used += (size_t)snprintf(records + used, sizeof records - used,
                                     "Y\t%d\t.\tA\tC\t.\t.\t.\tGT\t1\n", 5000000 + j);
        embed_records(records);
        const char *sex = fact_value(&s, CSL_FACT_SEX_INFERRED);
        bool disagree = table[i].heterozygous == 70 && table[i].y == 15 && table[i].from == 5000000;
        cr_assert_eq(s.warning_count, disagree);
        cr_assert(sex ? table[i].sex && !strcmp(sex, table[i].sex) : !table[i].sex, "row %zu: %s", i,
                  sex ? sex : "none");
    }
}

Test(variant_records, the_first_of_many_samples)
{
    cr_assert_eq(embed_text("##fileformat=VCFv4.2\n##FORMAT=<ID=GT,Number=1,Type=String,Description=\"g\">\n"
                            "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\tB\tC\r\n"
                            "1\t5\t.\tA\tC\t.\t.\t.\tGT\t0/1\t0/0\t1/1\r\n\r\n"
                            "1\t6\t.\tA\tC\t.\t.\t.\tGT\t0/0\t1/1\t1/1\r\n",
                            &s),
                 CSL_PLUGIN_OK);
    cr_assert_eq(s.token_count, 2);
    cr_assert_str_eq(fact_value(&s, CSL_FACT_SAMPLE), "A");
    cr_assert_eq(s.warning_count, 1);
    cr_assert_str_eq(s.warnings[0].text, "3 samples; the first is taken, the others are ignored");
}

static const char three_samples[] = "##fileformat=VCFv4.2\n##SAMPLE=<ID=B,Patient=P-2,Sex=F>\n"
                                    "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"g\">\n"
                                    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\tB\tC\n"
                                    "1\t5\t.\tA\tC\t.\t.\t.\tGT\t0/1\t0/0\t1/1\n"
                                    "1\t6\t.\tA\tC\t.\t.\t.\tGT\t0/0\t0/1\t1/1\n";

Test(variant_records, the_sample_that_is_asked_for)
{
    static const struct {
        const char *option;
        size_t tokens;
        double dosage;
    } table[] = {{"variant.sample=A", 2, 1}, {"variant.sample=B", 2, 1}, {"variant.sample=C", 3, 2}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        set_options((const char *const[]){table[i].option, NULL});
        cr_assert_eq(embed_text(three_samples, &s), CSL_PLUGIN_OK, "%s", s.failure.text);
        cr_assert_eq(s.token_count, table[i].tokens);
        cr_assert_eq(s.warning_count, 0);
        cr_assert_eq(s.tokens[1].features[feature("dosage")], table[i].dosage);
        cr_assert_str_eq(fact_value(&s, CSL_FACT_SAMPLE), strchr(table[i].option, '=') + 1);
    }
    /* B is P-2 by its ##SAMPLE line; C has no line and is called as its patient. */
    static const char *const patients[][2] = {{"variant.patient=P-2", "B"}, {"variant.patient=C", "C"}};
    for (size_t i = 0; i < 2; i++) {
        set_options((const char *const[]){patients[i][0], NULL});
        cr_assert_eq(embed_text(three_samples, &s), CSL_PLUGIN_OK, "%s", s.failure.text);
        cr_assert_str_eq(fact_value(&s, CSL_FACT_SAMPLE), patients[i][1]);
        cr_assert_eq(s.warning_count, 0);
    }
    set_options((const char *const[]){"variant.sample=D", NULL});
    cr_assert_eq(embed_text(three_samples, &s), CSL_PLUGIN_BAD_INPUT);
    cr_assert_str_eq(s.failure.text, "none of the 3 samples is called \"D\"");
    set_options((const char *const[]){"variant.sample=", NULL});
    cr_assert_eq(embed_text(three_samples, &s), -101);
    cr_assert_str_eq(refusal, "variant.sample: the name of a sample");
    set_options(NULL);
}

Test(variant_records, deidentified_files_give_no_facts)
{
    set_options((const char *const[]){"deidentify=yes", "variant.sample=B", NULL});
    cr_assert_eq(embed_text(three_samples, &s), CSL_PLUGIN_OK, "%s", s.failure.text);
    cr_assert_eq(s.token_count, 2);
    cr_assert_eq(s.fact_count, 0);
    set_options((const char *const[]){"deidentify=maybe", NULL});
    cr_assert_eq(embed_text(three_samples, &s), -101);
    cr_assert_str_eq(refusal, "deidentify: yes or no");
    set_options(NULL);
}

/* A line longer than any piece that is read at once: 200 000 samples, of which the one before the last is
 * wanted. */
Test(variant_records, a_line_of_many_samples)
{
    enum { SAMPLES = 200000 };
    static char text[SAMPLES * 16 + 400];
    size_t used = (size_t)snprintf(
        text, sizeof text, "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT");
    for (int i = 0; i < SAMPLES; i++) used += (size_t)sprintf(text + used, "\tS%d", i);
    for (int record = 0; record < 2; record++) {
        used += (size_t)sprintf(text + used, "\n1\t%d\t.\tA\tC\t.\t.\t.\tGT", 5 + record);
        for (int i = 0; i < SAMPLES; i++)
            used += (size_t)sprintf(text + used, i == SAMPLES - 2 ? "\t1/1" : "\t0/0");
    }
    set_options((const char *const[]){"variant.sample=S199998", NULL});
    cr_assert_eq(embed_text(text, &s), CSL_PLUGIN_OK, "%s: %s", s.failure.place, s.failure.text);
    set_options(NULL);
    cr_assert_eq(s.token_count, 3);
    cr_assert_str_eq(s.tokens[2].label, "1:6 A>C, homozygous");
}

/* 1000 calls or more whose ratios no genome has; thresholds of docs/variant.md. */
Test(variant_records, ratios_that_no_genome_has)
{
    static const struct {
        int transitions, transversions, heterozygous; /* of a thousand */
        const char *warning;                          /* NULL: none */
    } table[] = {
        {670, 330, 620, NULL}, /* 2.03 and 1.63 */
        {334, 666, 620,
         "transitions to transversions are 0.50 (334 to 666); a genome or exome has 1.6 to 3.8"},
        {800, 200, 620,
         "transitions to transversions are 4.00 (800 to 200); a genome or exome has 1.6 to 3.8"},
        {670, 330, 760,
         "heterozygous to homozygous calls are 3.17 (760 to 240); a genome or exome has 0.8 to 3.0"},
        {670, 330, 400,
         "heterozygous to homozygous calls are 0.67 (400 to 600); a genome or exome has 0.8 to 3.0"},
        {334, 665, 100, NULL}, /* one call too few */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        static char records[60000];
        size_t used = 0;
        for (int j = 0; j < table[i].transitions + table[i].transversions; j++)
            used += (size_t)snprintf(
                records + used, sizeof records - used, "1\t%d\t.\tA\t%s\t.\t.\t.\tGT\t%s\n", 1000 + j,
                j < table[i].transitions ? "G" : "C", j % 1000 < table[i].heterozygous ? "0/1" : "1/1");
        embed_records(records);
        cr_assert_eq(s.warning_count, table[i].warning ? 2 : 1, "row %zu: %s", i,
                     s.warnings[1].text); /* one of the budget */
        if (table[i].warning) cr_assert_str_eq(s.warnings[1].text, table[i].warning);
    }
}

Test(variant_records, a_locus_behind_the_end_of_its_chromosome)
{
    cr_assert_eq(embed_text("##fileformat=VCFv4.2\n##contig=<ID=1,length=248956422>\n"
                            "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tP\n"
                            "1\t249000000\t.\tA\tC\t.\t.\t.\tGT\t0/1\n",
                            &s),
                 CSL_PLUGIN_OK);
    cr_assert_str_eq(s.warnings[0].text,
                     "a variant at 249000000 of chromosome 1, which ends at 248956422 in the build that "
                     "the header says, GRCh38");
}
