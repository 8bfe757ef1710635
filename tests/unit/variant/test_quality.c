/* What is inferred from all calls: sex, and warnings of what no genome looks like. */
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

/* Sex by X: at least 100 carried SNVs outside the pseudoautosomal regions; at most 10 % heterozygous is male,
 * 30 % and fewer than 10 SNVs on Y female. */
Test(variant_quality, sex_from_x_and_y)
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

/* 1000 calls or more whose ratios no genome has; thresholds of docs/variant.md. */
Test(variant_quality, ratios_that_no_genome_has)
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

Test(variant_quality, a_locus_behind_the_end_of_its_chromosome)
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
