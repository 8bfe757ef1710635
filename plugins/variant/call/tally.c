#include "call/tally.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Pseudoautosomal regions of X (23) and Y (24), 1-based, of GRCh37 and GRCh38 together (Genome Reference
 * Consortium, human assembly overview), so that a file whose build is unknown is judged too. */
static const struct {
    int contig;
    int64_t from, to;
} pseudoautosomal[] = {
    {23, 60001, 2699520}, {23, 154931044, 155260560}, {24, 10001, 2649520}, {24, 59034050, 59363566},
    {23, 10001, 2781479}, {23, 155701383, 156030895}, {24, 10001, 2781479}, {24, 56887903, 57217415},
};

/* Sex from X: the share of heterozygous calls among carried SNVs outside the pseudoautosomal regions. One X
 * leaves only genotyping errors and the X-transposed region (a few per cent); two give more than half. The
 * limits stand well apart from both, as do the 0.2 and 0.8 of the inbreeding coefficient in PLINK 1.9's
 * --check-sex, which needs population frequencies. */
enum { LEAST_X_SITES = 100, LEAST_Y_SITES = VARIANT_LEAST_Y_SITES };
static const double male_at_most = 0.10, female_at_least = 0.30;

static const double rare_below = 0.01;

static bool is_pseudoautosomal(int contig, int64_t locus)
{
    for (size_t i = 0; i < sizeof pseudoautosomal / sizeof *pseudoautosomal; i++)
        if (pseudoautosomal[i].contig == contig && locus >= pseudoautosomal[i].from &&
            locus <= pseudoautosomal[i].to)
            return true;
    return false;
}

void variant_tally_genotype(variant_tally *tally, bool sampled, const variant_genotype *genotype)
{
    tally->records++;
    if (!sampled) return;
    if (!genotype->called)
        tally->uncalled++;
    else if (variant_genotype_copies(genotype, 0) == genotype->ploidy)
        tally->reference++;
}

static bool is_purine(char base)
{
    return base == 'A' || base == 'G';
}

void variant_tally_allele(variant_tally *tally, const variant_genotype *genotype,
                          const variant_allele *allele)
{
    tally->alleles++;
    tally->by_impact[allele->annotation.impact]++;
    if (allele->annotation.impact <= VARIANT_IMPACT_MODERATE && !(allele->frequency >= rare_below))
        tally->rare++;
    float heterozygous = variant_genotype_heterozygous(genotype);
    tally->heterozygous += heterozygous == 1.0f;
    tally->homozygous += heterozygous == 0.0f;
    if (allele->key.contig <= 22) {
        tally->autosomal_heterozygous += heterozygous == 1.0f;
        tally->autosomal_homozygous += heterozygous == 0.0f;
    }
    if (allele->key.contig <= 24 && allele->key.locus > tally->last_locus[allele->key.contig])
        tally->last_locus[allele->key.contig] = allele->key.locus;
    if (!allele->is_snv) return;
    char from = (char)toupper((unsigned char)*allele->change.reference),
         to = (char)toupper((unsigned char)*allele->change.alternative);
    if (strchr("ACGT", from) && strchr("ACGT", to)) {
        if (is_purine(from) == is_purine(to))
            tally->transitions++;
        else
            tally->transversions++;
    }
    int contig = allele->key.contig;
    if (genotype->called != genotype->ploidy || !genotype->ploidy ||
        is_pseudoautosomal(contig, allele->key.locus))
        return;
    if (contig == 23 && heterozygous == 1.0f)
        tally->x_heterozygous++;
    else if (contig == 23)
        tally->x_other++;
    else if (contig == 24)
        tally->y_called++;
}

const char *variant_tally_sex(const variant_tally *tally)
{
    uint64_t sites = tally->x_heterozygous + tally->x_other;
    if (sites < LEAST_X_SITES) return NULL;
    double share = (double)tally->x_heterozygous / (double)sites;
    if (share <= male_at_most) return "male";
    return share >= female_at_least && tally->y_called < LEAST_Y_SITES ? "female" : NULL;
}

bool variant_tally_sexes_disagree(const variant_tally *tally)
{
    uint64_t sites = tally->x_heterozygous + tally->x_other;
    return sites >= LEAST_X_SITES && (double)tally->x_heterozygous / (double)sites >= female_at_least &&
           tally->y_called >= LEAST_Y_SITES;
}

static float fraction(uint64_t part, uint64_t other)
{
    return part + other ? (float)((double)part / (double)(part + other)) : NAN;
}

void variant_tally_token(const variant_tally *t, variant_token *token)
{
    *token = (variant_token){0};
    float *f = token->features;
    for (int i = 0; i < VARIANT_FEATURES; i++) f[i] = NAN;
    for (int i = 0; i < VARIANT_IMPACTS; i++)
        f[VARIANT_COUNT_HIGH + i] = log10f(1.0f + (float)t->by_impact[i]);
    f[VARIANT_COUNT_RARE] = log10f(1.0f + (float)t->rare);
    f[VARIANT_COUNT_REFERENCE] = log10f(1.0f + (float)t->reference);
    f[VARIANT_HETEROZYGOUS_FRACTION] = fraction(t->heterozygous, t->homozygous);
    f[VARIANT_TRANSITION_FRACTION] = fraction(t->transitions, t->transversions);
    token->position[VARIANT_POSITION_CONTIG] = token->position[VARIANT_POSITION_LOCUS] = NAN;
    snprintf(token->code, sizeof token->code, "urn:consilium:variant|summary");
    snprintf(token->label, sizeof token->label,
             "%" PRIu64 " variants: impact %" PRIu64 " high, %" PRIu64 " moderate, %" PRIu64 " low, %" PRIu64
             " modifier, %" PRIu64 " not annotated; %" PRIu64 " heterozygous, %" PRIu64
             " homozygous; %" PRIu64 " sites as the reference, %" PRIu64 " not called",
             t->alleles, t->by_impact[VARIANT_IMPACT_HIGH], t->by_impact[VARIANT_IMPACT_MODERATE],
             t->by_impact[VARIANT_IMPACT_LOW], t->by_impact[VARIANT_IMPACT_MODIFIER],
             t->by_impact[VARIANT_IMPACT_NONE], t->heterozygous, t->homozygous, t->reference, t->uncalled);
}
