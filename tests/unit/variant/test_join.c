/* Files that say what to read, or more of what is read: panels of regions and genes, indices, annotations. */
#include <criterion/criterion.h>
#include <htslib/bgzf.h>
#include <htslib/tbx.h>
#include <htslib/vcf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

static seen s;

static int32_t embed_panel(const char *records, const char *panel)
{
    const named_text texts[] = {{"a.vcf", one_sample(records), 0}, {"p", panel, 0}, {NULL, NULL, 0}};
    set_options((const char *const[]){"variant.panel=p", NULL});
    int32_t status = embed_texts(texts, &s);
    set_options(NULL);
    return status;
}

Test(variant_join, panels)
{
    static const char records[] = "1\t100\t.\tACGT\tA\t.\t.\tANN=A|missense_variant|MODERATE|BRCA1\tGT\t0/1\n"
                                  "1\t200\t.\tA\tC\t.\t.\tANN=C|stop_gained|HIGH|BRCA2\tGT\t0/1\n"
                                  "17\t300\t.\tA\tC\t.\t.\t.\tGT\t0/1\n"
                                  "17\t400\t.\tA\t<DEL>\t.\t.\tEND=500\tGT\t0/1\n";
    static const struct {
        const char *panel;
        size_t alleles;
    } table[] = {
        {"# the clinic's\ntrack name=x\n1\t99\t100\n", 1}, /* BED counts from 0 and leaves the end out */
        {"1\t103\t150\n", 0},
        {"1\t102\t150\n", 1}, /* the last deleted base */
        {"chr1\t0\t1000\textra\nchr17\t0\t1000\n", 4},
        {"17\t450\t460\n", 1}, /* inside the symbolic deletion */
        {"17\t200\t299\n17\t250\t300\n17\t300\t399\n", 1},
        {"BRCA2\n", 1},
        {"BRCA1\r\nBRCA2\r\nC9orf72\r\n", 2},
        {"TP53\n", 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        cr_assert_eq(embed_panel(records, table[i].panel), CSL_PLUGIN_OK, "%s: %s", s.failure.place,
                     s.failure.text);
        cr_assert_eq(s.token_count, 1 + table[i].alleles, "%s gave %zu", table[i].panel, s.token_count - 1);
    }
    static const struct {
        const char *panel, *place, *text;
    } wrong[] = {
        {"1\t99\t100\n1\t99\n", "line 2",
         "not a line of BED: a contig, a start from 0 and a larger end are needed"},
        {"1\t99\t100\n1\t99\t98\n", "line 2",
         "not a line of BED: a contig, a start from 0 and a larger end are needed"},
        {"1\t99\t100\nBRCA1\n", "line 2", "regions and genes in one panel: give one or the other"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_assert_eq(embed_panel(records, wrong[i].panel), CSL_PLUGIN_BAD_INPUT);
        cr_assert_str_eq(s.failure.place, wrong[i].place);
        cr_assert_str_eq(s.failure.text, wrong[i].text);
    }
}

static int32_t embed_genes(const char *records, const char *genes, const char *places)
{
    const named_text texts[] = {
        {"a.vcf", one_sample(records), 0}, {"p", genes, 0}, {"g", places, 0}, {NULL, NULL, 0}};
    set_options((const char *const[]){"variant.panel=p", "variant.genes=g", NULL});
    int32_t status = embed_texts(texts, &s);
    set_options(NULL);
    return status;
}

/* Genes of a list with their places, as Ensembl, GENCODE and NCBI write them and as BED: an allele of the
 * gene by its annotation, up to 5000 bases beside it; without one, in the gene itself. */
Test(variant_join, places_of_genes)
{
    static const char records[] =
        "1\t4999\t.\tA\tC\t.\t.\tANN=C|upstream_gene_variant|MODIFIER|ONE\tGT\t0/1\n"
        "1\t5000\t.\tA\tC\t.\t.\tANN=C|upstream_gene_variant|MODIFIER|ONE\tGT\t0/1\n"
        "1\t9999\t.\tA\tG\t.\t.\t.\tGT\t0/1\n"
        "1\t10000\t.\tA\tG\t.\t.\t.\tGT\t0/1\n"
        "1\t10001\t.\tA\tG\t.\t.\tANN=G|stop_gained|HIGH|OTHER\tGT\t0/1\n"
        /* of the two genes that it lies in, the one that was asked for is told */
        "1\t10002\t.\tA\tG\t.\t.\tANN=G|stop_gained|HIGH|OTHER,G|missense_variant|MODERATE|ONE\tGT\t0/1\n"
        "1\t11000\t.\tA\tG\t.\t.\t.\tGT\t0/1\n"
        "1\t11001\t.\tA\tT\t.\t.\t.\tGT\t0/1\n"
        "X\t500\t.\tA\tT\t.\t.\t.\tGT\t0/1\n";
    static const char *const places[] = {
        "##gff-version 3\n#!genome-build "
        "GRCh38.p14\n1\tensembl\tgene\t10000\t11000\t.\t+\t.\tID=gene:ENSG1;Name="
        "ONE;biotype=protein_coding\n1\tensembl\texon\t10000\t10100\t.\t+\t.\tParent=x;Name=ENSE1\n"
        "X\tensembl\tgene\t400\t600\t.\t-\t.\tID=gene:ENSG2;Name=TWO\n###\n##FASTA\n>1\nACGT\n",
        "chr1\tHAVANA\tgene\t10000\t11000\t.\t+\t.\tgene_id \"ENSG1.2\"; gene_type \"x\"; gene_name "
        "\"ONE\";\n"
        "chrX\tHAVANA\tgene\t400\t600\t.\t-\t.\tgene_id \"ENSG2.1\"; gene_name \"TWO\";\r\n",
        "##gff-version "
        "3\nNC_000001.11\tBestRefSeq\tgene\t10000\t11000\t.\t+\t.\tID=gene-ONE;Dbxref=GeneID:1;Name="
        "ONE;gbkey=Gene;gene=ONE\nNC_000023.11\tBestRefSeq\tgene\t400\t600\t.\t+\t.\tID=gene-TWO;gene=TWO\n",
        "# the clinic's\n1\t9999\t11000\tONE\t0\t+\nchrX\t399\t600\tTWO\n2\t5\t6\tTHREE\n",
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        cr_assert_eq(embed_genes(records, "ONE\nTWO\nONE\n", places[i]), CSL_PLUGIN_OK, "%zu: %s: %s", i,
                     s.failure.place, s.failure.text);
        static const char *const labels[] = {"ONE 1:10002 A>G missense_variant", "ONE 1:5000 A>C upstream",
                                             "1:10000 A>G", "1:11000 A>G", "X:500 A>T"};
        cr_assert_eq(s.token_count, 6, "%zu: %zu", i, s.token_count);
        for (size_t j = 0; j < 5; j++)
            cr_assert_not_null(token_labelled(&s, labels[j]), "%zu: %s", i, labels[j]);
    }
    static const struct {
        const char *genes, *places, *place, *text;
    } wrong[] = {
        {"ONE\nFOUR\nFIVE\n", places[3], "", "it has no place of 2 of the panel's genes: FIVE, FOUR"},
        {"1\t5\t9\n", places[3], "",
         "variant.genes says where the genes of a list lie; variant.panel gives regions"},
        {"ONE\n", "1\tx\tgene\t9\t8\t.\t+\t.\tName=ONE\n", "line 1",
         "not a line of GFF3 or GTF: a first base from 1 and a last one not before it are needed"},
        {"ONE\n", "1\t5\t9\n", "line 1", "not a line of BED with a gene's symbol in its fourth column"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_assert_eq(embed_genes(records, wrong[i].genes, wrong[i].places), CSL_PLUGIN_BAD_INPUT);
        cr_assert_str_eq(s.failure.place, wrong[i].place);
        cr_assert_str_eq(s.failure.text, wrong[i].text);
    }
    /* Places of one build, genotypes of the other. */
    const named_text texts[] = {
        {"a.vcf",
         "##fileformat=VCFv4.2\n##reference=hg19.fa\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n", 0},
        {"p", "ONE\n", 0},
        {"g", places[0], 0},
        {NULL, NULL, 0}};
    set_options((const char *const[]){"variant.panel=p", "variant.genes=g", NULL});
    cr_assert_eq(embed_texts(texts, &s), CSL_PLUGIN_BAD_INPUT);
    cr_assert_str_eq(s.failure.text, "the places of the genes are of GRCh38, the genotypes of GRCh37");
    set_options((const char *const[]){"variant.genes=g", NULL});
    cr_assert_neq(embed_texts(texts, &s), CSL_PLUGIN_OK);
    cr_assert_str_eq(refusal, "variant.genes: set together with variant.panel, a list of genes");
    set_options(NULL);
}

static uint32_t draw(uint32_t below)
{
    static uint64_t state = 88172645463325252u; /* xorshift64 */
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

/* 20 000 records of three contigs, some of them long deletions, in a BGZF file. */
static void write_indexed(const char *path, uint32_t gap)
{
    BGZF *file = bgzf_open(path, "w");
    cr_assert_not_null(file);
    char line[400];
    int size = snprintf(line, sizeof line,
                        "##fileformat=VCFv4.2\n##contig=<ID=chr1>\n##contig=<ID=chr2>\n##contig=<ID=odd>\n"
                        "##INFO=<ID=END,Number=1,Type=Integer,Description=\"e\">\n"
                        "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"g\">\n"
                        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tP\n");
    cr_assert_eq(bgzf_write(file, line, (size_t)size), size);
    static const char *const contigs[] = {"chr1", "chr2", "odd"};
    for (int c = 0; c < 3; c++) {
        uint32_t at = 1;
        for (int i = 0; i < 7000; i++) {
            at += 1 + draw(gap);
            if (draw(50))
                size = snprintf(line, sizeof line, "%s\t%u\t.\tA\tC\t.\t.\t.\tGT\t0/1\n", contigs[c], at);
            else
                size = snprintf(line, sizeof line, "%s\t%u\t.\tA\t<DEL>\t.\t.\tEND=%u\tGT\t0/1\n", contigs[c],
                                at, at + draw(20000));
            cr_assert_eq(bgzf_write(file, line, (size_t)size), size);
        }
    }
    cr_assert_eq(bgzf_close(file), 0);
}

/* A score of all loci in twenty windows. */
static void write_score(const char *path)
{
    FILE *score = fopen(path, "w");
    fputs("#pgs_id=W\nchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\n", score);
    for (int window = 0; window < 20; window++)
        for (uint32_t from = draw(1000000), i = 0; i < 300; i++)
            fprintf(score, "%d\t%u\tC\tA\t%d\n", 1 + window % 2, from + i, 1 + window);
    fclose(score);
}

static int32_t embed_regions(const char *file, const char *index, const char *panel, const char *score)
{
    const char *const paths[] = {file, panel, score ? score : index, score ? index : NULL, NULL};
    char option[300];
    snprintf(option, sizeof option, "variant.panel=%s", panel);
    set_options((const char *const[]){option, NULL});
    int32_t status = embed_paths(paths, &s);
    set_options(NULL);
    return status;
}

/* Forty panels of three regions, every other with a score: what an index finds is what a look at every record
 * finds. */
Test(variant_join, regions_by_index, .timeout = 120)
{
    char folder[] = "/tmp/csl_join_XXXXXX", file[100], packed[100], panel[100], command[300];
    char tbi[120], csi[120], bcf_csi[120], scored[100];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/a.vcf.gz", folder);
    snprintf(packed, sizeof packed, "%s/a.bcf", folder);
    snprintf(panel, sizeof panel, "%s/p.bed", folder);
    snprintf(scored, sizeof scored, "%s/s.txt", folder);
    snprintf(tbi, sizeof tbi, "%s.tbi", file);
    snprintf(csi, sizeof csi, "%s.csi", file);
    snprintf(bcf_csi, sizeof bcf_csi, "%s.csi", packed);
    write_indexed(file, 300);
    cr_assert_eq(tbx_index_build(file, 0, &tbx_conf_vcf), 0);
    cr_assert_eq(tbx_index_build(file, 12, &tbx_conf_vcf), 0);
    htsFile *in = hts_open(file, "r"), *out = hts_open(packed, "wb");
    bcf_hdr_t *header = bcf_hdr_read(in);
    bcf1_t *record = bcf_init();
    cr_assert_eq(bcf_hdr_write(out, header), 0);
    while (bcf_read(in, header, record) == 0) cr_assert_eq(bcf_write(out, header, record), 0);
    bcf_destroy(record);
    bcf_hdr_destroy(header);
    hts_close(in);
    hts_close(out);
    cr_assert_eq(bcf_index_build(packed, 14), 0);
    for (int i = 0; i < 40; i++) {
        FILE *bed = fopen(panel, "w");
        for (int j = 0; j < 3; j++) {
            uint32_t from = draw(1100000), c = draw(4);
            fprintf(bed, "%s\t%u\t%u\n",
                    c == 0   ? "1"
                    : c == 1 ? "chr2"
                    : c == 2 ? "odd"
                             : "chr7",
                    from, from + 1 + draw(i % 2 ? 20000 : 300));
        }
        fclose(bed);
        static seen all;
        const char *score = i % 2 ? scored : NULL;
        if (score) write_score(scored);
        cr_assert_eq(embed_regions(file, NULL, panel, score), CSL_PLUGIN_OK, "%s", s.failure.text);
        all = s;
        const struct {
            const char *file, *index;
        } ways[] = {{file, tbi}, {file, csi}, {packed, bcf_csi}};
        for (size_t w = 0; w < 3; w++) {
            cr_assert_eq(embed_regions(ways[w].file, ways[w].index, panel, score), CSL_PLUGIN_OK, "%s",
                         s.failure.text);
            cr_assert_eq(s.token_count, all.token_count, "%s, panel %d: %zu, not %zu", ways[w].index, i,
                         s.token_count, all.token_count);
            for (size_t t = 0; t < s.token_count; t++)
                cr_assert_str_eq(s.tokens[t].label, all.tokens[t].label);
            cr_assert_eq(s.score_count, score ? 1 : 0);
            if (score) cr_assert_str_eq(s.scores[0].label, all.scores[0].label);
            if (score) cr_assert_gt(score_feature(&s, 0, "counted"), 10);
        }
    }
    /* The index of another file, and one that is cut: an error that says so, or what it does find. */
    FILE *bed = fopen(panel, "w");
    fputs("chr2\t500000\t600000\nodd\t1\t1000000\n", bed);
    fclose(bed);
    write_indexed(file, 37);
    cr_assert_eq(embed_regions(file, tbi, panel, NULL), CSL_PLUGIN_BAD_INPUT);
    cr_assert(strstr(s.failure.text, "the index does not fit the file"), "%s", s.failure.text);
    cr_assert_eq(truncate(csi, 2000), 0);
    cr_assert_eq(embed_regions(file, csi, panel, NULL), CSL_PLUGIN_BAD_INPUT);
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
}

/* Annotations by place and change; what the file itself says stands. */
Test(variant_join, annotations)
{
    static const char records[] = "1\t100\t.\tA\tC,G\t.\t.\t.\tGT\t1/2\n"
                                  "1\t200\t.\tA\tC\t.\t.\tCLNSIG=Benign\tGT\t0/1\n"
                                  "17\t50\t.\tGA\tG\t.\t.\t.\tGT\t0/1\n"
                                  "X\t70\t.\tA\tT\t.\t.\t.\tGT\t0/1\n";
    static const char head[] = "##fileformat=VCFv4.2\n##INFO=<ID=CSQ,Number=.,Type=String,Description="
                               "\"Format: Allele|Consequence|SYMBOL|HGVSc\">\n"
                               "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";
    static const char *const bodies[] = {
        /* in the patient's order, in another, without contigs */
        "chr1\t100\t.\tA\tG\t.\t.\tCLNSIG=Pathogenic;gnomAD_AF=0.001;CSQ=G|stop_gained|BRCA1|ENST1:c.9A>G\n"
        "chr1\t100\t.\tAT\tC\t.\t.\tCLNSIG=Pathogenic\nchr1\t200\t.\tA\tC\t.\t.\tCLNSIG=Pathogenic;gnomAD_AF="
        "0.2\n"
        "chr2\t1\t.\tA\tC\t.\t.\tCLNSIG=Pathogenic\nchr17\t50\t.\tGA\tG\t.\t.\tCSQ=-|frameshift_variant|TP53|"
        "c.1del\n",
        "chr17\t50\t.\tGA\tG\t.\t.\tCSQ=-|frameshift_variant|TP53|c.1del\n"
        "chr1\t100\t.\tA\tG\t.\t.\tCLNSIG=Pathogenic;gnomAD_AF=0.001;CSQ=G|stop_gained|BRCA1|ENST1:c.9A>G\n"
        "chr1\t200\t.\tA\tC\t.\t.\tCLNSIG=Pathogenic;gnomAD_AF=0.2\n",
    };
    for (size_t i = 0; i < 2; i++) {
        char annotations[1200];
        snprintf(annotations, sizeof annotations, "%s%s", head, bodies[i]);
        const named_text texts[] = {
            {"a.vcf", one_sample(records), 0}, {"clinvar.vcf", annotations, 0}, {NULL, NULL, 0}};
        set_options((const char *const[]){"variant.annotation=clinvar.vcf", NULL});
        cr_assert_eq(embed_texts(texts, &s), CSL_PLUGIN_OK, "%s: %s", s.failure.place, s.failure.text);
        set_options(NULL);
        cr_assert_eq(s.token_count, 6);
        cr_assert_str_eq(s.tokens[1].label, "BRCA1 c.9A>G stop_gained, heterozygous, ClinVar pathogenic");
        cr_assert_float_eq(s.tokens[1].features[feature("allele_frequency")], -3, 1e-6);
        cr_assert_str_eq(s.tokens[2].label, "TP53 c.1del frameshift_variant, heterozygous");
        cr_assert_str_eq(s.tokens[3].label, "1:100 A>C, heterozygous");
        cr_assert_str_eq(s.tokens[4].label, "1:200 A>C, heterozygous, ClinVar benign");
        cr_assert_float_eq(s.tokens[4].features[feature("allele_frequency")], log10(0.2), 1e-6);
        cr_assert_str_eq(s.tokens[5].label, "X:70 A>T, heterozygous");
    }
    /* Three hundred contigs that the annotations lack cost no reading. */
    static char many[20000];
    size_t used = 0;
    for (int i = 0; i < 300; i++)
        used += (size_t)snprintf(many + used, sizeof many - used, "alt%d\t5\t.\tA\tC\t.\t.\t.\tGT\t0/1\n", i);
    snprintf(many + used, sizeof many - used, "1\t200\t.\tA\tC\t.\t.\t.\tGT\t0/1\n");
    char annotations[1200];
    snprintf(annotations, sizeof annotations, "%s%s", head, bodies[0]);
    const named_text lacking[] = {
        {"a.vcf", one_sample(many), 0}, {"clinvar.vcf", annotations, 0}, {NULL, NULL, 0}};
    set_options((const char *const[]){"variant.annotation=clinvar.vcf", NULL});
    cr_assert_eq(embed_texts(lacking, &s), CSL_PLUGIN_OK, "%s: %s", s.failure.place, s.failure.text);
    set_options(NULL);
    cr_assert_str_eq(s.tokens[1].label, "1:200 A>C, heterozygous, ClinVar pathogenic");
    const named_text damaged[] = {
        {"a.vcf", one_sample(records), 0},
        {"clinvar.vcf",
         "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n1\tx\t.\tA\tG\t.\t.\t.\n", 0},
        {NULL, NULL, 0}};
    set_options((const char *const[]){"variant.annotation=clinvar.vcf", NULL});
    embed_texts(damaged, &s);
    set_options(NULL);
    cr_assert_str_eq(s.failure.place, "line 3 (record 1)");
}
