/* Alleles against a reference: split, trimmed and left-aligned, as bcftools norm does it. */
#include <criterion/criterion.h>
#include <criterion/logging.h>
#include <htslib/bgzf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

static seen s;
static const char header[] = "##fileformat=VCFv4.2\n##contig=<ID=1,length=%zu>\n"
                             "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"g\">\n"
                             "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tP1\n";

static int32_t embed_with(const char *records, const char *fasta, const char *index)
{
    static char text[1 << 17];
    size_t used = (size_t)snprintf(text, sizeof text, header, (size_t)1000);
    snprintf(text + used, sizeof text - used, "%s", records);
    const named_text texts[] = {{"case/a.vcf", text, 0},
                                {"case/ref.fa", fasta, 0},
                                {index ? "case/ref.fa.fai" : NULL, index, 0},
                                {NULL, NULL, 0}};
    set_options((const char *const[]){"variant.reference=case/ref.fa", NULL});
    int32_t status = embed_texts(texts, &s);
    set_options(NULL);
    return status;
}

/* The deletion of one CA out of (CA)3 can be written in the six ways of Tan, Abecasis and Kang (2015), figure
 * 1; their normal form is 3 GCA>G. */
Test(variant_normalise, all_ways_to_write_one_change)
{
    static const char fasta[] = ">1 a sequence\nGGGCACA\nCACAGGG\n", index[] = "1\t14\t14\t7\t8\n";
    static const struct {
        const char *record, *label;
    } table[] = {
        {"1\t8\t.\tCA\tC\t.\t.\t.\tGT\t0/1\n", "1:8 CA>C, heterozygous"}, /* one base: no repeat of it */
        {"1\t8\t.\tCAC\tC\t.\t.\t.\tGT\t0/1\n", "1:3 GCA>G, heterozygous"},
        {"1\t6\t.\tCAC\tC\t.\t.\t.\tGT\t0/1\n", "1:3 GCA>G, heterozygous"},
        {"1\t3\t.\tGCACA\tGCA\t.\t.\t.\tGT\t0/1\n", "1:3 GCA>G, heterozygous"},
        {"1\t2\t.\tGGCA\tGG\t.\t.\t.\tGT\t0/1\n", "1:3 GCA>G, heterozygous"},
        {"1\t3\t.\tgca\tg\t.\t.\t.\tGT\t0/1\n", "1:3 GCA>G, heterozygous"},
        {"1\t11\t.\tA\tACA\t.\t.\t.\tGT\t0/1\n", "1:3 G>GCA, heterozygous"},
        {"1\t5\t.\tAC\tAT\t.\t.\t.\tGT\t0/1\n", "1:6 C>T, heterozygous"},
        {"1\t5\t.\tACA\tATT\t.\t.\t.\tGT\t0/1\n", "1:6 CA>TT, heterozygous"},
        {"1\t3\t.\tGCA\tG,GCACA\t.\t.\t.\tGT\t0/2\n", "1:3 G>GCA, heterozygous"},
        {"1\t2\t.\tG\tGG\t.\t.\t.\tGT\t0/1\n",
         "1:1 G>GG, heterozygous"}, /* the first base is its own anchor */
        {"1\t3\t.\tG\t<DEL>\t.\t.\tEND=5\tGT\t0/1\n", "1:3 G><DEL>, heterozygous"},
        {"2\t3\t.\tGCA\tGCC\t.\t.\t.\tGT\t0/1\n", "2:3 GCA>GCC, heterozygous"}, /* not in the reference */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (int indexed = 0; indexed < 2; indexed++) {
            cr_assert_eq(embed_with(table[i].record, fasta, indexed ? index : NULL), CSL_PLUGIN_OK, "%s: %s",
                         s.failure.place, s.failure.text);
            cr_assert_eq(s.token_count, 2);
            cr_assert_str_eq(s.tokens[1].label, table[i].label);
            cr_assert_eq(s.warning_count, 0);
        }
}

Test(variant_normalise, what_does_not_fit)
{
    static const char record[] = "1\t5\t.\tT\tG\t.\t.\t.\tGT\t0/1\n";
    cr_assert_eq(embed_with(record, ">1\nGGGCACACACAGGG\n", NULL), CSL_PLUGIN_OK);
    cr_assert_str_eq(s.tokens[1].label, "1:5 T>G, heterozygous");
    cr_assert_str_eq(s.warnings[0].text,
                     "REF of 1 alleles is not what the reference has: they are left as written; "
                     "is it of the same build?");
    static const struct {
        const char *fasta, *index, *place, *text;
    } table[] = {
        {">1\nACG\nACGT\n", NULL, "line 3", "the lines of a sequence differ in length"},
        {">1\nACGT\n", "1\t400\t3\t4\t5\n", "line 1", "not an index of this reference"},
        {">1\nACGT\n", "1\t4\t0\t4\t5\n", "line 1", "not an index of this reference"},
        {">1\nACGT\n", "1\t1e15\t3\t4\t5\n", "line 1", "not an index of this reference"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        cr_assert_eq(embed_with(record, table[i].fasta, table[i].index), CSL_PLUGIN_BAD_INPUT, "%zu", i);
        cr_assert_str_eq(s.failure.place, table[i].place);
        cr_assert(strstr(s.failure.text, table[i].text), "%s", s.failure.text);
    }
    set_options((const char *const[]){"variant.reference=elsewhere.fa", NULL});
    cr_assert_eq(embed_text(one_sample(record), &s), CSL_PLUGIN_BAD_INPUT);
    cr_assert_str_eq(s.failure.text,
                     "variant.reference names \"elsewhere.fa\": no FASTA file of the case has this name");
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

static void write_file(const char *folder, const char *name, const char *text, char path[200])
{
    snprintf(path, 200, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

/* PATH.gz in blocks of 700 bytes, and PATH.gz.gzi, by htslib; PATH.gz.fai as samtools faidx writes it. */
static void write_blocks(const char *path, const char *text, size_t bases, char packed[300])
{
    char fai[320], line[100];
    snprintf(packed, 300, "%s.gz", path);
    BGZF *file = bgzf_open(packed, "w");
    cr_assert(file && bgzf_index_build_init(file) == 0);
    for (size_t at = 0, length = strlen(text); at < length; at += 700) {
        size_t size = length - at < 700 ? length - at : 700;
        cr_assert_eq(bgzf_write(file, text + at, size), (ssize_t)size);
        cr_assert_eq(bgzf_flush(file), 0);
    }
    cr_assert_eq(bgzf_index_dump(file, packed, ".gzi"), 0);
    cr_assert_eq(bgzf_close(file), 0);
    snprintf(fai, sizeof fai, "%s.fai", packed);
    FILE *index = fopen(fai, "w");
    snprintf(line, sizeof line, "1\t%zu\t3\t%zu\t%zu\n", bases, bases, bases + 1);
    cr_assert(index && fputs(line, index) >= 0 && fclose(index) == 0);
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* 2000 bases of short repeats, 200 changes of two ALT each, most of them insertions and deletions inside the
 * repeats: bcftools norm -m -any -f ref.fa gives the same records. */
Test(variant_normalise, as_bcftools_norm)
{
    if (system("command -v bcftools >/dev/null 2>&1") != 0) {
        cr_log_info("skipped: no bcftools");
        return;
    }
    enum { BASES = 2000, CHANGES = 100 };
    static char bases[BASES + 60], fasta[BASES + 80], vcf[1 << 16], ours[2 * CHANGES][64],
        theirs[2 * CHANGES][64];
    size_t length = 0;
    while (length < BASES) {
        size_t unit = 1 + draw(4), times = 1 + draw(6);
        char repeat[5];
        for (size_t i = 0; i < unit; i++) repeat[i] = "ACGT"[draw(4)];
        for (size_t i = 0; i < unit * times; i++) bases[length++] = repeat[i % unit];
    }
    bases[BASES] = 0;
    snprintf(fasta, sizeof fasta, ">1\n%s\n", bases);
    size_t used = (size_t)snprintf(vcf, sizeof vcf, header, (size_t)BASES);
    for (int i = 0; i < CHANGES; i++) {
        uint32_t at = 10 + (uint32_t)i * 18 + draw(6), cut = 1 + draw(7), keep = 1 + draw(cut),
                 added = draw(4);
        char inserted[8] = "";
        for (uint32_t j = 0; j < added; j++) inserted[j] = draw(2) ? bases[at + j] : "ACGT"[draw(4)];
        char first[24], second[24];
        snprintf(first, sizeof first, "%.*s%s", (int)keep, bases + at, inserted);
        snprintf(second, sizeof second, "%.*s%.*s", (int)cut, bases + at, (int)(1 + draw(4)),
                 bases + at + cut);
        char reference[24];
        snprintf(reference, sizeof reference, "%.*s", (int)cut, bases + at);
        if (!strcmp(first, reference) || !strcmp(first, second))
            snprintf(first, sizeof first, "%s", bases[at] == 'A' ? "C" : "A");
        used += (size_t)snprintf(vcf + used, sizeof vcf - used, "1\t%u\t.\t%s\t%s,%s\t.\t.\t.\tGT\t1/2\n",
                                 at + 1, reference, first, second);
    }
    char folder[] = "/tmp/csl_norm_XXXXXX", fasta_path[200], vcf_path[200], command[700];
    cr_assert_not_null(mkdtemp(folder));
    write_file(folder, "ref.fa", fasta, fasta_path);
    write_file(folder, "a.vcf", vcf, vcf_path);
    snprintf(command, sizeof command,
             "bcftools norm -m -any -f %s %s 2>/dev/null | bcftools query -f '%%CHROM:%%POS %%REF>%%ALT\\n'",
             fasta_path, vcf_path);
    FILE *peer = popen(command, "r");
    size_t count = 0;
    while (count < 2 * CHANGES && fgets(theirs[count], sizeof theirs[0], peer)) count++;
    cr_assert_eq(pclose(peer), 0);
    const char *const paths[] = {vcf_path, fasta_path, NULL};
    char option[400];
    snprintf(option, sizeof option, "variant.reference=%s", fasta_path);
    set_options((const char *const[]){option, NULL});
    cr_assert_eq(embed_paths(paths, &s), CSL_PLUGIN_OK, "%s", s.failure.text);
    set_options(NULL);
    cr_assert_eq(count, 2 * CHANGES);
    cr_assert_eq(s.token_count, 1 + count);
    for (size_t i = 0; i < count; i++)
        snprintf(ours[i], sizeof ours[i], "%.*s\n", (int)strcspn(s.tokens[i + 1].label, ","),
                 s.tokens[i + 1].label);
    /* The same of the reference in blocks. */
    char blocks[300], fai[320], gzi[320];
    write_blocks(fasta_path, fasta, BASES, blocks);
    snprintf(fai, sizeof fai, "%s.fai", blocks);
    snprintf(gzi, sizeof gzi, "%s.gzi", blocks);
    snprintf(option, sizeof option, "variant.reference=%s", blocks);
    set_options((const char *const[]){option, NULL});
    static seen packed;
    const char *const in_blocks[] = {vcf_path, blocks, fai, gzi, NULL};
    cr_assert_eq(embed_paths(in_blocks, &packed), CSL_PLUGIN_OK, "%s", packed.failure.text);
    for (size_t i = 0; i < count; i++) cr_assert_str_eq(packed.tokens[i + 1].label, s.tokens[i + 1].label);
    cr_assert_eq(embed_paths((const char *const[]){vcf_path, blocks, fai, NULL}, &packed),
                 CSL_PLUGIN_BAD_INPUT);
    cr_assert(strstr(packed.failure.text, "samtools faidx makes both"), "%s", packed.failure.text);
    /* The index of another file. */
    write_file(folder, "ref.fa.gz.fai", "1\t1900\t5\t1900\t1901\n", fai);
    cr_assert_eq(embed_paths(in_blocks, &packed), CSL_PLUGIN_BAD_INPUT);
    cr_assert(strstr(packed.failure.text, "is of another file"), "%s", packed.failure.text);
    set_options(NULL);
    qsort(ours, count, sizeof ours[0], compare);
    qsort(theirs, count, sizeof theirs[0], compare);
    for (size_t i = 0; i < count; i++) cr_assert_str_eq(ours[i], theirs[i]);
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
}
