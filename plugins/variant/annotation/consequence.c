#include "annotation/consequence.h"

#include <math.h>
#include <string.h>

#define HIGH     VARIANT_IMPACT_HIGH
#define MODERATE VARIANT_IMPACT_MODERATE
#define LOW      VARIANT_IMPACT_LOW
#define MODIFIER VARIANT_IMPACT_MODIFIER

/* Ranks 1 to 41 and their impacts: Ensembl Variation, "Calculated variant consequences" (release 115), which
 * orders SO terms by estimated severity. Terms without a place in that order are written by SnpEff 5 alone;
 * each stands at the rank of the Ensembl term that is its parent or nearest sibling in SO, with the impact of
 * SnpEff's manual. */
static const variant_consequence terms[] = {
    {"transcript_ablation", 1, HIGH},
    {"feature_ablation", 1, HIGH},
    {"chromosome_number_variation", 1, HIGH},
    {"exon_loss_variant", 1, HIGH},
    {"rearranged_at_DNA_level", 1, HIGH},
    {"gene_fusion", 1, HIGH},
    {"bidirectional_gene_fusion", 1, HIGH},
    {"splice_acceptor_variant", 2, HIGH},
    {"splice_donor_variant", 3, HIGH},
    {"stop_gained", 4, HIGH},
    {"frameshift_variant", 5, HIGH},
    {"stop_lost", 6, HIGH},
    {"start_lost", 7, HIGH},
    {"transcript_amplification", 8, HIGH},
    {"duplication", 8, HIGH},
    {"inversion", 8, HIGH},
    {"feature_elongation", 9, HIGH},
    {"feature_truncation", 10, HIGH},
    {"rare_amino_acid_variant", 10, HIGH},
    {"structural_interaction_variant", 10, HIGH},
    {"protein_protein_contact", 10, HIGH},
    {"inframe_insertion", 11, MODERATE},
    {"disruptive_inframe_insertion", 11, MODERATE},
    {"conservative_inframe_insertion", 11, MODERATE},
    {"inframe_deletion", 12, MODERATE},
    {"disruptive_inframe_deletion", 12, MODERATE},
    {"conservative_inframe_deletion", 12, MODERATE},
    {"missense_variant", 13, MODERATE},
    {"protein_altering_variant", 14, MODERATE},
    {"3_prime_UTR_truncation", 14, MODERATE},
    {"5_prime_UTR_truncation", 14, MODERATE},
    {"splice_donor_5th_base_variant", 15, LOW},
    {"splice_region_variant", 16, LOW},
    {"splice_branch_variant", 16, LOW},
    {"splice_donor_region_variant", 17, LOW},
    {"splice_polypyrimidine_tract_variant", 18, LOW},
    {"incomplete_terminal_codon_variant", 19, LOW},
    {"start_retained_variant", 20, LOW},
    {"start_retained", 20, LOW},
    {"initiator_codon_variant", 20, LOW},
    {"non_canonical_start_codon", 20, LOW},
    {"5_prime_UTR_premature_start_codon_gain_variant", 20, LOW},
    {"stop_retained_variant", 21, LOW},
    {"synonymous_variant", 22, LOW},
    {"feature_fusion", 22, LOW},
    {"coding_sequence_variant", 23, MODIFIER},
    {"mature_miRNA_variant", 24, MODIFIER},
    {"miRNA", 24, MODIFIER},
    {"5_prime_UTR_variant", 25, MODIFIER},
    {"3_prime_UTR_variant", 26, MODIFIER},
    {"non_coding_transcript_exon_variant", 27, MODIFIER},
    {"non_coding_exon_variant", 27, MODIFIER},
    {"exon_variant", 27, MODIFIER},
    {"exon_region", 27, MODIFIER},
    {"intron_variant", 28, MODIFIER},
    {"conserved_intron_variant", 28, MODIFIER},
    {"NMD_transcript_variant", 29, MODIFIER},
    {"non_coding_transcript_variant", 30, MODIFIER},
    {"coding_transcript_variant", 31, MODIFIER},
    {"transcript_variant", 31, MODIFIER},
    {"gene_variant", 31, MODIFIER},
    {"intragenic_variant", 31, MODIFIER},
    {"sequence_feature", 31, MODIFIER},
    {"upstream_gene_variant", 32, MODIFIER},
    {"downstream_gene_variant", 33, MODIFIER},
    {"TFBS_ablation", 34, MODERATE},
    {"TFBS_amplification", 35, MODIFIER},
    {"TF_binding_site_variant", 36, MODIFIER},
    {"regulatory_region_ablation", 37, MODIFIER},
    {"regulatory_region_amplification", 38, MODIFIER},
    {"regulatory_region_variant", 39, MODIFIER},
    {"intergenic_variant", 40, MODIFIER},
    {"intergenic_region", 40, MODIFIER},
    {"conserved_intergenic_variant", 40, MODIFIER},
    {"sequence_variant", 41, MODIFIER},
};

/* What an unknown term gets by its stated impact: the least severe rank among the coding terms of that
 * impact. */
static const variant_consequence by_impact[] = {
    {"HIGH", 10, HIGH},
    {"MODERATE", 14, MODERATE},
    {"LOW", 22, LOW},
};

static const variant_consequence *look_up(const variant_consequence *table, size_t count, const char *term,
                                          size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (!strncmp(table[i].term, term, length) && !table[i].term[length]) return &table[i];
    return NULL;
}

const variant_consequence *variant_consequence_find(const char *term, size_t length)
{
    return length ? look_up(terms, sizeof terms / sizeof *terms, term, length) : NULL;
}

variant_consequence variant_consequence_worst(const char *text, size_t length, const char *impact,
                                              size_t impact_length, const char **chosen,
                                              size_t *chosen_length)
{
    variant_consequence worst = {.term = NULL, .rank = VARIANT_RANK_NONE, .impact = VARIANT_IMPACT_MODIFIER};
    *chosen = text;
    *chosen_length = 0;
    const char *end = text + length;
    for (const char *at = text; at < end;) {
        const char *stop = memchr(at, '&', (size_t)(end - at));
        size_t size = (size_t)((stop ? stop : end) - at);
        const variant_consequence *found = variant_consequence_find(at, size);
        if (found && found->rank < worst.rank) {
            worst = *found;
            *chosen = at;
            *chosen_length = size;
        } else if (!*chosen_length) {
            *chosen = at;
            *chosen_length = size;
        }
        at += size + 1;
    }
    if (worst.rank == VARIANT_RANK_NONE) {
        const variant_consequence *stated =
            impact_length ? look_up(by_impact, sizeof by_impact / sizeof *by_impact, impact, impact_length)
                          : NULL;
        worst.rank = stated ? stated->rank : VARIANT_RANK_LAST;
        worst.impact = stated ? stated->impact : VARIANT_IMPACT_MODIFIER;
    }
    return worst;
}

float variant_severity(int rank)
{
    if (rank >= VARIANT_RANK_NONE) return NAN;
    return (float)(VARIANT_RANK_LAST - rank) / (float)(VARIANT_RANK_LAST - 1);
}
