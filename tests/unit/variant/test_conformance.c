/* The rules of the VCF specification: what is refused, what is a warning, what is read. Each row breaks one
 * rule; the section is that of VCF 4.3 unless the row says 4.4. Rows of the same text with another version
 * show from when on. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"

static seen s;

typedef enum verdict { READ, WARNED, REFUSED } verdict;
static const char *const verdicts[] = {"read", "read with a warning", "refused"};

static verdict judge(const char *text)
{
    int32_t status = embed_text(text, &s);
    if (status == CSL_PLUGIN_BAD_INPUT) return REFUSED;
    cr_assert_eq(status, CSL_PLUGIN_OK, "%s", text);
    for (size_t i = 0; i < s.warning_count; i++)
        if (strstr(s.warnings[i].text, "not as the VCF standard has it")) return WARNED;
    return READ;
}

static void expect(const char *text, verdict want, const char *says)
{
    verdict got = judge(text);
    cr_assert_eq(got, want, "%s instead of %s: %s\n%s", verdicts[got], verdicts[want], s.failure.text, text);
    if (!says) return;
    const char *said = s.failure.text;
    for (size_t i = 0; got == WARNED && i < s.warning_count; i++)
        if (strstr(s.warnings[i].text, says)) said = s.warnings[i].text;
    cr_assert(strstr(said, says), "\"%s\" says nothing of \"%s\"", said, says);
}

Test(variant_conformance, header)
{
    static const struct {
        int version;
        const char *lines;
        verdict want;
        const char *says;
    } table[] = {
        /* 1.4: ##key=value, neither empty */
        {3, "##some words\n", REFUSED, "##key=value"},
        {3, "##reference=\n", REFUSED, "##key=value"},
        {3, "##reference=file.fa\n##fileDate=20240101\n", READ, NULL},
        {3, "##INFO=<ID=A1,Number=1,Type=Integer,Description=\"d\"\n", REFUSED, "not closed"},
        {3, "##INFO=<ID=A1,Number=1,Type=Integer,Description=\"d\">  \n", WARNED, "behind its '>'"},
        {3, "##INFO=<ID=A1,Number=1,Type=Integer,Description=\"say \"no\"\">\n", REFUSED, "##INFO is not"},
        {3, "##INFO=<ID=A1,Number=1,Type=Integer,Description=\"say \\\"no\\\"\">\n", READ, NULL},
        {3, "##INFO=<ID=A1,Number=1,Type=Integer,Description=\"d\",Source=\"s, t\",Version=\"1\">\n", READ,
         NULL},
        {3, "##fileformat=VCFv4.3\n", REFUSED, "must be the first line"},
        /* 1.4.2: ID, Number, Type and Description, the first four */
        {3, "##INFO=<ID=A1,Type=Integer,Description=\"d\">\n", REFUSED, "no Number"},
        {3, "##INFO=<Number=1,Type=Integer,Description=\"d\",ID=A1>\n", REFUSED, "in this order"},
        {3, "##INFO=<ID=A1,Type=Integer,Number=1,Description=\"d\">\n", WARNED, "in this order"},
        {3, "##INFO=<ID=A1,Number=N,Type=Integer,Description=\"d\">\n", REFUSED, "Number=N"},
        {3, "##INFO=<ID=A1,Number=1,Type=Int,Description=\"d\">\n", REFUSED, "Type=Int"},
        {3, "##INFO=<ID=A1,Number=1,Type=Integer,Description=d>\n", REFUSED, NULL},
        {3, "##FORMAT=<ID=A1,Number=0,Type=Flag,Description=\"d\">\n", REFUSED, "Type=Flag"},
        {3, "##FORMAT=<ID=A1,Number=P,Type=Integer,Description=\"d\">\n", REFUSED, "Number=P"},
        {4, "##FORMAT=<ID=A1,Number=P,Type=Integer,Description=\"d\">\n", READ, NULL}, /* 4.4, 1.4.2 */
        {4, "##INFO=<ID=A1,Number=P,Type=Integer,Description=\"d\">\n", REFUSED, "Number=P"},
        /* tables 1 and 2: reserved keys */
        {3, "##INFO=<ID=DP,Number=1,Type=Integer,Description=\"d\">\n", READ, NULL},
        {3, "##INFO=<ID=DP,Number=1,Type=String,Description=\"d\">\n", REFUSED, "reserves it for Integer"},
        {3, "##INFO=<ID=AF,Number=1,Type=Float,Description=\"f\">\n", REFUSED, "reserves it for Number=A"},
        {3, "##INFO=<ID=AF,Number=.,Type=Float,Description=\"f\">\n", WARNED, "reserves it for Number=A"},
        {3, "##FORMAT=<ID=GQ,Number=1,Type=Float,Description=\"q\">\n", REFUSED, "reserves it for Integer"},
        {2, "##FORMAT=<ID=GQ,Number=1,Type=Float,Description=\"q\">\n", WARNED, "reserves it for Integer"},
        {2, "##FORMAT=<ID=PL,Number=G,Type=Float,Description=\"p\">\n", REFUSED, "reserves it for Integer"},
        {2, "##FORMAT=<ID=AD,Number=.,Type=Integer,Description=\"a\">\n", READ,
         NULL}, /* not reserved before 4.3 */
        {3, "##FORMAT=<ID=AD,Number=1,Type=Integer,Description=\"a\">\n", REFUSED,
         "reserves it for Number=R"},
        {0, "##INFO=<ID=AF,Number=1,Type=Float,Description=\"f\">\n", WARNED, NULL},
        /* 1.4.5: types of symbolic alleles */
        {3, "##ALT=<ID=DUP:TANDEM,Description=\"d\">\n##ALT=<ID=NON_REF,Description=\"n\">\n", READ, NULL},
        {3, "##ALT=<ID=DOUBLE:TANDEM,Description=\"d\">\n", REFUSED, "its type must be"},
        {3, "##ALT=<ID=DEL:A B,Description=\"d\">\n", REFUSED, NULL},
        /* 1.4.7: contig names are those of SAM */
        {3, "##contig=<ID=HLA-A*01:01:01:01,length=3503>\n", READ, NULL},
        {3, "##contig=<length=5>\n", REFUSED, "no ID"},
        {3, "##contig=<ID=1,length=five>\n", REFUSED, "length=five"},
        {3, "##contig=<ID=1 A>\n", REFUSED, "\"1 A\""},
        /* 1.4.8 and 1.4.9 */
        {3, "##META=<ID=Assay,Type=String,Number=.,Values=[WholeGenome, Exome]>\n", READ, NULL},
        {3, "##META=<ID=Assay,Type=String,Number=.,Values=Exome>\n", REFUSED, "Values"},
        {3, "##SAMPLE=<Assay=Exome>\n", REFUSED, "no ID"},
        {3, "##PEDIGREE=<ID=Child,Father=F1,Mother=M1>\n", READ, NULL},
        {3, "##PEDIGREE=<ID=Child,Father=F 1,Mother=M1>\n", REFUSED, "Father"},
        {3, "##pedigreeDB=http://example.org/db?x=1\n", READ, NULL},
        {3, "##pedigreeDB=ftp://8080:8080/db\n", REFUSED, "a URL"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char text[800];
        snprintf(text, sizeof text,
                 "##fileformat=VCFv4.%d\n%s#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n1\t5\t.\tA\tC\t.\t."
                 "\t.\n",
                 table[i].version, table[i].lines);
        expect(text, table[i].want, table[i].says);
    }
}

Test(variant_conformance, records)
{
    static const struct {
        int version;
        const char *records;
        verdict want;
        const char *says;
    } table[] = {
        /* 1.6.1, CHROM and POS: contiguous and sorted */
        {3,
         "1\t5\t.\tA\tC\t.\t.\t.\tGT\t0/1\n1\t5\t.\tA\tG\t.\t.\t.\tGT\t0/1\n2\t1\t.\tA\tC\t.\t.\t.\tGT\t0/"
         "1\n",
         READ, NULL},
        {3, "1\t5\t.\tA\tC\t.\t.\t.\tGT\t0/1\n1\t4\t.\tA\tG\t.\t.\t.\tGT\t0/1\n", REFUSED, "bcftools sort"},
        {3,
         "1\t5\t.\tA\tC\t.\t.\t.\tGT\t0/1\n2\t5\t.\tA\tC\t.\t.\t.\tGT\t0/1\n1\t6\t.\tA\tG\t.\t.\t.\tGT\t0/"
         "1\n",
         REFUSED, "do not stand together"},
        /* the same change twice: T>A at 6, in the second record with its padding cut off */
        {3, "1\t5\t.\tAT\tAA\t.\t.\t.\tGT\t0/1\n1\t6\t.\tT\tA\t.\t.\t.\tGT\t0/1\n", REFUSED,
         "6 T>A stands in the file twice"},
        {2, "1\t5\t.\tAT\tAA\t.\t.\t.\tGT\t0/1\n1\t6\t.\tT\tA\t.\t.\t.\tGT\t0/1\n", WARNED,
         "6 T>A stands in the file twice"},
        /* ID, REF, ALT, QUAL, FILTER */
        {3, "1\t5\trs1;rs2\tA\tC\t.\tq10;s50\t.\tGT\t0/1\n", READ, NULL},
        {3, "1\t5\trs1;rs1\tA\tC\t.\t.\t.\tGT\t0/1\n", REFUSED, "ID has \"rs1\" twice"},
        {3, "1\t5\trs1;\tA\tC\t.\t.\t.\tGT\t0/1\n", REFUSED, "ID is \"rs1;\""},
        {3, "1\t5\t.\tR\tC\t.\t.\t.\tGT\t0/1\n", REFUSED, "bases are A, C, G, T and N"},
        {3, "1\t5\t.\tA\tA\t.\t.\t.\tGT\t0/1\n", WARNED, "as REF is"},
        {3, "1\t5\t.\tA\t[1:9[\t.\t.\t.\tGT\t0/1\n", REFUSED, "or a breakend"},
        {3, "1\t5\t.\tA\tA[HLA-A*01:01:9[\t.\t.\t.\tGT\t0/1\n", READ, NULL},
        {3, "1\t5\t.\tA\t<DOUBLE:X>\t.\t.\t.\tGT\t0/1\n", REFUSED, "<TYPE>"},
        {3, "1\t5\t.\tA\tC\t-1\t.\t.\tGT\t0/1\n", REFUSED, "QUAL is -1"},
        {3, "1\t5\t.\tA\tC\t.\tq10;0\t.\tGT\t0/1\n", REFUSED, "0 is reserved"},
        {3, "1\t5\t.\tA\tC\t.\tq10;q10\t.\tGT\t0/1\n", REFUSED, "FILTER has \"q10\" twice"},
        /* INFO: types, numbers and ranges; DP, AC, END, DB and CIGAR are reserved, OWN declared */
        {3, "1\t5\t.\tA\tC,G\t.\t.\tDP=5;AC=1,2;AF=0.5,.;DB;CIGAR=1M,1X;OWN=1.5e-3,inf\tGT\t0/1\n", READ,
         NULL},
        {3, "1\t5\t.\tA\tC,G\t.\t.\tAC=1\tGT\t0/1\n", REFUSED, "INFO AC has 1 values"},
        {3, "1\t5\t.\tA\tC\t.\t.\tDP=1.5\tGT\t0/1\n", REFUSED, "whole numbers"},
        {3, "1\t5\t.\tA\tC\t.\t.\tDP=-1\tGT\t0/1\n", REFUSED, "below 0"},
        {3, "1\t5\t.\tA\tC\t.\t.\tDP=2147483648\tGT\t0/1\n", REFUSED, "32 bits"},
        {3, "1\t5\t.\tA\tC\t.\t.\tAF=1.5\tGT\t0/1\n", REFUSED, "from 0 to 1"},
        {3, "1\t5\t.\tA\tC\t.\t.\tDB=2\tGT\t0/1\n", REFUSED, "a flag has no value"},
        {3, "1\t5\t.\tA\tC\t.\t.\tCIGAR=1Q\tGT\t0/1\n", REFUSED, "CIGAR"},
        {3, "1\t5\t.\tA\tC\t.\t.\tDP=1;DP=1\tGT\t0/1\n", REFUSED, "INFO has DP twice"},
        {3, "1\t5\t.\tA\tC\t.\t.\tOWN=1\tGT\t0/1\n", REFUSED, "INFO OWN has 1 values"},
        {2, "1\t5\t.\tA\tC\t.\t.\tOWN=1\tGT\t0/1\n", WARNED, "INFO OWN has 1 values"},
        {2, "1\t5\t.\tA\tC\t.\t.\tOWN=1,2,3\tGT\t0/1\n", REFUSED, "INFO OWN has 3 values"},
        {2, "1\t5\t.\tA\tC,G\t.\t.\tEACH=1\tGT\t0/1\n", REFUSED, "INFO EACH has 1 values"},
        {2, "1\t5\t.\tA\tC\t.\t.\tEACH=1,2\tGT\t0/1\n", WARNED, "INFO EACH has 2 values"},
        {2, "1\t5\t.\tA\tC\t.\t.\tMARK=9\tGT\t0/1\n", REFUSED, "a flag has no value"},
        {2, "1\t5\t.\tA\tC\t.\t.\tOWN=1,word\tGT\t0/1\n", WARNED, "numbers are needed"},
        {3, "1\t5\t.\tA\tC\t.\t.\tTEXT=a,b\tGT\t0/1\n", WARNED, "INFO TEXT has 2 values"},
        {3, "1\t5\t.\tA\tC\t.\t.\t1000g2015aug_all=0.1\tGT\t0/1\n", WARNED, "1000g2015aug_all"},
        {3, "1\t5\t.\tA\tC\t.\t.\tA B=1\tGT\t0/1\n", REFUSED, "the key \"A B\""},
        /* 1.6.2, FORMAT and the sample: G of three alleles is six in two copies, three in one */
        {3, "1\t5\t.\tA\tC\t.\t.\t.\tGT:PL:GP\t0/1:0,3,30:0.1,0.9,0\n", READ, NULL},
        {3, "1\t5\t.\tA\tC\t.\t.\t.\tGT:PL\t0/1:0,3\n", REFUSED, "FORMAT PL has 2 values"},
        {2, "1\t5\t.\tA\tC\t.\t.\t.\tGT:PL\t1:0,3,30\n", WARNED, "FORMAT PL has 3 values"},
        {2, "1\t5\t.\tA\tC\t.\t.\t.\tGT:PL\t0/1:0,3\n", REFUSED, "FORMAT PL has 2 values"},
        {2, "1\t5\t.\tA\tC\t.\t.\t.\tPL\t0,3\n", WARNED, "FORMAT PL has 2 values"},
        {3, "1\t5\t.\tA\tC\t.\t.\t.\tGT:PL\t1:0,3\n", READ, NULL},
        {3, "1\t5\t.\tA\tC,G\t.\t.\t.\tGT:PL\t1/2:0,1,2,3,4,5\n", READ, NULL},
        {3, "1\t5\t.\tA\tC,G\t.\t.\t.\tGT:PL\t1:0,1\n", REFUSED, "where 3 are needed"},
        {3, "1\t5\t.\tA\tC\t.\t.\t.\tGT:AD\t0/1:1,2,3\n", REFUSED, "FORMAT AD has 3 values"},
        {3, "1\t5\t.\tA\tC\t.\t.\t.\tGT:GP\t0/1:0.1,2,0\n", REFUSED, "from 0 to 1"},
        {3, "1\t5\t.\tA\tC\t.\t.\t.\tGT\t0/2\n", REFUSED, "GT names allele 2 of a record whose last is 1"},
        {3, "1\t5\t.\tA\tC\t.\t.\t.\tGT\t0/1|\n", WARNED, "ends with a mark"},
        {3, "1\t5\t.\tA\tC\t.\t.\t.\tGT:A*B\t0/1:1\n", REFUSED, "FORMAT has \"A*B\""},
        {3, "1\t5\t.\tA\tC\t.\t.\t.\tGT:XX:XX\t0/1:1:1\n", READ, NULL}, /* not declared: read past */
        {3, "1\t5\t.\tA\tC\t.\t.\t.\tGT:DP:DP\t0/1:1:1\n", REFUSED, "FORMAT has DP twice"},
        /* 1.6: the last line ends with a separator */
        {3, "1\t5\t.\tA\tC\t.\t.\t.\tGT\t0/1", REFUSED, "line feed"},
        {2, "1\t5\t.\tA\tC\t.\t.\t.\tGT\t0/1", WARNED, "line feed"},
        /* 4.4, section 3: structural variants */
        {4, "1\t5\t.\tA\t<DEL>\t.\t.\tSVLEN=9;SVCLAIM=DJ\tGT\t0/1\n", READ, NULL},
        {4, "1\t5\t.\tA\t<DEL>\t.\t.\tSVLEN=9\tGT\t0/1\n", REFUSED, "SVCLAIM"},
        {3, "1\t5\t.\tA\t<DEL>\t.\t.\tSVLEN=-9\tGT\t0/1\n", READ, NULL},
        {4, "1\t5\t.\tA\t<DEL>\t.\t.\tSVCLAIM=D\tGT\t0/1\n", REFUSED, "no SVLEN"},
        {4, "1\t5\t.\tA\t<INV>\t.\t.\tSVLEN=9;SVCLAIM=D\tGT\t0/1\n", REFUSED, "SVCLAIM of <INV>"},
        {4, "1\t5\t.\tA\tC,<NON_REF>\t.\t.\t.\tGT\t0/1\n", READ, NULL},
        {4, "1\t5\t.\tA\t<CNV:TR>\t.\t.\tSVLEN=9;RUS=CAG;RUC=2;RB=6;CIRB=-1,1\tGT\t0/1\n", READ, NULL},
        {4, "1\t5\t.\tA\t<CNV:TR>\t.\t.\tSVLEN=9\tGT\t0/1\n", REFUSED, "neither RUS nor RUL"},
        {4, "1\t5\t.\tA\t<CNV:TR>\t.\t.\tSVLEN=9;RUS=CAG,CA;RN=1\tGT\t0/1\n", REFUSED, "RN counts 1"},
        {4, "1\t5\t.\tA\t<CNV:TR>\t.\t.\tSVLEN=9;RUS=CAG;RUL=2\tGT\t0/1\n", REFUSED, "not the length"},
        {4, "1\t5\t.\tA\t<CNV:TR>\t.\t.\tSVLEN=9;RUS=CAG;RB=6;CIRB=1\tGT\t0/1\n", REFUSED, "CIRB"},
        {4, "1\t5\t.\tA\t<CNV:TR>\t.\t.\tSVLEN=9;RUS=CAG;RUC=2;RUB=3\tGT\t0/1\n", REFUSED, "RUB"},
        {4, "1\t5\t.\tA\tC\t.\t.\tCIPOS=-1\tGT\t0/1\n", REFUSED, "CIPOS has 1 values"},
        /* 4.4, 1.6.2: phase sets of alleles */
        {4, "1\t5\t.\tA\tC\t.\t.\t.\tGT:PSL\t0|1:a,b\n", READ, NULL},
        {4, "1\t5\t.\tA\tC\t.\t.\t.\tGT:PSL\t/0|1:a,b\n", REFUSED, "allele 1, which is not phased"},
        {4, "1\t5\t.\tA\tC\t.\t.\t.\tGT:PSL:PSO\t0|1:a,.:1,1\n", REFUSED, "PSO has a value"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char text[800];
        snprintf(text, sizeof text,
                 "##fileformat=VCFv4.%d\n"
                 "##INFO=<ID=OWN,Number=2,Type=Float,Description=\"o\">\n"
                 "##INFO=<ID=EACH,Number=A,Type=Integer,Description=\"e\">\n"
                 "##INFO=<ID=MARK,Number=0,Type=Flag,Description=\"m\">\n"
                 "##INFO=<ID=TEXT,Number=1,Type=String,Description=\"t\">\n"
                 "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tP1\n%s",
                 table[i].version, table[i].records);
        expect(text, table[i].want, table[i].says);
    }
}

/* 1.4.1: the first line says the version, and what is not said is no rule. */
Test(variant_conformance, versions)
{
    static const char columns[] =
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n2\t5\t.\tA\tC\t.\t.\tDP=-1\n";
    static const struct {
        const char *lines;
        verdict want;
        const char *says;
    } table[] = {
        {"", WARNED, "its first line must be ##fileformat"},
        {"##fileformat=VCFv4.0\n", WARNED, "below 0"},
        {"##fileformat=VCFv4.1\n", REFUSED, "below 0"},
        {"##fileformat=VCFv4.5\n", REFUSED, "below 0"},
        {"##fileformat=VCFv4.6\n", REFUSED, "not of VCF 4"},
        {"##fileformat=VCFv3.3\n", REFUSED, "not of VCF 4"},
        {"##fileformat=VCF v4.2\n", REFUSED, "not of VCF 4"},
        {"##source=s\n##fileformat=VCFv4.2\n", REFUSED, "must be the first line"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char text[300];
        snprintf(text, sizeof text, "%s%s", table[i].lines, columns);
        expect(text, table[i].want, table[i].says);
    }
}

/* variant.conformance=warn reads on: the first place is told, and how many there were. */
Test(variant_conformance, warned_instead)
{
    static const char *const warn[] = {"variant.conformance=warn", NULL};
    static const char text[] =
        "##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tP1\n"
        "1\t9\t.\tA\tC\t.\t.\tDP=-1\tGT\t0/1\n1\t5\t.\tA\tG\t.\t.\tDP=-2\tGT\t0/3\n";
    set_options(warn);
    cr_assert_eq(embed_text(text, &s), CSL_PLUGIN_OK, "%s", s.failure.text);
    cr_assert_eq(s.warning_count, 3);
    cr_assert_str_eq(s.warnings[0].text,
                     "not as the VCF standard has it: POS 5 stands behind 9 of the same CHROM: sort "
                     "the file with bcftools sort");
    cr_assert_str_eq(s.warnings[0].place, "line 4 (record 2)");
    cr_assert_str_eq(s.warnings[1].text,
                     "not as the VCF standard has it: INFO DP is \"-1\": it counts, and cannot be "
                     "below 0; 1 more like it");
    cr_assert_str_eq(s.warnings[1].place, "line 3 (record 1)");
    cr_assert_eq(s.token_count, 2); /* the summary and A>C: allele 3 counts as not called */
    static const char *const wrong[] = {"variant.conformance=perhaps", NULL};
    set_options(wrong);
    cr_assert_neq(embed_text(text, &s), CSL_PLUGIN_OK);
    cr_assert_str_eq(refusal, "variant.conformance: refuse or warn");
    set_options(NULL);
}
