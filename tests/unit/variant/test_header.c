/* What a header says: facts, and whose sample is read. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"

static seen s;

Test(variant_header, facts_of_the_header)
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
        {"##SAMPLE=<ID=other,Patient=WRONG>\n##SAMPLE=<ID=S_1,Description=\"a, "
         "Patient=x\",Patient=\"P-7\">\n",
         CSL_FACT_PATIENT_ID, "P-7"},
        {"##SAMPLE=<ID=other,Patient=WRONG>\n", CSL_FACT_PATIENT_ID, NULL},
        {"##SAMPLE=<ID=S_1,Sex=F>\n", CSL_FACT_SEX, "female"},
        {"##SAMPLE=<ID=S_1,Sex=unknown>\n", CSL_FACT_SEX, NULL},
        {"", CSL_FACT_SAMPLE, "S_1"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char text[600];
        snprintf(text, sizeof text,
                 "##fileformat=VCFv4.3\n%s#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS_1\n",
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
Test(variant_header, text_is_utf8)
{
    cr_assert_eq(embed_text("##fileformat=VCFv4.3\n##SAMPLE=<ID=\xc5\xbdofie,Patient=\xe2\x82\xac\xff\x01>\n"
                            "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t\xc5\xbdofie\n",
                            &s),
                 CSL_PLUGIN_OK);
    cr_assert_str_eq(fact_value(&s, CSL_FACT_SAMPLE), "\xc5\xbdofie");
    cr_assert_str_eq(fact_value(&s, CSL_FACT_PATIENT_ID), "\xe2\x82\xac??");
}

Test(variant_header, the_first_of_many_samples)
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

Test(variant_header, the_sample_that_is_asked_for)
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

/* Of several samples that of the case's patient: by a map of the case, by ##SAMPLE, by its name; else the one
 * that is called as the case is. */
Test(variant_header, the_sample_of_the_patient)
{
    static const struct {
        const char *id, *patient, *map;
        const char *sample, *says; /* sample NULL: refused */
    } table[] = {
        {"case", "P-2", NULL, "B", NULL},
        {"case", "C", NULL, "C", NULL},
        {"C", NULL, NULL, "C", NULL},
        {"C", "P-2", NULL, "B", NULL},
        {"case", NULL, NULL, "A", "3 samples; the first is taken"},
        {"case", "P-9", NULL, NULL, "called \"P-9\", as the case's patient is"},
        {"case", "P-9", "patient,sample\nP-1,A\nP-9,C\n", "C", NULL},
        {"case", "P-9", "patient\tsample\r\nP-9\tC\r\n", "C", NULL},
        {"case", "P-9", "patient,sample\n\"P-9\",\"B\"\n", "B", NULL},
        {"case-7", NULL, "patient,sample\ncase-7,B\n", "B", NULL},
        {"case", "P-8", "patient,sample\nP-9,C\n", NULL,
         "no line of the patient \"P-8\" nor of the case \"case\""},
        {"case", "P-9", "patient,sample\nP-9,C\nP-9,B\n", NULL, "another sample in a line before"},
        {"case", "P-9", "patient,sample\nP-9,D\n", NULL, "none of the 3 samples is called \"D\""},
        {"case", "P-9", "patient,sample\nP-9\n", NULL, "not a line of the map"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const named_text texts[] = {
            {"a.vcf", three_samples, 0}, {table[i].map ? "map.csv" : NULL, table[i].map, 0}, {0}};
        set_case(table[i].id, table[i].patient);
        int32_t status = embed_texts(texts, &s);
        cr_assert_eq(status, table[i].sample ? CSL_PLUGIN_OK : CSL_PLUGIN_BAD_INPUT, "row %zu: %s", i,
                     s.failure.text);
        const char *said = table[i].sample ? s.warnings[0].text : s.failure.text;
        if (table[i].sample) cr_assert_str_eq(fact_value(&s, CSL_FACT_SAMPLE), table[i].sample, "row %zu", i);
        cr_assert_eq(s.warning_count, table[i].sample && table[i].says ? 1 : 0, "row %zu", i);
        if (table[i].says) cr_assert(strstr(said, table[i].says), "%s", said);
    }
    /* What the user set comes first; a file of one sample is taken as it is. */
    set_case("case", "P-2");
    set_options((const char *const[]){"variant.sample=C", NULL});
    cr_assert_eq(embed_text(three_samples, &s), CSL_PLUGIN_OK);
    cr_assert_str_eq(fact_value(&s, CSL_FACT_SAMPLE), "C");
    set_options(NULL);
    cr_assert_eq(embed_text(one_sample(""), &s), CSL_PLUGIN_OK);
    cr_assert_str_eq(fact_value(&s, CSL_FACT_SAMPLE), "P1");
    cr_assert_eq(s.warning_count, 0);
    set_case("case", NULL);
}

Test(variant_header, deidentified_files_give_no_facts)
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
Test(variant_header, a_line_of_many_samples)
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
