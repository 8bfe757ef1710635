#include "synth/synth_panel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Extent on GRCh38, strand, bases of coding sequence and MANE Select transcript: NCBI Gene. */
static const struct {
    const char *symbol, *transcript;
    int contig;
    long from, to;
    char strand;
    int coding;
} genes[PANEL_GENES] = {
    {"TP53", "NM_000546.6", 17, 7668421, 7687490, '-', 1182},
    {"TTN", "NM_001267550.2", 2, 178525989, 178807423, '-', 107976},
    {"BRCA1", "NM_007294.4", 17, 43044295, 43125364, '-', 5592},
    {"BRCA2", "NM_000059.4", 13, 32315508, 32400268, '+', 10257},
    {"ATM", "NM_000051.4", 11, 108223067, 108369102, '+', 9171},
    {"CHEK2", "NM_007194.4", 22, 28687743, 28742422, '-', 1632},
    {"PALB2", "NM_024675.4", 16, 23603165, 23641310, '-', 3561},
    {"PTEN", "NM_000314.8", 10, 87862563, 87971930, '+', 1212},
    {"MLH1", "NM_000249.4", 3, 36993226, 37050846, '+', 2271},
    {"MSH2", "NM_000251.3", 2, 47403067, 47634501, '+', 2805},
    {"APC", "NM_000038.6", 5, 112707498, 112846239, '+', 8532},
    {"KRAS", "NM_004985.5", 12, 25205246, 25250929, '-', 567},
};

/* Changes of one base of a codon, with what they do to the amino acid by the standard genetic code. */
typedef struct codon_change {
    const char *from, *to;
    int place; /* 1 to 3 in the codon */
    char reference, alternative;
} codon_change;

static const codon_change stops[] = {{"Arg", "*", 1, 'C', 'T'},
                                     {"Gln", "*", 1, 'C', 'T'},
                                     {"Trp", "*", 3, 'G', 'A'},
                                     {"Glu", "*", 1, 'G', 'T'}};
static const codon_change missense[] = {
    {"Arg", "His", 2, 'G', 'A'}, {"Arg", "Cys", 1, 'C', 'T'}, {"Gly", "Ser", 1, 'G', 'A'},
    {"Val", "Met", 1, 'G', 'A'}, {"Ala", "Thr", 1, 'G', 'A'}, {"Ala", "Val", 2, 'C', 'T'},
    {"Pro", "Leu", 2, 'C', 'T'}, {"Thr", "Ile", 2, 'C', 'T'}, {"Glu", "Lys", 1, 'G', 'A'},
    {"Ile", "Val", 1, 'A', 'G'}, {"Met", "Thr", 2, 'T', 'C'}, {"Leu", "Pro", 2, 'T', 'C'},
    {"Asn", "Ser", 2, 'A', 'G'}, {"Tyr", "Cys", 2, 'A', 'G'}, {"Lys", "Gln", 1, 'A', 'C'},
    {"Leu", "Val", 1, 'C', 'G'}};
static const codon_change synonymous[] = {{"Leu", "=", 3, 'C', 'T'}, {"Val", "=", 3, 'C', 'T'},
                                          {"Ser", "=", 3, 'A', 'G'}, {"Pro", "=", 3, 'A', 'G'},
                                          {"Thr", "=", 3, 'G', 'A'}, {"Ala", "=", 3, 'C', 'G'}};

static const struct {
    const char *term, *impact;
    const codon_change *codons;
    int count;
} kinds[] = {
    [PANEL_STOP_GAINED] = {"stop_gained", "HIGH", stops, sizeof stops / sizeof *stops},
    [PANEL_MISSENSE] = {"missense_variant", "MODERATE", missense, sizeof missense / sizeof *missense},
    [PANEL_SYNONYMOUS] = {"synonymous_variant", "LOW", synonymous, sizeof synonymous / sizeof *synonymous},
    [PANEL_INTRON] = {"intron_variant", "MODIFIER", NULL, 0},
    [PANEL_INTRON_DELETION] = {"intron_variant", "MODIFIER", NULL, 0},
    [PANEL_UTR_3] = {"3_prime_UTR_variant", "MODIFIER", NULL, 0},
    [PANEL_UPSTREAM] = {"upstream_gene_variant", "MODIFIER", NULL, 0},
};

uint64_t panel_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

double panel_uniform(uint64_t *state)
{
    return (double)(panel_random(state) >> 11) * 0x1.0p-53;
}

int panel_poisson(uint64_t *state, double mean, int most)
{
    double limit = exp(-mean), product = panel_uniform(state);
    int count = 0;
    while (product > limit && count < most) {
        product *= panel_uniform(state);
        count++;
    }
    return count;
}

static int below(uint64_t *state, int bound)
{
    return (int)(panel_uniform(state) * bound);
}

static char complement(char base)
{
    static const char from[] = "ACGT", to[] = "TGCA";
    return to[strchr(from, base) - from];
}

void panel_draw(uint64_t *state, int gene, panel_kind kind, panel_change *change)
{
    *change = (panel_change){.contig = genes[gene].contig};
    change->locus =
        genes[gene].from + (long)(panel_uniform(state) * (double)(genes[gene].to - genes[gene].from));
    int codons = genes[gene].coding / 3, residue = 2 + below(state, codons - 3), place = 1;
    char reference = "ACGT"[below(state, 4)], alternative = complement(reference);
    char c[48], p[24] = "", positions[64] = "|||";
    if (kinds[kind].codons) {
        const codon_change *codon = &kinds[kind].codons[below(state, kinds[kind].count)];
        place = codon->place;
        reference = codon->reference;
        alternative = codon->alternative;
        int base = 3 * (residue - 1) + place;
        snprintf(c, sizeof c, "c.%d%c>%c", base, reference, alternative);
        snprintf(p, sizeof p, "p.%s%d%s", codon->from, residue, codon->to);
        snprintf(positions, sizeof positions, "%d/%d|%d/%d|%d/%d|", base, genes[gene].coding, base,
                 genes[gene].coding, residue, codons - 1);
    } else if (kind == PANEL_INTRON) {
        snprintf(c, sizeof c, "c.%d+%d%c>%c", 3 * residue, 10 + below(state, 400), reference, alternative);
    } else if (kind == PANEL_INTRON_DELETION) {
        snprintf(c, sizeof c, "c.%d+%ddel", 3 * residue, 10 + below(state, 400));
    } else {
        snprintf(c, sizeof c, kind == PANEL_UTR_3 ? "c.*%d%c>%c" : "c.-%d%c>%c", 5 + below(state, 900),
                 reference, alternative);
    }
    if (genes[gene].strand == '-') {
        reference = complement(reference);
        alternative = complement(alternative);
    }
    if (kind == PANEL_INTRON_DELETION)
        snprintf(change->reference, sizeof change->reference, "%c%c", alternative, reference);
    else
        snprintf(change->reference, sizeof change->reference, "%c", reference);
    snprintf(change->alternative, sizeof change->alternative, "%c", alternative);
    snprintf(change->annotation, sizeof change->annotation,
             "%s|%s|%s|%s|%s|transcript|%s|protein_coding||%s|%s|%s|", change->alternative, kinds[kind].term,
             kinds[kind].impact, genes[gene].symbol, genes[gene].symbol, genes[gene].transcript, c, p,
             positions);
}
