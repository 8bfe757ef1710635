/* How polygenic scores find their variants; that the sums are plink2's is tested by tests/cli/scores.sh. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"

static seen s;

#define COLUMNS "rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight"
#define HEADER37                                                                                             \
    "###PGS CATALOG SCORING FILE - see "                                                                     \
    "https://www.pgscatalog.org\n#pgs_id=PGS000001\n#trait_reported=Test\n#genome_build=GRCh37\n"
#define HM "##HARMONIZATION DETAILS\n#HmPOS_build=GRCh38\n"

/* Genotypes of GRCh37 (length of chromosome 1), or of GRCh38. */
static int32_t score(const char *build, const char *records, const char *file, const char *reference)
{
    static char text[8192];
    snprintf(text, sizeof text,
             "##fileformat=VCFv4.2\n##contig=<ID=1,length=%s>\n#"
             "CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tP\n%s",
             !strcmp(build, "37") ? "249250621" : "248956422", records);
    const named_text texts[] = {{"c/a.vcf", text, 0},
                                {"c/s.txt", file, 0},
                                {reference ? "c/r.fa" : NULL, reference, 0},
                                {NULL, NULL, 0}};
    return embed_texts(texts, &s);
}

static void check(double got, double want, const char *what)
{
    if (isnan(want))
        cr_assert(isnan(got), "%s: %g instead of NaN", what, got);
    else
        cr_assert_float_eq(got, want, 1e-6, "%s: %g instead of %g", what, got, want);
}

/* One variant of weight 1 at 1:100: what is the score of a genotype? */
Test(variant_scores, alleles_and_strands)
{
    static const struct {
        const char *alleles, *genotype, *row;
        double score, flipped, ambiguous;
    } table[] = {
        {"A\tC", "0/1", "C\tA", 1, 0, 0}, /* the effect allele is ALT */
        {"A\tC", "0/0", "A\tC", 2, 0, 0}, /* it is REF */
        {"A\tC", "1/1", "A\tC", 0, 0, 0},
        {"A\tC", "0/1", "G\tT", 1, 1, 0}, /* read on the other strand */
        {"A\tC", "1/1", "G\tT", 2, 1, 0},
        {"A\tC", "1/1", "g\tt", 2, 1, 0},
        {"A\tC", "0/1", "C\tG", NAN, 0, 0}, /* another variant */
        {"A\tC", "0/1", "C\t", 1, 0, 0},    /* the other allele is not told */
        {"A\tC", "0/1", "G\t", NAN, 0, 0},  /* nor then is the strand */
        {"A\tT", "0/1", "T\tA", 1, 0, 1},   /* ambiguous: taken as it is written */
        {"A\tT", "1/1", "A\tT", 0, 0, 1},
        {"A\tC,G", "1/2", "G\tA", 1, 0, 0},
        {"A\tC,G", "2/2", "G\tC", 2, 0, 1},
        {"A\tAT", "0/1", "AT\tA", 1, 0, 0},
        {"AT\tA", "1/1", "A\tAT", 2, 0, 0},
        {"A\t.", "0/0", "A\tC", 2, 0, 0}, /* a site that is the reference */
        {"A\t.", "0/0", "C\tA", 0, 0, 0},
        {"A\t<NON_REF>", "0/0", "C\tA", 0, 0, 0},
        {"A\tC", "1", "C\tA", 2, 0, 0}, /* one copy on an autosome counts twice, as in plink2 */
        {"A\tC", "0/1/1/1", "C\tA", 1.5, 0, 0},
        {"A\tC", "./1", "C\tA", NAN, 0, 0}, /* half a genotype is none */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char record[100], file[400];
        snprintf(record, sizeof record, "1\t100\t.\t%s\t.\t.\t.\tGT\t%s\n", table[i].alleles,
                 table[i].genotype);
        snprintf(file, sizeof file, HEADER37 COLUMNS "\nrs1\t1\t100\t%s\t1\n", table[i].row);
        cr_assert_eq(score("37", record, file, NULL), CSL_PLUGIN_OK, "%s", s.failure.text);
        cr_assert_eq(s.score_count, 1);
        check(score_feature(&s, 0, "score"), table[i].score, table[i].row);
        check(score_feature(&s, 0, "flipped"), table[i].flipped, table[i].row);
        check(score_feature(&s, 0, "ambiguous"), table[i].ambiguous, table[i].row);
    }
    cr_assert_str_eq(s.scores[0].code, "https://www.pgscatalog.org/score|PGS000001");
    cr_assert_str_eq(s.scores[0].label, "PGS000001 Test: no score over 0 of 1 variants, 1 not called");
}

static const char two[] = "1\t100\t.\tA\tC\t.\t.\t.\tGT\t0/1\n1\t200\trs9\tA\tG\t.\t.\t.\tGT\t1/1\n";

Test(variant_scores, places_of_the_build_of_the_genotypes)
{
    static const struct {
        const char *build, *file;
        double score;
        const char *warning; /* its start, NULL: none */
    } table[] = {
        {"37", HEADER37 COLUMNS "\nrs1\t1\t100\tC\tA\t1\nrs2\t1\t200\tG\tA\t10\n", 21, NULL},
        {"38", HEADER37 COLUMNS "\nrs1\t1\t100\tC\tA\t1\nrs2\t1\t200\tG\tA\t10\n", NAN,
         "PGS000001 has places of GRCh37, the"},
        {"38", HEADER37 COLUMNS "\nrs1\t1\t100\tC\tA\t1\nrs9\t1\t7\tG\tA\t10\n", 20,
         "PGS000001 has places of GRCh37, the"},
        {"38",
         HEADER37 HM COLUMNS "\thm_chr\thm_pos\nrs1\t1\t1\tC\tA\t1\t1\t100\nrs2\t1\t2\tG\tA\t10\t1\t200\n",
         21, NULL},
        {"37",
         HEADER37 HM COLUMNS "\thm_chr\thm_pos\nrs1\t1\t100\tC\tA\t1\t1\t1\nrs2\t1\t200\tG\tA\t10\t1\t2\n",
         21, NULL},
        {"37", "#pgs_id=X\n#genome_build=NR\n" COLUMNS "\nrs1\t1\t100\tC\tA\t1\nrs2\t1\t200\tG\tA\t10\n", 21,
         "X has places of an unknown"},
        {"37", "#pgs_id=X\n#genome_build=hg18\n" COLUMNS "\nrs1\t1\t100\tC\tA\t1\nrs2\t1\t200\tG\tA\t10\n",
         NAN, "X has places of an unknown"},
        {"37", HEADER37 "rsID\teffect_allele\tother_allele\teffect_weight\nrs9\tG\tA\t10\nrs1\tC\tA\t1\n", 20,
         "PGS000001 has places"},
        {"37",
         HEADER37 COLUMNS
         "\tis_"
         "haplotype\nrs1\t1\t100\tC\tA\t1\tFalse\nrs1\t1\t100\tC\tA\t1\tFalse\nrs2\t1\t200\tG\tA\t10\tTrue\n",
         1, "PGS000001: 1 variants are listed again"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        cr_assert_eq(score(table[i].build, two, table[i].file, NULL), CSL_PLUGIN_OK, "%s", s.failure.text);
        check(score_feature(&s, 0, "score"), table[i].score, table[i].file);
        if (!table[i].warning)
            cr_assert_eq(s.warning_count, 0, "%s", s.warnings[0].text);
        else
            cr_assert(s.warning_count && strstr(s.warnings[0].text, table[i].warning) == s.warnings[0].text,
                      "%zu: %s", i, s.warnings[0].text);
    }
}

Test(variant_scores, options)
{
    static const char file[] =
        HEADER37 COLUMNS "\tallelefrequency_effect\n"
                         "rs1\t1\t100\tC\tA\t1\t0.1\nrs2\t1\t200\tA\tT\t10\t0.2\nrs3\t1\t300\tG\tC\t100\t0."
                         "3\nrs4\t1\t400\tG\tC\t1000\t0.4\n";
    static const char records[] =
        "1\t100\t.\tA\tC\t.\t.\t.\tGT:DS\t0/1:0.75\n1\t200\t.\tT\tA\t.\t.\t.\tGT\t1/1\n"
        "1\t300\t.\tC\tG\t.\t.\t.\tGT\t./.\n";
    static const struct {
        const char *options[3];
        double score, imputed;
    } table[] = {
        {{NULL}, 1 + 20 + 60, 1},
        {{"pgs.missing=skip"}, 21, 0},
        {{"pgs.missing=skip", "pgs.ambiguous=drop"}, 1, 0},
        {{"pgs.missing=skip", "pgs.dosage=DS"}, 20.75, 0},
        {{"pgs.absent=mean"}, 1 + 20 + 60 + 800, 2},
        {{"pgs.max_missing=0.5"}, 81, 1},
        {{"pgs.max_missing=0.25"}, NAN, 1},
        {{"pgs.missing=reference"}, 21, 0}, /* there is no reference to ask */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        set_options((const char *const[]){table[i].options[0], table[i].options[1], NULL});
        cr_assert_eq(score("37", records, file, NULL), CSL_PLUGIN_OK, "%s", s.failure.text);
        check(score_feature(&s, 0, "score"), table[i].score, table[i].options[0]);
        check(score_feature(&s, 0, "imputed"), table[i].imputed, table[i].options[0]);
        check(score_feature(&s, 0, "counted"),
              table[i].options[1] && strstr(table[i].options[1], "drop") ? 1 : 2, "counted");
    }
    set_options((const char *const[]){"pgs.absent=fail", NULL});
    cr_assert_eq(score("37", records, file, NULL), CSL_PLUGIN_BAD_INPUT);
    set_options((const char *const[]){"pgs.absent=never", NULL});
    cr_assert_eq(score("37", records, file, NULL), -101);
    cr_assert_str_eq(refusal, "pgs.absent: mean, reference, skip or fail");
    set_options(NULL);
}

/* A block of gVCF is as the reference: at 1:103 G, at 1:105 A. */
Test(variant_scores, blocks_and_the_reference)
{
    static const char file[] =
        HEADER37 COLUMNS "\nrs1\t1\t103\tG\tA\t1\nrs2\t1\t105\tT\tA\t10\nrs3\t1\t120\tC\tT\t100\n";
    static const char block[] = "1\t101\t.\tC\t<NON_REF>\t.\t.\tEND=110\tGT\t0/0\n";
    static char fasta[200];
    snprintf(fasta, sizeof fasta, ">chr1\n%.*s\n", 100,
             "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC"
             "CCCCC");
    strcpy(fasta + strlen(fasta) - 1, "CCGCACCCCCCCCCCCCCCCC\n");
    cr_assert_eq(score("37", block, file, NULL), CSL_PLUGIN_OK);
    check(score_feature(&s, 0, "counted"), 0, "without a reference no base is known");
    set_options((const char *const[]){"variant.reference=c/r.fa", NULL});
    cr_assert_eq(score("37", block, file, fasta), CSL_PLUGIN_OK, "%s", s.failure.text);
    check(score_feature(&s, 0, "counted"), 2, "in the block");
    check(score_feature(&s, 0, "score"), 2, "two G, no T");
    set_options((const char *const[]){"variant.reference=c/r.fa", "pgs.absent=reference", NULL});
    cr_assert_eq(score("37", block, file, fasta), CSL_PLUGIN_OK, "%s", s.failure.text);
    check(score_feature(&s, 0, "score"), 202, "and two C outside it");
    set_options(NULL);
}

Test(variant_scores, files_that_are_wrong)
{
    static const struct {
        const char *file, *place, *text;
    } table[] = {
        {HEADER37 "chr_name\tchr_position\teffect_allele\n", "line 5", "lack effect_allele or effect_weight"},
        {HEADER37 "effect_allele\teffect_weight\n", "line 5", "neither chr_name and chr_position nor rsID"},
        {HEADER37 COLUMNS "\nrs1\t1\t100\tC\tA\theavy\n", "line 6",
         "effect_weight is \"heavy\": it must be a number"},
        {HEADER37 COLUMNS "\nrs1\t1\t100\tC\tA\t1e999\n", "line 6", "it must be a number"},
        {HEADER37 COLUMNS "\nrs1\t1\t100\tC\tA\t1\t2\n", "line 6", "7 columns where the column names are 6"},
        {HEADER37, "line 4", "no line of column names"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        cr_assert_eq(score("37", two, table[i].file, NULL), CSL_PLUGIN_BAD_INPUT, "%zu", i);
        cr_assert_str_eq(s.failure.place, table[i].place);
        cr_assert(strstr(s.failure.text, table[i].text), "%s", s.failure.text);
    }
}
