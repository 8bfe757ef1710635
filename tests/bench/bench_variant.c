/* How fast variants are read and scored, beside bcftools and plink2 on the same files.
 *
 *   bench_variant CONSILIUM [RECORDS]   a million records of one sample, generated, as VCF (BGZF) and as BCF;
 * a score of a third of them
 *
 * Rounds take turns; the medians of seconds on the clock and of the processor are printed. plink2 gets its
 * score with variant identifiers ready, and its conversion from VCF counts, as the reading does here.
 */
#include <htslib/bgzf.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 9 };

static uint64_t state = 88172645463325252u;

static uint32_t draw(uint32_t below)
{
    state ^= state << 13; /* xorshift64 */
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

static char folder[] = "/tmp/csl_bench_XXXXXX", vcf[64], bcf[64], score[64], peer_score[64], out[64];

static void put(BGZF *file, const char *text, int length)
{
    if (bgzf_write(file, text, (size_t)length) != length) {
        perror(vcf);
        exit(1);
    }
}

/* Fields and lengths of lines as a caller of germ line variants writes them. */
static void generate(int records)
{
    BGZF *file = bgzf_open(vcf, "w");
    FILE *ours = fopen(score, "w"), *theirs = fopen(peer_score, "w");
    char line[400];
    if (!file || !ours || !theirs) {
        perror(folder);
        exit(1);
    }
    put(file, line, snprintf(line, sizeof line, "##fileformat=VCFv4.2\n"));
    for (int c = 1; c <= 22; c++) put(file, line, snprintf(line, sizeof line, "##contig=<ID=%d>\n", c));
    put(file, line,
        snprintf(line, sizeof line,
                 "##INFO=<ID=AF,Number=A,Type=Float,Description=\"f\">\n##INFO=<ID=DP,Number=1,Type=Integer,"
                 "Description=\"d\">\n"
                 "##INFO=<ID=AN,Number=1,Type=Integer,Description=\"n\">\n"));
    put(file, line,
        snprintf(line, sizeof line,
                 "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"g\">\n##FORMAT=<ID=AD,Number=R,Type="
                 "Integer,Description=\"a\">\n"
                 "##FORMAT=<ID=DP,Number=1,Type=Integer,Description=\"d\">\n##FORMAT=<ID=GQ,Number=1,Type="
                 "Integer,Description=\"q\">\n"
                 "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\n"));
    fputs("###PGS CATALOG SCORING FILE\n#pgs_id=BENCH\n#genome_build=GRCh38\n"
          "chr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\n",
          ours);
    static const char *const genotypes[] = {"0/0", "0/1", "0/1", "1/1"};
    int locus = 0, chromosome = 0;
    for (int i = 0; i < records; i++) {
        if (i % (records / 22 + 1) == 0) chromosome++, locus = 10000;
        locus += 1 + (int)draw(4000);
        char from = "ACGT"[draw(4)], to = "ACGT"[draw(4)];
        if (from == to) to = from == 'A' ? 'G' : 'A';
        unsigned depth = 10 + draw(50), other = draw(depth + 1);
        put(file, line,
            snprintf(
                line, sizeof line,
                "%d\t%d\trs%u\t%c\t%c\t%u.%02u\tPASS\tAF=0.%04u;DP=%u;AN=5008\tGT:AD:DP:GQ\t%s:%u,%u:%u:%u\n",
                chromosome, locus, draw(1000000000), from, to, draw(1000), draw(100), draw(10000), depth,
                genotypes[draw(4)], depth - other, other, depth, 1 + draw(99)));
        if (i % 3) continue;
        int weight = (int)draw(1000) - 500;
        fprintf(ours, "%d\t%d\t%c\t%c\t%d\n", chromosome, locus, to, from, weight);
        fprintf(theirs, "%d:%d:%c:%c\t%c\t%d\n", chromosome, locus, from, to, to, weight);
    }
    if (bgzf_close(file) | fclose(ours) | fclose(theirs)) exit(1);
}

typedef struct run {
    const char *name, *command;
    double wall[ROUNDS], processor[ROUNDS];
} run;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void measure(run *r, int round)
{
    double start = now();
    struct rusage used;
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", r->command, (char *)NULL);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &used) < 0 || status) {
        fprintf(stderr, "bench_variant: failed: %s\n", r->command);
        exit(1);
    }
    r->wall[round] = now() - start;
    r->processor[round] = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                          1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, by_size);
    return values[ROUNDS / 2];
}

static void compare(run *ours, run *theirs)
{
    for (int i = 0; i < ROUNDS; i++) {
        measure(ours, i);
        measure(theirs, i);
    }
    double wall = median(ours->wall), processor = median(ours->processor), peer_wall = median(theirs->wall),
           peer_processor = median(theirs->processor);
    printf("%-42s %6.2f s, processor %6.2f s\n", ours->name, wall, processor);
    printf("%-42s %6.2f s, processor %6.2f s: ours takes %.2f of it, of the processor %.2f\n", theirs->name,
           peer_wall, peer_processor, wall / peer_wall, processor / peer_processor);
}

static double number_after(const char *command)
{
    double value = NAN;
    FILE *p = popen(command, "r");
    if (!p || fscanf(p, "%lf", &value) != 1) value = NAN;
    if (p) pclose(p);
    return value;
}

int main(int argc, char **argv)
{
    if (argc < 2 || !mkdtemp(folder)) {
        fprintf(stderr, "bench_variant CONSILIUM [RECORDS]\n");
        return 2;
    }
    int records = argc > 2 ? atoi(argv[2]) : 1000000;
    snprintf(vcf, sizeof vcf, "%s/a.vcf.gz", folder);
    snprintf(bcf, sizeof bcf, "%s/a.bcf", folder);
    snprintf(score, sizeof score, "%s/score.txt", folder);
    snprintf(peer_score, sizeof peer_score, "%s/peer.txt", folder);
    snprintf(out, sizeof out, "%s/out", folder);
    generate(records);
    static char commands[7][600];
    snprintf(commands[6], sizeof commands[6], "bcftools view -Ob -o %s %s", bcf, vcf);
    if (system(commands[6]) != 0) {
        fprintf(stderr, "bench_variant: failed: %s\n", commands[6]);
        return 1;
    }
    const char *const files[] = {vcf, bcf};
    for (int i = 0; i < 2; i++) {
        snprintf(commands[4 * i], sizeof commands[0], "'%s' embed %s >%s", argv[1], files[i], out);
        snprintf(commands[4 * i + 1], sizeof commands[0],
                 "bcftools query -f "
                 "'%%CHROM\\t%%POS\\t%%ID\\t%%REF\\t%%ALT\\t%%QUAL\\t%%FILTER\\t%%INFO/AF\\t%%INFO/"
                 "DP[\\t%%GT\\t%%AD\\t%%DP\\t%%GQ]\\n' "
                 "%s >%s",
                 files[i], out);
    }
    snprintf(commands[2], sizeof commands[2], "'%s' embed --features pgs %s %s >%s", argv[1], vcf, score,
             out);
    snprintf(commands[3], sizeof commands[3],
             "plink2 --vcf %s --set-all-var-ids '@:#:$r:$a' --score %s no-mean-imputation cols=+scoresums "
             "--out %s >/dev/null",
             vcf, peer_score, out);
    run read = {.name = "consilium embed", .command = commands[0]},
        query = {.name = "bcftools query", .command = commands[1]};
    run read_bcf = {.name = "consilium embed, BCF", .command = commands[4]},
        query_bcf = {.name = "bcftools query, BCF", .command = commands[5]};
    run scored = {.name = "consilium embed, with a score", .command = commands[2]},
        plink = {.name = "plink2 --vcf --score", .command = commands[3]};
    printf("%d records, one sample, BGZF\n", records);
    compare(&read, &query);
    compare(&read_bcf, &query_bcf);
    if (system("command -v plink2 >/dev/null 2>&1") == 0) {
        compare(&scored, &plink);
        char command[700];
        snprintf(command, sizeof command, "%s; sed 's/.*\"score\": *//; s/,.*//; q' %s", commands[2], out);
        double ours = number_after(command);
        snprintf(command, sizeof command, "%s; awk 'END { print $NF }' %s.sscore", commands[3], out);
        printf("the score: %.9g, plink2 says %.9g\n", ours, number_after(command));
    }
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) == 0 ? 0 : 1;
}
